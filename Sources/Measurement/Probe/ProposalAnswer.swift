package import PacketDissector

/// Something to be asked of a peer as it stands: would it take one of these proposals?
package struct ProposalQuestion: Equatable, Sendable {
  /// Each may have alternatives; accepted is who takes any of them.
  package var proposals: [Proposal]

  package init(_ proposals: [Proposal]) { self.proposals = proposals }
}

/// What a peer said to a ``ProposalQuestion``.
package struct ProposalAnswer: Equatable, Sendable {
  package enum Outcome: Equatable, Sendable {
    /// It took this suite of them.
    case accepted(Proposal)
    /// It would take one with this method, of which this build can make no share.
    case wantsShare(KeyExchangeMethod)
    case refused
    /// No answer through all transmissions.
    case unanswered
    /// Another answer, in words.
    case other(String)
  }

  package var question: ProposalQuestion
  package var outcome: Outcome
  /// Where it refused: of the suites that it takes the one that differs least, as far as they are known.
  package var nearest: Proposal?

  package init(_ question: ProposalQuestion, _ outcome: Outcome, nearest: Proposal? = nil) {
    self.question = question
    self.outcome = outcome
    self.nearest = nearest
  }

  /// Nil where the answer does not tell.
  package var isAccepted: Bool? {
    switch outcome {
    case .accepted, .wantsShare: true
    case .refused: false
    case .unanswered, .other: nil
    }
  }
}
