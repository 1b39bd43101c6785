/// Decrypts packet after packet under one key, and checks the ICV where the cipher has its own.
///
/// Nothing is allocated per packet. Where ``EncryptionTransform/isAEAD`` is false, what comes out is
/// as good as the ``IntegrityChecker`` that was asked before.
package struct PacketOpener: ~Copyable {
  private var engine: CipherEngine

  package var transform: EncryptionTransform { engine.transform }

  /// `keyMaterial` is the key and behind it the salt, as KEYMAT has them.
  package init(_ transform: EncryptionTransform, keyMaterial: Secret) throws(CryptoError) {
    engine = try CipherEngine(transform, keyMaterial: keyMaterial, .decrypt)
  }

  /// Decrypts `ciphertext`, which ends in the ICV where there is one, to the start of `output`, and
  /// returns how many bytes that are, padding and trailer included. Where it throws, what it has
  /// decrypted is zeroed.
  ///
  /// The IV is what stands before the ciphertext; an implicit one is the 64-bit sequence number.
  /// The associated data, ignored without an ICV, is what RFC 4303 or RFC 5282 authenticates before
  /// that; ENCR_NULL_AUTH_AES_GMAC adds the IV by itself.
  @_lifetime(output: copy output)
  package mutating func open(
    _ ciphertext: RawSpan, iv: RawSpan, associated: borrowing AssociatedData,
    into output: inout MutableRawSpan
  ) throws(PacketCipherFailure) -> Int {
    let count = ciphertext.byteCount - transform.icvBytes
    guard count >= 0, count % transform.blockBytes == 0, ciphertext.openSSLCount != nil else {
      throw .wrongLength
    }
    guard output.byteCount >= count else { throw .outputTooSmall }
    let body = ciphertext.extracting(first: count)
    let icv = ciphertext.extracting(last: transform.icvBytes)
    try engine.begin(iv: iv, associated: associated, byteCount: count)
    let isOpen: Bool
    switch transform.construction {
    case .null:
      output.copy(body, count: count)
      isOpen = true
    case .cbc, .counter:
      isOpen = engine.cipher?.update(body, into: &output) == true
      guard isOpen else {
        output.zero(count)
        throw .openSSLFailed
      }
    case .aead:
      isOpen =
        engine.cipher?.update(body, into: &output) == true && engine.cipher?.setTag(icv) == true
        && engine.cipher?.finish() == true
    case .ccm:
      // OpenSSL checks the tag before it gives out anything.
      isOpen =
        engine.cipher?.setTag(icv) == true && engine.cipher?.update(body, into: &output) == true
    case .composedCCM:
      isOpen =
        engine.ccm?.open(
          body, tag: icv, nonce: engine.nonce.span, associated: associated, into: &output) == true
    case .gmac:
      isOpen =
        engine.cipher?.associate(body) == true && engine.cipher?.setTag(icv) == true
        && engine.cipher?.finish() == true
      if isOpen { output.copy(body, count: count) }
    }
    guard isOpen else {
      output.zero(count)
      CipherContext.forgetErrors()
      throw .wrongICV
    }
    return count
  }
}
