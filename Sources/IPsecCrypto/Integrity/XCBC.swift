/// AES-XCBC-MAC, RFC 3566: CBC-MAC under K1, whose last block is masked with K2 or K3.
struct XCBC: ~Copyable {
  private var chain: BlockChain
  /// Masks a last block that is complete.
  private let k2: InlineArray<16, UInt8>
  /// Masks a last block that had to be filled.
  private let k3: InlineArray<16, UInt8>

  /// `key` has 16 bytes.
  init(key: UnsafeRawBufferPointer) throws(CryptoError) {
    guard key.count == 16 else {
      throw .badKeyMaterial("AES-XCBC", needed: 16, given: key.count)
    }
    // K1 to K3 are E(K, 0101...), E(K, 0202...), E(K, 0303...): three single-block CBC chains.
    var deriver = try unsafe BlockChain(OpenSSLCipher("AES-128-CBC"), key: key)
    var keys = InlineArray<3, InlineArray<16, UInt8>> { _ in InlineArray(repeating: 0) }
    var isFine = true
    for index in 0..<3 {
      deriver.start()
      for _ in 0..<16 { deriver.absorb(UInt8(index + 1)) }
      deriver.finish()
      isFine = isFine && !deriver.hasFailed
      keys[index] = deriver.state
    }
    var first = (0..<16).map { keys[0][$0] }
    let chain = try unsafe Secret(consuming: &first).withBytes { (key) throws(CryptoError) in
      try unsafe BlockChain(OpenSSLCipher("AES-128-CBC"), key: key)
    }
    guard isFine else { throw .openSSLFailed("AES-XCBC") }
    self.chain = chain
    k2 = keys[1]
    k3 = keys[2]
  }

  mutating func start() { chain.start() }

  mutating func update(_ bytes: RawSpan) { chain.absorb(bytes) }

  /// The MAC of all since the start; nil if OpenSSL failed.
  mutating func finish() -> InlineArray<16, UInt8>? {
    chain.finish(whole: k2, padded: k3)
    return chain.hasFailed ? nil : chain.state
  }
}
