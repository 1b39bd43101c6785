package import IKE
package import PacketDissector

/// How the other end of checks answers.
package struct RespondingOptions: Sendable {
  package var policy = ResponderPolicy()
  /// How many sequence numbers of a Child SA are told apart; 0 is no protection.
  package var replayWindow = 1024
  /// Echoes that are answered in a second: of one peer, of all, and of those who have no SA.
  package var answersPerPeer = 2_000
  package var answersInAll = 10_000
  package var plainAnswers = 100
  package var misbehaviour = Misbehaviour()

  package init() {
    // The other end of a few checks, not a gateway.
    policy.sessionLimit = 1_000
    policy.halfOpenLimit = 200
    // Refusals are what the checks of sizes are answered by, and shorter than what they answer.
    policy.errorsPerSecond = 1_000
  }
}

/// What goes wrong on purpose, so that checks can be rehearsed.
package struct Misbehaviour: Equatable, Sendable {
  /// When it falls silent: it listens on, and answers neither IKE nor ESP.
  package enum Silence: Equatable, Sendable {
    /// So long after the first IKE SA was made.
    case after(Duration)
    /// With the answer to this many liveness checks, counted over all peers.
    case checks(Int)
  }

  package var silence: Silence?
  /// IKE messages in fragments (RFC 7383) are lost.
  package var dropsFragments = false
  /// Everything that is sent waits so long.
  package var delay = Duration.zero
  /// The share of datagrams that is lost, each way: 0 to 1.
  package var loss = 0.0

  package init() {}
}

extension PeerConfiguration {
  /// As if this side lacked `algorithms`: proposals that are left without one where they had some are gone.
  package mutating func refuse(_ algorithms: [Transform]) {
    ikeProposals = ikeProposals.compactMap { $0.without(algorithms) }
    childProposals = childProposals.compactMap { $0.without(algorithms) }
  }
}

extension PeerConfiguration {
  /// Has Child SAs take these sequence numbers and no others, the first ones rather.
  package mutating func take(_ numbers: [SequenceNumbers]) {
    for index in childProposals.indices {
      childProposals[index].transforms.removeAll { $0.type == .sequenceNumbers }
      childProposals[index].transforms += numbers.map {
        Transform(.sequenceNumbers, id: $0.rawValue)
      }
    }
  }
}

extension Proposal {
  fileprivate func without(_ algorithms: [Transform]) -> Proposal? {
    var proposal = self
    proposal.transforms.removeAll { transform in
      algorithms.contains {
        $0.type == transform.type && $0.id == transform.id && $0.keyLength == transform.keyLength
      }
    }
    let isWhole = Set(transforms.map(\.type)) == Set(proposal.transforms.map(\.type))
    return isWhole ? proposal : nil
  }
}
