internal import COpenSSL

/// A non-negative integer of any size, immutable, zeroed when it goes.
@safe
final class BigNumber: @unchecked Sendable {
  private let pointer: OpaquePointer

  private init(_ pointer: OpaquePointer) {
    unsafe self.pointer = pointer
  }

  deinit {
    unsafe BN_clear_free(pointer)
  }

  /// Takes what `make` returns into its care.
  convenience init?(owning make: () -> OpaquePointer?) {
    guard let pointer = unsafe make() else { return nil }
    unsafe self.init(pointer)
  }

  /// An unsigned integer, most significant octet first.
  convenience init?(_ bytes: [UInt8]) {
    guard let count = Int32(exactly: bytes.count) else { return nil }
    // BN_bin2bn reads `count` bytes.
    unsafe self.init(owning: { unsafe BN_bin2bn(bytes, count, nil) })
  }

  convenience init?(hexadecimal: String) {
    var pointer: OpaquePointer?
    guard unsafe BN_hex2bn(&pointer, hexadecimal) > 0, let pointer = unsafe pointer else {
      return nil
    }
    unsafe self.init(pointer)
  }

  /// A secret number of at most `bits` bits.
  static func random(bits: Int32) -> BigNumber? {
    guard let number = unsafe BigNumber(owning: { unsafe BN_new() }) else { return nil }
    let isDone = unsafe BN_priv_rand(number.pointer, bits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1
    return isDone ? number : nil
  }

  /// A secret number below `limit`.
  static func random(below limit: BigNumber) -> BigNumber? {
    guard let number = unsafe BigNumber(owning: { unsafe BN_new() }) else { return nil }
    return unsafe BN_priv_rand_range(number.pointer, limit.pointer) == 1 ? number : nil
  }

  var byteCount: Int { unsafe Int(BN_num_bits(pointer) + 7) / 8 }
  var isOne: Bool { unsafe BN_is_one(pointer) == 1 }
  var isZero: Bool { unsafe BN_is_zero(pointer) == 1 }

  /// Most significant octet first, with zeros in front up to `count`; nil if it needs more.
  func bytes(count: Int) -> [UInt8]? {
    guard let small = Int32(exactly: count) else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    // BN_bn2binpad writes `count` bytes, or fails.
    return unsafe BN_bn2binpad(pointer, &bytes, small) == small ? bytes : nil
  }

  func isLess(than other: BigNumber) -> Bool {
    unsafe BN_cmp(pointer, other.pointer) < 0
  }

  /// One less; nil for zero.
  var predecessor: BigNumber? {
    guard !isZero, let number = unsafe BigNumber(owning: { unsafe BN_dup(pointer) }) else {
      return nil
    }
    return unsafe BN_sub_word(number.pointer, 1) == 1 ? number : nil
  }

  /// self^exponent mod an odd modulus, in a time that does not depend on the exponent's bits.
  func power(_ exponent: BigNumber, modulo modulus: BigNumber) -> BigNumber? {
    guard let result = unsafe BigNumber(owning: { unsafe BN_new() }),
      let context = unsafe BN_CTX_secure_new()
    else { return nil }
    defer { unsafe BN_CTX_free(context) }
    let isDone =
      unsafe BN_mod_exp_mont_consttime(
        result.pointer, pointer, exponent.pointer, modulus.pointer, context, nil) == 1
    return isDone ? result : nil
  }
}
