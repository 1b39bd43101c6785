internal import COpenSSL

/// A block of a PEM file, RFC 7468, decoded but not decrypted.
struct PEMBlock {
  let label: String
  let content: [UInt8]

  /// All blocks, and whether one of them is damaged: nothing behind that one is read.
  static func blocks(in bytes: [UInt8]) -> (blocks: [PEMBlock], isDamaged: Bool) {
    guard let count = Int32(exactly: bytes.count) else { return ([], true) }
    return unsafe bytes.withUnsafeBytes { buffer in
      // The BIO reads `count` bytes of the buffer, and is gone before that is.
      guard let input = unsafe BIO_new_mem_buf(buffer.baseAddress, count) else {
        return ([], true)
      }
      defer {
        unsafe BIO_free(input)
        ERR_clear_error()
      }
      var blocks: [PEMBlock] = []
      ERR_clear_error()
      while let block = unsafe PEMBlock(from: input) { blocks.append(block) }
      // What says that the file has ended.
      let reason = ERR_GET_REASON(ERR_peek_last_error())
      return (blocks, reason != PEM_R_NO_START_LINE)
    }
  }

  private init?(from input: OpaquePointer) {
    var name: UnsafeMutablePointer<CChar>?
    var header: UnsafeMutablePointer<CChar>?
    var start: UnsafeMutablePointer<UInt8>?
    var count = 0
    guard unsafe PEM_read_bio(input, &name, &header, &start, &count) == 1 else { return nil }
    defer {
      unsafe CRYPTO_free(name, #file, #line)
      unsafe CRYPTO_free(header, #file, #line)
      unsafe CRYPTO_free(start, #file, #line)
    }
    guard let name = unsafe name, let start = unsafe start, count >= 0 else { return nil }
    label = unsafe String(cString: name)
    // OpenSSL allocated `count` bytes.
    content = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  }
}
