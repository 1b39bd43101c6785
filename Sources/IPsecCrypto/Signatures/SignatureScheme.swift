/// What is hashed before it is signed, by the numbers of SIGNATURE_HASH_ALGORITHMS (RFC 7427
/// section 4).
package enum SignatureHash: UInt16, CaseIterable, Sendable {
  case sha1 = 1
  case sha2_256 = 2
  case sha2_384 = 3
  case sha2_512 = 4
  /// The octets themselves are signed, RFC 8420.
  case identity = 5

  /// Nil for ``identity``.
  var function: HashFunction? {
    switch self {
    case .sha1: .sha1
    case .sha2_256: .sha2_256
    case .sha2_384: .sha2_384
    case .sha2_512: .sha2_512
    case .identity: nil
    }
  }
}

/// How octets become a signature.
package enum SignatureScheme: Hashable, Sendable {
  /// RSASSA-PKCS1-v1_5: AUTH method 1, and 14.
  case rsaPKCS1(SignatureHash)
  /// RSASSA-PSS with MGF1 of the same hash, and a salt as long as the hash.
  case rsaPSS(SignatureHash)
  /// ECDSA as in certificates, a DER SEQUENCE of r and s: AUTH method 14.
  case ecdsaDER(SignatureHash)
  /// ECDSA as two numbers of the curve's length, RFC 4754: AUTH methods 9 to 11.
  case ecdsaRaw(SignatureHash)
  /// Ed25519 or Ed448, whichever the key is for, RFC 8420.
  case eddsa

  package var hash: SignatureHash {
    switch self {
    case .rsaPKCS1(let hash), .rsaPSS(let hash), .ecdsaDER(let hash), .ecdsaRaw(let hash): hash
    case .eddsa: .identity
    }
  }
}

extension SignatureScheme: CustomStringConvertible {
  package var description: String {
    let hash = hash.function?.rawValue ?? "no hash"
    return switch self {
    case .rsaPKCS1: "RSASSA-PKCS1-v1_5 with \(hash)"
    case .rsaPSS: "RSASSA-PSS with \(hash)"
    case .ecdsaDER, .ecdsaRaw: "ECDSA with \(hash)"
    case .eddsa: "EdDSA"
    }
  }
}
