internal import IPsecCrypto
internal import PacketDissector

// IKE_AUTH on the responder's side (RFC 7296, sections 1.2 and 2.15).

extension IKESession {
  func answerAuthentication(
    _ request: [IKEPayload], on sa: IKESA, at now: Instant
  ) -> Answer {
    guard handshake?.remaining.isEmpty == true, !sa.isInitiator else {
      return .refusal(.invalidSyntax, .malformed(.ikeAuth))
    }
    if handshake?.firstAuthMessageID == nil {
      handshake?.firstAuthMessageID = UInt32(truncatingIfNeeded: sa.expectedRequest - 1)
    }
    do throws(SessionFailure) {
      return try authenticate(request, on: sa)
    } catch {
      return .refusal(.authenticationFailed, error)
    }
  }

  private func authenticate(
    _ request: [IKEPayload], on sa: IKESA
  ) throws(SessionFailure) -> Answer {
    handshake?.capabilities.verifier.add(request.notifies)
    switch (handshake?.eap, configuration.requirement) {
    case (nil, .eap(let accounts)): return try beginEAP(request, accounts: accounts, on: sa)
    case (.authenticator(let authenticator)?, _): return try continueEAP(authenticator, request)
    case (.done(let key, _)?, _): return try concludeEAP(request, by: key, on: sa)
    default: return try exchangeProofs(request, on: sa)
    }
  }

  /// Takes the initiator's proof and gives this side's own.
  private func exchangeProofs(
    _ request: [IKEPayload], on sa: IKESA
  ) throws(SessionFailure) -> Answer {
    let (ppk, proved) = try choosePPK(request)
    let peer = try verifyPeer(proved, on: sa, ppk: ppk)
    let id = configuration.localIdentity.payload
    var payloads = [IKEPayload(.identificationResponder, .identification(id))]
    payloads += ownCertificates
    payloads.append(.authentication(try ownProof(on: sa, ppk: ppk)))
    return try conclude(payloads, peer, request, ppk, on: sa)
  }

  /// Takes the initiator's proof that it knows the MSK, and gives this side's.
  private func concludeEAP(
    _ request: [IKEPayload], by key: Secret, on sa: IKESA
  ) throws(SessionFailure) -> Answer {
    guard let first = handshake?.firstRequest, let claim = PeerClaim(first, of: .initiator) else {
      throw .authentication(.missing)
    }
    let (ppk, proved) = try choosePPK(request)
    let peer = try verifyPeer(proved, claim.identity, by: key, on: sa, ppk: ppk)
    let proof = try ownProof(by: key, on: sa, ppk: ppk)
    return try conclude([.authentication(proof)], peer, first, ppk, on: sa)
  }

  /// Both sides have proved themselves: what the initiator wanted in its first request is done.
  private func conclude(
    _ proof: [IKEPayload], _ peer: AuthenticatedPeer, _ request: [IKEPayload], _ ppk: PPKPolicy?,
    on sa: IKESA
  ) throws(SessionFailure) -> Answer {
    var payloads = proof
    if let ppk {
      payloads.append(.notify(.ppkIdentity, .ppkIdentity(nil)))
      try SessionFailure.of { () throws(CryptoError) in try sa.mixIn(ppk: ppk.secret) }
    }
    let attributes = assignment(for: request)
    payloads += attributes.payloads
    confinePeer(to: AddressAssignment(attributes.given))
    payloads += ownAnnouncements
    establish(
      peer, ppk: ppk != nil, attributes: attributes.given, announced: request.announced)
    if request.contains(.initialContact) { emit(.initialContact) }
    payloads += answerChild(request, on: sa)
    return Answer(payloads)
  }

  /// CP(CFG_REPLY) with those of our attributes that the initiator asks for.
  private func assignment(
    for request: [IKEPayload]
  ) -> (payloads: [IKEPayload], given: [ConfigurationAttribute]) {
    guard let asked = request.configuration, asked.type == .cfgRequest else { return ([], []) }
    let given = configuration.assignedAttributes.filter { own in
      asked.attributes.contains { $0.type == own.type }
    }
    guard !given.isEmpty else { return ([], []) }
    let reply = ConfigurationPayload(type: .cfgReply, attributes: given)
    return ([IKEPayload(.configuration, .configuration(reply))], given)
  }

  /// The Child SA of IKE_AUTH; an error notification where there is none, while the IKE SA stands.
  private func answerChild(_ request: [IKEPayload], on sa: IKESA) -> [IKEPayload] {
    let isChildless =
      request.proposals == nil && request.selectors(.trafficSelectorInitiator) == nil
      && request.selectors(.trafficSelectorResponder) == nil
    if isChildless { return [] }
    do throws(ChildFault) {
      let terms = try ChildTerms(
        choosingFrom: request, configuration, spi: unusedChildSPI(), withKeyExchange: false)
      try addChild(terms, on: sa, isInitiator: false)
      return terms.notifications(configuration) + [.proposals([terms.proposal])]
        + terms.selectorPayloads
    } catch {
      emit(.childRefused(error))
      return [.notify(error.notifyType)]
    }
  }
}
