internal import COpenSSL

/// A MAC by OpenSSL's name, with the parameters that choose its variant.
struct OpenSSLMAC: Hashable, Sendable {
  var name: String
  var digest: String?
  var cipher: String?
  /// KMAC's customization string.
  var customization: String?
  /// KMAC's output length: it is part of what is authenticated.
  var outputBytes: Int?

  static func hmac(_ digest: String) -> OpenSSLMAC { OpenSSLMAC(name: "HMAC", digest: digest) }
  static func cmac(_ cipher: String) -> OpenSSLMAC { OpenSSLMAC(name: "CMAC", cipher: cipher) }
  static func kmac(_ bits: Int, customization: String, outputBytes: Int) -> OpenSSLMAC {
    OpenSSLMAC(name: "KMAC\(bits)", customization: customization, outputBytes: outputBytes)
  }
}

/// One EVP_MAC_CTX with its key, used for message after message.
@safe
struct MACContext: ~Copyable {
  private let context: OpaquePointer

  init(_ mac: OpenSSLMAC, key: UnsafeRawBufferPointer) throws(CryptoError) {
    guard let implementation = unsafe EVP_MAC_fetch(nil, mac.name, nil) else {
      ERR_clear_error()
      throw .notInThisOpenSSL(mac.name)
    }
    defer { unsafe EVP_MAC_free(implementation) }
    guard let context = unsafe EVP_MAC_CTX_new(implementation) else {
      throw .openSSLFailed(mac.name)
    }
    guard unsafe Self.initialise(context, mac, key) else {
      unsafe EVP_MAC_CTX_free(context)
      ERR_clear_error()
      throw .keyRefused(mac.name, bytes: key.count)
    }
    unsafe self.context = context
  }

  deinit {
    // Zeroes the key, too.
    unsafe EVP_MAC_CTX_free(context)
  }

  private static func initialise(
    _ context: OpaquePointer, _ mac: OpenSSLMAC, _ key: UnsafeRawBufferPointer
  ) -> Bool {
    // The parameters point into these; they live until EVP_MAC_init has copied them.
    var digest = Array((mac.digest ?? "").utf8CString)
    var cipher = Array((mac.cipher ?? "").utf8CString)
    var customization = Array((mac.customization ?? "").utf8)
    // OpenSSL wants an address even for an empty string of none of its bytes.
    let customizationCount = customization.count
    customization.append(0)
    var size = mac.outputBytes ?? 0
    return unsafe digest.withUnsafeMutableBufferPointer { digest in
      unsafe cipher.withUnsafeMutableBufferPointer { cipher in
        unsafe customization.withUnsafeMutableBufferPointer { customization in
          unsafe withUnsafeMutablePointer(to: &size) { size in
            var parameters: [OSSL_PARAM] = unsafe []
            if mac.digest != nil {
              unsafe parameters.append(
                OSSL_PARAM_construct_utf8_string(name("digest"), digest.baseAddress, 0))
            }
            if mac.cipher != nil {
              unsafe parameters.append(
                OSSL_PARAM_construct_utf8_string(name("cipher"), cipher.baseAddress, 0))
            }
            if mac.customization != nil {
              unsafe parameters.append(
                OSSL_PARAM_construct_octet_string(
                  name("custom"), customization.baseAddress, customizationCount))
            }
            if mac.outputBytes != nil {
              unsafe parameters.append(OSSL_PARAM_construct_size_t(name("size"), size))
            }
            unsafe parameters.append(OSSL_PARAM_construct_end())
            return unsafe key.bytes.withOpenSSLBytes {
              unsafe EVP_MAC_init(context, $0, key.count, parameters) == 1
            }
          }
        }
      }
    }
  }

  /// A parameter's name, at an address that outlives the parameter.
  private static func name(_ name: StaticString) -> UnsafePointer<CChar> {
    unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  /// Begins another message under the same key.
  func restart() -> Bool {
    unsafe EVP_MAC_init(context, nil, 0, nil) == 1
  }

  func update(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount > 0 else { return true }
    return unsafe bytes.withOpenSSLBytes {
      unsafe EVP_MAC_update(context, $0, bytes.byteCount) == 1
    }
  }

  /// Ends a message: writes its MAC, of `count` bytes, to the start of `output`.
  @_lifetime(output: copy output)
  func finish(_ count: Int, into output: inout MutableRawSpan) -> Bool {
    guard count > 0, output.byteCount >= count else { return false }
    var written = 0
    return unsafe output.withUnsafeMutableBytes { target in
      // OpenSSL writes at most `count` bytes, which the guard proves, and fails for a longer MAC.
      unsafe EVP_MAC_final(
        context, target.baseAddress?.assumingMemoryBound(to: UInt8.self), &written, count) == 1
        && written == count
    }
  }
}
