internal import PacketDissector

// Post-quantum preshared keys (RFC 8784): which, and AUTH with and without it.

extension IKESession {
  /// The PPK, if both sides have announced that they can use one.
  var usablePPK: PPKPolicy? {
    guard let policy = configuration.ppk, let peer = handshake?.capabilities,
      PPKDecision.afterInit(policy: policy, peerSentUsePPK: peer.ppk) == .use
    else { return nil }
    return policy
  }

  /// Which PPK the initiator means, and its AUTH without it where that would do too.
  ///
  /// `alternative` makes that AUTH.
  func ppkPayloads(
    _ alternative: () throws(SessionFailure) -> AuthenticationPayload
  ) throws(SessionFailure) -> [IKEPayload] {
    guard let policy = usablePPK else { return [] }
    var payloads: [IKEPayload] = [.notify(.ppkIdentity, .ppkIdentity(policy.identity))]
    if !policy.isMandatory {
      payloads.append(.notify(.noPPKAuth, .data(try alternative().authenticationData)))
    }
    return payloads
  }

  /// The PPK, if the responder uses it too; nil if both do without.
  func confirmedPPK(_ response: [IKEPayload]) throws(SessionFailure) -> PPKPolicy? {
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
  func choosePPK(_ request: [IKEPayload]) throws(SessionFailure) -> (PPKPolicy?, [IKEPayload]) {
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

extension AuthenticationPayload {
  /// The Authentication Data field: with method 14, the signature behind its AlgorithmIdentifier.
  fileprivate var authenticationData: [UInt8] {
    guard let algorithmIdentifier else { return data }
    return [UInt8(truncatingIfNeeded: algorithmIdentifier.count)] + algorithmIdentifier + data
  }
}

extension [IKEPayload] {
  /// With the data of NO_PPK_AUTH in place of AUTH's.
  fileprivate func replacingProof(_ data: [UInt8]) -> [IKEPayload] {
    map { payload in
      guard case .authentication(let proof) = payload.body else { return payload }
      var writer = ByteWriter()
      let body = [proof.method.rawValue, 0, 0, 0] + data
      IKEPayload(.authentication, .opaque(body)).write(to: &writer, next: .none)
      var reader = ByteReader(writer.bytes.rawBytes)
      // A malformed one stays so, and is not believed.
      return PayloadChain(first: .authentication, from: &reader).payloads.first ?? payload
    }
  }
}
