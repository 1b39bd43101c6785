/// The keyed function behind an integrity transform.
struct MACEngine: ~Copyable {
  private let construction: IntegrityTransform.Construction
  /// One of the three, or none for NONE.
  private let mac: MACContext?
  private var xcbc: XCBC?
  private let gcm: CipherContext?
  /// GMAC's salt and IV.
  private var nonce = InlineArray<12, UInt8>(repeating: 0)
  private let saltBytes: Int

  init(_ transform: IntegrityTransform, keyMaterial: Secret) throws(CryptoError) {
    let keyBytes = transform.keyBytes
    var mac: MACContext?
    var xcbc: XCBC?
    var gcm: CipherContext?
    switch transform.construction {
    case .none: break
    case .mac(let algorithm, _):
      mac = try unsafe keyMaterial.withBytes { (bytes) throws(CryptoError) in
        try unsafe MACContext(algorithm, key: bytes)
      }
    case .xcbc:
      xcbc = try unsafe keyMaterial.withBytes { (bytes) throws(CryptoError) in
        try unsafe XCBC(key: bytes)
      }
    case .gmac(let cipher):
      gcm = try unsafe keyMaterial.withBytes { (bytes) throws(CryptoError) in
        // IntegrityChecker proved that there are keyBytes, and a salt behind them.
        try unsafe CipherContext(
          cipher, key: UnsafeRawBufferPointer(rebasing: bytes[..<keyBytes]), nonceBytes: 12,
          .encrypt)
      }
    }
    construction = transform.construction
    saltBytes = transform.saltBytes
    self.mac = mac
    self.xcbc = xcbc
    self.gcm = gcm
    let salt = saltBytes
    var nonce = InlineArray<12, UInt8>(repeating: 0)
    unsafe keyMaterial.withBytes { bytes in
      for index in 0..<salt { unsafe nonce[index] = bytes[keyBytes + index] }
    }
    self.nonce = nonce
  }

  mutating func start(iv: RawSpan) -> Bool {
    switch construction {
    case .none: return true
    case .mac: return mac?.restart() == true
    case .xcbc:
      xcbc?.start()
      return true
    case .gmac:
      guard iv.byteCount == nonce.count - saltBytes else { return false }
      for index in 0..<iv.byteCount { nonce[saltBytes + index] = iv.byte(index) }
      let nonce = nonce
      guard let started = unsafe gcm?.start(nonce.span.bytes) else { return false }
      return started
    }
  }

  mutating func update(_ bytes: RawSpan) -> Bool {
    switch construction {
    case .none: return true
    case .mac: return mac?.update(bytes) == true
    case .xcbc:
      xcbc?.update(bytes)
      return true
    case .gmac: return gcm?.associate(bytes) == true
    }
  }

  /// Writes the whole MAC to the start of `output`.
  mutating func finish(into output: inout InlineArray<64, UInt8>) -> Bool {
    switch construction {
    case .none: return true
    case .mac(_, let count):
      var span = output.mutableSpan
      var bytes = unsafe span.mutableBytes
      return mac?.finish(count, into: &bytes) == true
    case .xcbc:
      guard let block = xcbc?.finish() else { return false }
      for index in 0..<16 { output[index] = block[index] }
      return true
    case .gmac:
      var span = output.mutableSpan
      var bytes = unsafe span.mutableBytes
      return gcm?.finish() == true && gcm?.getTag(16, into: &bytes) == true
    }
  }
}
