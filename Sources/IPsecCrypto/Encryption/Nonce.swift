import PacketDissector

/// What a cipher starts a packet with: the salt and the IV, and a counter where it is the user's.
struct Nonce {
  private var bytes: InlineArray<16, UInt8>
  private let ivStart: Int
  private let ivBytes: Int
  /// RFC 1829's IV of 32 bits stands twice, the second time inverted.
  private let isMirrored: Bool
  let count: Int

  init(_ transform: EncryptionTransform, salt: UnsafeRawBufferPointer) {
    bytes = InlineArray(repeating: 0)
    for index in 0..<min(salt.count, 4) { unsafe bytes[index] = salt[index] }
    ivStart = transform.saltBytes
    ivBytes = transform.ivBytes
    isMirrored = transform.id == .desIV32
    switch transform.construction {
    case .null: count = 0
    case .cbc: count = transform.blockBytes
    case .counter:
      // RFC 3686 section 4: the block counter begins at one.
      bytes[15] = 1
      count = 16
    case .aead, .ccm, .composedCCM, .gmac: count = transform.saltBytes + transform.ivBytes
    }
  }

  /// Puts in a packet's IV; false if it has another length than the cipher's.
  mutating func set(_ iv: RawSpan) -> Bool {
    guard iv.byteCount == ivBytes else { return false }
    for offset in 0..<ivBytes {
      // No salt is over 4 bytes, no IV beside one over 8, and one alone at most 16.
      let byte = iv.byte(offset)
      bytes[ivStart + offset] = byte
      if isMirrored { bytes[ivBytes + offset] = ~byte }
    }
    return true
  }

  var span: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      // Bytes have no padding, for which the standard library calls this unsafe.
      let all = unsafe bytes.span.bytes
      return unsafe _overrideLifetime(all.extracting(first: count), borrowing: self)
    }
  }
}
