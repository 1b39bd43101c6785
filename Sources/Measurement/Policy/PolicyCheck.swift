internal import Diagnosis
internal import PacketDissector

/// A ``ProbePolicy`` held against what a probe told of one address.
package struct PolicyCheck: Equatable, Sendable {
  package enum Verdict: String, Sendable {
    case met
    case violated
    /// What it takes to decide stayed without an answer.
    case undecided
  }

  package struct Line: Equatable, Sendable {
    package var demand: ProbePolicy.Line
    package var verdict: Verdict
    /// What was observed instead, or why nothing can be said; empty where the demand is met.
    package var observed: String
  }

  package let lines: [Line]

  package func count(_ verdict: Verdict) -> Int { lines.count { $0.verdict == verdict } }

  /// The worst of the lines: violated before undecided before met.
  package var verdict: Verdict {
    if count(.violated) > 0 { return .violated }
    return count(.undecided) > 0 ? .undecided : .met
  }

  /// `answers` are those to the policy's questions, in their order.
  package init(_ policy: ProbePolicy, _ result: AddressResult, answers: [ProposalAnswer]) {
    var rest = answers[...]
    lines = policy.lines.map { line in
      let finding: Observation
      switch line.demand {
      case .accept: finding = Self.accept(rest.popFirst())
      case .refuse: finding = Self.refuse(rest.popFirst())
      case .acceptAlgorithm(let transforms): finding = Self.accept(transforms, result.enumeration)
      case .refuseAlgorithm(let transforms): finding = Self.refuse(transforms, result.enumeration)
      case .refuseIKEv1: finding = Self.refuseIKEv1(result, aggressiveModeOnly: false)
      case .refuseAggressiveMode:
        finding = Self.refuseIKEv1(result, aggressiveModeOnly: true)
      case .require(let feature): finding = FeatureCheck(result).require(feature)
      }
      return Line(demand: line, verdict: finding.verdict, observed: finding.words)
    }
  }

  struct Observation {
    let verdict: Verdict
    let words: String

    static let met = Observation(verdict: .met, words: "")

    static func violated(_ words: String) -> Observation {
      Observation(verdict: .violated, words: words)
    }

    static func undecided(_ words: String) -> Observation {
      Observation(verdict: .undecided, words: words)
    }
  }

  // MARK: Proposals

  private static func accept(_ answer: ProposalAnswer?) -> Observation {
    guard let answer else { return .undecided("not asked") }
    switch answer.outcome {
    case .accepted, .wantsShare: return .met
    case .refused:
      let nearest = answer.nearest.map { "; the nearest that it takes: \(words($0))" } ?? ""
      return .violated("refused\(nearest)")
    case .unanswered: return .undecided("no answer")
    case .other(let words): return .undecided(words)
    }
  }

  private static func refuse(_ answer: ProposalAnswer?) -> Observation {
    guard let answer else { return .undecided("not asked") }
    switch answer.outcome {
    case .accepted(let suite): return .violated("accepted: \(words(suite))")
    case .wantsShare(let method): return .violated("accepted with \(method)")
    case .refused: return .met
    case .unanswered: return .undecided("no answer")
    case .other(let words): return .undecided(words)
    }
  }

  private static func words(_ suite: Proposal) -> String {
    ProposalNotation.strongSwan(suite) ?? ProposalNotation.readable(suite)
  }

  // MARK: Single algorithms

  private static func accept(_ transforms: [Transform], _ found: Enumeration?) -> Observation {
    guard let found else { return .undecided("not enumerated") }
    if taken(transforms, found).isEmpty {
      return isIncomplete(transforms, found)
        ? .undecided("not found, but the enumeration is incomplete")
        : .violated("in no suite")
    }
    return .met
  }

  private static func refuse(_ transforms: [Transform], _ found: Enumeration?) -> Observation {
    guard let found else { return .undecided("not enumerated") }
    if let first = taken(transforms, found).first {
      let suite = found.suites.first { $0.transforms.contains { matches($0, first) } }
      return .violated("accepted: \(suite.map(words) ?? ProposalNotation.name(of: first))")
    }
    return isIncomplete(transforms, found)
      ? .undecided("not found, but the enumeration is incomplete") : .met
  }

  /// Those of `transforms` that stand in a suite, on an axis, or among the additional key exchanges.
  private static func taken(_ transforms: [Transform], _ found: Enumeration) -> [Transform] {
    let accepted =
      found.suites.flatMap(\.transforms) + found.axes.flatMap(\.accepted)
      + found.additional.accepted
    return transforms.filter { wanted in accepted.contains { matches($0, wanted) } }
  }

  /// Whether they are the same algorithm, wherever a key exchange stands.
  private static func matches(_ one: Transform, _ other: Transform) -> Bool {
    func place(_ type: TransformType) -> TransformType {
      (6...12).contains(type.rawValue) ? .keyExchange : type
    }
    return place(one.type) == place(other.type) && one.id == other.id
      && one.keyLength == other.keyLength
  }

  private static func isIncomplete(_ transforms: [Transform], _ found: Enumeration) -> Bool {
    if !found.suitesAreComplete { return true }
    return transforms.contains { wanted in
      found.axes.contains { $0.type == wanted.type && $0.isIncomplete }
        || found.additional.unanswered.contains { matches($0, wanted) }
    }
  }

  // MARK: IKEv1

  private static func refuseIKEv1(
    _ result: AddressResult, aggressiveModeOnly: Bool
  ) -> Observation {
    guard let found = result.ikev1 else { return .undecided("IKEv1 was not asked") }
    // Daemons without IKEv1 are often silent to it; whether it is that shows where IKEv2 is answered.
    guard result.isAlive else { return .undecided("no answer") }
    var modes = [("aggressive mode", found.aggressiveMode)]
    if !aggressiveModeOnly { modes.insert(("main mode", found.mainMode), at: 0) }
    for (name, outcome) in modes {
      if case .accepted(let suite) = outcome { return .violated("\(name) accepted: \(suite)") }
    }
    if modes.contains(where: { $0.1 == .notTried }) {
      return .undecided("not all modes were tried")
    }
    return .met
  }
}
