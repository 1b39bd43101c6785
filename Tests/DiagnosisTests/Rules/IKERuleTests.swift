import Diagnosis
import PacketDissector
import Testing

/// What no daemon of the lab can be made to do, from our own encoders; each fault with its healthy twin.
@Suite("Rules on IKE, by made-up captures")
struct IKERuleTests {
  // MARK: Key exchange methods

  @Test("INVALID_KE_PAYLOAD back and forth is a loop")
  func keyExchangeLoop() {
    var capture = SyntheticCapture()
    let sa = SyntheticIKE()
    for round in 0..<4 {
      let sent: KeyExchangeMethod = round.isMultiple(of: 2) ? 19 : 14
      let wanted: KeyExchangeMethod = round.isMultiple(of: 2) ? 14 : 19
      capture.send(sa.initRequest(method: sent, extra: [.nonce(UInt64(round))]), at: Double(round))
      capture.send(
        sa.initError(.invalidKEPayload, .keyExchangeMethod(wanted)), at: Double(round) + 0.01)
    }
    #expect(capture.found == ["ike-ke-loop critical"])
    let text = capture.diagnosis.findings.first?.remedies.first?.text.plain ?? ""
    #expect(text.contains("256-bit random ECP group"))
  }

  @Test("The same method offered again after INVALID_KE_PAYLOAD is a loop at once")
  func stubbornKeyExchange() {
    var capture = SyntheticCapture()
    let sa = SyntheticIKE()
    capture.send(sa.initRequest(method: 19), at: 0)
    capture.send(sa.initError(.invalidKEPayload, .keyExchangeMethod(14)), at: 0.01)
    capture.send(sa.initRequest(method: 19, extra: [.vendor([1, 2, 3, 4])]), at: 1)
    capture.send(sa.initError(.invalidKEPayload, .keyExchangeMethod(14)), at: 1.01)
    #expect(capture.found == ["ike-ke-loop critical"])
  }

  @Test("One INVALID_KE_PAYLOAD, and the method that it asks for, is the normal way")
  func oneRetry() {
    var capture = SyntheticCapture()
    let sa = SyntheticIKE()
    capture.send(sa.initRequest(method: 31), at: 0)
    capture.send(sa.initError(.invalidKEPayload, .keyExchangeMethod(19)), at: 0.01)
    sa.establish(in: &capture, at: 0.02)
    #expect(capture.found == [])
  }

  // MARK: Proposals

  private static func proposals(_ count: Int, common place: Int) -> [Proposal] {
    (0..<count).map { index in
      index == place
        ? .usual
        : .ike(
          UInt8(index + 1),
          [
            Transform(.encryption, id: 12, keyLength: 128), Transform(.integrity, id: 12),
            Transform(.prf, id: 5), Transform(.keyExchange, id: 14),
          ])
    }
  }

  @Test("A suite refused as number nine and taken as number one is refused for its place")
  func proposalPosition() {
    var capture = SyntheticCapture()
    var first = SyntheticIKE()
    first.initiatorSPI = 1
    capture.send(first.initRequest(Self.proposals(9, common: 8)), at: 0)
    capture.send(first.initError(.noProposalChosen), at: 0.01)
    var second = SyntheticIKE()
    second.initiatorSPI = 2
    second.establish(in: &capture, at: 10)
    #expect(capture.found == ["ike-proposal-position warning"])
  }

  @Test("A suite that was not offered in the first request is a mismatch, not a matter of place")
  func notOffered() {
    var capture = SyntheticCapture()
    var first = SyntheticIKE()
    first.initiatorSPI = 1
    capture.send(first.initRequest(Self.proposals(9, common: 20)), at: 0)
    capture.send(first.initError(.noProposalChosen), at: 0.01)
    var second = SyntheticIKE()
    second.initiatorSPI = 2
    second.establish(in: &capture, at: 10)
    #expect(capture.found == ["ike-proposal-mismatch critical"])
    let facts = capture.diagnosis.findings[0].evidence.map(\.text.plain)
    #expect(facts.contains { $0.contains("not offered: AES_GCM_16-256") })
  }

  // MARK: Large key shares

  @Test("A large IKE_SA_INIT in IP fragments that nobody answers is unanswered, with its size")
  func largeInit() {
    var capture = SyntheticCapture()
    let sa = SyntheticIKE()
    let request = sa.request(
      .ikeSAInit, [.sa([.usual]), .ke(37, bytes: 1568), .nonce()])
    for (index, seconds) in [0, 4, 11.2, 24.2].enumerated() {
      capture.send(request, inFragmentsOf: 1480, id: UInt16(index), at: seconds)
    }
    #expect(capture.found == ["ike-auth-frag-lost critical"])
    let finding = capture.diagnosis.findings[0]
    #expect(finding.remedies.map(\.text.plain).joined().contains("IKE_INTERMEDIATE"))
  }

  @Test("The same answered is fine")
  func largeInitAnswered() {
    var capture = SyntheticCapture()
    let sa = SyntheticIKE()
    capture.send(
      sa.request(.ikeSAInit, [.sa([.usual]), .ke(37, bytes: 1568), .nonce()]),
      inFragmentsOf: 1480, id: 1, at: 0)
    capture.send(
      sa.response(.ikeSAInit, [.sa([.usual]), .ke(37, bytes: 1568), .nonce()]),
      inFragmentsOf: 1480, id: 2, at: 0.01)
    #expect(capture.found == [])
  }

  // MARK: IKE_INTERMEDIATE

  private static var hybrid: Proposal {
    var proposal = Proposal.usual
    proposal.transforms.append(Transform(.additionalKeyExchange1, id: 36))
    return proposal
  }

  @Test("IKE_AUTH where IKE_INTERMEDIATE was agreed on skips it")
  func intermediateSkipped() {
    var capture = SyntheticCapture()
    let sa = SyntheticIKE()
    capture.send(sa.initRequest([Self.hybrid]), at: 0)
    capture.send(sa.initResponse(Self.hybrid), at: 0.01)
    capture.send(sa.request(.ikeAuth, id: 1, [.encrypted(.identificationInitiator, 300)]), at: 0.02)
    capture.send(sa.response(.ikeAuth, id: 1, [.encrypted(.notify, 36)]), at: 0.03)
    #expect(capture.found.contains("ike-intermediate-skipped critical"))
  }

  @Test("IKE_INTERMEDIATE and then IKE_AUTH is how it should be")
  func intermediateDone() {
    var capture = SyntheticCapture()
    let sa = SyntheticIKE()
    capture.send(sa.initRequest([Self.hybrid]), at: 0)
    capture.send(sa.initResponse(Self.hybrid), at: 0.01)
    capture.send(sa.request(.ikeIntermediate, id: 1, [.encrypted(.keyExchange, 1100)]), at: 0.02)
    capture.send(sa.response(.ikeIntermediate, id: 1, [.encrypted(.keyExchange, 1100)]), at: 0.03)
    capture.send(sa.request(.ikeAuth, id: 2, [.encrypted(.identificationInitiator, 300)]), at: 0.04)
    capture.send(
      sa.response(.ikeAuth, id: 2, [.encrypted(.identificationResponder, 300)]), at: 0.05)
    #expect(capture.found == [])
  }

  // MARK: ICMP

  @Test(
    "An ICMP error refuses a request even where its quote ends before IKE", arguments: [28, 64])
  func shortQuote(_ bytes: Int) {
    var capture = SyntheticCapture()
    let sa = SyntheticIKE()
    for (index, seconds) in [0, 4, 11.2].enumerated() {
      capture.send(sa.initRequest(), at: seconds)
      capture.send(
        .icmp(
          type: 3, code: index == 1 ? 1 : 0, about: sa.initRequest(), quoting: bytes,
          from: IPAddress(v4: 0x0A01_0001)),
        at: seconds + 0.01)
    }
    #expect(capture.found == ["ike-refused-icmp critical"])
  }

  @Test("An ICMP error about other ports refuses no IKE")
  func foreignQuote() {
    var capture = SyntheticCapture()
    let sa = SyntheticIKE()
    for seconds in [0, 4, 11.2] {
      capture.send(sa.initRequest(), at: seconds)
      capture.send(
        .icmp(
          type: 3, code: 0,
          about: .udp([1, 2, 3], from: Endpoint(sa.initiator.address, 53), to: sa.responder),
          quoting: 28, from: IPAddress(v4: 0x0A01_0001)),
        at: seconds + 0.01)
    }
    #expect(capture.found == ["ike-no-answer critical"])
  }

  // MARK: Rekeying

  @Test("Without keys, refusals of every rekey are likely a PFS mismatch; one is not enough")
  func refusedRekeys() {
    for count in [1, 3] {
      var capture = SyntheticCapture()
      let sa = SyntheticIKE()
      sa.establish(in: &capture)
      for round in 0..<count {
        let at = 3000 + 10 * Double(round)
        capture.send(
          sa.request(.createChildSA, id: UInt32(2 + round), [.encrypted(.notify, 300)]), at: at)
        capture.send(
          sa.response(.createChildSA, id: UInt32(2 + round), [.encrypted(.notify, 36)]),
          at: at + 0.01)
      }
      #expect(capture.found == (count == 1 ? [] : ["child-rekey-pfs critical"]))
    }
  }

  @Test("Rekeys from both sides at once are info, and settled")
  func collision() {
    var capture = SyntheticCapture()
    let sa = SyntheticIKE()
    sa.establish(in: &capture)
    capture.send(sa.request(.createChildSA, id: 2, [.encrypted(.notify, 300)]), at: 100)
    capture.send(
      sa.request(.createChildSA, id: 0, fromInitiator: false, [.encrypted(.notify, 300)]),
      at: 100.001)
    capture.send(
      sa.response(.createChildSA, id: 2, [.encrypted(.securityAssociation, 250)]), at: 100.01)
    capture.send(
      sa.response(
        .createChildSA, id: 0, toInitiator: false, [.encrypted(.securityAssociation, 250)]),
      at: 100.011)
    #expect(capture.found == ["child-rekey-collision info"])
  }

  // MARK: Captures that lack something

  @Test("Messages that a mirror port shows twice are no retransmissions")
  func mirrored() {
    var capture = SyntheticCapture()
    let sa = SyntheticIKE()
    sa.establish(in: &capture)
    for check in 0..<8 { sa.check(in: &capture, id: UInt32(2 + check), at: 10 * Double(check + 1)) }
    var twice = SyntheticCapture()
    for packet in capture.packets {
      twice.append(packet.bytes, at: packet.seconds)
      twice.append(packet.bytes, at: packet.seconds + 0.0004)
    }
    #expect(capture.found == [])
    #expect(!twice.diagnosis.findings.contains { $0.severity > .info })
  }

  @Test("A capture of one direction gives no alarm")
  func oneDirection() {
    var capture = SyntheticCapture()
    let sa = SyntheticIKE()
    sa.establish(in: &capture)
    for check in 0..<8 { sa.check(in: &capture, id: UInt32(2 + check), at: 10 * Double(check + 1)) }
    for isFromInitiator in [true, false] {
      var half = SyntheticCapture()
      for packet in capture.packets
      where (packet.bytes[15] == 2 && packet.bytes[13] == 1) == isFromInitiator {
        half.append(packet.bytes, at: packet.seconds)
      }
      #expect(!half.packets.isEmpty)
      #expect(!half.diagnosis.findings.contains { $0.severity > .info })
    }
  }

  @Test("A capture that begins anywhere in a healthy one gives no alarm")
  func fromTheMiddle() {
    var capture = SyntheticCapture()
    let sa = SyntheticIKE()
    sa.establish(in: &capture)
    for check in 0..<8 { sa.check(in: &capture, id: UInt32(2 + check), at: 10 * Double(check + 1)) }
    for start in capture.packets.indices {
      var rest = SyntheticCapture()
      for packet in capture.packets[start...] { rest.append(packet.bytes, at: packet.seconds) }
      #expect(!rest.diagnosis.findings.contains { $0.severity > .info }, "from \(start)")
    }
  }

  @Test("Frames out of time order give no alarm, and are said to be")
  func outOfOrder() {
    var capture = SyntheticCapture()
    let sa = SyntheticIKE()
    sa.establish(in: &capture)
    for check in 0..<8 { sa.check(in: &capture, id: UInt32(2 + check), at: 10 * Double(check + 1)) }
    var shuffled = SyntheticCapture()
    for start in stride(from: 0, to: capture.packets.count, by: 2) {
      for packet in capture.packets[start..<min(start + 2, capture.packets.count)].reversed() {
        shuffled.append(packet.bytes, at: packet.seconds)
      }
    }
    #expect(!shuffled.diagnosis.findings.contains { $0.severity > .info })
    #expect(shuffled.diagnosis.blindSpots.contains { $0.plain.contains("out of time order") })
  }
}
