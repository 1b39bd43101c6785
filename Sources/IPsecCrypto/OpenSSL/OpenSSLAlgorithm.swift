internal import COpenSSL

/// A cipher by OpenSSL's name, and the provider that has it.
struct OpenSSLCipher: Hashable, Sendable {
  enum Provider: Hashable, Sendable {
    case standard
    /// DES, Blowfish, CAST and the like, which OpenSSL 3 keeps in a module of its own.
    case legacy
  }

  let name: String
  let provider: Provider

  init(_ name: String, _ provider: Provider = .standard) {
    self.name = name
    self.provider = provider
  }

  /// The implementation; the caller frees it.
  func fetch() throws(CryptoError) -> OpaquePointer {
    var library: OpaquePointer?
    if provider == .legacy {
      guard let legacy = unsafe LegacyProvider.shared?.library else {
        throw .noLegacyProvider(name)
      }
      unsafe library = legacy
    }
    guard let cipher = unsafe EVP_CIPHER_fetch(library, name, nil) else {
      ERR_clear_error()
      throw .notInThisOpenSSL(name)
    }
    return unsafe cipher
  }
}

/// The legacy provider, in a library context of its own: what it brings stays out of the default
/// one. It is loaded when a transform first asks for it and stays until the process ends.
@safe
struct LegacyProvider: @unchecked Sendable {
  let library: OpaquePointer

  /// Nil where the provider's module is not installed.
  static let shared = LegacyProvider()

  private init?() {
    guard let library = unsafe OSSL_LIB_CTX_new() else { return nil }
    guard unsafe OSSL_PROVIDER_load(library, "legacy") != nil else {
      unsafe OSSL_LIB_CTX_free(library)
      ERR_clear_error()
      return nil
    }
    unsafe self.library = library
  }
}

extension RawSpan {
  /// The count as OpenSSL's older functions take it; nil where it does not fit.
  var openSSLCount: Int32? { Int32(exactly: byteCount) }

  /// Lends the bytes as OpenSSL wants them: its functions take a null pointer for "no input", so
  /// that an empty span lends a pointer to a byte that is never read.
  func withOpenSSLBytes<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
    unsafe withUnsafeBytes { buffer in
      if let start = buffer.baseAddress {
        return unsafe body(start.assumingMemoryBound(to: UInt8.self))
      }
      return unsafe withUnsafePointer(to: UInt8(0)) { unsafe body($0) }
    }
  }
}
