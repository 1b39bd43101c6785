internal import IPsecCrypto
internal import PacketDissector

/// How far EAP has come in IKE_AUTH (RFC 7296, section 2.16).
enum EAPProgress {
  /// The initiator's side, with what it says next.
  case peer(EAPPeer, reply: EAPMessage)
  case authenticator(EAPAuthenticator)
  /// The method is through, and both sides prove themselves by its MSK.
  case done(Secret, userName: String)
}

// MARK: - The initiator

extension IKESession {
  /// The responder has proved itself by a method of its own: now this side does, by EAP.
  func beginEAP(
    _ credential: EAPCredential, _ response: [IKEPayload], on sa: IKESA, at now: Instant
  ) throws(SessionFailure) {
    let responder = try verifyPeer(response, on: sa, ppk: nil)
    handshake?.responder = responder
    try continueEAP(
      EAPPeer(credential, peerChallenge: random.bytes(16)), credential, response, on: sa, at: now)
  }

  func continueEAP(
    _ peer: EAPPeer, _ credential: EAPCredential, _ response: [IKEPayload], on sa: IKESA,
    at now: Instant
  ) throws(SessionFailure) {
    guard let message = response.eap else { throw .missing(.eap, in: .ikeAuth) }
    var peer = peer
    switch peer.handle(message) {
    case .respond(let reply): handshake?.eap = .peer(peer, reply: reply)
    case .succeeded(let key): handshake?.eap = .done(key, userName: credential.userName)
    case .failed(let failure):
      // Behind EAP-Failure there is nobody left to be told (RFC 7296, section 2.16).
      guard message.code == .failure else { throw .eap(failure) }
      return fail(.eap(failure), at: now)
    }
    start(.authentication, on: sa, at: now)
  }

  /// AUTH by the MSK, with a PPK and without.
  func lastEAPRequest(
    _ key: Secret, on sa: IKESA
  ) throws(SessionFailure) -> [IKEPayload] {
    let proof = try ownProof(by: key, on: sa, ppk: usablePPK)
    let alternatives = try ppkPayloads { () throws(SessionFailure) in
      try ownProof(by: key, on: sa, ppk: nil)
    }
    return [.authentication(proof)] + alternatives
  }
}

// MARK: - The responder

extension IKESession {
  /// Proves itself to an initiator that has left AUTH out, and asks for its name.
  func beginEAP(
    _ request: [IKEPayload], accounts: [String: Secret], on sa: IKESA
  ) throws(SessionFailure) -> Answer {
    guard let claim = PeerClaim(request, of: .initiator), claim.authentication == nil else {
      throw .authentication(.eapNotDone)
    }
    if let expected = configuration.remoteIdentity, !expected.matches(claim.identity) {
      throw .authentication(.unexpectedIdentity(claim.identity, expected: expected))
    }
    let identifier = random.bytes(1).first ?? 0
    let authenticator = EAPAuthenticator(
      accounts: accounts, challenge: random.bytes(16), name: "\(configuration.localIdentity)",
      identifier: identifier)
    handshake?.eap = .authenticator(authenticator)
    handshake?.firstRequest = request
    var payloads = [
      IKEPayload(.identificationResponder, .identification(configuration.localIdentity.payload))
    ]
    payloads += ownCertificates
    payloads.append(.authentication(try ownProof(on: sa, ppk: nil)))
    payloads.append(IKEPayload(.eap, .eap(authenticator.firstRequest)))
    return Answer(payloads)
  }

  func continueEAP(
    _ authenticator: EAPAuthenticator, _ request: [IKEPayload]
  ) throws(SessionFailure) -> Answer {
    guard let message = request.eap else { throw .missing(.eap, in: .ikeAuth) }
    var authenticator = authenticator
    switch authenticator.handle(message) {
    case .request(let next):
      handshake?.eap = .authenticator(authenticator)
      return Answer([IKEPayload(.eap, .eap(next))])
    case .succeeded(let success, let key, let userName):
      handshake?.eap = .done(key, userName: userName)
      return Answer([IKEPayload(.eap, .eap(success))])
    case .failed(let end, let failure):
      return Answer([IKEPayload(.eap, .eap(end))], then: .end(.failed(.eap(failure))))
    }
  }
}

// MARK: - Both

extension IKESession {
  func ownProof(
    by key: Secret, on sa: IKESA, ppk: PPKPolicy?
  ) throws(SessionFailure) -> AuthenticationPayload {
    let context = try context(sa, ppk: ppk)
    do throws(AuthenticationFailure) {
      return try context.proveSharedKey(of: sa.side, configuration.localIdentity, key)
    } catch {
      throw .credential(error)
    }
  }

  /// Checks the peer's AUTH by the MSK.
  func verifyPeer(
    _ payloads: [IKEPayload], _ identity: Identity, by key: Secret, on sa: IKESA, ppk: PPKPolicy?
  ) throws(SessionFailure) -> AuthenticatedPeer {
    let context = try context(sa, ppk: ppk)
    let claim = PeerClaim(identity: identity, authentication: payloads.authentication)
    return try SessionFailure.of { () throws(AuthenticationFailure) in
      try context.verifySharedKey(of: sa.side.other, claim, key)
    }
  }
}
