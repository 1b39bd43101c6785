internal import IPsecCrypto
internal import PacketDissector

// AUTH both ways: what this side proves, and what the peer must.

extension IKESession {
  /// This side's AUTH, with a PPK or without.
  func ownProof(on sa: IKESA, ppk: PPKPolicy?) throws(SessionFailure) -> AuthenticationPayload {
    let verifier = handshake?.capabilities.verifier ?? VerifierAbilities()
    let context = try context(sa, ppk: ppk)
    do throws(AuthenticationFailure) {
      return try context.prove(
        sa.side, configuration.localIdentity, by: configuration.credential, to: verifier)
    } catch {
      throw .credential(error)
    }
  }

  /// Checks the ID, CERT and AUTH payloads of the peer's message.
  func verifyPeer(
    _ payloads: [IKEPayload], on sa: IKESA, ppk: PPKPolicy?
  ) throws(SessionFailure) -> AuthenticatedPeer {
    guard let claim = PeerClaim(payloads, of: sa.side.other) else {
      throw .authentication(.missing)
    }
    let context = try context(sa, ppk: ppk)
    return try SessionFailure.of { () throws(AuthenticationFailure) in
      try context.verify(
        sa.side.other, claim, against: configuration.requirement,
        expected: configuration.remoteIdentity, at: configuration.certificateTime)
    }
  }

  /// What AUTH of either side is computed over.
  func context(
    _ sa: IKESA, ppk: PPKPolicy?
  ) throws(SessionFailure) -> AuthenticationContext {
    guard let handshake else { throw .authentication(.missing) }
    var keys = sa.keys
    if let ppk {
      keys = try SessionFailure.of { () throws(CryptoError) in
        try keys.mixing(ppk: ppk.secret, prf: sa.suite.prf)
      }
    }
    return AuthenticationContext(
      prf: sa.suite.prf, initRequest: handshake.initRequest,
      initResponse: handshake.initResponse, initiatorNonce: sa.initiatorNonce,
      responderNonce: sa.responderNonce, initiatorKey: keys.pi, responderKey: keys.pr,
      intermediate: handshake.intermediate.octets(
        firstAuthMessageID: handshake.firstAuthMessageID ?? 1))
  }

  /// How this side proves itself, once it has.
  var ownMethod: AuthenticationMethod {
    switch configuration.credential {
    case .preSharedKey, .eap: .sharedKeyMessageIntegrityCode
    case .null: .nullAuthentication
    case .signature: .digitalSignature
    }
  }

  /// CERT payloads, the own certificate first.
  var ownCertificates: [IKEPayload] {
    guard case .signature(_, let chain) = configuration.credential else { return [] }
    return CertificateChainPayloads(certificates: chain).payloads
  }

  /// CERTREQ, where the peer must show a certificate.
  var ownCertificateRequests: [IKEPayload] {
    guard case .certificate(let anchors) = configuration.requirement,
      let request = CertificateChainPayloads.request(for: anchors)
    else { return [] }
    return [IKEPayload(.certificateRequest, .certificateRequest(request))]
  }

  /// SUPPORTED_AUTH_METHODS, if it is to be sent (RFC 9593).
  var authenticationAnnouncements: [IKEPayload] {
    let notify = VerifierAbilities.announcement(of: configuration.requirement)
    // An empty one would say that the list comes later, in IKE_INTERMEDIATE.
    guard configuration.announcesAuthenticationMethods, !notify.data.isEmpty else { return [] }
    return [IKEPayload(.notify, .notify(notify))]
  }

  /// What the configuration has IKE_AUTH say beside.
  var ownAnnouncements: [IKEPayload] {
    configuration.announcements.map { IKEPayload(.notify, .notify(NotifyPayload($0))) }
  }
}

extension IKESA {
  /// Which end of the SA this is.
  var side: Side { isInitiator ? .initiator : .responder }
}
