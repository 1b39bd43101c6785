internal import COpenSSL

/// One EVP_CIPHER_CTX: a cipher with its key, one direction, used for packet after packet.
///
/// Its functions return false where OpenSSL does. Every count is checked here, so that no caller
/// can make OpenSSL read or write beyond a span.
@safe
struct CipherContext: ~Copyable {
  enum Direction: Int32 {
    case decrypt = 0
    case encrypt = 1
  }

  private let context: OpaquePointer
  /// Bytes of IV or nonce that ``start(_:)`` reads.
  private let nonceBytes: Int

  /// `tagBytes` is the length of CCM's tag, which must be known before the key.
  init(
    _ cipher: OpenSSLCipher, key: UnsafeRawBufferPointer, nonceBytes: Int, tagBytes: Int? = nil,
    _ direction: Direction
  ) throws(CryptoError) {
    let implementation = try unsafe cipher.fetch()
    defer { unsafe EVP_CIPHER_free(implementation) }
    guard let context = unsafe EVP_CIPHER_CTX_new() else { throw .openSSLFailed(cipher.name) }
    do throws(CryptoError) {
      unsafe try Self.prepare(
        context, implementation, cipher.name, key, nonceBytes, tagBytes, direction.rawValue)
    } catch {
      unsafe EVP_CIPHER_CTX_free(context)
      ERR_clear_error()
      throw error
    }
    unsafe self.context = context
    self.nonceBytes = nonceBytes
  }

  private static func prepare(
    _ context: OpaquePointer, _ implementation: OpaquePointer, _ name: String,
    _ key: UnsafeRawBufferPointer, _ nonceBytes: Int, _ tagBytes: Int?, _ way: Int32
  ) throws(CryptoError) {
    guard unsafe EVP_CipherInit_ex(context, implementation, nil, nil, nil, way) == 1 else {
      throw .openSSLFailed(name)
    }
    let keyCount = Int32(clamping: key.count)
    if unsafe EVP_CIPHER_CTX_get_key_length(context) != keyCount {
      guard unsafe EVP_CIPHER_CTX_set_key_length(context, keyCount) == 1 else {
        throw .keyRefused(name, bytes: key.count)
      }
    }
    let nonceCount = Int32(clamping: nonceBytes)
    if unsafe EVP_CIPHER_CTX_get_iv_length(context) != nonceCount {
      guard unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, nonceCount, nil) == 1
      else { throw .openSSLFailed(name) }
    }
    if let tagBytes {
      let tagCount = Int32(clamping: tagBytes)
      guard unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tagCount, nil) == 1
      else { throw .openSSLFailed(name) }
    }
    // The context now reads exactly key.count bytes.
    let start = unsafe key.baseAddress?.assumingMemoryBound(to: UInt8.self)
    guard unsafe EVP_CipherInit_ex(context, nil, nil, start, nil, way) == 1 else {
      throw .keyRefused(name, bytes: key.count)
    }
    // Only blocks can be padded; what is set here OpenSSL sets again at each packet's start.
    if unsafe EVP_CIPHER_CTX_get_block_size(context) > 1 {
      guard unsafe EVP_CIPHER_CTX_set_padding(context, 0) == 1 else { throw .openSSLFailed(name) }
    }
  }

  deinit {
    // Zeroes the key schedule, too.
    unsafe EVP_CIPHER_CTX_free(context)
  }

  /// Begins a packet.
  func start(_ nonce: RawSpan) -> Bool {
    guard nonce.byteCount >= nonceBytes else { return false }
    // OpenSSL reads nonceBytes, which its initialiser set.
    return unsafe nonce.withOpenSSLBytes {
      unsafe EVP_CipherInit_ex(context, nil, nil, nil, $0, -1) == 1
    }
  }

  /// Tells CCM how much there will be to encrypt or decrypt.
  func announce(byteCount: Int) -> Bool {
    guard let count = Int32(exactly: byteCount) else { return false }
    var written: Int32 = 0
    return unsafe EVP_CipherUpdate(context, nil, &written, nil, count) == 1
  }

  func associate(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount > 0 else { return true }
    guard let count = bytes.openSSLCount else { return false }
    var written: Int32 = 0
    return unsafe bytes.withOpenSSLBytes {
      unsafe EVP_CipherUpdate(context, nil, &written, $0, count) == 1
    }
  }

  /// Encrypts or decrypts `input` to `output`, from `offset` on. A block cipher gets whole blocks.
  @_lifetime(output: copy output)
  func update(
    _ input: RawSpan, into output: inout MutableRawSpan, at offset: Int = 0
  ) -> Bool {
    guard let count = input.openSSLCount, offset >= 0, input.byteCount <= output.byteCount,
      offset <= output.byteCount - input.byteCount
    else { return false }
    var written: Int32 = 0
    let done = unsafe output.withUnsafeMutableBytes { target in
      // Without padding, whole blocks give as many bytes as they are, which the guard proves to be
      // in the output from `offset` on.
      // An empty output has no address; then the input is empty, too, and nothing is written.
      var nowhere: UInt8 = 0
      return unsafe withUnsafeMutablePointer(to: &nowhere) { nowhere in
        let start =
          unsafe target.baseAddress?.advanced(by: offset).assumingMemoryBound(to: UInt8.self)
          ?? nowhere
        return unsafe input.withOpenSSLBytes {
          unsafe EVP_CipherUpdate(context, start, &written, $0, count) == 1
        }
      }
    }
    return done && written == count
  }

  /// Ends a packet; when opening with a tag, false says that the tag is wrong.
  func finish() -> Bool {
    // AEADs and unpadded blocks write nothing here; a block's room is there all the same.
    var rest = InlineArray<32, UInt8>(repeating: 0)
    var span = rest.mutableSpan
    var written: Int32 = 0
    return unsafe span.withUnsafeMutableBufferPointer {
      unsafe EVP_CipherFinal_ex(context, $0.baseAddress, &written) == 1
    }
  }

  /// Empties OpenSSL's queue of this thread's errors, in which a wrong tag leaves an entry.
  static func forgetErrors() {
    ERR_clear_error()
  }

  func setTag(_ tag: RawSpan) -> Bool {
    guard let count = tag.openSSLCount else { return false }
    return unsafe tag.withOpenSSLBytes {
      // OpenSSL copies from the pointer; that it is not const is the function's age.
      unsafe EVP_CIPHER_CTX_ctrl(
        context, EVP_CTRL_AEAD_SET_TAG, count, UnsafeMutablePointer(mutating: $0)) == 1
    }
  }

  /// Writes the first `count` bytes of the tag to `output`, from `offset` on.
  @_lifetime(output: copy output)
  func getTag(_ count: Int, into output: inout MutableRawSpan, at offset: Int = 0) -> Bool {
    guard let small = Int32(exactly: count), count > 0, offset >= 0,
      offset <= output.byteCount - count
    else { return false }
    return unsafe output.withUnsafeMutableBytes { target in
      // The guard proves that `count` bytes from `offset` are in the output.
      unsafe EVP_CIPHER_CTX_ctrl(
        context, EVP_CTRL_AEAD_GET_TAG, small, target.baseAddress?.advanced(by: offset)) == 1
    }
  }
}
