internal import COpenSSL

/// CCM (RFC 3610) with the sizes of RFC 4309, an 11-byte nonce and a 4-byte length, made of a block
/// cipher's CBC and counter modes. OpenSSL has no CCM of Camellia.
struct ComposedCCM: ~Copyable {
  private var chain: BlockChain
  private let counter: CipherContext
  private let tagBytes: Int
  /// The key stream's block 0, which masks the tag.
  private var mask = InlineArray<16, UInt8>(repeating: 0)

  init(
    cbc: OpenSSLCipher, counter: OpenSSLCipher, key: UnsafeRawBufferPointer, tagBytes: Int
  ) throws(CryptoError) {
    let chain = try unsafe BlockChain(cbc, key: key)
    let counter = try unsafe CipherContext(counter, key: key, nonceBytes: 16, .encrypt)
    self.chain = chain
    self.counter = counter
    self.tagBytes = tagBytes
  }

  /// Writes ciphertext and tag, for which `output` has room from `offset` on.
  @_lifetime(output: copy output)
  mutating func seal(
    _ plaintext: RawSpan, nonce: RawSpan, associated: borrowing AssociatedData,
    into output: inout MutableRawSpan, at offset: Int = 0
  ) -> Bool {
    authenticate(plaintext, nonce, associated)
    guard startCounter(nonce), counter.update(plaintext, into: &output, at: offset),
      !chain.hasFailed
    else { return false }
    let tag = self.tag
    unsafe output.copy(tag.span.bytes, count: tagBytes, at: offset + plaintext.byteCount)
    return true
  }

  /// Writes the plaintext, for which `output` has room; false if the tag does not fit it.
  @_lifetime(output: copy output)
  mutating func open(
    _ ciphertext: RawSpan, tag expected: RawSpan, nonce: RawSpan,
    associated: borrowing AssociatedData, into output: inout MutableRawSpan
  ) -> Bool {
    guard startCounter(nonce), counter.update(ciphertext, into: &output) else { return false }
    authenticate(output.bytes.extracting(first: ciphertext.byteCount), nonce, associated)
    guard !chain.hasFailed, expected.byteCount == tagBytes else { return false }
    let tag = self.tag
    return unsafe expected.isSame(as: tag.span.bytes.extracting(first: tagBytes))
  }

  private var tag: InlineArray<16, UInt8> {
    InlineArray { chain.state[$0] ^ mask[$0] }
  }

  /// RFC 3610 section 2.2: block 0 of flags, nonce and length, the associated data behind its
  /// length, the plaintext; each filled with zeros to whole blocks.
  private mutating func authenticate(
    _ plaintext: RawSpan, _ nonce: RawSpan, _ associated: borrowing AssociatedData
  ) {
    let count = associated.byteCount
    chain.start()
    let tagCode = UInt8(truncatingIfNeeded: (tagBytes - 2) / 2)
    chain.absorb((count > 0 ? 0x40 : 0) | tagCode << 3 | Self.lengthCode)
    chain.absorb(nonce)
    chain.absorb(bigEndian: UInt32(truncatingIfNeeded: plaintext.byteCount), bytes: 4)
    if count > 0 {
      if count < 0xFF00 {
        chain.absorb(bigEndian: UInt32(truncatingIfNeeded: count), bytes: 2)
      } else {
        chain.absorb(bigEndian: 0xFFFE, bytes: 2)
        chain.absorb(bigEndian: UInt32(truncatingIfNeeded: count), bytes: 4)
      }
      chain.absorb(associated.first)
      chain.absorb(associated.second)
      chain.absorb(associated.third)
      chain.padWithZeros()
    }
    chain.absorb(plaintext)
    chain.padWithZeros()
    chain.finish()
  }

  /// RFC 3610 section 2.3: counter block 0 masks the tag, the plaintext goes on from 1.
  private mutating func startCounter(_ nonce: RawSpan) -> Bool {
    var block = InlineArray<16, UInt8>(repeating: 0)
    block[0] = Self.lengthCode
    for index in 0..<min(nonce.byteCount, 11) {
      block[1 + index] = nonce.byte(index)
    }
    let zero = InlineArray<16, UInt8>(repeating: 0)
    guard unsafe counter.start(block.span.bytes) else { return false }
    var span = mask.mutableSpan
    var target = unsafe span.mutableBytes
    return unsafe counter.update(zero.span.bytes, into: &target)
  }

  /// The bytes of the length field, less one: 15 - 11 - 1.
  private static let lengthCode: UInt8 = 3
}
