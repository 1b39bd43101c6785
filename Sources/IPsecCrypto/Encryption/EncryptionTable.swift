import PacketDissector

/// The lengths that a cipher's key can have.
enum KeyLengths {
  case fixed(Int)
  case oneOf([Int])
  /// Whole bytes in a range, with the default of RFC 2451 section 2.2.
  case anyOf(ClosedRange<Int>, usual: Int)

  static let aes = KeyLengths.oneOf([128, 192, 256])

  var isVariable: Bool {
    if case .fixed = self { false } else { true }
  }

  /// The length that the Key Length attribute asks for; nil if the cipher has none such, or needs
  /// the attribute (RFC 7296 section 3.3.5). One that says what is fixed anyway is let through.
  func bits(for attribute: Int?) -> Int? {
    switch (self, attribute) {
    case (.fixed(let bits), nil): bits
    case (.fixed(let bits), let asked?): asked == bits ? bits : nil
    case (.oneOf, nil): nil
    case (.oneOf(let sizes), let asked?): sizes.contains(asked) ? asked : nil
    case (.anyOf(_, let usual), nil): usual
    case (.anyOf(let sizes, _), let asked?):
      sizes.contains(asked) && asked % 8 == 0 ? asked : nil
    }
  }
}

extension EncryptionTransform {
  /// One transform of the registry, before its key length is chosen.
  struct Row {
    let keys: KeyLengths
    var saltBytes = 0
    let ivBytes: Int
    var hasImplicitIV = false
    var blockBytes = 1
    var icvBytes = 0
    /// Made for a key of so many bits.
    let construction: (Int) -> Construction

    /// Nil for what is not implemented: RC5, 3IDEA, Twofish, Serpent and the GOST ciphers are in no
    /// OpenSSL that can be counted on.
    init?(_ id: EncryptionAlgorithm) {
      switch id {
      case .null: self.init(keys: .fixed(0), ivBytes: 0) { _ in .null }
      case .des, .desIV64: self = .cbc(.fixed(64)) { _ in OpenSSLCipher("DES-CBC", .legacy) }
      // RFC 1829 section 2: the packet has half of the IV, the other half is its complement.
      case .desIV32:
        self.init(keys: .fixed(64), ivBytes: 4, blockBytes: 8) { _ in
          .cbc(OpenSSLCipher("DES-CBC", .legacy))
        }
      case .tripleDES: self = .cbc(.fixed(192)) { _ in OpenSSLCipher("DES-EDE3-CBC") }
      case .idea: self = .cbc(.fixed(128)) { _ in OpenSSLCipher("IDEA-CBC", .legacy) }
      case .cast:
        self = .cbc(.anyOf(40...128, usual: 128)) { _ in OpenSSLCipher("CAST5-CBC", .legacy) }
      case .blowfish:
        self = .cbc(.anyOf(40...448, usual: 128)) { _ in OpenSSLCipher("BF-CBC", .legacy) }
      case .aesCBC: self = .cbc(.aes, blockBytes: 16) { OpenSSLCipher("AES-\($0)-CBC") }
      case .camelliaCBC: self = .cbc(.aes, blockBytes: 16) { OpenSSLCipher("CAMELLIA-\($0)-CBC") }
      case .aesCTR:
        self.init(keys: .aes, saltBytes: 4, ivBytes: 8) {
          .counter(OpenSSLCipher("AES-\($0)-CTR"))
        }
      case .camelliaCTR:
        self.init(keys: .aes, saltBytes: 4, ivBytes: 8) {
          .counter(OpenSSLCipher("CAMELLIA-\($0)-CTR"))
        }
      case .aesGCM8: self = .aesGCM(icvBytes: 8)
      case .aesGCM12: self = .aesGCM(icvBytes: 12)
      case .aesGCM16: self = .aesGCM(icvBytes: 16)
      case .aesGCM16ImplicitIV:
        self = .aesGCM(icvBytes: 16)
        hasImplicitIV = true
      case .aesCCM8: self = .aesCCM(icvBytes: 8)
      case .aesCCM12: self = .aesCCM(icvBytes: 12)
      case .aesCCM16: self = .aesCCM(icvBytes: 16)
      case .aesCCM8ImplicitIV:
        self = .aesCCM(icvBytes: 8)
        hasImplicitIV = true
      case .camelliaCCM8: self = .camelliaCCM(icvBytes: 8)
      case .camelliaCCM12: self = .camelliaCCM(icvBytes: 12)
      case .camelliaCCM16: self = .camelliaCCM(icvBytes: 16)
      case .chaCha20Poly1305: self = .chaCha20Poly1305
      case .chaCha20Poly1305ImplicitIV:
        self = .chaCha20Poly1305
        hasImplicitIV = true
      case .nullAuthAESGMAC:
        self.init(keys: .aes, saltBytes: 4, ivBytes: 8, icvBytes: 16) {
          .gmac(OpenSSLCipher("AES-\($0)-GCM"))
        }
      default: return nil
      }
    }

    private init(
      keys: KeyLengths, saltBytes: Int = 0, ivBytes: Int, blockBytes: Int = 1, icvBytes: Int = 0,
      construction: @escaping (Int) -> Construction
    ) {
      self.keys = keys
      self.saltBytes = saltBytes
      self.ivBytes = ivBytes
      self.blockBytes = blockBytes
      self.icvBytes = icvBytes
      self.construction = construction
    }

    private static func cbc(
      _ keys: KeyLengths, blockBytes: Int = 8, _ cipher: @escaping (Int) -> OpenSSLCipher
    ) -> Row {
      Row(keys: keys, ivBytes: blockBytes, blockBytes: blockBytes) { .cbc(cipher($0)) }
    }

    private static func aesGCM(icvBytes: Int) -> Row {
      Row(keys: .aes, saltBytes: 4, ivBytes: 8, icvBytes: icvBytes) {
        .aead(OpenSSLCipher("AES-\($0)-GCM"))
      }
    }

    private static func aesCCM(icvBytes: Int) -> Row {
      Row(keys: .aes, saltBytes: 3, ivBytes: 8, icvBytes: icvBytes) {
        .ccm(OpenSSLCipher("AES-\($0)-CCM"))
      }
    }

    private static func camelliaCCM(icvBytes: Int) -> Row {
      Row(keys: .aes, saltBytes: 3, ivBytes: 8, icvBytes: icvBytes) {
        .composedCCM(
          cbc: OpenSSLCipher("CAMELLIA-\($0)-CBC"), counter: OpenSSLCipher("CAMELLIA-\($0)-CTR"))
      }
    }

    private static var chaCha20Poly1305: Row {
      Row(keys: .fixed(256), saltBytes: 4, ivBytes: 8, icvBytes: 16) { _ in
        .aead(OpenSSLCipher("ChaCha20-Poly1305"))
      }
    }
  }
}
