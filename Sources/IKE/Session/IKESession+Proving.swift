internal import IPsecCrypto
internal import PacketDissector

/// What the peer has proved, and how.
struct PeerProof {
  let identity: Identity
  let method: AuthenticationMethod
  /// How this side proves itself.
  let ownMethod: AuthenticationMethod
}

// AUTH both ways: what this side proves, what the peer must, and what a PPK adds to both.

extension IKESession {
  /// This side's AUTH, with a PPK or without.
  func ownProof(on sa: IKESA, ppk: PPKPolicy?) throws(AuthenticationFault) -> [IKEPayload] {
    let proof = try configuration.credential.prove(
      try context(sa, ppk: ppk), sa.side, configuration.localIdentity)
    return [IKEPayload(.authentication, .authentication(proof))]
  }

  /// Checks the ID and AUTH payloads of the peer's message.
  func verifyPeer(
    _ payloads: [IKEPayload], on sa: IKESA, ppk: PPKPolicy?
  ) throws(AuthenticationFault) -> PeerProof {
    let isInitiator = sa.side == .initiator
    let idType: PayloadType = isInitiator ? .identificationResponder : .identificationInitiator
    guard let id = payloads.identification(idType) else { throw .missing(idType) }
    guard let proof = payloads.authentication else { throw .missing(.authentication) }
    let identity = Identity(id)
    if let expected = configuration.remoteIdentity, !expected.matches(identity) {
      throw .otherIdentity(identity)
    }
    try configuration.requirement.verify(
      proof, try context(sa, ppk: ppk), sa.side.other, identity)
    return PeerProof(
      identity: identity, method: proof.method, ownMethod: configuration.credential.method)
  }

  private func context(
    _ sa: IKESA, ppk: PPKPolicy?
  ) throws(AuthenticationFault) -> AuthenticationContext {
    guard let handshake else { throw .missing(.authentication) }
    let keys = try AuthenticationFault.of { () throws(CryptoError) in
      try ppk.map { (ppk) throws(CryptoError) in
        try sa.keys.mixing(ppk: ppk.secret, prf: sa.suite.prf)
      } ?? sa.keys
    }
    return AuthenticationContext(
      prf: sa.suite.prf, initRequest: handshake.initRequest,
      initResponse: handshake.initResponse, initiatorNonce: sa.initiatorNonce,
      responderNonce: sa.responderNonce, initiatorKey: keys.pi, responderKey: keys.pr,
      intermediate: handshake.intermediate.octets(
        firstAuthMessageID: handshake.firstAuthMessageID ?? 1))
  }
}

// MARK: - Certificates

extension IKESession {
  var ownCertificates: [IKEPayload] { [] }
  var ownCertificateRequests: [IKEPayload] { [] }
  var authenticationAnnouncements: [IKEPayload] { [] }
}

// MARK: - RFC 8784

extension IKESession {
  /// The PPK, if both sides have announced that they can use one.
  var usablePPK: PPKPolicy? {
    guard let policy = configuration.ppk, let peer = handshake?.capabilities,
      PPKDecision.afterInit(policy: policy, peerSentUsePPK: peer.ppk) == .use
    else { return nil }
    return policy
  }

  /// Which PPK the initiator means, and its AUTH without it where that would do too.
  func ppkPayloads(on sa: IKESA) throws(AuthenticationFault) -> [IKEPayload] {
    guard let policy = usablePPK else { return [] }
    var payloads: [IKEPayload] = [.notify(.ppkIdentity, .ppkIdentity(policy.identity))]
    if !policy.isMandatory {
      let proof = try configuration.credential.prove(
        try context(sa, ppk: nil), sa.side, configuration.localIdentity)
      payloads.append(.notify(.noPPKAuth, .data(proof.data)))
    }
    return payloads
  }

  /// The PPK, if the responder uses it too; nil if both do without.
  func confirmedPPK(_ response: [IKEPayload]) throws(AuthenticationFault) -> PPKPolicy? {
    guard let policy = usablePPK else { return nil }
    let isConfirmed = response.contains(.ppkIdentity)
    switch PPKDecision.ofInitiator(policy: policy, isConfirmed: isConfirmed) {
    case .use: return policy
    case .without: return nil
    case .fail: throw .noPPK
    }
  }

  /// What the responder makes of an initiator's PPK notifications: the PPK, if it is used, and the
  /// payloads with the AUTH that goes with the decision.
  func choosePPK(
    _ request: [IKEPayload]
  ) throws(AuthenticationFault) -> (PPKPolicy?, [IKEPayload]) {
    guard let policy = usablePPK else {
      if configuration.ppk?.isMandatory == true { throw .noPPK }
      return (nil, request)
    }
    var requested: PPKIdentity?
    if case .ppkIdentity(let identity) = request.notify(.ppkIdentity)?.content {
      requested = identity
    }
    let alternative = request.notify(.noPPKAuth)?.data
    switch PPKDecision.ofResponder(
      policy: policy, requested: requested, hasNoPPKAuth: alternative != nil)
    {
    case .use: return (policy, request)
    case .fail: throw .noPPK
    case .without:
      guard let alternative, requested != nil else { return (nil, request) }
      return (nil, request.replacingProof(alternative))
    }
  }
}

extension [IKEPayload] {
  /// With the data of NO_PPK_AUTH in place of AUTH's.
  fileprivate func replacingProof(_ data: [UInt8]) -> [IKEPayload] {
    map { payload in
      guard case .authentication(var proof) = payload.body else { return payload }
      proof.data = data
      return IKEPayload(.authentication, .authentication(proof))
    }
  }
}

extension IKESA {
  /// Which end of the SA this is.
  var side: Side { isInitiator ? .initiator : .responder }
}
