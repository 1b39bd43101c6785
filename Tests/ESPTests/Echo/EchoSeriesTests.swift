import ESP
import IKE
import PacketDissector
import Testing

@Suite struct EchoSeriesTests {
  private static let start = Instant(nanoseconds: 1_000_000_000)

  private func reply(_ request: ESPEcho, dataBytes: Int? = nil) -> ESPEcho {
    var reply = request
    reply.kind = .reply
    if let dataBytes { reply.data = Array(reply.data.prefix(dataBytes)) }
    return reply
  }

  @Test func aReplyIsMatchedOnceAndItsCopiesAreDuplicates() {
    var series = EchoSeries(identifier: 7)
    let first = series.request(.merged, dataBytes: 16, replySPI: 0xC000_0002, at: Self.start)
    let second = series.request(.merged, dataBytes: 16, replySPI: 0xC000_0002, at: Self.start)
    let later = Self.start + .milliseconds(30)
    #expect(series.note(reply(second), on: 0xC000_0002, at: later) == .reply(1))
    #expect(series.note(reply(first), on: 0xC000_0002, at: later) == .reply(0))
    #expect(series.note(reply(first), on: 0xC000_0002, at: later) == .duplicate(0))
    #expect(series.requests[0].reply?.roundTrip == .milliseconds(30))
    #expect(series.requests[0].duplicates == 1)
    #expect(series.requests.allSatisfy { !$0.cameOnAnotherPath && !$0.isShortened })
    #expect(series.deadline == nil)
  }

  @Test func whatIsNoReplyOfTheSeriesMatchesNothing() {
    var series = EchoSeries(identifier: 7)
    let request = series.request(.draft03, dataBytes: 4, replySPI: nil, at: Self.start)
    #expect(request.replySPI == nil && !request.hasReplyFlag)
    #expect(series.note(request, on: 1, at: Self.start) == .unknown)
    var other = reply(request)
    other.identifier = 8
    #expect(series.note(other, on: 1, at: Self.start) == .unknown)
    other = reply(request)
    other.sequence += 1
    #expect(series.note(other, on: 1, at: Self.start) == .unknown)
  }

  @Test func lateShortenedStrayAndDamagedRepliesShowAsSuch() {
    var series = EchoSeries(identifier: 7, timeout: .seconds(1))
    let request = series.request(.merged, dataBytes: 100, replySPI: 5, at: Self.start)
    #expect(series.deadline == Self.start + .seconds(1))
    var answer = reply(request, dataBytes: 40)
    answer.data[3] ^= 1
    #expect(series.note(answer, on: 6, at: Self.start + .seconds(2)) == .reply(0))
    let kept = series.requests[0]
    #expect(kept.isShortened && kept.cameOnAnotherPath)
    #expect(kept.reply?.isLate == true && kept.reply?.hasWrongData == true)
  }

  @Test func aOneWayProbeNamesNoPathAndWaitsForNothing() {
    var series = EchoSeries(identifier: 7)
    let probe = series.request(
      .merged, dataBytes: 4, asksReply: false, replySPI: 5, at: Self.start)
    #expect(!probe.hasReplyFlag && probe.replySPI == 0 && !probe.asksReply)
    #expect(series.deadline == nil)
  }

  @Test func aNumberThatCameRoundAgainIsTheNewestRequests() {
    var series = EchoSeries(identifier: 7, firstSequence: .max)
    let last = series.request(.merged, dataBytes: 0, replySPI: 5, at: Self.start)
    let next = series.request(.merged, dataBytes: 0, replySPI: 5, at: Self.start)
    #expect(last.sequence == .max && next.sequence == 0)
  }
}
