package import PacketDissector

/// What an integrity transform needs and makes.
package struct IntegrityTransform: Hashable, Sendable {
  package let id: IntegrityAlgorithm
  package let keyBytes: Int
  /// RFC 4543's salt, behind the key in the key material; 0 for the others.
  package let saltBytes: Int
  /// RFC 4543's IV, which AH carries in front of the ICV; 0 for the others.
  package let ivBytes: Int
  package let icvBytes: Int
  /// From a draft: number and format may change, and the number is our own.
  package let isExperimental: Bool
  let construction: Construction

  enum Construction: Hashable, Sendable {
    case none
    /// Truncated to the ICV, where that is shorter.
    case mac(OpenSSLMAC, outputBytes: Int)
    /// RFC 3566, which OpenSSL does not have.
    case xcbc
    case gmac(OpenSSLCipher)
  }

  package var keyMaterialBytes: Int { keyBytes + saltBytes }
  package var name: String { id.name ?? experimentalName ?? "\(id)" }

  package init(_ id: IntegrityAlgorithm) throws(CryptoError) {
    switch id {
    case .none: self.init(id, key: 0, icv: 0, .none)
    case .hmacMD5_96: self.init(id, key: 16, icv: 12, .hmac("MD5", 16))
    case .hmacMD5_128: self.init(id, key: 16, icv: 16, .hmac("MD5", 16))
    case .hmacSHA1_96: self.init(id, key: 20, icv: 12, .hmac("SHA1", 20))
    case .hmacSHA1_160: self.init(id, key: 20, icv: 20, .hmac("SHA1", 20))
    case .hmacSHA2_256_128: self.init(id, key: 32, icv: 16, .hmac("SHA2-256", 32))
    case .hmacSHA2_384_192: self.init(id, key: 48, icv: 24, .hmac("SHA2-384", 48))
    case .hmacSHA2_512_256: self.init(id, key: 64, icv: 32, .hmac("SHA2-512", 64))
    case .aesCMAC96:
      self.init(id, key: 16, icv: 12, .mac(.cmac("AES-128-CBC"), outputBytes: 16))
    case .aesXCBC96: self.init(id, key: 16, icv: 12, .xcbc)
    case .aes128GMAC: self.init(gmac: id, key: 16)
    case .aes192GMAC: self.init(gmac: id, key: 24)
    case .aes256GMAC: self.init(gmac: id, key: 32)
    case .experimentalHMACSHA3_256:
      self.init(id, key: 32, icv: 16, .hmac("SHA3-256", 32), isExperimental: true)
    case .experimentalHMACSHA3_384:
      self.init(id, key: 48, icv: 24, .hmac("SHA3-384", 48), isExperimental: true)
    case .experimentalHMACSHA3_512:
      self.init(id, key: 64, icv: 32, .hmac("SHA3-512", 64), isExperimental: true)
    case .experimentalKMAC128: self = .kmac128()
    case .experimentalKMAC256: self = .kmac256()
    default:
      // KPDK_MD5 and DES_MAC have no format that anyone uses.
      guard let name = id.name else { throw .unknownTransform(.integrity, id.rawValue) }
      throw .notImplemented(name)
    }
  }

  /// The same MAC with an ICV of another length: Linux before 2.6.33 truncated SHA2-256 to 12.
  package func truncated(to bytes: Int) throws(CryptoError) -> IntegrityTransform {
    guard case .mac(let mac, let outputBytes) = construction, mac.outputBytes == nil,
      bytes >= 8, bytes <= outputBytes
    else { throw .badTruncation(name, bytes: bytes) }
    return IntegrityTransform(
      id, key: keyBytes, icv: bytes, construction, isExperimental: isExperimental)
  }

  /// AUTH with KMAC128, draft-ietf-ipsecme-sha3. Whether ESP and AH customize it as IKEv2 does, the
  /// drafts that we saw do not say.
  package static func kmac128(
    _ id: IntegrityAlgorithm = .experimentalKMAC128, customization: String = "ikev2 integ"
  ) -> IntegrityTransform {
    IntegrityTransform(
      id, key: 32, icv: 16,
      .mac(.kmac(128, customization: customization, outputBytes: 16), outputBytes: 16),
      isExperimental: true)
  }

  /// AUTH with KMAC256, draft-ietf-ipsecme-sha3; its lengths are inferred from KMAC128's.
  package static func kmac256(
    _ id: IntegrityAlgorithm = .experimentalKMAC256, customization: String = "ikev2 integ"
  ) -> IntegrityTransform {
    IntegrityTransform(
      id, key: 64, icv: 32,
      .mac(.kmac(256, customization: customization, outputBytes: 32), outputBytes: 32),
      isExperimental: true)
  }

  private init(
    _ id: IntegrityAlgorithm, key: Int, icv: Int, _ construction: Construction,
    isExperimental: Bool = false
  ) {
    self.id = id
    keyBytes = key
    saltBytes = 0
    ivBytes = 0
    icvBytes = icv
    self.isExperimental = isExperimental
    self.construction = construction
  }

  private init(gmac id: IntegrityAlgorithm, key: Int) {
    self.id = id
    keyBytes = key
    saltBytes = 4
    ivBytes = 8
    icvBytes = 16
    isExperimental = false
    construction = .gmac(OpenSSLCipher("AES-\(key * 8)-GCM"))
  }
}

extension IntegrityTransform.Construction {
  fileprivate static func hmac(_ digest: String, _ outputBytes: Int) -> Self {
    .mac(.hmac(digest), outputBytes: outputBytes)
  }
}
