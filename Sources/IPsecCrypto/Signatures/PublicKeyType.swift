/// A curve that keys in certificates are on; the raw value is OpenSSL's name.
package enum EllipticCurve: String, CaseIterable, Sendable {
  case p224 = "secp224r1"
  case p256 = "prime256v1"
  case p384 = "secp384r1"
  case p521 = "secp521r1"
  case brainpoolP256r1
  case brainpoolP384r1
  case brainpoolP512r1

  /// Octets of r and of s in a signature without DER.
  var scalarBytes: Int {
    switch self {
    case .p224: 28
    case .p256, .brainpoolP256r1: 32
    case .p384, .brainpoolP384r1: 48
    case .brainpoolP512r1: 64
    case .p521: 66
    }
  }
}

/// What a key can be asked to sign with.
package enum PublicKeyType: Hashable, Sendable {
  case rsa(bits: Int)
  case ecdsa(curve: EllipticCurve)
  case ed25519
  case ed448
  /// A key that signs nothing here, by OpenSSL's name for it.
  case other(String)

  /// Whether keys of this type make signatures of that scheme.
  package func allows(_ scheme: SignatureScheme) -> Bool {
    switch (self, scheme) {
    case (.rsa, .rsaPKCS1(let hash)), (.rsa, .rsaPSS(let hash)),
      (.ecdsa, .ecdsaDER(let hash)), (.ecdsa, .ecdsaRaw(let hash)):
      hash != .identity
    case (.ed25519, .eddsa), (.ed448, .eddsa): true
    default: false
    }
  }
}

extension PublicKeyType: CustomStringConvertible {
  package var description: String {
    switch self {
    case .rsa(let bits): "RSA with \(bits) bits"
    case .ecdsa(.p224): "ECDSA on P-224"
    case .ecdsa(.p256): "ECDSA on P-256"
    case .ecdsa(.p384): "ECDSA on P-384"
    case .ecdsa(.p521): "ECDSA on P-521"
    case .ecdsa(let curve): "ECDSA on \(curve.rawValue)"
    case .ed25519: "Ed25519"
    case .ed448: "Ed448"
    case .other(let name): name
    }
  }
}
