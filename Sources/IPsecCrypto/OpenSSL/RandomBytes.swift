internal import COpenSSL

/// Bytes that nobody can foretell: nonces, SPIs, and the IVs of ciphers that demand it.
package enum RandomBytes {
  /// `count` bytes of OpenSSL's generator.
  package static func make(_ count: Int) throws(CryptoError) -> [UInt8] {
    guard count > 0 else { return [] }
    guard let size = Int32(exactly: count) else { throw .openSSLFailed("RAND_bytes") }
    var bytes = [UInt8](repeating: 0, count: count)
    // The array has the `size` bytes that are written.
    guard unsafe RAND_bytes(&bytes, size) == 1 else { throw .openSSLFailed("RAND_bytes") }
    return bytes
  }
}
