package import IPsecCrypto
package import PacketDissector

extension AuthenticationContext {
  /// The AUTH payload with which `side`, as `identity`, proves itself to a verifier.
  ///
  /// An EAP credential has none until the method is through: see
  /// ``proveSharedKey(of:_:_:)`` for the AUTH that ends it.
  package func prove(
    _ side: Side, _ identity: Identity, by credential: Credential, to verifier: VerifierAbilities,
    prefersPSS: Bool = false
  ) throws(AuthenticationFailure) -> AuthenticationPayload {
    switch credential {
    case .preSharedKey(let secret): return try proveSharedKey(of: side, identity, secret)
    case .null:
      let mac = try mac(of: side, identity, key(of: side))
      return AuthenticationPayload(method: .nullAuthentication, data: mac.octets)
    case .signature(let key, _):
      guard
        let choice = SignatureChoice.choose(for: key.type, verifier, prefersPSS: prefersPSS)
      else { throw .noCommonSignature(key.type) }
      return try sign(side, identity, key, choice)
    case .eap: throw .eapNotDone
    }
  }

  /// AUTH by method 2 with a secret of both sides: a pre-shared key, the MSK of EAP, or, for an EAP method
  /// without one, the side's own SK_p (RFC 7296, section 2.16).
  package func proveSharedKey(
    of side: Side, _ identity: Identity, _ secret: Secret
  ) throws(AuthenticationFailure) -> AuthenticationPayload {
    AuthenticationPayload(
      method: .sharedKeyMessageIntegrityCode, data: try mac(of: side, identity, secret).octets)
  }

  private func sign(
    _ side: Side, _ identity: Identity, _ key: PrivateKey, _ choice: SignatureChoice
  ) throws(AuthenticationFailure) -> AuthenticationPayload {
    let signature: [UInt8]
    do throws(CryptoError) {
      signature = try key.sign(signedOctets(of: side, identity), choice.scheme)
    } catch {
      throw .crypto(error)
    }
    guard choice.method == .digitalSignature else {
      return AuthenticationPayload(method: choice.method, data: signature)
    }
    guard let identifier = choice.scheme.algorithmIdentifier(for: key.type) else {
      throw .noCommonSignature(key.type)
    }
    return AuthenticationPayload(algorithmIdentifier: identifier, signature: signature)
  }

  func mac(
    of side: Side, _ identity: Identity, _ secret: Secret
  ) throws(AuthenticationFailure) -> Secret {
    do throws(CryptoError) {
      return try sharedKeyMAC(of: side, identity, secret)
    } catch {
      throw .crypto(error)
    }
  }
}

extension Secret {
  /// A MAC on its way into a message: it is no secret any more.
  fileprivate var octets: [UInt8] {
    unsafe withBytes { unsafe Array($0) }
  }
}
