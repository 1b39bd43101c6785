import IKE
import PacketDissector
import Testing

@testable import Measurement

@Suite("Liveness: one question after the other")
struct LivenessWatchTests {
  /// Answers as it is told, in a time of its own.
  private final class Scripted: LivenessProber {
    let method = LivenessMethod.initRequest
    let remote = Endpoint(IPAddress(v4: 0x0A02_0002), 500)
    let local = Endpoint(IPAddress(v4: 0x0A01_0002), 40_000)
    var now = Instant(nanoseconds: 0)
    var asked: [Instant] = []
    private var script: [(LivenessBeat.Outcome, Duration)]

    init(_ script: [(LivenessBeat.Outcome, Duration)]) { self.script = script }

    func beat() -> LivenessBeat.Answer? {
      guard !script.isEmpty else { return nil }
      asked.append(now)
      let (outcome, took) = script.removeFirst()
      now = now + took
      let isAnswered = if case .answered = outcome { true } else { false }
      return LivenessBeat.Answer(outcome, sent: 1, answered: isAnswered ? 1 : 0)
    }

    func rest(until moment: Instant) { now = max(now, moment) }
    func close() {}
  }

  private static func run(
    _ script: [(LivenessBeat.Outcome, Duration)], count: Int?
  ) -> (prober: Scripted, tally: LivenessTally) {
    let prober = Scripted(script)
    var watch = LivenessWatch(interval: .seconds(1), count: count)
    watch.now = { prober.now }
    let tally = watch.run(prober, isStopped: { false }) { _, _, _ in }
    return (prober, tally)
  }

  private static let answer = (
    LivenessBeat.Outcome.answered(roundTrip: .milliseconds(20)), Duration.milliseconds(20)
  )

  @Test("A question an interval, however long answers take; none behind the last")
  func pace() {
    let (prober, tally) = Self.run(Array(repeating: Self.answer, count: 5), count: 3)
    #expect(prober.asked.map(\.nanoseconds) == [0, 1_000_000_000, 2_000_000_000])
    #expect(tally.beats == 3)
    #expect(prober.now.nanoseconds == 2_020_000_000)
  }

  @Test("A question that takes longer than the interval is not made up for")
  func slow() {
    let (prober, _) = Self.run(
      [Self.answer, (.silent, .milliseconds(3500)), Self.answer, Self.answer], count: 4)
    #expect(
      prober.asked.map(\.nanoseconds) == [0, 1_000_000_000, 4_500_000_000, 5_500_000_000])
  }

  @Test("A peer that never made an SA is asked once; one that did is asked again")
  func hopeless() {
    let refusal = (LivenessBeat.Outcome.noSA("AUTHENTICATION_FAILED"), Duration.milliseconds(40))
    let never = Self.run(Array(repeating: refusal, count: 5), count: 5)
    #expect(never.tally.beats == 1)
    #expect(never.tally.state == .unknown)
    let later = Self.run([Self.answer, refusal, refusal], count: 3)
    #expect(later.tally.beats == 3)
    #expect(later.tally.state == .down)
  }

  @Test("It ends with the prober's own end")
  func ends() {
    #expect(Self.run([Self.answer], count: nil).tally.beats == 1)
  }
}
