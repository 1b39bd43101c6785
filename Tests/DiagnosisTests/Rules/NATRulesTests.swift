import Diagnosis
import PacketDissector
import Testing

@Suite("NAT")
struct NATRulesTests {
  private let inside = Endpoint(IPAddress(v4: 0x0A01_0002), 4500)
  private let outside = Endpoint(IPAddress(v4: 0x0A02_0002), 4500)

  private func mapped(_ port: UInt16) -> Endpoint { Endpoint(inside.address, port) }

  @Test("Hashes that do not fit the packets tell of NAT; hashes that fit do not")
  func detected() throws {
    var sa = SyntheticIKE()
    var plain = SyntheticCapture()
    sa.establish(in: &plain)
    #expect(plain.packetFindings.isEmpty)
    let believed = sa.initRequest()
    sa.initiator = Endpoint(IPAddress(v4: 0xC633_6401), 40500)
    var translated = SyntheticCapture()
    var request = believed
    request.source = sa.initiator.address
    request.payload[0] = UInt8(40500 >> 8)
    request.payload[1] = UInt8(40500 & 0xFF)
    translated.send(request, at: 0)
    translated.send(sa.initResponse(), at: 0.01)
    #expect(translated.packetFindings == ["nat-detected info"])
    let finding = try #require(translated.finding(.natDetected))
    #expect(finding.summary.plain.contains("198.51.100.1"))
    #expect(finding.evidence.contains { $0.text.plain.contains("40500") })
  }

  /// ESP both ways every half second; the port changes at ten seconds, and the other side follows after
  /// `delay` seconds.
  private func rebind(followedAfter delay: Double) -> SyntheticCapture {
    var capture = SyntheticCapture()
    for number in 1...60 {
      let seconds = Double(number) / 2
      let port = mapped(seconds < 10 ? 47547 : 57962)
      let known = mapped(seconds < 10 + delay ? 47547 : 57962)
      capture.send(.esp(1, UInt32(number), from: port, to: outside), at: seconds)
      capture.send(.esp(2, UInt32(number), from: outside, to: known), at: seconds + 0.01)
    }
    return capture
  }

  @Test("ESP to a port that the NAT gave up is critical, also where it was followed at last")
  func rebound() throws {
    #expect(rebind(followedAfter: 100).packetFindings == ["nat-rebind critical"])
    let healed = rebind(followedAfter: 8)
    #expect(healed.packetFindings == ["nat-rebind critical"])
    let finding = try #require(healed.finding(.natRebind))
    #expect(finding.evidence.contains { $0.text.plain.contains("followed to port 57962") })
  }

  @Test("A change that is followed at once is no finding")
  func followed() {
    #expect(rebind(followedAfter: 1).packetFindings.isEmpty)
    #expect(rebind(followedAfter: 0).packetFindings.isEmpty)
  }

  @Test("A peer that moves to another address while ESP goes to the old one is named")
  func moved() throws {
    func capture(followedAfter delay: Double) -> SyntheticCapture {
      var capture = SyntheticCapture()
      for number in 1...60 {
        let seconds = Double(number) / 2
        var from = mapped(4500)
        if seconds >= 10 { from.address = IPAddress(v4: 0x0A01_0009) }
        var known = mapped(4500)
        if seconds >= 10 + delay { known.address = from.address }
        capture.send(.esp(1, UInt32(number), from: from, to: outside), at: seconds)
        capture.send(.esp(2, UInt32(number), from: outside, to: known), at: seconds + 0.01)
      }
      return capture
    }
    let lost = capture(followedAfter: 100)
    #expect(lost.packetFindings == ["nat-rebind critical"])
    #expect(
      try #require(lost.finding(.natRebind)).summary.plain.contains("from 10.1.0.2 to 10.1.0.9"))
    #expect(capture(followedAfter: 1).packetFindings.isEmpty)
  }

  private func keepalives(_ ports: [UInt16], every seconds: Double) -> SyntheticCapture {
    var capture = SyntheticCapture()
    for number in UInt32(1)...10 {
      capture.send(.esp(1, number, from: mapped(ports[0]), to: outside), at: Double(number) * 0.1)
      capture.send(
        .esp(2, number, from: outside, to: mapped(ports[0])), at: Double(number) * 0.1 + 0.01)
    }
    for (index, port) in ports.dropFirst().enumerated() {
      capture.send(.keepalive(from: mapped(port), to: outside), at: 1 + Double(index + 1) * seconds)
    }
    return capture
  }

  @Test("Keepalives that come from another port each time are too rare")
  func slowKeepalives() throws {
    let capture = keepalives([5173, 8598, 21343], every: 60)
    #expect(capture.packetFindings == ["nat-keepalive-slow warning"])
    #expect(keepalives([5173, 5173, 5173], every: 60).packetFindings.isEmpty)
  }

  @Test("Ports that take turns are several peers behind one address")
  func severalPeers() {
    #expect(keepalives([5173, 8598, 5173, 8598], every: 20).packetFindings.isEmpty)
  }
}

@Suite("TCP that is not IKE")
struct TCPNotIKETests {
  private let client = Endpoint(IPAddress(v4: 0x0A01_0002), 40000)
  private let server = Endpoint(IPAddress(v4: 0x0A02_0002), 4500)

  private func connection(answer: [UInt8]) -> SyntheticCapture {
    var capture = SyntheticCapture()
    let prefix = Array("IKETCP".utf8)
    capture.send(.tcp(sequence: 99, flags: 2, from: client, to: server), at: 0)
    capture.send(
      .tcp(sequence: 499, acknowledged: 100, flags: 18, from: server, to: client), at: 0.01)
    capture.send(
      .tcp(prefix, sequence: 100, acknowledged: 500, flags: 24, from: client, to: server), at: 0.02)
    var end: UInt32 = 106
    let request = SyntheticIKE().message(.ikeSAInit, [.nonce()])
    let record = framed([0, 0, 0, 0] + request)
    capture.send(
      .tcp(record, sequence: end, acknowledged: 500, flags: 24, from: client, to: server), at: 0.03)
    end += UInt32(record.count)
    capture.send(
      .tcp(answer, sequence: 500, acknowledged: end, flags: 24, from: server, to: client), at: 0.05)
    capture.send(
      .tcp(
        sequence: 500 + UInt32(answer.count), acknowledged: end, flags: 17, from: server, to: client
      ),
      at: 0.06)
    return capture
  }

  /// A record with its length in front (RFC 9329, section 3).
  private func framed(_ content: [UInt8]) -> [UInt8] {
    let length = content.count + 2
    return [UInt8(length >> 8), UInt8(length & 0xFF)] + content
  }

  @Test("A web server on the port is named; a peer that answers in IKE is not")
  func webServer() throws {
    let web = connection(answer: Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
    #expect(web.packetFindings == ["tcp-not-ike warning"])
    let finding = try #require(web.finding(.tcpNotIKE))
    #expect(finding.evidence.contains { $0.text.plain.contains("HTTP/1.1") })
    let response = SyntheticIKE().message(
      .ikeSAInit, fromInitiator: false, isResponse: true, [.nonce()])
    #expect(connection(answer: framed([0, 0, 0, 0] + response)).packetFindings.isEmpty)
  }
}
