internal import COpenSSL

/// Bytes that nobody can foretell: nonces, SPIs, and the IVs of ciphers that demand it.
package enum RandomBytes {
  /// `count` bytes of OpenSSL's generator.
  package static func make(_ count: Int) throws(CryptoError) -> [UInt8] {
    guard count > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    var target = unsafe span.mutableBytes
    try fill(&target)
    return bytes
  }

  /// Overwrites all of `target`, and allocates nothing.
  @_lifetime(target: copy target)
  package static func fill(_ target: inout MutableRawSpan) throws(CryptoError) {
    guard let size = Int32(exactly: target.byteCount) else { throw .openSSLFailed("RAND_bytes") }
    guard size > 0 else { return }
    let isFilled = unsafe target.withUnsafeMutableBytes { bytes in
      // `size` is their number.
      unsafe RAND_bytes(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), size) == 1
    }
    guard isFilled else { throw .openSSLFailed("RAND_bytes") }
  }
}
