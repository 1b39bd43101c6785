internal import COpenSSL

/// Key material: it cannot be printed, compared by accident or left behind in memory.
///
/// Copies of a value share one allocation, which is zeroed when the last of them goes. Its bytes are
/// lent to a closure, never handed out.
package struct Secret: Sendable {
  /// Immutable after its initialiser, so that sharing it between threads is safe.
  @safe
  private final class Storage: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ source: borrowing Span<UInt8>) {
      unsafe bytes = .allocate(byteCount: source.count, alignment: 16)
      for index in source.indices { unsafe bytes[index] = source[index] }
    }

    deinit {
      // OPENSSL_cleanse is not optimised away, as a plain loop of stores may be.
      unsafe OPENSSL_cleanse(bytes.baseAddress, bytes.count)
      unsafe bytes.deallocate()
    }
  }

  private let storage: Storage

  /// Copies `bytes`, and zeroes the caller's array.
  package init(consuming bytes: inout [UInt8]) {
    storage = Storage(bytes.span)
    for index in bytes.indices { bytes[index] = 0 }
    bytes = []
  }

  /// Copies `bytes`; for material that is no secret by itself, such as published test vectors.
  package init(copying bytes: [UInt8]) {
    storage = Storage(bytes.span)
  }

  package var count: Int { unsafe storage.bytes.count }
  package var isEmpty: Bool { count == 0 }

  /// Lends the bytes. They must not be kept beyond the call.
  package func withBytes<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe body(UnsafeRawBufferPointer(storage.bytes))
  }

  /// A part of it, as a secret of its own; nil if it does not have these bytes.
  package func part(_ range: Range<Int>) -> Secret? {
    guard range.lowerBound >= 0, range.upperBound <= count else { return nil }
    var bytes = unsafe withBytes { unsafe Array($0[range]) }
    return Secret(consuming: &bytes)
  }

  /// Equal bytes, compared in a time that does not depend on them.
  package func hasSameBytes(as other: Secret) -> Bool {
    guard count == other.count else { return false }
    return unsafe withBytes { left in
      unsafe other.withBytes { right in
        unsafe CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
      }
    }
  }

  /// Lower-case hexadecimal, for the one option that asks for it (`--show-keys`).
  package var revealed: String {
    unsafe withBytes { bytes in
      unsafe bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
  }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "(secret of \(count) bytes)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
