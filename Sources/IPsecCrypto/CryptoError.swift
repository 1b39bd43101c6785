package import PacketDissector

/// Why a transform cannot be had, or not with this key.
package enum CryptoError: Error, Equatable, Sendable {
  /// A number that no registry known here names.
  case unknownTransform(TransformType, UInt16)
  /// A transform that has a name, but no implementation here.
  case notImplemented(String)
  /// A cipher or MAC that this machine's OpenSSL was built without.
  case notInThisOpenSSL(String)
  /// A cipher of OpenSSL's legacy provider, a file that is not on this machine.
  case noLegacyProvider(String)
  /// The Key Length attribute is missing, or has a value that the cipher does not know.
  case badKeyLengthAttribute(String, bits: Int?)
  case badKeyMaterial(String, needed: Int, given: Int)
  case badTruncation(String, bytes: Int)
  /// More key material than the function yields: 255 times its output, RFC 7296 section 2.13.
  case tooMuchKeyMaterial(String, bytes: Int)
  /// A key that OpenSSL's implementation refuses for its length.
  case keyRefused(String, bytes: Int)
  case openSSLFailed(String)
}

extension CryptoError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknownTransform(let type, let id): "\(type) transform \(id) is not a known one"
    case .notImplemented(let name): "\(name) is not implemented"
    case .notInThisOpenSSL(let name): "this OpenSSL does not have \(name)"
    case .noLegacyProvider(let name):
      "\(name) needs OpenSSL's legacy provider (legacy.so), which this machine does not have"
    case .badKeyLengthAttribute(let name, nil): "\(name) needs a key length"
    case .badKeyLengthAttribute(let name, let bits?): "\(name) has no key length of \(bits) bits"
    case .badKeyMaterial(let name, let needed, let given):
      "\(name) takes \(needed) bytes of key material, not \(given)"
    case .badTruncation(let name, let bytes): "\(name) cannot be truncated to \(bytes) bytes"
    case .tooMuchKeyMaterial(let name, let bytes): "\(name) cannot yield \(bytes) bytes"
    case .keyRefused(let name, let bytes): "OpenSSL refuses a key of \(bytes) bytes for \(name)"
    case .openSSLFailed(let name): "OpenSSL failed in \(name)"
    }
  }
}

/// Why a packet was not opened or sealed.
package enum PacketCipherFailure: Error, Equatable, Sendable {
  /// The ICV does not fit key, IV, associated data and ciphertext.
  case wrongICV
  case wrongIVLength
  /// Shorter than its ICV, not a multiple of the block, or longer than OpenSSL counts.
  case wrongLength
  case outputTooSmall
  case openSSLFailed
}
