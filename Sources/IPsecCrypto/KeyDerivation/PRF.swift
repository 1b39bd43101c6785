package import PacketDissector

/// A pseudorandom function of IKE, RFC 7296 section 2.13; with it, IKEv1's prf.
package struct PRF: Hashable, Sendable {
  package let id: PseudorandomFunction
  package let outputBytes: Int
  /// The length of SK_d, SK_pi and SK_pr.
  package let preferredKeyBytes: Int
  /// From a draft: number and format may change, and the number is our own.
  package let isExperimental: Bool
  let construction: Construction

  enum Construction: Hashable, Sendable {
    case mac(OpenSSLMAC)
    /// RFC 4434 and RFC 4615 section 3: a key of any length becomes one of 16 bytes.
    case xcbc
    case cmac
    /// One call whose output length is part of the input, in place of an iterated prf+.
    case kmac(bits: Int)
  }

  /// RFC 7296 section 2.14: SKEYSEED's key is then the first 8 bytes of each nonce.
  package var halvesNonces: Bool { construction == .xcbc || construction == .cmac }

  package var name: String {
    if let name = id.name { return name }
    return switch construction {
    case .kmac(let bits): "PRF_KMAC\(bits) (experimental)"
    case .mac(let mac): "PRF_HMAC_\(mac.digest ?? "") (experimental)"
    case .xcbc, .cmac: "\(id)"
    }
  }

  package init(_ id: PseudorandomFunction) throws(CryptoError) {
    switch id {
    case .hmacMD5: self.init(id, 16, .mac(.hmac("MD5")))
    case .hmacSHA1: self.init(id, 20, .mac(.hmac("SHA1")))
    case .hmacSHA2_256: self.init(id, 32, .mac(.hmac("SHA2-256")))
    case .hmacSHA2_384: self.init(id, 48, .mac(.hmac("SHA2-384")))
    case .hmacSHA2_512: self.init(id, 64, .mac(.hmac("SHA2-512")))
    case .aes128XCBC: self.init(id, 16, .xcbc)
    case .aes128CMAC: self.init(id, 16, .cmac)
    case .experimentalHMACSHA3_256: self.init(id, 32, .mac(.hmac("SHA3-256")), true)
    case .experimentalHMACSHA3_384: self.init(id, 48, .mac(.hmac("SHA3-384")), true)
    case .experimentalHMACSHA3_512: self.init(id, 64, .mac(.hmac("SHA3-512")), true)
    case .experimentalKMAC128: self.init(id, 32, .kmac(bits: 128), true)
    case .experimentalKMAC256: self.init(id, 64, .kmac(bits: 256), true)
    default:
      guard let name = id.name else { throw .unknownTransform(.prf, id.rawValue) }
      throw .notImplemented(name)
    }
  }

  /// KMAC128 or KMAC256 under another number than ours.
  package static func kmac(
    _ id: PseudorandomFunction, bits: Int
  ) throws(CryptoError) -> PRF {
    guard bits == 128 || bits == 256 else { throw .notImplemented("KMAC\(bits)") }
    return PRF(id, bits / 4, .kmac(bits: bits), true)
  }

  private init(
    _ id: PseudorandomFunction, _ outputBytes: Int, _ construction: Construction,
    _ isExperimental: Bool = false
  ) {
    self.id = id
    self.outputBytes = outputBytes
    preferredKeyBytes = outputBytes
    self.isExperimental = isExperimental
    self.construction = construction
  }
}

/// A run of what a PRF is computed over: a nonce or an SPI, which anyone may see, or a secret.
package enum PRFInput: Sendable {
  case bytes([UInt8])
  case secret(Secret)

  func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
    switch self {
    case .bytes(let bytes): body(bytes.rawBytes)
    case .secret(let secret): unsafe secret.withBytes { unsafe body($0.bytes) }
    }
  }
}
