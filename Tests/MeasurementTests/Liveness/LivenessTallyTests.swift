import PacketDissector
import Testing

@testable import Measurement

@Suite("Liveness: what answers and silences come to")
struct LivenessTallyTests {
  /// Beats of a second each, one transmission a beat.
  private static func tally(
    _ outcomes: [LivenessBeat.Outcome]
  ) -> (tally: LivenessTally, changes: [LivenessTally.Change]) {
    var tally = LivenessTally()
    var changes: [LivenessTally.Change] = []
    for (index, outcome) in outcomes.enumerated() {
      let isAnswered = if case .answered = outcome { true } else { false }
      let answer = LivenessBeat.Answer(outcome, sent: 1, answered: isAnswered ? 1 : 0)
      let beat = LivenessBeat(
        number: index + 1, at: .seconds(index),
        took: isAnswered ? .milliseconds(10) : .milliseconds(500), answer)
      if let change = tally.add(beat) { changes.append(change) }
    }
    return (tally, changes)
  }

  private static let answer = LivenessBeat.Outcome.answered(roundTrip: .milliseconds(10))

  private static func answers(_ count: Int) -> [LivenessBeat.Outcome] {
    Array(repeating: answer, count: count)
  }

  private static func silence(_ count: Int) -> [LivenessBeat.Outcome] {
    Array(repeating: .silent, count: count)
  }

  @Test("Without any answer the state stays unknown, and all requests are lost")
  func neverThere() {
    let (tally, changes) = Self.tally(Self.silence(20))
    #expect(tally.state == .unknown)
    #expect(tally.lost == 20)
    #expect(tally.loss == 1)
    #expect(changes.isEmpty)
  }

  @Test("On a path without loss, two silences are loss and three are a death")
  func cleanPath() throws {
    let two = Self.tally(Self.answers(20) + Self.silence(2) + Self.answers(1))
    #expect(two.tally.state == .up)
    #expect(two.tally.lost == 2)
    #expect(two.tally.outageCount == 0)

    let three = Self.tally(Self.answers(20) + Self.silence(3))
    #expect(three.tally.state == .down)
    #expect(three.tally.lost == 0)
    #expect(three.tally.outages.last?.start == .seconds(20))
    guard case .down(let known, _)? = three.changes.last else {
      Issue.record("no change to down")
      return
    }
    #expect(known == .milliseconds(22_500))
  }

  @Test("The more is lost, the longer a silence is loss: half lost takes ten in a row")
  func lossyPath() {
    var outcomes: [LivenessBeat.Outcome] = []
    for _ in 0..<100 { outcomes += Self.answers(1) + Self.silence(1) }
    outcomes += Self.answers(1)
    let lossy = Self.tally(outcomes)
    #expect(lossy.tally.outageCount == 0)
    #expect(lossy.tally.patience == 10)
    #expect(Self.tally(outcomes + Self.silence(9)).tally.state == .up)
    #expect(Self.tally(outcomes + Self.silence(10)).tally.state == .down)
  }

  @Test("An outage lasts from its first silence to the first answer, and is not counted as loss")
  func outage() throws {
    let (tally, changes) = Self.tally(Self.answers(10) + Self.silence(5) + Self.answers(10))
    #expect(tally.state == .up)
    #expect(tally.lost == 0)
    #expect(tally.outageCount == 1)
    let outage = try #require(tally.outages.first)
    #expect(outage.start == .seconds(10))
    #expect(outage.end == .milliseconds(15_010))
    #expect(outage.sent == 5)
    #expect(changes.count == 3)
  }

  @Test("A check that ends its SA is a death, however few were answered before")
  func endsSA() {
    var (tally, _) = Self.tally(Self.answers(2))
    var answer = LivenessBeat.Answer(.silent, sent: 4, answered: 0)
    answer.endsSA = true
    _ = tally.add(LivenessBeat(number: 3, at: .seconds(2), took: .seconds(3), answer))
    #expect(tally.state == .down)
    #expect(tally.outages.last?.sent == 4)
    #expect(tally.lost == 0)
  }

  @Test("A Delete ends it at once; the next answer is up again")
  func deleted() throws {
    let (tally, _) = Self.tally(Self.answers(3) + [.deleted] + Self.answers(1))
    #expect(tally.outageCount == 1)
    let outage = try #require(tally.outages.first)
    guard case .deleted = outage.cause else {
      Issue.record("cause \(outage.cause)")
      return
    }
    #expect(tally.state == .up)
  }

  @Test("What this host could not send counts for nothing")
  func local() {
    let (tally, changes) = Self.tally([.local("no route"), .local("no route")])
    #expect(tally.sent == 0)
    #expect(tally.loss == nil)
    #expect(tally.localFault == "no route")
    #expect(changes.isEmpty)
  }

  @Test("More outages than are kept are counted, and the latest are kept")
  func manyOutages() {
    var outcomes: [LivenessBeat.Outcome] = []
    for _ in 0..<300 { outcomes += Self.answers(1) + [.deleted] }
    let (tally, _) = Self.tally(outcomes + Self.answers(1))
    #expect(tally.outageCount == 300)
    #expect(tally.outages.count == LivenessTally.outageLimit)
    #expect(tally.outages.last?.start == .seconds(599))
  }
}

@Suite("Round trips")
struct BeatTimesTests {
  private static func trips(_ milliseconds: [Int]) -> BeatTimes {
    var trips = BeatTimes()
    for time in milliseconds { trips.add(.milliseconds(time)) }
    return trips
  }

  @Test("Least, most, median, jitter and percentiles of 1 to 100 ms")
  func hundred() {
    let trips = Self.trips(Array(1...100))
    #expect(trips.least == .milliseconds(1))
    #expect(trips.most == .milliseconds(100))
    #expect(trips.median == .milliseconds(50))
    #expect(trips.percentile(95) == .milliseconds(95))
    #expect(trips.percentile(99) == .milliseconds(99))
    #expect(trips.jitter == .milliseconds(1))
  }

  @Test("A percentile that no sample would lie beyond is not told")
  func few() {
    #expect(Self.trips([5]).median == .milliseconds(5))
    #expect(Self.trips(Array(1...19)).percentile(95) == nil)
    #expect(Self.trips(Array(1...20)).percentile(95) == .milliseconds(19))
    #expect(Self.trips(Array(1...99)).percentile(99) == nil)
    #expect(BeatTimes().median == nil)
  }

  @Test("A histogram counts every time once, in buckets of one round width")
  func histogram() {
    let buckets = Self.trips([10, 11, 12, 13, 29]).histogram(4)
    #expect(buckets.map(\.count).reduce(0, +) == 5)
    #expect(buckets.first?.from == .milliseconds(10))
    #expect(buckets.map { $0.to - $0.from } == buckets.map { _ in .milliseconds(5) })
    #expect(buckets.map(\.count) == [4, 0, 0, 1])
    #expect(Self.trips([3]).histogram(4).isEmpty)
  }

  @Test("Of more times than are kept, the oldest go")
  func bounded() {
    var trips = BeatTimes()
    trips.add(.seconds(9))
    for _ in 0..<BeatTimes.limit { trips.add(.milliseconds(1)) }
    #expect(trips.count == BeatTimes.limit + 1)
    #expect(trips.most == .seconds(9))
    #expect(trips.histogram(4).map(\.count).reduce(0, +) == BeatTimes.limit)
  }
}
