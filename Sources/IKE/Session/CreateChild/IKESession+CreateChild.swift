internal import IPsecCrypto
package import PacketDissector

// CREATE_CHILD_SA and IKE_FOLLOWUP_KE as their initiator (RFC 7296, section 1.3; RFC 9370).

extension IKESession {
  /// Child SAs that a session has at most; the peer may ask for no more than that, either.
  static let childLimit = 64

  /// Makes one more Child SA, for other traffic than the configuration's where selectors are given.
  package func createChild(
    local: [TrafficSelector]? = nil, remote: [TrafficSelector]? = nil, at now: Instant
  ) {
    guard isEstablished, let current else { return }
    let plan = CreateChildExchange.ChildPlan(
      localSelectors: local ?? configuration.localSelectors,
      remoteSelectors: remote ?? configuration.remoteSelectors,
      isTransportMode: configuration.isTransportMode, replaced: nil)
    start(.createChild(CreateChildExchange(.child(plan))), on: current, at: now)
  }

  /// Replaces the Child SA with this inbound SPI of ours by a new one for the same traffic.
  package func rekeyChild(_ inboundSPI: UInt32, at now: Instant) {
    guard isEstablished, let current, let child = child(inboundSPI) else { return }
    let plan = CreateChildExchange.ChildPlan(
      localSelectors: child.localSelectors, remoteSelectors: child.remoteSelectors,
      isTransportMode: child.isTransportMode, replaced: inboundSPI)
    start(.createChild(CreateChildExchange(.child(plan))), on: current, at: now)
  }

  /// Replaces the IKE SA by a new one, which takes over its Child SAs.
  package func rekeyIKE(at now: Instant) {
    guard isEstablished, let current else { return }
    start(.createChild(CreateChildExchange(.ike)), on: current, at: now)
  }

  func child(_ inboundSPI: UInt32) -> ChildSA? {
    children.first { $0.inboundSPI == inboundSPI }
  }

  /// The payloads of the request; nil if there is nothing to ask for any more.
  func requestPayloads(_ exchange: inout CreateChildExchange, on sa: IKESA) -> [IKEPayload]? {
    if case .following(let agreement, let share) = exchange.stage {
      return [
        .keyExchange(share.method, share.data),
        .notify(.additionalKeyExchange, .data(agreement.link)),
      ]
    }
    guard isWanted(exchange, on: sa) else { return nil }
    do throws(CryptoError) {
      let offer = try offer(exchange, on: sa)
      exchange.offer(offer)
      return payloads(of: offer, replacing: exchange.replacedChild.flatMap(child))
    } catch {
      report(.crypto(error), of: exchange)
      return nil
    }
  }

  /// Whether what is to be replaced still stands, and is not being replaced by the peer.
  private func isWanted(_ exchange: CreateChildExchange, on sa: IKESA) -> Bool {
    if exchange.rekeysIKE { return !(sa.followup?.rekeysIKE ?? false) }
    guard let replaced = exchange.replacedChild else { return true }
    return child(replaced) != nil && !superseded.contains(replaced)
      && sa.followup?.replacedChild != replaced
  }

  private func offer(
    _ exchange: CreateChildExchange, on sa: IKESA
  ) throws(CryptoError) -> CreateChildOffer {
    let product: CreateChildOffer.Product
    var preferred = exchange.wantedMethod
    switch exchange.purpose {
    case .child(let plan):
      product = .child(ChildOffer(plan, configuration, spi: unusedChildSPI()))
    case .ike:
      let spi = random.ikeSPI()
      product = .ike(
        spi: spi,
        configuration.ikeProposals.numbered(spi: spi.octets, withKeyExchange: true))
      preferred = preferred ?? sa.suite.keyExchange
    }
    let nonce = random.bytes(32)
    let proposals = CreateChildOffer(product: product, nonce: nonce, share: nil).proposals
    let method = proposals.method(preferring: preferred)
    let share = try method.map { method throws(CryptoError) in
      try KeyExchangeInitiator(method)
    }
    return CreateChildOffer(product: product, nonce: nonce, share: share)
  }

  private func payloads(of offer: CreateChildOffer, replacing old: ChildSA?) -> [IKEPayload] {
    let share = offer.share.map { IKEPayload.keyExchange($0.method, $0.data) }
    let middle = [.proposals(offer.proposals), .nonce(offer.nonce)] + [share].compactMap(\.self)
    guard case .child(let child) = offer.product else { return middle }
    let rekey = old.map { old in
      // The SPI that the peer's packets of the old SA carry to here (RFC 7296, section 1.3.3).
      IKEPayload(
        .notify,
        .notify(
          NotifyPayload(
            .rekeySA, protocolID: old.suite.protocolID, spi: old.inboundSPI.octets)))
    }
    return [rekey].compactMap(\.self) + child.notifications + middle + child.selectorPayloads
  }
}

extension IKESession {
  /// Takes the response to a request of the exchange.
  func finish(
    _ exchange: CreateChildExchange, with response: [IKEPayload], on sa: IKESA, at now: Instant
  ) {
    if let error = response.errorNotify {
      return finish(exchange, refusedBy: error, on: sa, at: now)
    }
    do throws(ChildFault) {
      var agreement = try agreement(exchange, response)
      guard !agreement.remaining.isEmpty else {
        return try ChildFault.of { () throws(CryptoError) in
          try conclude(agreement, on: sa, at: now)
        }
      }
      guard let link = response.notify(.additionalKeyExchange)?.data, !link.isEmpty else {
        throw .missing(.notify)
      }
      agreement.link = link
      let method = agreement.remaining.removeFirst()
      let share = try ChildFault.of { () throws(CryptoError) in
        try KeyExchangeInitiator(method)
      }
      var next = exchange
      next.follow(agreement, with: share)
      sa.waiting.insert(.createChild(next), at: 0)
    } catch {
      abandon(exchange, because: error, on: sa, at: now)
    }
  }

  /// What is agreed on, with the secret that the response makes known.
  private func agreement(
    _ exchange: CreateChildExchange, _ response: [IKEPayload]
  ) throws(ChildFault) -> CreateChildAgreement {
    let share: KeyExchangeInitiator?
    var agreement: CreateChildAgreement
    switch exchange.stage {
    case .planned: throw .otherTerms
    case .following(let known, let next): (agreement, share) = (known, next)
    case .offered(let offer):
      agreement = try Self.agreement(on: offer, replacing: exchange.replacedChild, response)
      guard let method = agreement.firstMethod else { return agreement }
      // A responder that wants another method's share has to say so in INVALID_KE_PAYLOAD.
      guard offer.share?.method == method else { throw .otherTerms }
      share = offer.share
    }
    guard let share, let answer = response.keyExchange, answer.method == share.method else {
      throw .missing(.keyExchange)
    }
    do throws(KeyExchangeFailure) {
      agreement.secrets.append(try share.complete(answer.data))
    } catch {
      throw .keyExchange(error)
    }
    return agreement
  }

  private static func agreement(
    on offer: CreateChildOffer, replacing replaced: UInt32?, _ response: [IKEPayload]
  ) throws(ChildFault) -> CreateChildAgreement {
    guard let nonce = response.nonce else { throw .missing(.nonce) }
    let product: CreateChildAgreement.Product
    switch offer.product {
    case .child(let child): product = .child(try child.terms(of: response), replaced: replaced)
    case .ike(let spi, let proposals):
      guard let answer = response.proposals else { throw .missing(.securityAssociation) }
      let (suite, peerSPI) = try IKESuite.accepted(answer, from: proposals)
      product = .ike(suite, initiatorSPI: spi, responderSPI: peerSPI)
    }
    return CreateChildAgreement(product, initiatorNonce: offer.nonce, responderNonce: nonce)
  }
}

extension IKESuite {
  /// A responder's choice for a new IKE SA, and the SPI that it gives it.
  fileprivate static func accepted(
    _ answer: [Proposal], from offered: [Proposal]
  ) throws(ChildFault) -> (IKESuite, UInt64) {
    let proposal: Proposal
    do throws(ProposalSelection.AnswerFault) {
      proposal = try ProposalSelection.verify(answer, against: offered)
    } catch {
      throw .wrongChoice(error)
    }
    guard let spi = UInt64(octets: proposal.spi) else {
      throw .wrongChoice(.spiLength(proposal.spi.count))
    }
    do throws(SuiteFault) {
      return (try IKESuite(proposal), spi)
    } catch {
      throw .unusableSuite(error)
    }
  }
}

extension ChildOffer {
  init(_ plan: CreateChildExchange.ChildPlan, _ configuration: PeerConfiguration, spi: UInt32) {
    self.spi = spi
    proposals = configuration.childProposals.numbered(spi: spi.octets, withKeyExchange: true)
    replayStatus = configuration.replayStatus
    initiatorSelectors = plan.localSelectors
    responderSelectors = plan.remoteSelectors
    isTransportMode = plan.isTransportMode
  }
}

extension ChildFault {
  static func of<Value>(_ make: () throws(CryptoError) -> Value) throws(ChildFault) -> Value {
    do throws(CryptoError) {
      return try make()
    } catch {
      throw .crypto(error)
    }
  }
}

extension [Proposal] {
  /// The method to send a share of: the preferred one if it is offered, else the first that is.
  fileprivate func method(preferring preferred: KeyExchangeMethod?) -> KeyExchangeMethod? {
    if let preferred, contains(where: { $0.offers(preferred) }) { return preferred }
    return lazy.compactMap(\.keyExchangeMethod).first
  }
}

extension UInt64 {
  /// The number in network order, as an IKE SPI stands in a proposal.
  var octets: [UInt8] {
    var writer = ByteWriter()
    writer.u64(self)
    return writer.bytes
  }

  /// Nil for any other count than eight octets, and for zero, which is no IKE SPI.
  init?(octets: [UInt8]) {
    guard octets.count == 8 else { return nil }
    self = octets.reduce(0) { $0 << 8 | UInt64($1) }
    if self == 0 { return nil }
  }
}
