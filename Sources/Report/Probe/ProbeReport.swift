package import Diagnosis
package import Measurement
internal import PacketDissector

/// What there is to report of one address: what was found, and what it comes to.
package struct ProbeReport: Sendable {
  package enum State: String, Sendable {
    /// It speaks IKE.
    case up
    /// Nothing that speaks IKE is there, as far as can be seen from here.
    case down
    /// This host could not ask.
    case unknown
  }

  package let result: AddressResult
  /// Answers to what `--proposal` asked.
  package let proposals: [ProposalAnswer]
  package let policy: PolicyCheck?
  package let readiness: PostQuantumReadiness?

  /// The first `proposals` answers are those to `--proposal`, the others to the policy's questions.
  package init(_ result: AddressResult, proposals count: Int = 0, policy: ProbePolicy? = nil) {
    self.result = result
    proposals = Array(result.answers.prefix(count))
    self.policy = policy.map {
      PolicyCheck($0, result, answers: Array(result.answers.dropFirst(count)))
    }
    readiness = PostQuantumReadiness(result)
  }

  package var state: State {
    if result.isAlive { return .up }
    let couldAsk = result.ways.contains {
      if case .local = $0.outcome { false } else { true }
    }
    return couldAsk ? .down : .unknown
  }

  /// What was asked and could not be found out, in words; empty where nothing is missing.
  package var gaps: [String] {
    var gaps: [String] = []
    if let found = result.enumeration, !found.isComplete {
      gaps.append("the enumeration is incomplete")
    }
    if proposals.contains(where: { $0.isAccepted == nil }) {
      gaps.append("whether the proposal is accepted")
    }
    if let policy, policy.verdict == .undecided {
      gaps.append("\(Verdict.counted(policy.count(.undecided), "line")) of the policy")
    }
    if readiness?.verdict == .unknown { gaps.append("post-quantum readiness") }
    return gaps
  }

  /// A proposal that was asked for is refused, or a line of the policy is violated.
  package var isRefused: Bool {
    proposals.contains { $0.isAccepted == false } || policy?.verdict == .violated
  }

  /// The worst finding's severity.
  package var severity: Severity? { result.findings.map(\.severity).max() }
}

/// Round trips and loss over the ways that were answered.
package struct ProbeRoundTrips: Equatable, Sendable {
  package let sent: Int
  package let answered: Int
  /// In rising order.
  package let times: [Duration]

  package init(_ result: AddressResult) {
    let alive = result.ways.filter(\.isAnswered)
    sent = alive.reduce(0) { $0 + $1.sent }
    answered = alive.reduce(0) { $0 + min($1.answered, $1.sent) }
    times = alive.flatMap(\.roundTrips).sorted()
  }

  package var lost: Int { sent - answered }

  package var median: Duration? { times.isEmpty ? nil : times[(times.count - 1) / 2] }

  package var lossPercent: Double? { sent > 0 ? Double(lost) * 100 / Double(sent) : nil }
}

extension Duration {
  /// "12.4 ms"
  package var words: String { Nanoseconds(self).description }
}
