import Testing

@testable import Measurement

@Suite("Searching the sizes that a path takes")
struct SizeSearchTests {
  private let plan = SizeSearch.Plan(
    rungs: [84, 576, 1024, 1152, 1280] + Array(stride(from: 1300, through: 1500, by: 20)) + [
      1492, 1501,
    ])

  private func limited(to limit: Int, _ above: SimulatedPath.Fate = .vanishes) -> SimulatedPath {
    SimulatedPath { $0 <= limit ? .passes : above }
  }

  @Test(
    "A limit is found to the byte in silence", arguments: [577, 1000, 1280, 1300, 1399, 1492, 1500])
  func silentLimit(_ limit: Int) {
    let (search, time) = limited(to: limit).run(plan)
    #expect(search.ending == .complete)
    #expect(search.map.limit == limit)
    #expect(search.map.top?.sizes == limit + 1...1501)
    #expect(search.map.top?.refusal == nil)
    #expect(search.map.bands.isEmpty)
    #expect(time < .seconds(5))
    #expect(search.packetsSent < 130)
  }

  @Test("A router that tells its MTU makes the search short")
  func toldLimit() {
    let (search, time) = limited(to: 1337, .tooBig(mtu: 1337)).run(plan)
    #expect(search.map.limit == 1337)
    #expect(search.map.top?.refusal == .icmp(mtu: 1337, from: SimulatedPath.router))
    #expect(search.ending == .complete)
    #expect(time < .seconds(1))
    #expect(search.packetsSent < 40)
  }

  @Test("A router that tells a wrong MTU, or none, is not believed", arguments: [nil, 1290, 1450])
  func wrongMTU(_ mtu: Int?) {
    let (search, _) = limited(to: 1337, .tooBig(mtu: mtu)).run(plan)
    #expect(search.map.limit == 1337)
    #expect(search.ending == .complete)
  }

  @Test("What this machine refuses is told apart")
  func refusedHere() {
    let (search, _) = limited(to: 1400, .tooBigHere(mtu: 1400)).run(plan)
    #expect(search.map.limit == 1400)
    #expect(search.map.top?.refusal == .here(mtu: 1400))
  }

  @Test("A band of lost sizes is found to the byte")
  func band() {
    let path = SimulatedPath { (1373...1472).contains($0) ? .vanishes : .passes }
    let (search, time) = path.run(plan)
    #expect(search.map.bands.map(\.sizes) == [1373...1472])
    #expect(search.map.limit == 1372)
    #expect(search.map.top == nil)
    #expect(time < .seconds(5))
  }

  @Test("Two bands and a limit are found together")
  func bands() {
    let path = SimulatedPath { size in
      (600...1100).contains(size) || (1395...1440).contains(size) || size > 1499
        ? .vanishes : .passes
    }
    let (search, _) = path.run(plan)
    #expect(search.map.bands.map(\.sizes) == [600...1100, 1395...1440])
    #expect(search.map.top?.sizes == 1500...1501)
  }

  @Test("Random loss makes no edge and moves none", arguments: [0.05, 0.1], UInt64(1)...200)
  func randomLoss(_ loss: Double, _ seed: UInt64) {
    var path = limited(to: 1400)
    path.loss = loss
    path.seed = seed
    let (search, time) = path.run(plan)
    #expect(search.map.limit == 1400)
    #expect(search.map.bands.isEmpty)
    #expect(search.ending == .complete)
    #expect(time < .seconds(12))
  }

  @Test("A limit on answers slows the search down and makes no edge", arguments: [10.0, 20, 50])
  func limitedAnswers(_ rate: Double) {
    var path = limited(to: 1400)
    path.answersPerSecond = rate
    let (search, time) = path.run(plan)
    #expect(search.map.limit == 1400)
    #expect(search.map.bands.isEmpty)
    #expect(search.ending == .complete)
    #expect(time < .seconds(13))
  }

  @Test("Without any answer the search ends after three packets")
  func silence() {
    let (search, time) = SimulatedPath { _ in .vanishes }.run(plan)
    #expect(search.ending == .silent)
    #expect(search.packetsSent == 3)
    #expect(search.map.limit == nil)
    #expect(time == .seconds(3))
  }

  @Test("A path that dies in the middle decides no size")
  func death() {
    var sent = 0
    let path = SimulatedPath { _ in
      sent += 1
      return sent <= 6 ? .passes : .vanishes
    }
    let (search, _) = path.run(plan)
    #expect(search.ending == .wentSilent)
    #expect(search.map.top == nil)
  }

  @Test("A slow path is searched in time as well", arguments: [150, 300, 700])
  func slowPath(_ milliseconds: Int) {
    var path = limited(to: 1400)
    path.roundTrip = .milliseconds(milliseconds)
    let (search, time) = path.run(plan)
    #expect(search.ending == .complete)
    #expect(search.map.limit == 1400)
    #expect(search.map.bands.isEmpty)
    #expect(time < .seconds(13))
  }

  @Test("Answers that come at once make the waits short")
  func noRoundTrip() {
    var path = limited(to: 1400)
    path.roundTrip = .zero
    let (search, time) = path.run(plan)
    #expect(search.ending == .complete && search.map.limit == 1400)
    #expect(time < .seconds(5))
  }

  @Test("The time limit ends a search with what it has")
  func timeLimit() {
    var short = plan
    short.timeLimit = .milliseconds(300)
    let (search, time) = limited(to: 1400).run(short)
    #expect(search.ending == .outOfTime)
    #expect(time < .seconds(1))
  }
}
