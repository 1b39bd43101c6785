import Decryption
import PacketDissector
import Testing

@Suite("ESP that was sealed here")
struct SealedESPTests {
  enum Kind: CaseIterable {
    case gcm, cbc

    func sender(spi: UInt32 = 0x1001, usesESN: Bool = false, seed: UInt8 = 1) throws -> ESPSender {
      switch self {
      case .gcm: try .gcm(spi: spi, usesESN: usesESN, seed: seed)
      case .cbc: try .cbc(spi: spi, usesESN: usesESN, seed: seed)
      }
    }
  }

  @Test("Payload and next header come out, whatever the length", arguments: Kind.allCases)
  func lengths(_ kind: Kind) throws {
    var sender = try kind.sender()
    let reading = try PacketReading(sender.line())
    for (index, size) in (28...70).enumerated() {
      let inner = try echo(UInt8(index), size: size)
      let opened = try reading.open(try sender.packet(UInt64(index + 1), inner)).get()
      #expect(opened == .init(nextHeader: 4, content: inner, line: 1))
    }
    #expect(reading.decryptor.uses.first?.usesESN == false)
  }

  @Test(
    "Extended sequence numbers go on across the wrap of the lower half, laggards included",
    arguments: Kind.allCases, [nil, 64])
  func wrap(_ kind: Kind, _ bits: Int?) throws {
    var sender = try kind.sender(usesESN: true)
    let reading = try PacketReading(sender.line(sequenceBits: bits))
    let wrap: UInt64 = 1 << 32
    let order = [wrap - 3, wrap - 1, wrap, wrap - 2, wrap + 1, wrap + 5, wrap - 4, wrap + 2]
    for (index, sequence) in order.enumerated() {
      let inner = try echo(UInt8(index))
      let opened = try reading.open(try sender.packet(sequence, inner)).get()
      #expect(opened.content == inner, "\(sequence)")
    }
    let use = try #require(reading.decryptor.uses.first)
    #expect(use.usesESN == true && use.opened == 8 && use.failed == 0)
  }

  @Test("A capture that starts late finds the upper half", arguments: Kind.allCases)
  func late(_ kind: Kind) throws {
    var sender = try kind.sender(usesESN: true)
    let reading = try PacketReading(sender.line())
    let start = 5 << 32 as UInt64 + 0xFFFF_FFFE
    for step in 0..<4 as Range<UInt64> {
      let inner = try echo(UInt8(step))
      #expect(try reading.open(try sender.packet(start + step, inner)).get().content == inner)
    }
    // From before the wrap that the capture has seen, and from far ahead.
    for sequence in [start - 7, start + 1 << 30] {
      #expect(try reading.open(try sender.packet(sequence, try echo(9))).get().nextHeader == 4)
    }
  }

  @Test("A table that says 32 bits is believed: no upper half is looked for")
  func notExtended() throws {
    var sender = try ESPSender.gcm(spi: 0x1001, usesESN: true)
    let reading = try PacketReading(sender.line(sequenceBits: 32))
    let opened = try reading.open(try sender.packet(1, try echo(1)))
    #expect(opened == .failure(.init(reason: .doesNotVerify)))
  }

  @Test("Broken packets stay closed, and do not spoil the key", arguments: Kind.allCases)
  func broken(_ kind: Kind) throws {
    var sender = try kind.sender()
    let reading = try PacketReading(sender.line())
    let whole = try sender.packet(1, try echo(1))
    for index in whole.indices.dropFirst(24) {
      var packet = whole
      packet[index] ^= 0x40
      let opened = try reading.open(packet)
      #expect(opened == .failure(.init(reason: .doesNotVerify)), "byte \(index)")
    }
    // Four bytes less leave 96 bits of the ICV of SHA2-256, which are believed.
    for count in 28..<whole.count where kind != .cbc || count != whole.count - 4 {
      var packet = Array(whole[..<count])
      (packet[2], packet[3]) = (UInt8(count >> 8), UInt8(count & 0xFF))
      #expect(try reading.open(packet) == .failure(.init(reason: .doesNotVerify)), "\(count)")
    }
    #expect(try reading.open(whole).get().content == echo(1))
  }

  @Test("Transport mode gives the upper protocol's bytes", arguments: Kind.allCases)
  func transport(_ kind: Kind) throws {
    var sender = try kind.sender()
    let reading = try PacketReading(sender.line())
    let udp: [UInt8] = [0x13, 0x89, 0x13, 0x8A, 0, 12, 0, 0, 1, 2, 3, 4]
    let opened = try reading.open(try sender.packet(1, udp, nextHeader: 17)).get()
    #expect(opened == .init(nextHeader: 17, content: udp, line: 1))
    let outer = try internet()
    let whole = InternetPacket.assembled(outer, 17, udp)
    #expect(Checksums.fault(of: whole) == nil)
    #expect(Array(whole.suffix(12)) == udp)
  }

  private func internet() throws -> InternetHeader {
    let dissector = Dissector()
    let packet = try echo(1)
    dissector.dissect(packet.rawBytes, linkType: .raw, timestamp: Timestamp(nanoseconds: 0))
    return try #require(dissector.frame.internet)
  }

  @Test("TFC padding is behind the inner packet, and taken off it", arguments: Kind.allCases)
  func trafficPadding(_ kind: Kind) throws {
    var sender = try kind.sender()
    let reading = try PacketReading(sender.line())
    let inner = try echo(3)
    let opened = try reading.open(try sender.packet(1, inner, trafficPadding: 333)).get()
    #expect(opened.content.count == inner.count + 333)
    #expect(InternetPacket.trimmed(opened.content) == inner)
  }

  @Test("A 96-bit ICV of SHA2-256 opens, and is counted as such")
  func shortICV() throws {
    var sender = try ESPSender.cbc(spi: 0x1001, icvBytes: 12)
    let reading = try PacketReading(sender.line())
    for sequence in 1...3 as ClosedRange<UInt64> {
      #expect(try reading.open(try sender.packet(sequence, try echo(1))).get().content == echo(1))
    }
    let use = try #require(reading.decryptor.uses.first)
    #expect(use.opened == 3 && use.openedAs96Bits == 3)
  }

  @Test("Of two keys for one SPI the one that fits opens each packet", arguments: Kind.allCases)
  func twoKeys(_ kind: Kind) throws {
    var first = try kind.sender(seed: 1)
    var second = try kind.sender(seed: 101)
    let reading = try PacketReading(first.line() + second.line())
    #expect(try reading.open(try second.packet(1, try echo(1))).get().line == 2)
    #expect(try reading.open(try first.packet(1, try echo(2))).get().line == 1)
    #expect(try reading.open(try second.packet(2, try echo(3))).get().line == 2)
    #expect(reading.decryptor.uses.map(\.opened) == [1, 2])
  }

  @Test("Behind a NAT the addresses are others, and the SPI is enough")
  func nat() throws {
    var sender = try ESPSender.gcm(spi: 0x1001)
    let reading = try PacketReading(sender.line(source: "10.1.0.2", destination: "10.2.0.2"))
    #expect(try reading.open(try sender.packet(1, try echo(1))).get().content == echo(1))
  }

  @Test("No key of another SPI is tried")
  func otherSPI() throws {
    var sender = try ESPSender.gcm(spi: 0x1001)
    let others = try [0x1000, 0x1002, 0xFFFF_FFFF].map { try ESPSender.gcm(spi: $0).line() }
    let reading = try PacketReading(others.joined())
    let opened = try reading.open(try sender.packet(1, try echo(1)))
    #expect(opened == .failure(.init(reason: .noKey)))
    #expect(reading.decryptor.uses.allSatisfy { $0.failed == 0 })
  }
}
