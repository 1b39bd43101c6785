/// A block cipher's CBC-MAC over 16-byte blocks, fed in runs of any length: what AES-XCBC and CCM
/// are made of.
///
/// The last block is held back until it is known to be the last, for XCBC masks it.
struct BlockChain: ~Copyable {
  private let cipher: CipherContext
  private var pending = InlineArray<16, UInt8>(repeating: 0)
  private var pendingCount = 0
  /// Where OpenSSL puts the blocks that nobody reads; the last 16 bytes are the state.
  private var scratch = InlineArray<256, UInt8>(repeating: 0)
  private(set) var state = InlineArray<16, UInt8>(repeating: 0)
  private(set) var hasFailed = false

  init(_ cbc: OpenSSLCipher, key: UnsafeRawBufferPointer) throws(CryptoError) {
    cipher = try unsafe CipherContext(cbc, key: key, nonceBytes: 16, .encrypt)
  }

  mutating func start() {
    let zero = InlineArray<16, UInt8>(repeating: 0)
    pendingCount = 0
    hasFailed = unsafe !cipher.start(zero.span.bytes)
  }

  mutating func absorb(_ byte: UInt8) {
    if pendingCount == 16 { encryptPending() }
    pending[pendingCount] = byte
    pendingCount += 1
  }

  /// The low `bytes` bytes of a number.
  mutating func absorb(bigEndian number: UInt32, bytes: Int) {
    for index in (0..<bytes).reversed() {
      absorb(UInt8(truncatingIfNeeded: number >> (8 * UInt32(index))))
    }
  }

  mutating func absorb(_ bytes: RawSpan) {
    var offset = 0
    while offset < bytes.byteCount {
      let left = bytes.byteCount - offset
      if pendingCount == 16 { encryptPending() }
      // Whole blocks straight from the input, as long as one more byte follows them.
      if pendingCount == 0, left > 16 {
        let count = min(256, (left - 1) & ~15)
        encrypt(bytes.extracting(offset..<offset + count))
        offset += count
      } else {
        pending[pendingCount] = bytes.byte(offset)
        pendingCount += 1
        offset += 1
      }
    }
  }

  /// Fills the block begun with zeros, as CCM pads; nothing if none is begun.
  mutating func padWithZeros() {
    guard pendingCount > 0 else { return }
    while pendingCount < 16 { absorb(0) }
  }

  /// Ends as XCBC does: `whole` masks a complete last block, `padded` one that 10000... fills.
  mutating func finish(
    whole: InlineArray<16, UInt8>, padded: InlineArray<16, UInt8>
  ) {
    let isWhole = pendingCount == 16
    if !isWhole {
      absorb(0x80)
      while pendingCount < 16 { absorb(0) }
    }
    for index in 0..<16 { pending[index] ^= isWhole ? whole[index] : padded[index] }
    encryptPending()
  }

  /// Ends with what there is: a whole block, or none since the last.
  mutating func finish() {
    if pendingCount == 16 { encryptPending() }
  }

  private mutating func encryptPending() {
    let block = pending
    unsafe encrypt(block.span.bytes)
    pendingCount = 0
  }

  /// `blocks` are whole, and at most the scratch.
  private mutating func encrypt(_ blocks: RawSpan) {
    var output = scratch.mutableSpan
    var target = unsafe output.mutableBytes
    guard cipher.update(blocks, into: &target) else {
      hasFailed = true
      return
    }
    let end = blocks.byteCount
    for index in 0..<16 { state[index] = scratch[end - 16 + index] }
  }
}
