internal import IPsecCrypto
internal import PacketDissector

/// A CREATE_CHILD_SA exchange of this side's, with the IKE_FOLLOWUP_KE exchanges behind it (RFC 7296,
/// section 1.3; RFC 9370, section 2.2.4).
struct CreateChildExchange {
  enum Purpose {
    case child(ChildPlan)
    /// An IKE SA that takes over from the one that the exchange runs in.
    case ike
  }

  /// What a new Child SA is for.
  struct ChildPlan {
    let localSelectors: [TrafficSelector]
    let remoteSelectors: [TrafficSelector]
    let isTransportMode: Bool
    /// The inbound SPI of the Child SA that gives way; nil for one more.
    var replaced: UInt32?
  }

  /// Requests with a method that INVALID_KE_PAYLOAD asked for.
  static let retryLimit = 3

  let purpose: Purpose
  private(set) var stage = Stage.planned
  /// The method that the responder wants a share of; nil before it has said so.
  private(set) var wantedMethod: KeyExchangeMethod?
  private(set) var retries = 0

  enum Stage {
    case planned
    case offered(CreateChildOffer)
    /// CREATE_CHILD_SA is done, but secrets are missing; with this side's half of the next one.
    case following(CreateChildAgreement, KeyExchangeInitiator)
  }

  init(_ purpose: Purpose) {
    self.purpose = purpose
  }

  var type: ExchangeType {
    switch stage {
    case .planned, .offered: .createChildSA
    case .following: .ikeFollowupKE
    }
  }

  /// The inbound SPI of the Child SA that is being rekeyed.
  var replacedChild: UInt32? {
    if case .child(let plan) = purpose { plan.replaced } else { nil }
  }

  var rekeysIKE: Bool {
    if case .ike = purpose { true } else { false }
  }

  mutating func offer(_ offer: CreateChildOffer) { stage = .offered(offer) }

  mutating func follow(_ agreement: CreateChildAgreement, with share: KeyExchangeInitiator) {
    stage = .following(agreement, share)
  }

  /// Starts over with a share of `method`; false if that leads nowhere.
  mutating func retry(with method: KeyExchangeMethod) -> Bool {
    guard case .offered(let offer) = stage, retries < Self.retryLimit,
      method != offer.share?.method, offer.proposals.contains(where: { $0.offers(method) })
    else { return false }
    retries += 1
    wantedMethod = method
    stage = .planned
    return true
  }
}

/// What a CREATE_CHILD_SA request asks for.
struct CreateChildOffer {
  enum Product {
    case child(ChildOffer)
    case ike(spi: UInt64, [Proposal])
  }

  let product: Product
  let nonce: [UInt8]
  /// Nil without perfect forward secrecy.
  let share: KeyExchangeInitiator?

  var proposals: [Proposal] {
    switch product {
    case .child(let offer): offer.proposals
    case .ike(_, let proposals): proposals
    }
  }
}

/// What both sides of a CREATE_CHILD_SA exchange agreed on, and the secrets that they have so far.
struct CreateChildAgreement {
  enum Product {
    /// With the inbound SPI of the Child SA that gives way.
    case child(ChildTerms, replaced: UInt32?)
    case ike(IKESuite, initiatorSPI: UInt64, responderSPI: UInt64)
  }

  let product: Product
  let initiatorNonce: [UInt8]
  let responderNonce: [UInt8]
  /// SK(0) and on; empty without perfect forward secrecy.
  var secrets: [Secret] = []
  /// The additional key exchanges that are still to be done.
  var remaining: [KeyExchangeMethod]
  /// What IKE_FOLLOWUP_KE refers to this exchange by: ADDITIONAL_KEY_EXCHANGE's data.
  var link: [UInt8] = []

  init(_ product: Product, initiatorNonce: [UInt8], responderNonce: [UInt8]) {
    self.product = product
    self.initiatorNonce = initiatorNonce
    self.responderNonce = responderNonce
    switch product {
    case .child(let terms, _): remaining = terms.suite.additional
    case .ike(let suite, _, _): remaining = suite.additional
    }
  }

  /// The method of SK(0); nil without perfect forward secrecy.
  var firstMethod: KeyExchangeMethod? {
    switch product {
    case .child(let terms, _): terms.suite.keyExchange
    case .ike(let suite, _, _): suite.keyExchange
    }
  }

  var nonces: [[UInt8]] { [initiatorNonce, responderNonce] }

  /// The Child SA, from the keys of the IKE SA that the exchange ran in; `isInitiator` says whether this
  /// side began it.
  func childSA(
    _ terms: ChildTerms, on sa: IKESA, isInitiator: Bool
  ) throws(CryptoError) -> ChildSA {
    let keys = try ChildKeys(
      skD: sa.keys.d, prf: sa.suite.prf, suite: terms.suite, secrets: secrets,
      initiatorNonce: initiatorNonce, responderNonce: responderNonce)
    return ChildSA(terms, keys, isInitiator: isInitiator)
  }

  func ikeSA(
    _ suite: IKESuite, _ initiatorSPI: UInt64, _ responderSPI: UInt64, on sa: IKESA,
    isInitiator: Bool
  ) throws(CryptoError) -> IKESA {
    let keys = try IKEKeys.rekeyed(
      suite, oldPRF: sa.suite.prf, oldSKd: sa.keys.d, secrets: secrets,
      initiatorNonce: initiatorNonce, responderNonce: responderNonce, initiatorSPI: initiatorSPI,
      responderSPI: responderSPI)
    return try IKESA(
      initiatorSPI: initiatorSPI, responderSPI: responderSPI, isInitiator: isInitiator,
      suite: suite, keys: keys, initiatorNonce: initiatorNonce, responderNonce: responderNonce,
      isFirst: false)
  }
}
