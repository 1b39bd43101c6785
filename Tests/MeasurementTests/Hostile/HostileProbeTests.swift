import Host
import IKE
import PacketDissector
import Synchronization
import Testing

@testable import Measurement

@Suite("A probe of peers that lie, flood and break the rules")
struct HostileProbeTests {
  typealias Manner = HostileDaemon.Manner

  private static func plan(_ port: UInt16) -> ProbePlan {
    var plan = ProbePlan()
    plan.ikePort = port
    plan.ways = [.udp500]
    plan.timeout = .milliseconds(40)
    plan.transmissions = 2
    plan.rate = 100_000
    plan.packetBudget = 30
    plan.enumerates = true
    return plan
  }

  /// Probes a daemon of these manners.
  private func probe(
    _ manner: Manner, honestAnswers: Int = 0, seed: UInt64 = 1
  ) throws -> (result: AddressResult, daemon: HostileDaemon) {
    let daemon = try HostileDaemon(manner, honestAnswers: honestAnswers, seed: seed)
    let plan = Self.plan(daemon.port)
    let isTaken = Mutex(false)
    var failure: (any Error)?
    var found: AddressResult?
    ProbeWorkers(1).run(
      next: {
        isTaken.withLock { isTaken in
          defer { isTaken = true }
          return isTaken ? nil : plan
        }
      },
      work: { plan in
        PeerProbe(
          "hostile", ResolvedAddress(HostileDaemon.address), plan,
          pacer: PacketPacer(rate: plan.rate)
        ).run()
      },
      idle: { do { try daemon.answer() } catch { failure = error } }
    ) { found = $0 }
    if let failure { throw failure }
    return (try #require(found), daemon)
  }

  /// What holds of every result.
  private func check(_ result: AddressResult, _ note: Comment) {
    // The ways and IKEv1 are not part of the enumeration's budget.
    #expect(result.traffic.packetsSent <= 30 + 20, note)
    #expect(result.traffic.duration < .seconds(20), note)
    // It takes one suite at most, whatever it says.
    for suite in result.enumeration?.suites ?? [] { #expect(isOwn(suite), note) }
    if let chosen = result.peer?.chosen { #expect(isOwn(chosen), note) }
  }

  private func isOwn(_ proposal: Proposal) -> Bool {
    proposal.transforms.count == HostileDaemon.suite.transforms.count
      && HostileDaemon.suite.transforms.allSatisfy { own in
        proposal.transforms.contains { $0.type == own.type && $0.id == own.id }
      }
  }

  @Test(
    "what answers nothing is counted, and is no peer",
    arguments: [Manner.garbage, .wrongSPI, .elsewhere, .flood])
  func strays(_ manner: Manner) throws {
    let (result, daemon) = try probe(manner)
    check(result, "\(manner)")
    #expect(daemon.asked > 1)
    #expect(result.traffic.strays > 0)
    #expect(!result.isAlive)
    #expect(result.peer?.chosen == nil)
    #expect(result.enumeration == nil)
  }

  @Test(
    "a peer that turns hostile is enumerated as incomplete, or as it was",
    arguments: Manner.allCases)
  func turning(_ manner: Manner) throws {
    for honest in [1, 6] {
      let (result, _) = try probe(manner, honestAnswers: honest)
      check(result, "\(manner) behind \(honest)")
      let enumeration = try #require(result.enumeration)
      // Whoever refuses at length refuses all the same.
      #expect(!enumeration.isComplete || manner == .oversized)
      let suites = enumeration.suites.count - enumeration.inferredSuites
      if honest == 1, manner != .contradictory { #expect(suites == 0) }
    }
  }

  @Test(
    "an answer that breaks the rules is no choice",
    arguments: [Manner.unoffered, .severalChoices, .truncated, .oversized, .badShare, .cookies])
  func broken(_ manner: Manner) throws {
    let (result, _) = try probe(manner)
    check(result, "\(manner)")
    #expect(result.peer?.chosen == nil)
    #expect(result.enumeration?.suites.isEmpty != false)
  }

  @Test("contradictions end within budget and time, and make no more than the one suite")
  func contradictions() throws {
    for seed in 1...3 {
      let (result, _) = try probe(.contradictory, seed: UInt64(seed))
      #expect(result.traffic.packetsSent <= 30 + 30, "seed \(seed)")
      #expect(result.traffic.duration < .seconds(20), "seed \(seed)")
      #expect(result.enumeration?.isComplete != true, "seed \(seed)")
    }
  }
}
