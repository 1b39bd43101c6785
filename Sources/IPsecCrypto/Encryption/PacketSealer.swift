/// Encrypts packet after packet under one key, and adds the ICV where the cipher has its own.
///
/// Nothing is allocated per packet. That no IV comes twice is up to the caller.
package struct PacketSealer: ~Copyable {
  private var engine: CipherEngine

  package var transform: EncryptionTransform { engine.transform }

  /// `keyMaterial` is the key and behind it the salt, as KEYMAT has them.
  package init(_ transform: EncryptionTransform, keyMaterial: Secret) throws(CryptoError) {
    engine = try CipherEngine(transform, keyMaterial: keyMaterial, .encrypt)
  }

  /// Encrypts `plaintext`, already padded, to `output`, from `offset` on, and writes the ICV behind.
  /// What it returns is how many bytes both are.
  ///
  /// IV and associated data are as ``PacketOpener/open(_:iv:associated:into:)`` has them.
  @_lifetime(output: copy output)
  package mutating func seal(
    _ plaintext: RawSpan, iv: RawSpan, associated: borrowing AssociatedData,
    into output: inout MutableRawSpan, at offset: Int = 0
  ) throws(PacketCipherFailure) -> Int {
    let count = plaintext.byteCount
    guard count % transform.blockBytes == 0, plaintext.openSSLCount != nil else {
      throw .wrongLength
    }
    let total = count + transform.icvBytes
    guard offset >= 0, output.byteCount >= total, offset <= output.byteCount - total else {
      throw .outputTooSmall
    }
    try engine.begin(iv: iv, associated: associated, byteCount: count)
    let isSealed: Bool
    switch transform.construction {
    case .null:
      output.copy(plaintext, count: count, at: offset)
      isSealed = true
    case .cbc, .counter:
      isSealed = engine.cipher?.update(plaintext, into: &output, at: offset) == true
    case .aead, .ccm:
      isSealed =
        engine.cipher?.update(plaintext, into: &output, at: offset) == true
        && engine.cipher?.finish() == true
        && engine.cipher?.getTag(transform.icvBytes, into: &output, at: offset + count) == true
    case .composedCCM:
      isSealed =
        engine.ccm?.seal(
          plaintext, nonce: engine.nonce.span, associated: associated, into: &output,
          at: offset) == true
    case .gmac:
      output.copy(plaintext, count: count, at: offset)
      isSealed =
        engine.cipher?.associate(plaintext) == true && engine.cipher?.finish() == true
        && engine.cipher?.getTag(transform.icvBytes, into: &output, at: offset + count) == true
    }
    guard isSealed else {
      output.zero(total, at: offset)
      throw .openSSLFailed
    }
    return total
  }
}
