package import PacketDissector

/// What a peer said when it was asked about key exchanges that withstand quantum computers.
package struct PostQuantumAnswers: Equatable, Sendable {
  /// Methods by what became of the question.
  package struct Methods: Equatable, Sendable {
    package var accepted: [KeyExchangeMethod]
    package var refused: [KeyExchangeMethod]
    package var unanswered: [KeyExchangeMethod]

    package init(
      accepted: [KeyExchangeMethod] = [], refused: [KeyExchangeMethod] = [],
      unanswered: [KeyExchangeMethod] = []
    ) {
      self.accepted = accepted
      self.refused = refused
      self.unanswered = unanswered
    }
  }

  /// One datagram of a size, to see whether the path takes it.
  package struct SizeTrial: Equatable, Sendable {
    package enum Outcome: Equatable, Sendable {
      case answered
      case silent
      /// An ICMP error about its size, with the MTU that it names.
      case tooBig(mtu: Int?)
    }

    /// Of the whole IP packet, before any fragmentation.
    package var bytes: Int
    package var mayFragment: Bool
    package var outcome: Outcome

    package init(bytes: Int, mayFragment: Bool, _ outcome: Outcome) {
      self.bytes = bytes
      self.mayFragment = mayFragment
      self.outcome = outcome
    }
  }

  /// As an additional key exchange behind a classic one (RFC 9370).
  package var additional: Methods
  /// As the only key exchange, in IKE_SA_INIT itself.
  package var alone: Methods
  package var trials: [SizeTrial]

  package init(additional: Methods, alone: Methods, trials: [SizeTrial] = []) {
    self.additional = additional
    self.alone = alone
    self.trials = trials
  }
}
