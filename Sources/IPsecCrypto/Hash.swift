internal import COpenSSL

/// A plain hash function: NAT detection, IKEv1's HASH payloads, signature prefixes.
package enum HashFunction: String, CaseIterable, Sendable {
  case md5 = "MD5"
  case sha1 = "SHA1"
  case sha2_224 = "SHA2-224"
  case sha2_256 = "SHA2-256"
  case sha2_384 = "SHA2-384"
  case sha2_512 = "SHA2-512"
  case sha3_256 = "SHA3-256"
  case sha3_384 = "SHA3-384"
  case sha3_512 = "SHA3-512"

  package var byteCount: Int {
    switch self {
    case .md5: 16
    case .sha1: 20
    case .sha2_224: 28
    case .sha2_256, .sha3_256: 32
    case .sha2_384, .sha3_384: 48
    case .sha2_512, .sha3_512: 64
    }
  }

  /// The hash of all `parts`, one behind the other.
  package func digest(_ parts: [UInt8]...) throws(CryptoError) -> [UInt8] {
    guard let function = unsafe EVP_MD_fetch(nil, rawValue, nil) else {
      ERR_clear_error()
      throw .notInThisOpenSSL(rawValue)
    }
    defer { unsafe EVP_MD_free(function) }
    guard let context = unsafe EVP_MD_CTX_new() else { throw .openSSLFailed(rawValue) }
    defer { unsafe EVP_MD_CTX_free(context) }
    var isFine = unsafe EVP_DigestInit_ex(context, function, nil) == 1
    for part in parts where isFine {
      unsafe isFine = EVP_DigestUpdate(context, part, part.count) == 1
    }
    // No hash is longer than EVP_MAX_MD_SIZE.
    var output = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var written: UInt32 = 0
    guard isFine, unsafe EVP_DigestFinal_ex(context, &output, &written) == 1 else {
      throw .openSSLFailed(rawValue)
    }
    return Array(output.prefix(Int(written)))
  }
}
