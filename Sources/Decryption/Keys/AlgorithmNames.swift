import PacketDissector

/// What a file's name of a cipher says.
enum CipherName: Equatable {
  /// Several where the name leaves the ICV's length open; a key length where the name states one.
  case algorithms([EncryptionAlgorithm], keyBits: Int?)
  /// Known, but without a place in the registry.
  case unsupported(String)
}

/// What a file's name of an integrity algorithm says.
enum IntegrityName: Equatable {
  case algorithm(IntegrityAlgorithm, icvBytes: Int?)
  case unchecked(icvBytes: Int)
  case unsupported(String)
}

/// The names that Wireshark (all versions), strongSwan, iproute2, the kernel, setkey and libreswan
/// use. Letter case, punctuation and a reference in brackets make no difference.
enum AlgorithmNames {
  static func cipher(_ name: KeyText) -> CipherName? {
    let key = canonical(name)
    if let algorithm = ciphers[key] { return .algorithms([algorithm], keyBits: nil) }
    if let reading = aes(key) { return reading }
    let others = [
      "twofish", "serpent", "idea", "rc5", "seed", "aria", "sm4", "kuznyechik", "magma",
    ]
    if others.contains(where: { key.hasPrefix($0) || key.hasPrefix("cbc\($0)") }) {
      return .unsupported(name.string)
    }
    return nil
  }

  private static let ciphers: [String: EncryptionAlgorithm] = [
    "null": 11, "none": 11, "ecbciphernull": 11, "ciphernull": 11,
    "des": 2, "descbc": 2, "cbcdes": 2,
    "3des": 3, "3descbc": 3, "tripledes": 3, "tripledescbc": 3, "desede3cbc": 3, "cbcdes3ede": 3,
    "cast5": 6, "cast5cbc": 6, "cast128": 6, "cast128cbc": 6, "cbccast5": 6,
    "blowfish": 7, "blowfishcbc": 7, "cbcblowfish": 7,
    "rijndael": 12, "rijndaelcbc": 12, "cbcaes": 12, "aes": 12,
    "rfc3686ctraes": 13, "rfc4543gcmaes": 21, "aesgmac": 21, "nullauthaesgmac": 21,
    "camellia": 23, "camelliacbc": 23, "cbccamellia": 23, "camelliactr": 24,
    "chacha20poly1305": 28, "chacha20withpoly1305": 28, "rfc7539espchacha20poly1305": 28,
    "chacha20poly1305with16octeticv": 28, "chacha20withpoly1305with16octeticv": 28,
  ]

  /// "aescbc", "aesctr192", "aesgcm", "aesgcm16", "aesgcm256with12octeticv" and their like.
  private static func aes(_ key: String) -> CipherName? {
    let modes: [(name: String, byICV: [Int: EncryptionAlgorithm], other: EncryptionAlgorithm?)] = [
      ("aescbc", [:], 12), ("aesctr", [:], 13),
      ("aesgcm", [8: 18, 12: 19, 16: 20], nil), ("aesccm", [8: 14, 12: 15, 16: 16], nil),
      ("rfc4106gcmaes", [8: 18, 12: 19, 16: 20], nil),
      ("rfc4309ccmaes", [8: 14, 12: 15, 16: 16], nil),
      ("camelliaccm", [8: 25, 12: 26, 16: 27], nil),
    ]
    guard let mode = modes.first(where: { key.hasPrefix($0.name) }) else { return nil }
    var rest = key.dropFirst(mode.name.utf8.count)
    var keyBits: Int?
    for bits in [128, 192, 256] where rest.hasPrefix("\(bits)") {
      keyBits = bits
      rest = rest.dropFirst(3)
    }
    if let algorithm = mode.other {
      return rest.isEmpty ? .algorithms([algorithm], keyBits: keyBits) : nil
    }
    if rest.isEmpty {
      // The likeliest first.
      return .algorithms([16, 12, 8].compactMap { mode.byICV[$0] }, keyBits: keyBits)
    }
    if rest.hasPrefix("with") { rest = rest.dropFirst(4) }
    for ending in ["octeticv", "byteicv"] where rest.hasSuffix(ending) {
      rest = rest.dropLast(ending.utf8.count)
    }
    guard let icv = Int(rest), let algorithm = mode.byICV[icv] else { return nil }
    return .algorithms([algorithm], keyBits: keyBits)
  }

  static func integrity(_ name: KeyText) -> IntegrityName? {
    let key = canonical(name)
    if let algorithm = integrities[key] { return .algorithm(algorithm, icvBytes: nil) }
    if ["hmacsha25696", "hmacsha225696"].contains(key) { return .algorithm(12, icvBytes: 12) }
    if key.hasPrefix("any"), key.hasSuffix("bitauthentication") {
      guard let bits = Int(key.dropFirst(3).dropLast(17)), (32...512).contains(bits) else {
        return nil
      }
      return .unchecked(icvBytes: bits / 8)
    }
    let others = [
      "md5", "sha", "sha1", "tcpmd5", "macripemd16096", "hmacripemd160", "hmacripemd16096",
      "hmacrmd160",
    ]
    return others.contains(key) ? .unsupported(name.string) : nil
  }

  private static let integrities: [String: IntegrityAlgorithm] = [
    "null": 0, "none": 0, "digestnull": 0,
    "hmacmd5": 1, "hmacmd596": 1, "hmacmd5128": 6,
    "hmacsha1": 2, "hmacsha196": 2, "hmacsha1160": 7,
    "aesxcbc": 5, "aesxcbc96": 5, "aesxcbcmac": 5, "aesxcbcmac96": 5, "xcbcaes": 5,
    "aescmac": 8, "aescmac96": 8, "cmacaes": 8,
    "aes128gmac": 9, "aes192gmac": 10, "aes256gmac": 11,
    "hmacsha256": 12, "hmacsha2256": 12, "hmacsha256128": 12, "hmacsha2256128": 12,
    "hmacsha384": 13, "hmacsha2384": 13, "hmacsha384192": 13, "hmacsha2384192": 13,
    "hmacsha512": 14, "hmacsha2512": 14, "hmacsha512256": 14, "hmacsha2512256": 14,
  ]

  /// Its letters and digits, in lower case, up to a bracket.
  private static func canonical(_ name: KeyText) -> String {
    var letters: [UInt8] = []
    for byte in name.prefix(80) {
      switch byte {
      case UInt8(ascii: "["): return String(decoding: letters, as: UTF8.self)
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): letters.append(byte | 0x20)
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        letters.append(byte)
      default: break
      }
    }
    return String(decoding: letters, as: UTF8.self)
  }

  /// Says that no list knows `name`. What may be a key at the wrong place is not quoted.
  static func unknown(_ name: KeyText, what: String) -> KeyFault {
    let digits = name.hasHexPrefix ? name.dropFirst(2) : name
    let isPrintable = name.allSatisfy { (0x20...0x7E).contains($0) }
    let isQuotable =
      isPrintable && (1...60).contains(name.count) && !(digits.count >= 8 && digits.isHexadecimal)
    return KeyFault(isQuotable ? "unknown \(what) \"\(name.string)\"" : "unknown \(what)")
  }
}
