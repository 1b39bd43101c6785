internal import COpenSSL
internal import PacketDissector

/// What MS-CHAPv2 is made of and nothing else should be: both come from the legacy provider.
enum LegacyPrimitives {
  /// RFC 1320. 16 octets.
  static func md4(_ bytes: UnsafeRawBufferPointer) throws(CryptoError) -> [UInt8] {
    guard let library = unsafe LegacyProvider.shared?.library else {
      throw .noLegacyProvider("MD4")
    }
    guard let function = unsafe EVP_MD_fetch(library, "MD4", nil) else {
      ERR_clear_error()
      throw .notInThisOpenSSL("MD4")
    }
    defer { unsafe EVP_MD_free(function) }
    var output = [UInt8](repeating: 0, count: 16)
    // OpenSSL reads the buffer's count, and MD4 writes 16 bytes.
    guard unsafe EVP_Digest(bytes.baseAddress, bytes.count, &output, nil, function, nil) == 1 else {
      throw .openSSLFailed("MD4")
    }
    return output
  }

  /// One block of DES under 56 bits of key, which `key` has in 7 octets, without parity.
  static func desBlock(_ block: [UInt8], key: ArraySlice<UInt8>) throws(CryptoError) -> [UInt8] {
    precondition(block.count == 8 && key.count == 7)
    let bits = key.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    var expanded = (0..<8).map { UInt8(truncatingIfNeeded: bits >> (49 - 7 * $0)) << 1 }
    let secret = Secret(consuming: &expanded)
    let context = try unsafe secret.withBytes { (bytes) throws(CryptoError) in
      try unsafe CipherContext(
        OpenSSLCipher("DES-ECB", .legacy), key: bytes, nonceBytes: 0, .encrypt)
    }
    var output = [UInt8](repeating: 0, count: 8)
    var span = output.mutableSpan
    var target = unsafe span.mutableBytes
    let noNonce: [UInt8] = []
    guard context.start(noNonce.rawBytes), context.update(block.rawBytes, into: &target) else {
      throw .openSSLFailed("DES")
    }
    return output
  }
}
