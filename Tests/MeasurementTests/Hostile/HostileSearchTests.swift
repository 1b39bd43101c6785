import Glibc
import IKE
import PacketDissector
import Testing

@testable import Measurement

@Suite("A search that is told anything at all")
struct HostileSearchTests {
  static let runs =
    unsafe getenv("IPSECDIAG_FUZZ_RUNS").flatMap { unsafe UInt64(String(cString: $0)) } ?? 15

  private func answer(
    _ question: SearchQuestion, _ random: inout SplitMix64, _ refusals: UInt64
  ) -> SearchAnswer {
    guard random.next() % 100 >= refusals else { return .refused }
    let proposal = question.proposals.randomElement(using: &random)
    let methods = question.proposals.flatMap(\.transforms).filter { $0.type == .keyExchange }
    switch random.next() % 6 {
    case 0: return .unanswered
    case 1: return .other
    case 2: return .wantsShare(KeyExchangeMethod(rawValue: UInt16(random.next() % 65_536)))
    case 3:
      let method = methods.randomElement(using: &random)?.id ?? 0
      return .wantsShare(KeyExchangeMethod(rawValue: method))
    case 4:
      // As it was offered, with alternatives left.
      return proposal.map { .accepted($0) } ?? .refused
    default:
      guard var chosen = proposal else { return .refused }
      var seen: Set<UInt8> = []
      chosen.transforms = chosen.transforms.shuffled(using: &random).filter {
        seen.insert($0.type.rawValue).inserted
      }
      return .accepted(chosen)
    }
  }

  @Test("comes to an end, and to a result, whatever it is told")
  func ends() {
    for seed in 1...max(1, Self.runs) {
      var random = SplitMix64(state: seed)
      let refusals: UInt64 = [0, 60, 95][Int(seed % 3)]
      var search = AcceptanceSearch()
      if seed.isMultiple(of: 2) { search.leaveNothingHalfOpen() }
      // A budget ends it, as a plan's does; what was learnt stays small.
      for _ in 0..<300 {
        guard let question = search.next() else { break }
        #expect(!question.proposals.isEmpty && question.proposals.count <= 8, "seed \(seed)")
        search.take(answer(question, &random, refusals))
      }
      let enumeration = search.enumeration
      #expect(enumeration.suites.count <= 300 * AcceptanceSearch.proofLimit, "seed \(seed)")
    }
  }

  @Test("claims nothing that was never accepted, where one suite is taken and refused by turns")
  func waverer() {
    for seed in 1...max(1, Self.runs) {
      var random = SplitMix64(state: seed)
      var search = AcceptanceSearch()
      var offered: [Proposal] = []
      for _ in 0..<200 {
        guard let question = search.next() else { break }
        let chosen = ProposalSelection.choose(
          from: question.proposals, by: [HostileDaemon.suite], preferring: .responder)
        guard let chosen, random.next() % 3 > 0 else {
          search.take(.refused)
          continue
        }
        offered.append(chosen)
        search.take(
          question.share == .curve25519 ? .accepted(chosen) : .wantsShare(.curve25519))
      }
      let suites = search.enumeration.suites
      let wrong = suites.filter { suite in
        !HostileDaemon.suite.transforms.allSatisfy { own in
          suite.transforms.contains { $0.type == own.type && $0.id == own.id }
        }
      }
      // Where halves of a question are both refused, the search must not settle for either.
      #expect(wrong.isEmpty, "seed \(seed): \(wrong.count) of \(suites.count)")
    }
  }
}
