package import PacketDissector

/// Something to be asked of a peer as it stands: would it take one of these proposals?
package struct ProposalQuestion: Equatable, Sendable {
  /// Each may have alternatives; accepted is who takes any of them.
  package var proposals: [Proposal]
  /// Where it refuses, what it takes instead is of interest, and worth an enumeration.
  package var wantsNearest: Bool

  package init(_ proposals: [Proposal], wantsNearest: Bool = true) {
    self.proposals = proposals
    self.wantsNearest = wantsNearest
  }
}

extension ProposalQuestion {
  /// The suite of `known` that has the fewest algorithms which are not asked for. Of alternatives those
  /// that are asked for count, or the first.
  package func nearest(among known: [Proposal]) -> Proposal? {
    var best: (suite: Proposal, distance: Int)?
    for proposal in known {
      for asked in proposals {
        let (suite, distance) = Self.narrowed(proposal, to: asked)
        if distance < best?.distance ?? .max { best = (suite, distance) }
      }
    }
    return best?.suite
  }

  /// One suite of a proposal, and how many of its algorithms `asked` does not have.
  private static func narrowed(
    _ proposal: Proposal, to asked: Proposal
  ) -> (suite: Proposal, distance: Int) {
    func isAsked(_ own: Transform) -> Bool {
      asked.transforms.contains {
        $0.type == own.type && $0.id == own.id && $0.keyLength == own.keyLength
      }
    }
    var suite = proposal
    suite.transforms = []
    var distance = 0
    for transform in proposal.transforms
    where !suite.transforms.contains(where: { $0.type == transform.type }) {
      let alternatives = proposal.transforms.filter { $0.type == transform.type }
      let wanted = alternatives.first(where: isAsked)
      if wanted == nil { distance += 1 }
      suite.transforms.append(wanted ?? transform)
    }
    return (suite, distance)
  }
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
