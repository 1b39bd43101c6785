import PacketDissector
import Testing

@testable import Diagnosis

/// What stands beside IKE and ESP in a capture: ICMP errors, fragments, TCP, and what the capture lacks.
@Suite("Trackers of the path")
struct PathTrackerTests {
  private let a = Endpoint(IPAddress(v4: 0x0A01_0002), 0)
  private let b = Endpoint(IPAddress(v4: 0x0A02_0002), 0)
  private let router = IPAddress(v4: 0x0A09_0001)

  // MARK: ICMP

  @Test("Alike ICMP errors are one entry with their count; another MTU or SPI is another")
  func icmp() throws {
    var capture = SyntheticCapture()
    for (number, mtu) in [(1, 1400), (2, 1400), (3, 1300)] as [(UInt32, UInt32)] {
      let packet = SyntheticPacket.esp(9, number, bytes: 1460, from: a, to: b)
      capture.send(
        .icmp(type: 3, code: 4, rest: mtu, about: packet, from: router), at: Double(number))
    }
    let other = SyntheticPacket.esp(8, 1, from: a, to: b)
    capture.send(.icmp(type: 3, code: 13, about: other, from: router), at: 4)
    let entries = capture.evidence.icmp.entries
    try #require(entries.count == 3)
    #expect(entries.map(\.count) == [2, 1, 1])
    #expect(entries.map(\.isTooBig) == [true, true, false])
    #expect(entries[2].isUnreachable && !entries[0].isUnreachable)
    #expect(entries[0].header.nextHopMTU == 1400 && entries[0].reporter == router)
    #expect(entries[0].quotedSource == a && entries[0].quotedBytes == 1480)
    #expect(entries[0].quoted == .esp(spi: 9) && entries[0].frames.map(\.number) == [1, 2])
    #expect(capture.evidence.flows.flows.isEmpty)
  }

  // MARK: Fragments

  @Test("A datagram that becomes whole leaves nothing behind; one that does not says what it was")
  func fragments() throws {
    let sa = SyntheticIKE()
    let large = sa.request(.ikeAuth, id: 1, [.encrypted(.identificationInitiator, 3000)])
    var capture = SyntheticCapture()
    capture.send(large, inFragmentsOf: 1480, id: 1, at: 0)
    #expect(capture.evidence.fragments.incomplete.isEmpty)
    #expect(capture.evidence.sessions.sessions.count == 1)
    capture.send(large, inFragmentsOf: 1480, dropping: [1], id: 2, at: 4)
    capture.send(large, inFragmentsOf: 1480, dropping: [2], id: 3, at: 8)
    let lost = capture.evidence.fragments.incomplete
    try #require(lost.count == 1)
    #expect(lost[0].count == 2 && lost[0].source.port == 500)
    #expect(
      lost[0].kind
        == .ike(
          initiatorSPI: sa.initiatorSPI, exchange: ExchangeType.ikeAuth.rawValue, messageID: 1,
          isResponse: false))
  }

  @Test("Without its first fragment only the addresses of a datagram are known")
  func headless() throws {
    var capture = SyntheticCapture()
    capture.send(
      .esp(9, 1, bytes: 2000, from: a, to: b), inFragmentsOf: 1480, dropping: [0], id: 1, at: 0)
    let lost = capture.evidence.fragments.incomplete
    try #require(lost.count == 1)
    #expect(lost[0].kind == .unknown && lost[0].source.address == a.address)
  }

  // MARK: TCP

  @Test("A TCP server that speaks something else than IKE is noted with its greeting and its end")
  func tcp() throws {
    let client = Endpoint(a.address, 40_000)
    let server = Endpoint(b.address, 4500)
    var capture = SyntheticCapture()
    capture.send(.tcp(sequence: 100, flags: 2, from: client, to: server), at: 0)
    capture.send(
      .tcp(Array("IKETCP".utf8), sequence: 101, flags: 24, from: client, to: server), at: 0.1)
    capture.send(
      .tcp(Array("SSH-2.0-x\r\n".utf8), sequence: 500, flags: 24, from: server, to: client),
      at: 0.2)
    capture.send(.tcp(sequence: 511, flags: 17, from: server, to: client), at: 0.3)
    let connections = capture.evidence.tcp.connections
    try #require(connections.count == 1)
    #expect(connections[0].client == client && connections[0].server == server)
    #expect(connections[0].answeredBytes == 11 && connections[0].records == 0)
    #expect(connections[0].greeting == "SSH-2.0-x" && connections[0].firstAnswer?.number == 3)
    #expect(connections[0].closed?.number == 4)
  }

  // MARK: The capture

  @Test("Frames out of time order, cut or malformed are counted, with the size of the step back")
  func quality() {
    var quality = CaptureQuality()
    for (number, seconds, isCut) in [
      (1, 1.0, false), (2, 3.0, true), (3, 2.5, true), (4, 4.0, false),
    ] {
      quality.add(
        FrameReference(UInt64(number), SyntheticCapture.time(seconds)), bytes: 100, isCut: isCut,
        isIPsec: number == 3, isMalformed: number == 4)
    }
    #expect(quality.frames == 4 && quality.bytes == 400 && quality.ipsecFrames == 1)
    #expect(quality.backwards == 1 && quality.largestStepBack.seconds == 0.5)
    #expect(quality.cut == 2 && quality.firstCut?.number == 2)
    #expect(quality.cutIPsec == 1 && quality.firstCutIPsec?.number == 3)
    #expect(quality.malformed == 1 && quality.duration.seconds == 3)
  }

  // MARK: Inside the tunnel

  private func inner(
    _ packets: [(SyntheticPacket, Double)]
  ) -> InnerTraffic {
    var inner = InnerTraffic()
    for (index, packet) in packets.enumerated() {
      let bytes = packet.0.bytes
      let isForth = packet.0.source < packet.0.destination
      let sighting = Sighting(
        frame: FrameReference(UInt64(index + 1), SyntheticCapture.time(packet.1)),
        source: isForth ? a.address : b.address, destination: isForth ? b.address : a.address,
        sourcePort: 0, destinationPort: 0, hopLimit: 64, trafficClass: 0, doNotFragment: false,
        packetBytes: bytes.count + 60, ipFragments: 0)
      inner.add(Frame(inner: bytes.rawBytes, nextHeader: 4), bytes.rawBytes, sighting)
    }
    return inner
  }

  private func echo(_ type: UInt8, _ sequence: UInt16, _ size: Int) -> SyntheticPacket {
    var writer = ByteWriter()
    ICMPHeader(isICMPv6: false, type: type, code: 0, rest: 0x0007_0000 | UInt32(sequence))
      .write(to: &writer)
    writer.zeros(size - 20 - writer.bytes.count)
    let ends = type == 8 ? (a.address, b.address) : (b.address, a.address)
    return SyntheticPacket(
      source: ends.0, destination: ends.1, ipProtocol: 1, payload: writer.bytes)
  }

  @Test("Echoes are counted by their inner size, and each is answered once")
  func echoes() throws {
    let traffic = inner([
      (echo(8, 1, 100), 0), (echo(0, 1, 100), 0.1), (echo(0, 1, 100), 0.2), (echo(8, 2, 1400), 1),
      (echo(8, 3, 1400), 2), (echo(0, 9, 1400), 3),
    ])
    let path = InnerTraffic.Path(source: a.address, destination: b.address)
    let echoes = try #require(traffic.echoes[path])
    #expect(echoes[100]?.sent == 1 && echoes[100]?.answered == 1)
    #expect(echoes[1400]?.sent == 2 && echoes[1400]?.answered == 0)
    #expect(echoes[1400]?.first.number == 4)
  }

  @Test("A segment that is sent again and again without an acknowledgment is the stuck one")
  func stuckSegment() throws {
    let (one, other) = (Endpoint(a.address, 1000), Endpoint(b.address, 80))
    let small = [UInt8](repeating: 1, count: 100)
    let large = [UInt8](repeating: 2, count: 1360)
    let traffic = inner([
      (.tcp(small, sequence: 1, flags: 24, from: one, to: other), 0),
      (.tcp(sequence: 1, acknowledged: 101, flags: 16, from: other, to: one), 0.1),
      (.tcp(large, sequence: 101, flags: 16, from: one, to: other), 0.2),
      (.tcp(large, sequence: 101, flags: 16, from: one, to: other), 0.5),
      (.tcp(large, sequence: 101, flags: 16, from: one, to: other), 1.1),
    ])
    let sent = try #require(traffic.segments.first { $0.source == one })
    #expect(sent.acknowledged == 101 && sent.largestAcknowledged == 140)
    #expect(sent.stuckSequence == 101 && sent.stuckCount == 3 && sent.stuckBytes == 1400)
    #expect(sent.stuckFrames.map(\.number) == [3, 4, 5])
  }
}
