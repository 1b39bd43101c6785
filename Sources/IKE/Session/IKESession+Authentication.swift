internal import IPsecCrypto
internal import PacketDissector

// IKE_AUTH on the initiator's side (RFC 7296, sections 1.2 and 2.15).

extension IKESession {
  func authenticationRequest(on sa: IKESA) -> [IKEPayload]? {
    guard handshake != nil else { return nil }
    if handshake?.firstAuthMessageID == nil {
      handshake?.firstAuthMessageID = UInt32(truncatingIfNeeded: sa.nextRequest)
    }
    do throws(SessionFailure) {
      switch handshake?.eap {
      case .peer(_, let reply)?: return [IKEPayload(.eap, .eap(reply))]
      case .done(let key, _)?: return try lastEAPRequest(key, on: sa)
      case .authenticator?, nil: return try firstAuthenticationRequest(on: sa)
      }
    } catch {
      // There is nothing to say to a peer that has proved nothing yet.
      fail(error, at: nil)
      return nil
    }
  }

  private func firstAuthenticationRequest(
    on sa: IKESA
  ) throws(SessionFailure) -> [IKEPayload] {
    var payloads = [
      IKEPayload(.identificationInitiator, .identification(configuration.localIdentity.payload))
    ]
    payloads += ownCertificates
    if configuration.sendsInitialContact { payloads.append(.notify(.initialContact)) }
    payloads += ownCertificateRequests
    if let remote = configuration.remoteIdentity {
      payloads.append(IKEPayload(.identificationResponder, .identification(remote.payload)))
    }
    // Without AUTH the responder begins EAP (RFC 7296, section 2.16).
    if !configuration.credential.isEAP {
      payloads.append(.authentication(try ownProof(on: sa, ppk: usablePPK)))
      payloads += try ppkPayloads { () throws(SessionFailure) in try ownProof(on: sa, ppk: nil) }
    }
    payloads += authenticationAnnouncements
    payloads += ownAnnouncements
    payloads += configurationRequest
    payloads += offerChild()
    return payloads
  }

  /// CP(CFG_REQUEST) with empty attributes.
  private var configurationRequest: [IKEPayload] {
    let types = configuration.requestedAttributes
    guard !types.isEmpty else { return [] }
    let attributes = types.map { ConfigurationAttribute(type: $0) }
    let request = ConfigurationPayload(type: .cfgRequest, attributes: attributes)
    return [IKEPayload(.configuration, .configuration(request))]
  }

  /// The Child SA that IKE_AUTH is to make, unless both sides can do without.
  private func offerChild() -> [IKEPayload] {
    if configuration.isChildless, handshake?.capabilities.childless == true { return [] }
    guard !configuration.childProposals.isEmpty else { return [] }
    let offer = ChildOffer(configuration, spi: unusedChildSPI(), withKeyExchange: false)
    handshake?.offer = offer
    return offer.notifications + [.proposals(offer.proposals)] + offer.selectorPayloads
  }

  func unusedChildSPI() -> UInt32 {
    var spi = random.childSPI()
    while children.contains(where: { $0.inboundSPI == spi }) { spi = random.childSPI() }
    return spi
  }

  func finishAuthentication(_ response: [IKEPayload], on sa: IKESA, at now: Instant) {
    if response.authentication == nil, response.eap == nil, let error = response.errorNotify {
      return fail(.refused(error.type, in: .ikeAuth), at: now)
    }
    do throws(SessionFailure) {
      switch (handshake?.eap, configuration.credential) {
      case (.peer(let peer, _)?, .eap(let credential)):
        try continueEAP(peer, credential, response, on: sa, at: now)
      case (nil, .eap(let credential)):
        try beginEAP(credential, response, on: sa, at: now)
      default: try concludeAuthentication(response, on: sa)
      }
    } catch {
      leave(error, telling: .authenticationFailed, on: sa, at: now)
    }
  }

  /// Takes the responder's proof, and what it gives.
  private func concludeAuthentication(
    _ response: [IKEPayload], on sa: IKESA
  ) throws(SessionFailure) {
    let ppk = try confirmedPPK(response)
    let peer: AuthenticatedPeer
    if case .done(let key, _)? = handshake?.eap, let responder = handshake?.responder {
      _ = try verifyPeer(response, responder.identity, by: key, on: sa, ppk: ppk)
      peer = responder
    } else {
      peer = try verifyPeer(response, on: sa, ppk: ppk)
    }
    if let ppk {
      try SessionFailure.of { () throws(CryptoError) in try sa.mixIn(ppk: ppk.secret) }
    }
    let offer = handshake?.offer
    establish(
      peer, ppk: ppk != nil, attributes: response.configuration?.attributes ?? [],
      announced: response.announced)
    if let offer { finishChild(offer, response, on: sa) }
    if case .redirect(let gateway, _) = response.notify(.redirect)?.content {
      emit(.redirected(gateway))
    }
  }

  /// Both sides have proved who they are.
  func establish(
    _ peer: AuthenticatedPeer, ppk: Bool, attributes: [ConfigurationAttribute],
    announced: [NotifyType]
  ) {
    guard let current else { return }
    var userName: String?
    if case .done(_, let name)? = handshake?.eap { userName = name }
    phase = .established
    hasProvedPeer = true
    expiry = nil
    handshake = nil
    emit(
      .established(
        EstablishedSA(
          algorithms: EstablishedSA.Algorithms(current), peerIdentity: peer.identity,
          localMethod: ownMethod, remoteMethod: peer.method, eapUserName: userName, usesPPK: ppk,
          usesFragmentation: usesFragmentation, natLocal: nat.local, natRemote: nat.remote,
          attributes: attributes, announced: announced)))
  }

  private func finishChild(_ offer: ChildOffer, _ response: [IKEPayload], on sa: IKESA) {
    do throws(ChildFault) {
      try addChild(offer.terms(of: response), on: sa, isInitiator: true)
    } catch {
      emit(.childRefused(error))
    }
  }

  /// Makes the Child SA of IKE_AUTH, whose nonces are IKE_SA_INIT's (RFC 7296, section 2.17).
  func addChild(
    _ terms: ChildTerms, on sa: IKESA, isInitiator: Bool
  ) throws(ChildFault) {
    do throws(CryptoError) {
      let keys = try ChildKeys(
        skD: sa.keys.d, prf: sa.suite.prf, suite: terms.suite,
        initiatorNonce: sa.initiatorNonce, responderNonce: sa.responderNonce)
      let child = ChildSA(terms, keys, isInitiator: isInitiator)
      children.append(child)
      emit(.childEstablished(child))
    } catch {
      throw .crypto(error)
    }
  }
}

extension Credential {
  fileprivate var isEAP: Bool {
    if case .eap = self { true } else { false }
  }
}

extension EstablishedSA.Algorithms {
  init(_ sa: IKESA) {
    self.init(
      initiatorSPI: sa.initiatorSPI, responderSPI: sa.responderSPI, isInitiator: sa.isInitiator,
      suite: sa.suite)
  }
}
