package import PacketDissector

/// Which algorithms a peer takes, found by asking for fewer and fewer.
package struct Enumeration: Sendable {
  /// A transform type, and which of its algorithms are accepted in some suite.
  package struct Axis: Sendable {
    package var type: TransformType
    /// In the order in which the peer chose them.
    package var accepted: [Transform]
    /// A question about this axis stayed without an answer: there may be more than ``accepted``.
    package var isIncomplete: Bool

    package init(_ type: TransformType, accepted: [Transform], isIncomplete: Bool) {
      self.type = type
      self.accepted = accepted
      self.isIncomplete = isIncomplete
    }
  }

  /// Whose order decides among what both take.
  package enum Preference: String, Sendable {
    case responder
    case initiator
    case unknown
  }

  /// Whole suites that were accepted as they stand, in the order in which they were found.
  package var suites: [Proposal]
  package var axes: [Axis]
  /// Methods accepted as an additional key exchange (RFC 9370), those refused, and those not answered.
  package var additional: (accepted: [Transform], refused: [Transform], unanswered: [Transform])
  package var preference: Preference
  /// No question about whole suites stayed without an answer, or out of the packet budget.
  package var suitesAreComplete: Bool
  /// The same suites as few proposals with alternatives.
  package var products: [Proposal]
  /// How many of ``suites``, the last ones, were not asked by themselves: they follow from a product of which
  /// others were.
  package var inferredSuites: Int
  /// The peer takes these suites only with an additional key exchange.
  package var requiresAdditional: Bool

  package init(
    suites: [Proposal], axes: [Axis],
    additional: (accepted: [Transform], refused: [Transform], unanswered: [Transform]),
    preference: Preference, suitesAreComplete: Bool, products: [Proposal] = [],
    inferredSuites: Int = 0, requiresAdditional: Bool = false
  ) {
    self.suites = suites
    self.axes = axes
    self.additional = additional
    self.preference = preference
    self.suitesAreComplete = suitesAreComplete
    self.products = products
    self.inferredSuites = inferredSuites
    self.requiresAdditional = requiresAdditional
  }

  package var isComplete: Bool {
    suitesAreComplete && additional.unanswered.isEmpty && !axes.contains { $0.isIncomplete }
  }
}
