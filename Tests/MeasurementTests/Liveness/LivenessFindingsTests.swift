import Diagnosis
import IKE
import PacketDissector
import Testing

@testable import Measurement

@Suite("Liveness: findings of a live peer")
struct LivenessFindingsTests {
  private final class Ends: LivenessProber {
    let method = LivenessMethod.initRequest
    let remote = Endpoint(IPAddress(v4: 0xC000_0201), 500)
    let local = Endpoint(IPAddress(v4: 0x0A01_0002), 40_000)
    func beat() -> LivenessBeat.Answer? { nil }
    func rest(until moment: Instant) {}
    func close() {}
  }

  private static func result(
    _ outcomes: [LivenessBeat.Outcome], limits: LivenessLimits = LivenessLimits()
  ) -> LivenessResult {
    var tally = LivenessTally()
    for (index, outcome) in outcomes.enumerated() {
      let isAnswered = if case .answered = outcome { true } else { false }
      _ = tally.add(
        LivenessBeat(
          number: index + 1, at: .seconds(index), took: .milliseconds(10),
          LivenessBeat.Answer(outcome, sent: 1, answered: isAnswered ? 1 : 0)))
    }
    return LivenessResult(
      target: "192.0.2.1", Ends(), started: Timestamp(nanoseconds: 53_069_310_000_000),
      duration: .seconds(outcomes.count), interval: .seconds(1), tally: tally,
      isInterrupted: false, limits: limits)
  }

  private static func answers(_ count: Int) -> [LivenessBeat.Outcome] {
    Array(repeating: .answered(roundTrip: .milliseconds(10)), count: count)
  }

  @Test("All answered: nothing found")
  func healthy() {
    let result = Self.result(Self.answers(20))
    #expect(result.findings.isEmpty)
    #expect(result.severity == .info)
  }

  @Test("Never answered is ike-no-answer; with an ICMP error, ike-refused-icmp")
  func neverThere() {
    #expect(Self.result([.silent, .silent]).findings.map(\.id) == [.ikeNoAnswer])
    let refused = LivenessBeat.Outcome.refused(
      reason: "port unreachable", by: IPAddress(v4: 0xC000_0201))
    let result = Self.result([refused, refused])
    #expect(result.findings.map(\.id) == [.ikeRefusedICMP])
    #expect(result.severity == .critical)
  }

  @Test("A death is told with its moment")
  func dead() throws {
    let result = Self.result(
      Self.answers(20) + Array(repeating: .silent, count: 10))
    let finding = try #require(result.findings.first)
    #expect(finding.id == .dpdPeerDead)
    #expect(finding.confidence == .likely)
    #expect(
      finding.summary.plain
        == "192.0.2.1 stopped answering at 14:44:49.310 UTC: 10 requests in 10.0 s without an answer"
    )
    #expect(result.severity == .critical)
  }

  @Test("A Delete is no silence")
  func deleted() throws {
    let result = Self.result(Self.answers(3) + [.deleted])
    let finding = try #require(result.findings.first)
    #expect(finding.confidence == .certain)
    #expect(
      finding.summary.plain
        == "192.0.2.1 deleted the SA at 14:44:32.310 UTC: it was ended on purpose")
  }

  @Test("An outage that is over is a warning")
  func outage() {
    let result = Self.result(
      Self.answers(10) + Array(repeating: .silent, count: 4) + Self.answers(10))
    #expect(result.findings.map(\.id) == [.dpdPeerDead])
    #expect(result.severity == .warning)
  }

  @Test("Loss of one in ten is a warning, and of one in a hundred is none")
  func loss() {
    var some: [LivenessBeat.Outcome] = []
    for _ in 0..<10 { some += Self.answers(9) + [.silent] }
    #expect(Self.result(some + Self.answers(1)).findings.map(\.id) == [.ikeRetransmits])
    var few: [LivenessBeat.Outcome] = []
    for _ in 0..<4 { few += Self.answers(99) + [.silent] }
    #expect(Self.result(few + Self.answers(1)).findings.isEmpty)
  }

  @Test("Limits make a healthy peer worse, where they are reached")
  func limits() {
    let limits = LivenessLimits(
      warning: LivenessLimits.Limit(roundTrip: .milliseconds(10)),
      critical: LivenessLimits.Limit(roundTrip: .milliseconds(50), lossPercent: 50))
    #expect(Self.result(Self.answers(5), limits: limits).severity == .warning)
  }
}
