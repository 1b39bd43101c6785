package import PacketDissector

/// What a search wants to know next, as one IKE_SA_INIT exchange.
package struct SearchQuestion: Equatable, Sendable {
  /// At most eight: some responders read no more.
  package var proposals: [Proposal]
  /// The method of the share that goes with them. It is offered, though perhaps by a proposal that the peer
  /// is not expected to take: then an acceptance comes as INVALID_KE_PAYLOAD, and leaves no SA behind.
  package var share: KeyExchangeMethod
  /// Additional key exchanges are among the transforms, so IKE_INTERMEDIATE has to be announced
  /// (RFC 9370, section 2.2.1).
  package var asksAdditional: Bool
}

/// What came of a question.
package enum SearchAnswer: Equatable, Sendable {
  case accepted(Proposal)
  case refused
  /// INVALID_KE_PAYLOAD: it would accept, with a share of this method.
  case wantsShare(KeyExchangeMethod)
  case unanswered
  /// Something that tells nothing about algorithms.
  case other
}
