package import IPsecCrypto
package import PacketDissector

/// How a signature is made: the AUTH method, and the scheme within it.
package struct SignatureChoice: Hashable, Sendable {
  package let method: AuthenticationMethod
  package let scheme: SignatureScheme

  /// The best way in which a key can sign for a verifier: the first that SUPPORTED_AUTH_METHODS prefers,
  /// else method 14 with a hash that SIGNATURE_HASH_ALGORITHMS names, else the method of RFC 7296 or
  /// RFC 4754 for the key. Nil if there is none: an EdDSA key and a verifier without method 14.
  ///
  /// Announcements are hints: anyone can have changed those of IKE_SA_INIT, so that one which fits
  /// nothing is passed over. Their links to authorities are not followed, as a key has one certificate.
  package static func choose(
    for key: PublicKeyType, _ verifier: VerifierAbilities, prefersPSS: Bool = false
  ) -> SignatureChoice? {
    let hashes = verifier.signatureHashes ?? []
    let candidates =
      digitalSignatures(for: key, prefersPSS: prefersPSS).filter { hashes.contains($0.scheme.hash) }
      + [classic(for: key)].compactMap(\.self)
    for announcement in verifier.announcements {
      if let choice = candidates.first(where: { $0.fits(announcement) }) { return choice }
    }
    return candidates.first
  }

  private func fits(_ announcement: AuthenticationAnnouncement) -> Bool {
    guard method == announcement.method else { return false }
    guard method == .digitalSignature else { return true }
    return SignatureScheme(algorithmIdentifier: announcement.algorithmIdentifier) == scheme
  }

  /// Method 14 (RFC 7427), best first: a hash as strong as the key, then those that are stronger or
  /// weaker.
  private static func digitalSignatures(
    for key: PublicKeyType, prefersPSS: Bool
  ) -> [SignatureChoice] {
    let schemes: [SignatureScheme]
    switch key {
    case .rsa(let bits):
      let hashes = hashes(
        startingWith: bits > 7680 ? .sha2_512 : bits > 3072 ? .sha2_384 : .sha2_256)
      let plain = hashes.map(SignatureScheme.rsaPKCS1)
      let probabilistic = hashes.map(SignatureScheme.rsaPSS)
      schemes = prefersPSS ? probabilistic + plain : plain + probabilistic
    case .ecdsa(let curve):
      schemes = hashes(startingWith: curve.usualHash).map(SignatureScheme.ecdsaDER)
    case .ed25519, .ed448: schemes = [.eddsa]
    case .other: schemes = []
    }
    return schemes.map { SignatureChoice(method: .digitalSignature, scheme: $0) }
  }

  private static func hashes(startingWith first: SignatureHash) -> [SignatureHash] {
    [first] + [.sha2_256, .sha2_384, .sha2_512].filter { $0 != first }
  }

  /// Methods 1 (RFC 7296, section 3.8: SHA-1 where nothing else is agreed) and 9 to 11 (RFC 4754).
  private static func classic(for key: PublicKeyType) -> SignatureChoice? {
    switch key {
    case .rsa: SignatureChoice(method: .rsaDigitalSignature, scheme: .rsaPKCS1(.sha1))
    case .ecdsa(.p256):
      SignatureChoice(method: .ecdsaWithSha256OnTheP256Curve, scheme: .ecdsaRaw(.sha2_256))
    case .ecdsa(.p384):
      SignatureChoice(method: .ecdsaWithSha384OnTheP384Curve, scheme: .ecdsaRaw(.sha2_384))
    case .ecdsa(.p521):
      SignatureChoice(method: .ecdsaWithSha512OnTheP521Curve, scheme: .ecdsaRaw(.sha2_512))
    default: nil
    }
  }

  /// What an AUTH payload of a peer may have been made by, given the key of its certificate; more than one
  /// only for method 1, whose hash stands nowhere but in the signature.
  static func allowed(
    for payload: AuthenticationPayload, by key: PublicKeyType
  ) throws(AuthenticationFailure) -> [SignatureScheme] {
    switch payload.method {
    case .rsaDigitalSignature:
      guard case .rsa = key else { throw .keyDoesNotFit(payload.method, key) }
      return [.sha1, .sha2_256, .sha2_384, .sha2_512].map(SignatureScheme.rsaPKCS1)
    case .digitalSignature:
      let identifier = payload.algorithmIdentifier ?? []
      guard let scheme = SignatureScheme(algorithmIdentifier: identifier) else {
        throw .unknownAlgorithm(identifier)
      }
      guard VerifierAbilities.ownHashes.contains(scheme.hash) else { throw .hashRefused(scheme) }
      guard key.allows(scheme) else { throw .keyDoesNotFit(payload.method, key) }
      return [scheme]
    default:
      guard let choice = classic(for: key), choice.method == payload.method else {
        throw .keyDoesNotFit(payload.method, key)
      }
      return [choice.scheme]
    }
  }
}

extension EllipticCurve {
  /// The hash that RFC 7427 section 4 and RFC 5758 pair with a curve: half as strong at least.
  fileprivate var usualHash: SignatureHash {
    switch self {
    case .p224, .p256, .brainpoolP256r1: .sha2_256
    case .p384, .brainpoolP384r1: .sha2_384
    case .p521, .brainpoolP512r1: .sha2_512
    }
  }
}
