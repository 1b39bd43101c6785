/// A public key, as a certificate or RFC 7670's raw key carries it.
package struct PublicKey: Sendable {
  package let type: PublicKeyType
  /// The DER of X.509's SubjectPublicKeyInfo, as it was given.
  package let subjectPublicKeyInfo: [UInt8]
  private let key: OpenSSLKey

  /// Nil if it is none, or of an algorithm that this machine's OpenSSL does not know.
  package init?(subjectPublicKeyInfo der: [UInt8]) {
    guard let key = OpenSSLKey(subjectPublicKeyInfo: der) else { return nil }
    type = key.type
    subjectPublicKeyInfo = der
    self.key = key
  }

  /// The key in a DER certificate.
  package init?(certificate der: [UInt8]) {
    guard let info = OpenSSLCertificate(der: der)?.subjectPublicKeyInfo else { return nil }
    self.init(subjectPublicKeyInfo: info)
  }

  /// Whether `signature` is one of `octets` by this key's other half.
  package func verify(
    _ signature: [UInt8], of octets: [UInt8], _ scheme: SignatureScheme
  ) -> Bool {
    guard type.allows(scheme) else { return false }
    guard case .ecdsaRaw = scheme, case .ecdsa(let curve) = type else {
      return key.verify(signature, of: octets, scheme)
    }
    guard signature.count == 2 * curve.scalarBytes, let der = ECDSASignature.der(signature) else {
      return false
    }
    return key.verify(der, of: octets, scheme)
  }
}
