package import PacketDissector

/// What a responder makes of an SA payload, and an initiator of its answer (RFC 7296, sections 2.7 and
/// 3.3; RFC 9370, section 2.2.2 for additional key exchanges).
package enum ProposalSelection {
  /// The one proposal to answer with: number and SPI as they were offered, one transform a type. The
  /// responder puts its own SPI in. Nil if nothing is acceptable: NO_PROPOSAL_CHOSEN.
  ///
  /// `side` is whose order decides, among proposals as among the transforms of a type. `avoidingESN` takes
  /// extended sequence numbers only where nothing else is acceptable.
  package static func choose(
    from offered: [Proposal], by own: [Proposal], preferring side: Side = .responder,
    avoidingESN: Bool = false
  ) -> Proposal? {
    if avoidingESN {
      let others = offered.map(\.withoutESN)
      if let choice = choose(from: others, by: own, preferring: side) { return choice }
    }
    switch side {
    case .initiator:
      for offer in offered {
        for policy in own {
          if let choice = choice(from: offer, by: policy, preferring: side) { return choice }
        }
      }
    case .responder:
      for policy in own {
        for offer in offered {
          if let choice = choice(from: offer, by: policy, preferring: side) { return choice }
        }
      }
    }
    return nil
  }

  /// The method that INVALID_KE_PAYLOAD must name, as the share that came is of another method; nil if
  /// the share fits what was chosen.
  package static func methodWanted(
    for chosen: Proposal, insteadOf share: KeyExchangeMethod?
  ) -> KeyExchangeMethod? {
    guard let method = chosen.keyExchangeMethod, method != share else { return nil }
    return method
  }

  private static func choice(
    from offer: Proposal, by policy: Proposal, preferring side: Side
  ) -> Proposal? {
    guard let match = ProposalMatch(offer, policy, preferring: side),
      let transforms = match.transforms
    else { return nil }
    return Proposal(
      number: offer.number, protocolID: offer.protocolID, spi: offer.spi, transforms: transforms)
  }
}

/// One offered proposal against one of the responder's policy.
private struct ProposalMatch {
  let offer: Proposal
  let policy: Proposal
  let mandatory: [TransformType]
  let side: Side

  /// Nil if the offer cannot be accepted whatever it holds.
  init?(_ offer: Proposal, _ policy: Proposal, preferring side: Side) {
    guard offer.protocolID == policy.protocolID, offer.hasFittingSPI, offer.undecoded.isEmpty,
      let mandatory = offer.mandatoryTypes,
      offer.transforms.allSatisfy({ TransformType.known.contains($0.type) })
    else { return nil }
    self.offer = offer
    self.policy = policy
    self.mandatory = mandatory
    self.side = side
  }

  /// One transform a type; nil if some type has none that both sides take.
  var transforms: [Transform]? {
    guard let protection, let methods = DistinctMethods.choose(keyExchangeTypes.map(options)) else {
      return nil
    }
    var chosen = protection + methods
    for type in [TransformType.prf, .sequenceNumbers] {
      guard let option = options(type).first else { return nil }
      chosen.append(option)
    }
    return chosen.compactMap(\.self).sorted { $0.type.rawValue < $1.type.rawValue }
  }

  private var keyExchangeTypes: [TransformType] {
    [.keyExchange] + TransformType.additionalKeyExchanges
  }

  /// Encryption and the integrity that goes with it.
  private var protection: [Transform?]? {
    for encryption in options(.encryption) {
      if let integrity = integrityOptions(beside: encryption).first {
        return [encryption, integrity]
      }
    }
    return nil
  }

  private func integrityOptions(beside encryption: Transform?) -> [Transform?] {
    let offered = offer.transforms(of: .integrity)
    if let encryption, encryption.isAEAD {
      // NONE may be sent beside it or left out, and is answered as it was sent.
      if offered.isEmpty { return [nil] }
      return offered.filter { $0.isNone && $0.isUnderstood }
    }
    // Encryption alone protects nobody: only ESP may have that, where both sides say so in words.
    let allowsNone =
      !offer.needsIntegrity && policy.transforms(of: .integrity).contains(where: \.isNone)
    return options(.integrity).filter { allowsNone || $0.map { !$0.isNone } ?? false }
  }

  /// What can be answered for a type, best first; nil stands for leaving the type out. Empty if the
  /// sides do not agree.
  private func options(_ type: TransformType) -> [Transform?] {
    let offered = offer.transforms(of: type)
    let own = policy.transforms(of: type)
    let isMandatory = mandatory.contains(type)
    if offered.isEmpty {
      return !isMandatory && (own.isEmpty || own.contains(where: \.isNone)) ? [nil] : []
    }
    if own.isEmpty {
      return isMandatory ? [] : offered.first { $0.isNone && $0.isUnderstood }.map { [$0] } ?? []
    }
    return common(offered, own).filter { !isMandatory || !$0.isNone }
  }

  /// The offered transforms that the policy has too, each once, in the order of the preferred side.
  private func common(_ offered: [Transform], _ own: [Transform]) -> [Transform] {
    var common: [Transform] = []
    switch side {
    case .initiator:
      for transform in offered
      where own.contains(where: { $0.agrees(with: transform) })
        && !common.contains(where: { $0.agrees(with: transform) })
      {
        common.append(transform)
      }
    case .responder:
      for transform in own where !common.contains(where: { $0.agrees(with: transform) }) {
        if let match = offered.first(where: { $0.agrees(with: transform) }) { common.append(match) }
      }
    }
    return common
  }
}

extension Proposal {
  /// What is left of an offer for whoever wants no extended sequence numbers.
  fileprivate var withoutESN: Proposal {
    var other = self
    let extended = SequenceNumbers.partiallyTransmitted64.rawValue
    other.transforms.removeAll { $0.type == .sequenceNumbers && $0.id == extended }
    return other
  }
}
