import IPsecCrypto
import PacketDissector

/// What a cipher takes from the key material of one direction.
struct KeySizes {
  let keys: [Int]
  /// The salt or nonce that follows the key (RFC 3686, 4106, 4309, 4543, 5529, 7634, 8750).
  let salt: Int

  /// Nil where many lengths are allowed, or nothing is known.
  init?(of algorithm: EncryptionAlgorithm) {
    switch algorithm {
    case 2: (keys, salt) = ([8], 0)
    case 3: (keys, salt) = ([24], 0)
    case 11: (keys, salt) = ([0], 0)
    case 12, 23: (keys, salt) = ([16, 24, 32], 0)
    case 13, 18, 19, 20, 21, 24, 30: (keys, salt) = ([16, 24, 32], 4)
    case 14, 15, 16, 25, 26, 27, 29: (keys, salt) = ([16, 24, 32], 3)
    case 28, 31: (keys, salt) = ([32], 4)
    default: return nil
    }
  }

  static func isAEAD(_ cipher: KeyCipher) -> Bool {
    guard case .algorithm(let algorithm) = cipher else { return false }
    return switch algorithm.rawValue {
    case 14...16, 18...21, 25...35: true
    default: false
    }
  }

  /// Throws what is wrong with a key of `count` bytes, which the file calls `name`.
  static func check(
    _ count: Int, for algorithm: EncryptionAlgorithm, keyBits: Int? = nil, name: String
  ) throws(KeyFault) {
    guard let sizes = KeySizes(of: algorithm) else { return }
    let keys = keyBits.map { [$0 / 8] } ?? sizes.keys
    if keys.contains(count - sizes.salt) { return }
    let list = keys.count == 3 ? "\(keys[0]), \(keys[1]) or \(keys[2])" : "\(keys[0])"
    let salt = sizes.salt == 0 ? "" : ", and \(sizes.salt) of salt"
    throw KeyFault("\(name) has \(count) bytes; \(algorithm) takes \(list)\(salt)")
  }
}

extension IntegrityAlgorithm {
  /// The length of the negotiated key (RFC 2403, 2404, 3566, 4494, 4543, 4868); nil if not known.
  var nominalKeyBytes: Int? {
    switch self {
    case 0: 0
    case 1, 5, 6, 8: 16
    case 2, 7: 20
    case 9: 20
    case 10: 28
    case 11: 36
    case 12: 32
    case 13: 48
    case 14: 64
    default: nil
    }
  }

  /// HMAC takes a key of any length, and keys set by hand have many.
  private var takesAnyKey: Bool {
    switch self {
    case 1, 2, 6, 7, 12, 13, 14: true
    default: false
    }
  }

  func check(_ count: Int, negotiated: Bool, name: String) throws(KeyFault) {
    guard let nominal = nominalKeyBytes, count != nominal else { return }
    if takesAnyKey, !negotiated {
      if count == 0 { throw KeyFault("\(name) is empty; \(self) takes a key") }
      return
    }
    throw KeyFault("\(name) has \(count) bytes; \(self) takes \(nominal)")
  }
}
