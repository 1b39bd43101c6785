import Diagnosis
import PacketDissector
import Testing

@Suite("IKE SAs as their messages tell of them")
struct IKESessionTests {
  private let sa = SyntheticIKE()

  private func session(_ capture: SyntheticCapture) throws -> IKESession {
    let sessions = capture.evidence.sessions.sessions
    try #require(sessions.count == 1)
    return sessions[0]
  }

  @Test("The same request later is a retransmission; within five milliseconds it is a copy")
  func retransmissions() throws {
    var capture = SyntheticCapture()
    for seconds in [0, 0.002, 4, 11.2] { capture.send(sa.initRequest(), at: seconds) }
    let session = try session(capture)
    #expect(session.exchanges.count == 1 && session.copies == 1 && session.messages == 4)
    let request = try #require(session.exchanges[0].request)
    #expect(request.count == 3)
    #expect(request.gaps.map(\.seconds) == [4, 7.2])
    #expect(!session.isEstablished)
  }

  @Test("A mirror that shows every message twice changes nothing but the count of copies")
  func mirrored() throws {
    var once = SyntheticCapture()
    sa.establish(in: &once)
    sa.check(in: &once, id: 2, at: 30)
    var twice = SyntheticCapture()
    for packet in once.packets {
      twice.append(packet.bytes, at: packet.seconds)
      twice.append(packet.bytes, at: packet.seconds + 0.0001)
    }
    let session = try session(twice)
    #expect(session.copies == 6)
    #expect(session.exchanges.allSatisfy { $0.request?.count == 1 && $0.response?.count == 1 })
    #expect(session.initiatorLiveness.answeredCount == 1)
    #expect(session.isEstablished)
  }

  @Test("Fragments are one message; which are missing is known, and which came again")
  func fragments() throws {
    var capture = SyntheticCapture()
    capture.send(sa.initRequest(), at: 0)
    capture.send(sa.initResponse(), at: 0.01)
    for number in [1, 2, 4] as [UInt16] {
      capture.send(
        sa.floated.request(
          .ikeAuth, id: 1, [.fragment(number, of: 4, first: .identificationInitiator)]),
        at: 0.02 + Double(number) / 1e5)
    }
    capture.send(
      sa.floated.request(
        .ikeAuth, id: 1, [.fragment(1, of: 4, first: .identificationInitiator)]), at: 4)
    let session = try session(capture)
    let request = try #require(session.exchanges.last?.request)
    let fragments = try #require(request.fragments)
    #expect(fragments.missing == [3] && !fragments.isComplete)
    #expect(fragments.rounds == 2 && fragments.total == 4)
    #expect(request.count == 2 && session.usesPort4500)
    #expect(request.content.firstEncrypted == PayloadType.identificationInitiator.rawValue)
  }

  @Test("After a cookie and another group each attempt is an exchange of its own")
  func cookieAndGroup() throws {
    var capture = SyntheticCapture()
    capture.send(sa.initRequest(), at: 0)
    capture.send(sa.initError(.cookie, .data([1, 2, 3])), at: 0.01)
    let cookie = IKEPayload.notify(.cookie, .data([1, 2, 3]))
    capture.send(sa.initRequest(extra: [cookie]), at: 0.02)
    capture.send(sa.initError(.invalidKEPayload, .data([0, 31])), at: 0.03)
    capture.send(sa.initRequest(method: 31, extra: [cookie]), at: 0.04)
    capture.send(sa.initResponse(method: 31), at: 0.05)
    let session = try session(capture)
    #expect(session.exchanges.map(\.isAnswered) == [true, true, true])
    #expect(session.exchanges.compactMap { $0.request?.content.keyExchangeMethod } == [19, 19, 31])
    #expect(session.exchanges[0].response?.content.has(.cookie) == true)
    #expect(session.responderSPI == sa.responderSPI)
  }

  @Test("A response before its request, as in a merged capture, is its answer all the same")
  func responseFirst() throws {
    var capture = SyntheticCapture()
    sa.establish(in: &capture)
    capture.send(sa.response(.informational, id: 2, [.encrypted(.none, 36)]), at: 30)
    capture.send(sa.request(.informational, id: 2, [.encrypted(.none, 36)]), at: 30.001)
    let session = try session(capture)
    #expect(session.exchanges.count == 3)
    let last = try #require(session.exchanges.last)
    #expect(last.request != nil && last.response != nil)
    #expect(last.answerTime == nil)
  }

  @Test("A capture from the middle shows who asks by the flag, and its beginning is not seen")
  func fromTheMiddle() throws {
    var capture = SyntheticCapture()
    sa.check(in: &capture, id: 7, byInitiator: false, at: 0)
    let session = try session(capture)
    #expect(session.initiator == sa.initiator && session.responder == sa.responder)
    #expect(!session.isSeenFromItsStart && session.isEstablished)
    #expect(session.exchanges[0].isInitiators == false)
    #expect(session.responderLiveness.answeredCount == 1)
    #expect(session.initiatorLiveness.answeredCount == 0)
  }

  @Test("Many exchanges without incident make room, and the first eight stay")
  func forgetting() throws {
    var capture = SyntheticCapture()
    sa.establish(in: &capture)
    for id in 2...300 as ClosedRange<UInt32> { sa.check(in: &capture, id: id, at: Double(id)) }
    let session = try session(capture)
    #expect(session.exchanges.count == IKESession.exchangeLimit)
    #expect(session.forgotten == 301 - UInt64(IKESession.exchangeLimit))
    #expect(session.exchanges.prefix(3).map(\.messageID) == [0, 1, 2])
    #expect(session.exchanges.last?.messageID == 300)
    #expect(session.initiatorLiveness.answeredCount == 299)
    #expect(session.initiatorLiveness.medianInterval == Nanoseconds(1_000_000_000))
  }

  // MARK: NAT detection

  @Test("Hashes that fit the packets say that there is no NAT")
  func noNAT() throws {
    var capture = SyntheticCapture()
    sa.establish(in: &capture)
    let nat = try session(capture).nat
    #expect(!nat.initiatorIsBehindNAT && !nat.responderIsBehindNAT && nat.frames.count == 2)
  }

  @Test("The side whose address the packets do not show is behind NAT", arguments: [true, false])
  func natted(isInitiator: Bool) throws {
    // What the ends hash is `inside`; what the capture shows is `outside`.
    let outside = sa
    var inside = sa
    let own = Endpoint(IPAddress(v4: 0xC0A8_0105), 500)
    if isInitiator { inside.initiator = own } else { inside.responder = own }
    let forth = inside.natDetection(isResponse: false)
    let back = outside.natDetection(isResponse: true)
    var capture = SyntheticCapture()
    // Each end knows the other by its outside address.
    let asked =
      isInitiator
      ? [forth[0], outside.natDetection(isResponse: false)[1]]
      : outside.natDetection(isResponse: false)
    let answered = isInitiator ? back : [inside.natDetection(isResponse: true)[0], back[1]]
    capture.send(outside.request(.ikeSAInit, [.sa([.usual]), .ke(19), .nonce()] + asked), at: 0)
    capture.send(
      outside.response(.ikeSAInit, [.sa([.usual]), .ke(19), .nonce()] + answered), at: 0.01)
    let nat = try session(capture).nat
    #expect(nat.initiatorIsBehindNAT == isInitiator)
    #expect(nat.responderIsBehindNAT == !isInitiator)
  }

  // MARK: IKEv1

  /// A message with one vendor ID payload, or encrypted: all that pairing looks at.
  private func v1(
    _ exchange: UInt8, id: UInt32 = 0, fromInitiator: Bool, seed: UInt8, isFirst: Bool = false,
    isEncrypted: Bool = false
  ) -> SyntheticPacket {
    let header = IKEHeader(
      initiatorSPI: sa.initiatorSPI, responderSPI: isFirst ? 0 : sa.responderSPI,
      nextPayload: isEncrypted ? 8 : 13, version: 0x10, exchangeType: exchange,
      flags: isEncrypted ? 1 : 0, messageID: id, length: 40)
    var writer = ByteWriter()
    header.write(to: &writer)
    writer.append(
      isEncrypted
        ? IKEPayload.filler(12, UInt64(seed)) : [0, 0, 0, 12, seed, 2, 3, 4, 5, 6, 7, 8])
    return .ike(
      writer.bytes, from: fromInitiator ? sa.initiator : sa.responder,
      to: fromInitiator ? sa.responder : sa.initiator)
  }

  @Test("IKEv1's main mode is three pairs, however often one is sent again")
  func mainMode() throws {
    var capture = SyntheticCapture()
    capture.send(v1(2, fromInitiator: true, seed: 1, isFirst: true), at: 0)
    capture.send(v1(2, fromInitiator: false, seed: 2), at: 0.1)
    capture.send(v1(2, fromInitiator: true, seed: 3), at: 0.2)
    capture.send(v1(2, fromInitiator: true, seed: 3), at: 4.2)
    capture.send(v1(2, fromInitiator: false, seed: 4), at: 4.3)
    capture.send(v1(2, fromInitiator: true, seed: 5, isEncrypted: true), at: 4.4)
    capture.send(v1(2, fromInitiator: false, seed: 6, isEncrypted: true), at: 4.5)
    let session = try session(capture)
    #expect(session.exchanges.count == 3)
    #expect(session.exchanges.allSatisfy { $0.isInitiators && $0.isAnswered })
    #expect(session.exchanges.map { $0.request?.count } == [1, 2, 1])
  }

  @Test("Aggressive mode's third message waits for no answer; quick mode is paired by its ID")
  func aggressiveAndQuickMode() throws {
    var capture = SyntheticCapture()
    capture.send(v1(4, fromInitiator: true, seed: 1, isFirst: true), at: 0)
    capture.send(v1(4, fromInitiator: false, seed: 2), at: 0.1)
    capture.send(v1(4, fromInitiator: true, seed: 3, isEncrypted: true), at: 0.2)
    for id in [77, 78] as [UInt32] {
      capture.send(v1(32, id: id, fromInitiator: false, seed: 4, isEncrypted: true), at: 1)
    }
    for id in [77, 78] as [UInt32] {
      capture.send(v1(32, id: id, fromInitiator: true, seed: 5, isEncrypted: true), at: 1.1)
    }
    let session = try session(capture)
    #expect(session.exchanges.map(\.type) == [4, 4, 32, 32])
    #expect(session.exchanges.map(\.isAnswered) == [true, false, true, true])
    #expect(session.exchanges.map(\.isInitiators) == [true, true, false, false])
    #expect(session.isEstablished)
  }
}
