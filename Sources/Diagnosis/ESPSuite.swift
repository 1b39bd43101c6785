package import IPsecCrypto
internal import PacketDissector

/// The algorithms of an ESP SA, by the names that strongSwan ("aes128-sha256", "aes256gcm16") and
/// libreswan ("aes_gcm256", "aes128-sha2_256") write in their configuration.
package struct ESPSuite: Equatable, Sendable {
  package let encryption: EncryptionTransform
  /// NONE beside an AEAD cipher.
  package let integrity: IntegrityTransform

  package init(_ encryption: EncryptionTransform, _ integrity: IntegrityTransform) {
    self.encryption = encryption
    self.integrity = integrity
  }

  package var isAEAD: Bool { encryption.isAEAD }

  /// Bytes of ICV in each packet.
  package var icvBytes: Int { encryption.isAEAD ? encryption.icvBytes : integrity.icvBytes }

  /// "ENCR_AES_CBC, 256-bit key, AUTH_HMAC_SHA2_256_128"
  package var name: String {
    encryption.isAEAD ? encryption.name : "\(encryption.name), \(integrity.name)"
  }

  /// Reads a suite; key exchange and sequence number keywords behind it do not matter here. Nil for
  /// words that no table knows, and for a cipher without the integrity algorithm that it needs.
  package init?(keywords text: String) {
    var encryption: EncryptionTransform?
    var integrity: IntegrityTransform?
    for word in text.lowercased().split(separator: "-").map(String.init) {
      if encryption == nil {
        guard let transform = Self.encryption(word) else { return nil }
        encryption = transform
      } else if let id = Self.integrities[word] {
        integrity = try? IntegrityTransform(id)
      } else if !Self.isBesidePacketFormat(word) {
        return nil
      }
    }
    guard let encryption, let none = try? IntegrityTransform(.none) else { return nil }
    if encryption.isAEAD {
      self.init(encryption, none)
    } else {
      guard let integrity, integrity.icvBytes > 0 else { return nil }
      self.init(encryption, integrity)
    }
  }

  private static func encryption(_ word: String) -> EncryptionTransform? {
    if let fixed = fixedKeys[word] { return try? EncryptionTransform(fixed) }
    for (prefix, id, suffix) in variableKeys where word.hasPrefix(prefix) && word.hasSuffix(suffix)
    {
      let digits = word.dropFirst(prefix.count).dropLast(suffix.count)
      // A cipher without a number has 128 bits, in both daemons.
      guard let bits = digits.isEmpty ? 128 : Int(digits) else { continue }
      if let transform = try? EncryptionTransform(id, keyBits: bits) { return transform }
    }
    return nil
  }

  private static let fixedKeys: [String: EncryptionAlgorithm] = [
    "3des": .tripleDES, "des": .des, "null": .null, "chacha20poly1305": .chaCha20Poly1305,
    "chacha20_poly1305": .chaCha20Poly1305,
  ]

  /// What stands before the key length, what is meant, what stands behind it. Longer names first.
  private static let variableKeys: [(String, EncryptionAlgorithm, String)] = [
    ("aes", .aesGCM16, "gcm16"), ("aes", .aesGCM12, "gcm12"), ("aes", .aesGCM8, "gcm8"),
    ("aes", .aesGCM16, "gcm128"), ("aes", .aesGCM16, "gcm"), ("aes", .aesCCM16, "ccm16"),
    ("aes", .aesCCM12, "ccm12"), ("aes", .aesCCM8, "ccm8"), ("aes", .aesCTR, "ctr"),
    ("aes", .nullAuthAESGMAC, "gmac"), ("aes_gcm", .aesGCM16, ""), ("aes_gcm_c", .aesGCM16, ""),
    ("aes_ccm", .aesCCM16, ""), ("aes_ctr", .aesCTR, ""), ("aes_cbc", .aesCBC, ""),
    ("aes", .aesCBC, ""), ("camellia", .camelliaCTR, "ctr"), ("camellia", .camelliaCBC, ""),
    ("blowfish", .blowfish, ""), ("cast", .cast, ""),
  ]

  private static let integrities: [String: IntegrityAlgorithm] = [
    "md5": .hmacMD5_96, "sha": .hmacSHA1_96, "sha1": .hmacSHA1_96, "sha256": .hmacSHA2_256_128,
    "sha2": .hmacSHA2_256_128, "sha2_256": .hmacSHA2_256_128, "sha384": .hmacSHA2_384_192,
    "sha2_384": .hmacSHA2_384_192, "sha512": .hmacSHA2_512_256, "sha2_512": .hmacSHA2_512_256,
    "aesxcbc": .aesXCBC96, "aescmac": .aesCMAC96, "none": .none,
  ]

  /// Key exchanges, and whether sequence numbers are extended: they change no packet's size.
  private static func isBesidePacketFormat(_ word: String) -> Bool {
    ["modp", "dh", "ecp", "curve", "x25519", "x448", "mlkem", "ke", "esn", "noesn", "null"]
      .contains { word.hasPrefix($0) }
  }
}
