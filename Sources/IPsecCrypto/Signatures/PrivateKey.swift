/// A private key of a file, to sign with.
package struct PrivateKey: Sendable {
  package let type: PublicKeyType
  /// The other half, which anyone may have.
  package let publicKey: PublicKey
  private let key: OpenSSLKey

  /// Reads the first private key of a PEM file: PKCS #8, plain or encrypted, PKCS #1 or SEC 1.
  package init(pem: [UInt8], passphrase: Secret?) throws(CertificateError) {
    guard let key = OpenSSLKey(pem: pem, passphrase: passphrase) else {
      guard PEM.hasPrivateKey(pem) else { throw .noPrivateKey }
      guard PEM.isEncrypted(pem) else { throw .unreadablePrivateKey }
      throw passphrase == nil ? .passphraseNeeded : .wrongPassphrase
    }
    guard let info = key.subjectPublicKeyInfo,
      let publicKey = PublicKey(subjectPublicKeyInfo: info)
    else { throw .unreadablePrivateKey }
    type = key.type
    self.publicKey = publicKey
    self.key = key
  }

  /// The signature of `octets`; throws where this type of key has no such scheme.
  package func sign(
    _ octets: [UInt8], _ scheme: SignatureScheme
  ) throws(CryptoError) -> [UInt8] {
    guard type.allows(scheme) else { throw .notImplemented("\(scheme) by a key of \(type)") }
    guard let signature = key.sign(octets, scheme) else { throw .openSSLFailed("\(scheme)") }
    guard case .ecdsaRaw = scheme, case .ecdsa(let curve) = type else { return signature }
    guard let raw = ECDSASignature.raw(signature, scalarBytes: curve.scalarBytes) else {
      throw .openSSLFailed("\(scheme)")
    }
    return raw
  }
}
