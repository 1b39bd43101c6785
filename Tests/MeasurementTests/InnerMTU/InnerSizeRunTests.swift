import Measurement
import PacketDissector
import Testing

/// Packets that say their number and their size in the first octets.
private struct NumberedProber: InnerProber {
  let smallest = 40

  func packet(_ id: Int, bytes: Int) -> (payload: [UInt8], nextHeader: UInt8) {
    var writer = ByteWriter()
    writer.u16(UInt16(truncatingIfNeeded: id))
    writer.u16(UInt16(truncatingIfNeeded: bytes))
    writer.zeros(bytes - 4)
    return (writer.bytes, 59)
  }

  func answer(in arrival: Tunnel.Arrival) -> (id: Int, bytes: Int)? {
    let payload = arrival.payload
    return payload.count < 4
      ? nil : (Int(payload[0]) << 8 | Int(payload[1]), payload.count)
  }

  /// The packet without the padding behind it.
  static func unpadded(_ payload: [UInt8]) -> [UInt8] {
    Array(payload.prefix(Int(payload[2]) << 8 | Int(payload[3])))
  }
}

@Suite("Inner sizes through a tunnel", .timeLimit(.minutes(1)))
struct InnerSizeRunTests {
  /// A gateway behind a path that loses what is larger than `there` on its way there, and than `back` on its
  /// way back.
  private func measure(there: Int, back: Int, _ check: @escaping @Sendable (InnerSizes) -> Void) {
    let left = EchoingGateway.run(answer: { payload in
      guard payload.count <= there else { return nil }
      let answer = NumberedProber.unpadded(payload)
      return answer.count <= back ? answer : nil
    }) { tunnel in
      _ = try tunnel.establish { false }
      let run = try InnerSizeRun(tunnel, interfaceMTU: 1500) { false }
      check(try run.run(NumberedProber(), .espEcho))
    }
    #expect(left == 0)
  }

  @Test("On a path that is as wide as the interface, the limit is that of the suite")
  func theSuiteIsTheLimit() {
    measure(there: 1438, back: 1438) { sizes in
      // NUMBERS: AES-GCM-16 in UDP over IPv4.
      #expect(sizes.limit == 1438)
      #expect(sizes.limit(.there) == 1438)
      // There is nothing more to be told.
      #expect(sizes.limit(.back) == nil)
    }
  }

  @Test("The way there and the way back are told apart", arguments: [(1300, 1207), (1100, 1100)])
  func directionsDiffer(there: Int, back: Int) {
    measure(there: there, back: back) { sizes in
      #expect(sizes.limit(.thereAndBack) == min(there, back))
      #expect(sizes.limit(.there) == there)
      #expect(sizes.limit(.back) == min(there, back))
    }
  }

  @Test("A peer that answers nothing has no limit")
  func silenceIsNoLimit() {
    measure(there: 0, back: 0) { sizes in
      #expect(sizes.limit == nil)
      #expect(sizes.found.map(\.direction) == [.thereAndBack])
      #expect(sizes.found.first?.ending == .silent)
    }
  }
}
