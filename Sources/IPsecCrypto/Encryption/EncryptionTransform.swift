package import PacketDissector

/// What an encryption transform needs and makes: the sizes that IKE and ESP compute with.
///
/// An IV goes through three sizes: ``explicitIVBytes`` stand in the packet, ``ivBytes`` are given to
/// a cipher (for RFC 8750's implicit IVs, 8 bytes that are the 64-bit sequence number), and with the
/// salt they become the nonce, which is nobody's business outside.
package struct EncryptionTransform: Hashable, Sendable {
  package let id: EncryptionAlgorithm
  package let keyBytes: Int
  /// What the cipher takes from the end of its key material: RFC 4106's salt, RFC 3686's nonce.
  package let saltBytes: Int
  package let ivBytes: Int
  package let hasImplicitIV: Bool
  /// Ciphertext comes in multiples of this.
  package let blockBytes: Int
  /// 0 for a cipher that needs an integrity transform beside it.
  package let icvBytes: Int
  let construction: Construction

  /// How the transform is made of what OpenSSL has.
  enum Construction: Hashable, Sendable {
    case null
    case cbc(OpenSSLCipher)
    /// RFC 3686's counter block: nonce, IV, and a block count from 1.
    case counter(OpenSSLCipher)
    /// GCM and ChaCha20-Poly1305, which OpenSSL drives alike.
    case aead(OpenSSLCipher)
    case ccm(OpenSSLCipher)
    /// CCM of a cipher for which OpenSSL has CBC and counter mode alone.
    case composedCCM(cbc: OpenSSLCipher, counter: OpenSSLCipher)
    /// Nothing is encrypted; IV and payload are associated data, RFC 4543 section 3.
    case gmac(OpenSSLCipher)
  }

  package var isAEAD: Bool { icvBytes > 0 }
  package var explicitIVBytes: Int { hasImplicitIV ? 0 : ivBytes }
  package var keyMaterialBytes: Int { keyBytes + saltBytes }
  package var keyBits: Int { keyBytes * 8 }
  /// Payload, padding and the two bytes of ESP's trailer fill multiples of this, RFC 4303 2.4.
  package var espAlignment: Int { max(4, blockBytes) }
  /// IKE itself cannot use transforms that hide nothing, nor those that take the IV from ESP's
  /// sequence number (RFC 7296 section 3.3.2, RFC 4543 section 1, RFC 8750 section 5).
  package var isForESPOnly: Bool {
    switch construction {
    case .null, .gmac: true
    default: hasImplicitIV
    }
  }
  /// The registry's name, with the key length where it is not fixed.
  package var name: String { hasVariableKey ? "\(id), \(keyBits)-bit key" : "\(id)" }
  private let hasVariableKey: Bool

  /// `keyBits` is the Key Length attribute, nil where there is none.
  package init(_ id: EncryptionAlgorithm, keyBits: Int? = nil) throws(CryptoError) {
    guard let row = Row(id) else {
      guard let name = id.name else { throw .unknownTransform(.encryption, id.rawValue) }
      throw .notImplemented(name)
    }
    guard let bits = row.keys.bits(for: keyBits) else {
      throw .badKeyLengthAttribute("\(id)", bits: keyBits)
    }
    self.id = id
    keyBytes = bits / 8
    hasVariableKey = row.keys.isVariable
    saltBytes = row.saltBytes
    ivBytes = row.ivBytes
    hasImplicitIV = row.hasImplicitIV
    blockBytes = row.blockBytes
    icvBytes = row.icvBytes
    construction = row.construction(bits)
  }
}
