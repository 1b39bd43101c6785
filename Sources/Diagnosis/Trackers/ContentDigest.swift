internal import PacketDissector

/// Tells equal bytes from different ones, for captures only: no defence against those who choose them.
enum ContentDigest {
  /// All bytes of `range`.
  static func whole(_ bytes: RawSpan, _ range: Range<Int>) -> UInt64 {
    let reader = ByteReader(bytes, in: range)
    var digest = UInt64(range.count)
    var at = 0
    while let word = reader.peekWord(at) {
      digest = mixed(digest, UInt64(word))
      at &+= 4
    }
    while let byte = reader.peek(at) {
      digest = mixed(digest, UInt64(byte))
      at &+= 1
    }
    return digest
  }

  /// The first eight bytes behind the ESP header and the last eight: ciphertext and ICV, which no two
  /// packets share.
  @inline(__always)
  static func packet(_ bytes: RawSpan, _ range: Range<Int>) -> UInt32 {
    let (start, end) = ByteReader.edges(of: bytes, in: range, behind: 8)
    return UInt32(truncatingIfNeeded: mixed(start, end) >> 16)
  }

  @inline(__always)
  private static func mixed(_ digest: UInt64, _ value: UInt64) -> UInt64 {
    let product = (digest ^ value).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.low ^ product.high &+ value
  }
}
