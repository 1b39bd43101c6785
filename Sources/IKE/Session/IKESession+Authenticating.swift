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

  /// Takes the initiator's proof and gives this side's own.
  private func authenticate(
    _ request: [IKEPayload], on sa: IKESA
  ) throws(SessionFailure) -> Answer {
    handshake?.capabilities.verifier.add(request.notifies)
    let (ppk, proved) = try choosePPK(request)
    let peer = try verifyPeer(proved, on: sa, ppk: ppk)
    var payloads = [
      IKEPayload(.identificationResponder, .identification(configuration.localIdentity.payload))
    ]
    payloads += ownCertificates
    payloads.append(.authentication(try ownProof(on: sa, ppk: ppk)))
    if let ppk {
      payloads.append(.notify(.ppkIdentity, .ppkIdentity(nil)))
      try SessionFailure.of { () throws(CryptoError) in try sa.mixIn(ppk: ppk.secret) }
    }
    let attributes = assignment(for: request)
    payloads += attributes.payloads
    establish(peer, ppk: ppk != nil, attributes: attributes.given)
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
      return terms.modePayloads + [.proposals([terms.proposal])] + terms.selectorPayloads
    } catch {
      emit(.childRefused(error))
      return [.notify(error.notifyType)]
    }
  }
}
