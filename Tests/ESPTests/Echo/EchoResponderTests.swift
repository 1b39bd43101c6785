import ESP
import IKE
import PacketDissector
import Testing

@Suite struct EchoResponderTests {
  private static let now = Instant(nanoseconds: 0)
  private static let partner: UInt32 = 0xC000_0001
  private static let other: UInt32 = 0xC000_0002

  private func request(
    _ dataBytes: Int = 16, reply: Bool = true, spi: UInt32? = other
  ) -> ESPEcho {
    ESPEcho(
      .request, hasReplyFlag: reply, identifier: 7, sequence: 9, replySPI: spi,
      data: Array(repeating: 0x42, count: dataBytes))
  }

  private func answer(
    _ request: ESPEcho, room: Int? = nil, spis: [UInt32] = [partner, other]
  ) -> EchoResponder.Answer {
    var responder = EchoResponder()
    return responder.answer(
      request.payload, partnerSPI: Self.partner, peerSPIs: spis, room: room, at: Self.now)
  }

  @Test func aReplyIsACopyOnThePathAskedFor() {
    var expected = request()
    expected.kind = .reply
    #expect(answer(request()) == .reply(expected.payload, outboundSPI: Self.other))
  }

  @Test func anSPIOfAnotherPeerIsNeverUsed() {
    var responder = EchoResponder()
    let answer = responder.answer(
      request().payload, partnerSPI: Self.partner, peerSPIs: [Self.partner], at: Self.now)
    guard case .reply(_, let spi) = answer else {
      Issue.record("no reply")
      return
    }
    #expect(spi == Self.partner)
    #expect(responder.counters.foreignSPI == 1)
  }

  @Test func oneWayIsTheMergedFormatsAloneWithoutR() {
    #expect(answer(request(reply: false, spi: 0)) == .silence(.oneWay))
    var expected = request(reply: false, spi: nil)
    expected.kind = .reply
    #expect(
      answer(request(reply: false, spi: nil))
        == .reply(expected.payload, outboundSPI: Self.partner))
  }

  @Test func aReplyHasNoMoreThanItsPathTakes() {
    guard case .reply(let payload, _) = answer(request(100), room: 52),
      let reply = receivedEcho(payload)
    else {
      Issue.record("no reply")
      return
    }
    #expect(payload.count == 52)
    #expect(reply.echo.data.count == 40)
    #expect(answer(request(100), room: 11) == .silence(.noRoom))
  }

  @Test func repliesAndRubbishAreNotAnswered() {
    var reply = request()
    reply.kind = .reply
    #expect(answer(reply) == .silence(.noRequest))
    var responder = EchoResponder()
    let answer = responder.answer([1, 2, 3], partnerSPI: 1, peerSPIs: [1], at: Self.now)
    #expect(answer == .silence(.noRequest))
    #expect(responder.counters.silences[.noRequest] == 1)
  }

  @Test func aFloodIsAnsweredUpToTheLimit() {
    var responder = EchoResponder(repliesPerSecond: 10)
    var replies = 0
    for step in 0..<100 {
      let now = Self.now + .milliseconds(step)
      if case .reply = responder.answer(
        request().payload, partnerSPI: Self.partner, peerSPIs: [Self.other], at: now)
      {
        replies += 1
      }
    }
    #expect(replies == 10)
    #expect(responder.counters.silences[.overLimit] == 90)
    #expect(responder.counters.answered == 10)
  }

  @Test(arguments: EchoVector.all.filter { $0.keyMaterial.isEmpty && !$0.name.contains("reply") })
  func aRequestInClearIsAnsweredInItsFormatAndNoLonger(_ vector: EchoVector) throws {
    var packet = vector.packet
    // The vector's request wants no reply in the merged format.
    if vector.name.contains("merged") { packet[9] = 0x80 }
    var responder = EchoResponder()
    let made = responder.answer(unencrypted: packet, at: Self.now)
    let answer = try #require(made)
    #expect(answer.count <= packet.count)
    let reply = try #require(unencryptedEcho(answer))
    #expect(reply.isReply)
    #expect(reply.content.format == unencryptedEcho(packet)?.content.format)
    #expect(reply.sequenceNumber == 0)
    let second = responder.answer(unencrypted: answer, at: Self.now)
    #expect(second == nil)
  }

  @Test func inClearOneWayAndWrongReplySPIsAreNotAnswered() {
    var responder = EchoResponder()
    for echo in [request(reply: false, spi: 0), request(spi: 9)] {
      let packet = UnencryptedESPEcho(
        isReply: false, sequenceNumber: 0, content: .merged(ReceivedESPEcho(echo)))
      let answer = responder.answer(unencrypted: packet.packet, at: Self.now)
      #expect(answer == nil)
    }
    #expect(responder.counters.silences == [.oneWay: 1, .wrongReplySPI: 1])
  }

  @Test func inClearAReplyFitsItsRoomWithFraming() throws {
    var responder = EchoResponder()
    for dataBytes in 0..<200 {
      let echo = ReceivedESPEcho(request(dataBytes, spi: 8))
      let packet = UnencryptedESPEcho(isReply: false, sequenceNumber: 0, content: .merged(echo))
      let answer = responder.answer(unencrypted: packet.packet, room: 100, at: Self.now)
      #expect(try #require(answer).count <= 100)
    }
  }
}
