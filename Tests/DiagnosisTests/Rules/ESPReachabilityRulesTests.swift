import Diagnosis
import PacketDissector
import Testing

@Suite("ESP that does not get through")
struct ESPDirectionTests {
  /// An IKE SA; echoes a second apart from `sides`, of which those in `answered` come back; liveness
  /// checks by `checking` every five seconds.
  private func capture(
    _ tunnel: inout SealedTunnel, echoes: ClosedRange<Int> = 1...20, answered: Range<Int> = 0..<0,
    isEcho: Bool = true, backwards: ClosedRange<Int>? = nil, checking: [Bool] = []
  ) throws -> SyntheticCapture {
    var sends: [(Double, SyntheticPacket)] = []
    for number in echoes {
      let inner: SyntheticPacket =
        isEcho
        ? .echo(UInt16(number))
        : .udp(
          [1, 2, 3, 4], from: Endpoint(SyntheticPacket.innerHosts.here, 514),
          to: Endpoint(SyntheticPacket.innerHosts.there, 514))
      sends.append((Double(number), try tunnel.packet(inner, from: .initiator)))
      if answered.contains(number) {
        let reply = SyntheticPacket.echo(UInt16(number), isReply: true)
        sends.append((Double(number) + 0.02, try tunnel.packet(reply, from: .responder)))
      }
      if backwards?.contains(number) == true {
        let request = SyntheticPacket.echo(UInt16(number + 1000), backwards: true)
        sends.append((Double(number) + 0.5, try tunnel.packet(request, from: .responder)))
      }
    }
    var capture = SyntheticCapture()
    tunnel.ends.establish(in: &capture)
    for (seconds, packet) in sends.sorted(by: { $0.0 < $1.0 }) {
      let round = Int(seconds)
      if round > 0, round % 5 == 0, seconds == Double(round) {
        for byInitiator in checking {
          tunnel.ends.check(
            in: &capture, id: UInt32(round / 5 + 1), byInitiator: byInitiator, at: seconds - 0.4)
        }
      }
      capture.send(packet, at: seconds)
    }
    return capture
  }

  @Test("No answer to anything inside, and a peer that checks liveness: plain ESP is blocked")
  func blocked() throws {
    var tunnel = SealedTunnel()
    let capture = try capture(&tunnel, checking: [true, false])
    #expect(try capture.packetFindings(tunnel) == ["esp-blocked critical"])
    let finding = try #require(try capture.finding(.espBlocked, tunnel))
    #expect(finding.remedies.flatMap(\.settings).contains { $0.line.plain == "encap = yes" })
    #expect(
      capture.packetFindings == ["esp-blocked critical"], "the peer's checks tell without keys")
    #expect(capture.finding(.espBlocked)?.confidence == .possible)
  }

  @Test("Echoes that are answered are no finding, whoever checks liveness")
  func answered() throws {
    var tunnel = SealedTunnel()
    let capture = try capture(&tunnel, answered: 1..<21, checking: [true, false])
    #expect(try capture.packetFindings(tunnel).isEmpty)
    #expect(capture.packetFindings.isEmpty)
  }

  @Test("Datagrams that ask for no answer are one-way by nature; without keys a blind spot says so")
  func byNature() throws {
    var tunnel = SealedTunnel()
    let capture = try capture(&tunnel, isEcho: false, checking: [true])
    #expect(try capture.packetFindings(tunnel).isEmpty)
    #expect(capture.packetFindings.isEmpty)
    #expect(capture.diagnosis.blindSpots.contains { $0.plain.contains("one-way traffic") })
  }

  @Test("What one side sends is heard by nobody, while it hears the other: one way")
  func oneWay() throws {
    var tunnel = SealedTunnel()
    // Seen at the initiator: its echoes leave, the responder's arrive, which checks liveness all the same.
    var capture = try capture(&tunnel, backwards: 1...20, checking: [false])
    #expect(try capture.packetFindings(tunnel) == ["esp-one-way critical"])
    let finding = try #require(try capture.finding(.espOneWay, tunnel))
    #expect(finding.confidence == .likely)
    #expect(finding.summary.plain.contains("10.1.0.2 does not reach 10.2.0.2"))
    capture = SyntheticCapture()
  }

  @Test("A host inside that does not answer, while the peer has no doubts, is no finding")
  func deadHost() throws {
    var tunnel = SealedTunnel()
    let capture = try capture(&tunnel, backwards: 1...20)
    #expect(try capture.packetFindings(tunnel).isEmpty)
  }

  @Test(
    "ICMP protocol unreachable about ESP says blocked; about one packet amid answered ones, nothing"
  )
  func refused() throws {
    let sa = SyntheticIKE()
    var capture = SyntheticCapture()
    sa.establish(in: &capture)
    for number in UInt32(1)...6 {
      let packet = SyntheticPacket.esp(
        0xC0DE, number, from: sa.plainInitiator, to: sa.plainResponder)
      capture.send(packet, at: Double(number))
      capture.send(
        .icmp(type: 3, code: 2, about: packet, from: sa.responder.address),
        at: Double(number) + 0.01)
    }
    #expect(capture.packetFindings == ["esp-blocked critical"])
    #expect(capture.finding(.espBlocked)?.confidence == .certain)
    capture.send(.esp(0xBEEF, 1, from: sa.plainResponder, to: sa.plainInitiator), at: 8)
    #expect(capture.packetFindings.isEmpty)
  }
}

@Suite("ESP for an SA that the peer lost")
struct ESPUnknownSPITests {
  private let sa = SyntheticIKE()

  private func esp(_ number: UInt32, _ spi: UInt32 = 0xC0DE) -> SyntheticPacket {
    .esp(spi, number, from: sa.plainInitiator, to: sa.plainResponder)
  }

  private func back(_ number: UInt32, _ spi: UInt32 = 0xBEEF) -> SyntheticPacket {
    .esp(spi, number, from: sa.plainResponder, to: sa.plainInitiator)
  }

  /// Answered for five seconds, then not; `hears` is when the peer answers again.
  private func silence(until end: Int, in capture: inout SyntheticCapture) {
    sa.establish(in: &capture)
    for number in 1...end {
      capture.send(esp(UInt32(number)), at: Double(number))
      if number <= 5 { capture.send(back(UInt32(number)), at: Double(number) + 0.02) }
    }
  }

  @Test("A peer that begins anew after ESP went unanswered had lost its SAs")
  func comeback() throws {
    var capture = SyntheticCapture()
    silence(until: 15, in: &capture)
    var anew = SyntheticIKE()
    (anew.initiator, anew.responder) = (sa.responder, sa.initiator)
    anew.initiatorSPI = 0x7777
    anew.establish(in: &capture, at: 15.5)
    capture.send(back(1, 0xB00B), at: 16)
    #expect(capture.packetFindings == ["esp-unknown-spi critical"])
    #expect(capture.finding(.espUnknownSPI)?.confidence == .likely)
  }

  @Test("A new IKE SA while the old one answers is a reauthentication")
  func reauthentication() {
    var capture = SyntheticCapture()
    silence(until: 14, in: &capture)
    sa.check(in: &capture, id: 2, at: 14.5)
    var anew = SyntheticIKE()
    anew.initiatorSPI = 0x7777
    anew.establish(in: &capture, at: 15.5)
    #expect(!capture.packetFindings.contains { $0.hasPrefix("esp-unknown-spi") })
  }

  @Test("INVALID_SPI while ESP goes on is critical, and around a rekey a note")
  func notified() throws {
    func capture(packets: Int) -> SyntheticCapture {
      var capture = SyntheticCapture()
      sa.establish(in: &capture)
      for number in 1...packets {
        capture.send(esp(UInt32(number)), at: Double(number) / 2)
        if number == 8 {
          let notice = IKEPayload.notify(.invalidSPI, .spi([0, 0, 0xC0, 0xDE]))
          capture.send(
            sa.packet(.informational, id: 0, fromInitiator: false, [notice]), at: 4.1)
        }
        if number == packets { capture.send(back(1), at: Double(number) / 2 + 0.1) }
      }
      return capture
    }
    #expect(capture(packets: 40).packetFindings == ["esp-unknown-spi critical"])
    #expect(capture(packets: 10).packetFindings == ["esp-unknown-spi info"])
  }

  @Test("With keys, requests that nobody answers any more say as much as can be said")
  func silenced() throws {
    func capture(_ tunnel: inout SealedTunnel, answered: Int) throws -> SyntheticCapture {
      var capture = SyntheticCapture()
      for number in 1...20 {
        let request = try tunnel.packet(.echo(UInt16(number)), from: .initiator)
        capture.send(request, at: Double(number))
        guard number <= answered else { continue }
        let reply = try tunnel.packet(.echo(UInt16(number), isReply: true), from: .responder)
        capture.send(reply, at: Double(number) + 0.02)
      }
      return capture
    }
    var tunnel = SealedTunnel()
    let lost = try capture(&tunnel, answered: 8)
    #expect(try lost.packetFindings(tunnel) == ["esp-unknown-spi critical"])
    #expect(try lost.finding(.espUnknownSPI, tunnel)?.confidence == .possible)
    var known = SyntheticCapture()
    tunnel.ends.establish(in: &known, at: 0)
    for packet in lost.packets {
      known.send(SyntheticPacket(whole: packet.bytes), at: packet.seconds)
    }
    #expect(try known.packetFindings(tunnel) == ["esp-one-way critical"], "an IKE SA stands")
    tunnel = SealedTunnel()
    let healthy = try capture(&tunnel, answered: 20)
    #expect(try healthy.packetFindings(tunnel).isEmpty)
  }
}

@Suite("ICVs")
struct ESPIntegrityTests {
  @Test("Packets that fail their ICV among others that do not are named")
  func broken() throws {
    func capture(_ tunnel: inout SealedTunnel, broken: Set<Int>) throws -> SyntheticCapture {
      var capture = SyntheticCapture()
      for number in 1...20 {
        let packet = try tunnel.packet(
          .echo(UInt16(number)), from: .initiator, isBroken: broken.contains(number))
        capture.send(packet, at: Double(number) * 0.1)
      }
      return capture
    }
    var tunnel = SealedTunnel()
    let some = try capture(&tunnel, broken: [5, 9, 12])
    #expect(try some.packetFindings(tunnel) == ["esp-icv-bad critical"])
    #expect(
      try some.finding(.espICVBad, tunnel)?.summary.plain.contains("3 of 20 packets") == true)
    tunnel = SealedTunnel()
    #expect(try capture(&tunnel, broken: []).packetFindings(tunnel).isEmpty)
    tunnel = SealedTunnel()
    let all = try capture(&tunnel, broken: Set(1...20))
    #expect(try all.packetFindings(tunnel).isEmpty, "the keys are another SA's")
    #expect(
      PacketBlindSpots.of(try all.evidence(tunnel)).contains {
        $0.plain.contains("other SAs' keys")
      })
  }

  @Test("16n + 4 bytes one way and 16n + 8 the other are ICVs of 96 and 128 bits")
  func lengths() {
    func capture(_ remainders: (Int, Int)) -> SyntheticCapture {
      let ends = SyntheticIKE()
      var capture = SyntheticCapture()
      for number in 1...10 {
        let size = 96 + number % 3 * 16
        capture.send(
          .esp(
            1, UInt32(number), bytes: size + remainders.0, from: ends.plainInitiator,
            to: ends.plainResponder),
          at: Double(number))
        capture.send(
          .esp(
            2, UInt32(number), bytes: size + remainders.1, from: ends.plainResponder,
            to: ends.plainInitiator),
          at: Double(number) + 0.1)
      }
      return capture
    }
    #expect(capture((4, 8)).packetFindings == ["esp-icv-len critical"])
    #expect(capture((8, 4)).packetFindings == ["esp-icv-len critical"])
    #expect(capture((8, 8)).packetFindings.isEmpty)
    #expect(capture((4, 4)).packetFindings.isEmpty)
  }
}
