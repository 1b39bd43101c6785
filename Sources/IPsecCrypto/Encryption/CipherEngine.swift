import PacketDissector

/// A transform with its key, for one direction: what ``PacketOpener`` and ``PacketSealer`` share.
struct CipherEngine: ~Copyable {
  let transform: EncryptionTransform
  /// Nil for ENCR_NULL and composed CCM.
  let cipher: CipherContext?
  var ccm: ComposedCCM?
  var nonce: Nonce
  /// OpenSSL's CCM wants the associated data in one run; grows once to the largest.
  private var gathered: [UInt8]

  init(
    _ transform: EncryptionTransform, keyMaterial: Secret, _ direction: CipherContext.Direction
  ) throws(CryptoError) {
    guard keyMaterial.count == transform.keyMaterialBytes else {
      throw .badKeyMaterial(
        transform.name, needed: transform.keyMaterialBytes, given: keyMaterial.count)
    }
    let nonce = unsafe keyMaterial.withBytes {
      unsafe Nonce(transform, salt: UnsafeRawBufferPointer(rebasing: $0[transform.keyBytes...]))
    }
    var cipher: CipherContext?
    var ccm: ComposedCCM?
    switch transform.construction {
    case .null: break
    case .cbc(let algorithm), .counter(let algorithm), .aead(let algorithm), .gmac(let algorithm):
      cipher = try Self.context(algorithm, transform, keyMaterial, nonce.count, nil, direction)
    case .ccm(let algorithm):
      cipher = try Self.context(
        algorithm, transform, keyMaterial, nonce.count, transform.icvBytes, direction)
    case .composedCCM(let cbc, let counter):
      ccm = try unsafe keyMaterial.withBytes { (bytes) throws(CryptoError) in
        try unsafe ComposedCCM(
          cbc: cbc, counter: counter,
          key: UnsafeRawBufferPointer(rebasing: bytes[..<transform.keyBytes]),
          tagBytes: transform.icvBytes)
      }
    }
    gathered = []
    gathered.reserveCapacity(64)
    self.transform = transform
    self.nonce = nonce
    self.cipher = cipher
    self.ccm = ccm
  }
}

extension CipherEngine {
  private static func context(
    _ algorithm: OpenSSLCipher, _ transform: EncryptionTransform, _ keyMaterial: Secret,
    _ nonceBytes: Int, _ tagBytes: Int?, _ direction: CipherContext.Direction
  ) throws(CryptoError) -> CipherContext {
    // The initialiser above proves that the material has keyBytes.
    try unsafe keyMaterial.withBytes { (bytes) throws(CryptoError) in
      try unsafe CipherContext(
        algorithm, key: UnsafeRawBufferPointer(rebasing: bytes[..<transform.keyBytes]),
        nonceBytes: nonceBytes, tagBytes: tagBytes, direction)
    }
  }

  /// Starts a packet of `byteCount` bytes to encrypt or decrypt: nonce and associated data.
  mutating func begin(
    iv: RawSpan, associated: borrowing AssociatedData, byteCount: Int
  ) throws(PacketCipherFailure) {
    guard nonce.set(iv) else { throw .wrongIVLength }
    guard cipher != nil else { return }
    var isFine = cipher?.start(nonce.span) == true
    switch transform.construction {
    case .null, .cbc, .counter, .composedCCM: break
    case .ccm:
      gather(associated)
      isFine =
        isFine && cipher?.announce(byteCount: byteCount) == true
        && cipher?.associate(gathered.rawBytes) == true
    case .aead, .gmac:
      isFine =
        isFine && cipher?.associate(associated.first) == true
        && cipher?.associate(associated.second) == true
        && cipher?.associate(associated.third) == true
      if case .gmac = transform.construction {
        isFine = isFine && cipher?.associate(iv) == true
      }
    }
    guard isFine else { throw .openSSLFailed }
  }

  private mutating func gather(_ associated: borrowing AssociatedData) {
    gathered.removeAll(keepingCapacity: true)
    for index in 0..<associated.first.byteCount { gathered.append(associated.first.byte(index)) }
    for index in 0..<associated.second.byteCount { gathered.append(associated.second.byte(index)) }
    for index in 0..<associated.third.byteCount { gathered.append(associated.third.byte(index)) }
  }
}
