import Diagnosis
import PacketDissector
import Testing

@Suite("Packets that are too big")
struct PathMTURulesTests {
  private let ends = SyntheticIKE()
  private let router = IPAddress(v4: 0x0A01_0001)

  private func esp(_ number: UInt32, bytes: Int) -> SyntheticPacket {
    var packet = SyntheticPacket.esp(
      0xC0DE, number, bytes: bytes, from: ends.plainInitiator, to: ends.plainResponder)
    packet.doNotFragment = true
    return packet
  }

  /// A packet that is too big, `errors` times a second apart, with ICMP; then `after` small ones.
  private func tooBig(errors: Int, after: Int) -> SyntheticCapture {
    var capture = SyntheticCapture()
    for number in 0..<errors {
      let packet = esp(UInt32(number + 1), bytes: 1480)
      capture.send(packet, at: Double(number) * 2)
      capture.send(
        .icmp(type: 3, code: 4, rest: 1400, about: packet, from: router),
        at: Double(number) * 2 + 0.01)
    }
    for number in 0..<after {
      capture.send(
        esp(UInt32(errors + number + 1), bytes: 1360), at: Double(errors) * 2 + Double(number) * 0.5
      )
    }
    return capture
  }

  @Test("ICMP that goes unheard is critical, and says which sizes fit")
  func unheard() throws {
    let capture = tooBig(errors: 4, after: 0)
    #expect(capture.packetFindings == ["mtu-exceeded critical"])
    let finding = try #require(capture.finding(.mtuExceeded))
    #expect(finding.summary.plain.contains("10.1.0.1"))
    #expect(finding.summary.plain.contains("1,400"))
    let facts = finding.evidence.map(\.text.plain)
    #expect(facts.contains { $0.contains("1,346") && $0.contains("1,306") && $0.contains("GCM") })
    #expect(facts.contains { $0.contains("1,326") && $0.contains("CBC") })
  }

  @Test("ICMP that a sender heeds is a note, and none is nothing")
  func heeded() {
    #expect(tooBig(errors: 1, after: 10).packetFindings == ["mtu-exceeded info"])
    #expect(tooBig(errors: 0, after: 10).packetFindings.isEmpty)
  }

  @Test("An MTU that no link has leads to no advice of it")
  func forged() throws {
    var capture = SyntheticCapture()
    for number in UInt32(1)...3 {
      let packet = esp(number, bytes: 1480)
      capture.send(packet, at: Double(number) * 2)
      capture.send(
        .icmp(type: 3, code: 4, rest: 68, about: packet, from: router),
        at: Double(number) * 2 + 0.01)
    }
    let finding = try #require(capture.finding(.mtuExceeded))
    #expect(finding.evidence.contains { $0.text.plain.contains("forged") })
    #expect(!finding.remedies.flatMap(\.settings).contains { $0.line.plain.contains("maxseg") })
  }

  @Test("IKE that is too big is told to fragment itself")
  func ike() throws {
    var capture = SyntheticCapture()
    let request = ends.request(.ikeAuth, id: 1, [.encrypted(.identificationInitiator, 1800)])
    for second in [0.0, 4, 11] {
      capture.send(request, at: second)
      capture.send(
        .icmp(type: 3, code: 4, rest: 1300, about: request, from: router), at: second + 0.01)
    }
    let finding = try #require(capture.finding(.mtuExceeded))
    #expect(finding.severity == .critical)
    #expect(
      finding.remedies.flatMap(\.settings).contains { $0.line.plain == "fragmentation = yes" })
  }

  // MARK: Echoes

  private func ladder(_ sizes: [Int], lost: ClosedRange<Int>?) throws -> (
    SyntheticCapture, SealedTunnel
  ) {
    var tunnel = SealedTunnel()
    var capture = SyntheticCapture()
    var number: UInt16 = 0
    for size in sizes + [84] {
      for _ in 0..<2 {
        number += 1
        let seconds = Double(number) * 0.3
        capture.send(try tunnel.packet(.echo(number, size: size), from: .initiator), at: seconds)
        if lost?.contains(size) == true { continue }
        let reply = SyntheticPacket.echo(number, size: size, isReply: true)
        capture.send(try tunnel.packet(reply, from: .responder), at: seconds + 0.01)
      }
    }
    return (capture, tunnel)
  }

  private let sizes = [84, 1000, 1300, 1346, 1347, 1372, 1438, 1600, 2000]

  @Test("Echoes above one size that are never answered are a black hole")
  func blackhole() throws {
    let (capture, tunnel) = try ladder(sizes, lost: 1347...9000)
    #expect(try capture.packetFindings(tunnel) == ["mtu-blackhole critical"])
    let finding = try #require(try capture.finding(.mtuBlackhole, tunnel))
    #expect(finding.summary.plain.contains("1,347"))
    let lines = finding.remedies.flatMap(\.settings).map(\.line.plain)
    #expect(lines.contains { $0.contains("maxseg size set 1306") })
    #expect(capture.packetFindings.isEmpty, "without keys there are no sizes to tell")
  }

  @Test("A band of sizes that vanishes, with larger ones that pass, is another fault")
  func band() throws {
    let (capture, tunnel) = try ladder(sizes, lost: 1347...1500)
    #expect(try capture.packetFindings(tunnel) == ["mtu-band critical"])
    let finding = try #require(try capture.finding(.mtuBand, tunnel))
    #expect(finding.summary.plain.contains("1,347 to 1,438"))
  }

  @Test("Echoes of all sizes that are answered are no finding")
  func wholeLadder() throws {
    let (capture, tunnel) = try ladder(sizes, lost: nil)
    #expect(try capture.packetFindings(tunnel).isEmpty)
  }

  // MARK: TCP

  /// A connection on which data of so many bytes is sent seven times, unless it is acknowledged.
  private func transfer(bytes: Int, isAcknowledged: Bool) throws -> (SyntheticCapture, SealedTunnel)
  {
    let client = Endpoint(SyntheticPacket.innerHosts.here, 40000)
    let server = Endpoint(SyntheticPacket.innerHosts.there, 80)
    var tunnel = SealedTunnel()
    var capture = SyntheticCapture()
    func send(_ packet: SyntheticPacket, _ side: SealedTunnel.Side, at seconds: Double) throws {
      capture.send(try tunnel.packet(packet, from: side), at: seconds)
    }
    try send(.tcp(sequence: 100, flags: 2, from: client, to: server), .initiator, at: 0)
    try send(
      .tcp(sequence: 500, acknowledged: 101, flags: 18, from: server, to: client), .responder,
      at: 0.02)
    try send(
      .tcp(sequence: 101, acknowledged: 501, flags: 16, from: client, to: server), .initiator,
      at: 0.04)
    let data = [UInt8](repeating: 7, count: bytes)
    for second in isAcknowledged ? [0.1] : [0.1, 0.3, 0.7, 1.5, 3.1, 6.3, 12.7] {
      try send(
        .tcp(data, sequence: 101, acknowledged: 501, flags: 24, from: client, to: server),
        .initiator, at: second)
    }
    if isAcknowledged {
      let end = UInt32(101 + bytes)
      try send(
        .tcp(sequence: 501, acknowledged: end, flags: 16, from: server, to: client), .responder,
        at: 0.2)
    }
    return (capture, tunnel)
  }

  @Test(
    "A large segment sent again and again is a black hole; a small one, or an acknowledged one, is none"
  )
  func stuckSegment() throws {
    let (stuck, keys) = try transfer(bytes: 1400, isAcknowledged: false)
    #expect(try stuck.packetFindings(keys) == ["mtu-blackhole critical"])
    let (fine, fineKeys) = try transfer(bytes: 1400, isAcknowledged: true)
    #expect(try fine.packetFindings(fineKeys).isEmpty)
    let (small, smallKeys) = try transfer(bytes: 100, isAcknowledged: false)
    #expect(try small.packetFindings(smallKeys).isEmpty)
  }

  // MARK: Fragments

  @Test(
    "ESP in IP fragments is warned of, with the size that would leave whole; a single one is not")
  func outerFragments() throws {
    func capture(_ count: Int) -> SyntheticCapture {
      var capture = SyntheticCapture()
      for number in 1...count {
        let packet = SyntheticPacket.esp(
          0xC0DE, UInt32(number), bytes: 1500, from: ends.plainInitiator, to: ends.plainResponder)
        capture.send(packet, inFragmentsOf: 1480, id: UInt16(number), at: Double(number))
      }
      return capture
    }
    #expect(capture(4).packetFindings == ["mtu-outer-fragments warning"])
    let finding = try #require(capture(4).finding(.mtuOuterFragments))
    #expect(finding.evidence.contains { $0.text.plain.contains("1,520 bytes") })
    #expect(finding.evidence.contains { $0.text.plain.contains("1,446") })
    #expect(capture(1).packetFindings.isEmpty)
  }
}
