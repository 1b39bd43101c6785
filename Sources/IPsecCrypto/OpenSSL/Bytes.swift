internal import COpenSSL

extension RawSpan {
  /// The byte at an offset that must be below the count; outside it, a trap.
  func byte(_ offset: Int) -> UInt8 {
    precondition(offset >= 0 && offset < byteCount)
    // The line above proves it.
    return unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
  }

  /// Equal in length and bytes, compared in a time that does not depend on the bytes.
  func isSame(as other: RawSpan) -> Bool {
    guard byteCount == other.byteCount else { return false }
    guard byteCount > 0 else { return true }
    return unsafe withUnsafeBytes { left in
      // Both have left.count bytes.
      unsafe other.withUnsafeBytes { right in
        unsafe CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
      }
    }
  }
}

extension MutableRawSpan {
  /// Copies the first `count` bytes of `source` to `offset`; both must have the room, or it traps.
  @_lifetime(self: copy self)
  mutating func copy(_ source: RawSpan, count: Int, at offset: Int = 0) {
    precondition(
      count >= 0 && count <= source.byteCount && offset >= 0 && offset <= byteCount - count)
    guard count > 0 else { return }
    unsafe withUnsafeMutableBytes { target in
      // The first line proves both ranges.
      unsafe source.withUnsafeBytes { source in
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + count])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[0..<count]))
      }
    }
  }

  /// Zeroes `count` bytes from `offset` on; they must be there, or it traps.
  @_lifetime(self: copy self)
  mutating func zero(_ count: Int, at offset: Int = 0) {
    precondition(count >= 0 && offset >= 0 && count <= byteCount && offset <= byteCount - count)
    unsafe withUnsafeMutableBytes { target in
      // The line above proves the range.
      unsafe OPENSSL_cleanse(target.baseAddress?.advanced(by: offset), count)
    }
  }
}
