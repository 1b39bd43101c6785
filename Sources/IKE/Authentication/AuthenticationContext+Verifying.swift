package import IPsecCrypto
internal import PacketDissector

extension AuthenticationContext {
  /// Checks what `side` claims against what it must prove; `time` is now, in Unix seconds, for the
  /// certificates. Nil for `expected` takes any identity that is proven.
  ///
  /// A requirement of EAP is never met by this: see ``verifySharedKey(of:_:_:)``.
  package func verify(
    _ side: Side, _ claim: PeerClaim, against requirement: PeerRequirement, expected: Identity?,
    at time: Int64
  ) throws(AuthenticationFailure) -> AuthenticatedPeer {
    if let expected, !expected.matches(claim.identity) {
      throw .unexpectedIdentity(claim.identity, expected: expected)
    }
    guard let payload = claim.authentication else { throw .missing }
    switch requirement {
    case .preSharedKey(let secret): return try verifySharedKey(of: side, claim, secret)
    case .null:
      guard payload.method == .nullAuthentication else { throw .unexpectedMethod(payload.method) }
      try check(payload, of: side, claim.identity, key(of: side))
      return AuthenticatedPeer(claim.identity, payload.method)
    case .certificate(let anchors):
      return try verifySignature(of: side, claim, payload, anchors, at: time)
    case .eap: throw .eapNotDone
    }
  }

  /// Checks an AUTH of method 2 made with a secret of both sides: a pre-shared key, the MSK of EAP, or,
  /// for an EAP method without one, the side's own SK_p.
  package func verifySharedKey(
    of side: Side, _ claim: PeerClaim, _ secret: Secret
  ) throws(AuthenticationFailure) -> AuthenticatedPeer {
    guard let payload = claim.authentication else { throw .missing }
    guard payload.method == .sharedKeyMessageIntegrityCode else {
      throw .unexpectedMethod(payload.method)
    }
    try check(payload, of: side, claim.identity, secret)
    return AuthenticatedPeer(claim.identity, payload.method)
  }

  private func check(
    _ payload: AuthenticationPayload, of side: Side, _ identity: Identity, _ secret: Secret
  ) throws(AuthenticationFailure) {
    let due = try mac(of: side, identity, secret)
    guard due.hasSameBytes(as: Secret(copying: payload.data)) else { throw .wrongSharedKey }
  }

  private func verifySignature(
    of side: Side, _ claim: PeerClaim, _ payload: AuthenticationPayload, _ anchors: TrustAnchors,
    at time: Int64
  ) throws(AuthenticationFailure) -> AuthenticatedPeer {
    guard payload.method.isSignature else { throw .unexpectedMethod(payload.method) }
    let leaf = try claim.certificates.trustedLeaf(claim.identity, anchors, at: time)
    guard let key = leaf.publicKey else { throw .unreadableCertificate }
    let schemes = try SignatureChoice.allowed(for: payload, by: key.type)
    let octets: [UInt8]
    do throws(CryptoError) {
      octets = try signedOctets(of: side, claim.identity)
    } catch {
      throw .crypto(error)
    }
    guard let scheme = schemes.first(where: { key.verify(payload.data, of: octets, $0) }) else {
      throw .wrongSignature
    }
    return AuthenticatedPeer(
      claim.identity, payload.method, scheme: scheme, certificate: leaf.der)
  }
}

extension AuthenticationMethod {
  fileprivate var isSignature: Bool {
    switch self {
    case .rsaDigitalSignature, .ecdsaWithSha256OnTheP256Curve, .ecdsaWithSha384OnTheP384Curve,
      .ecdsaWithSha512OnTheP521Curve, .digitalSignature:
      true
    default: false
    }
  }
}
