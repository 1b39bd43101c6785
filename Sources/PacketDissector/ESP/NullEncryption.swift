/// Whether an ESP payload looks like NULL encryption (RFC 2410): a hint, never a fact.
///
/// A plaintext packet must fit its own length, the padding and the trailer, for one of the usual ICV
/// lengths; ciphertext does so by chance once in millions. After the idea of RFC 5879.
enum NullEncryption {
  /// ICV lengths in bytes: HMAC-SHA1-96 and its like, SHA2-256, none, SHA2-384, SHA2-512.
  private static let icvLengths = [12, 16, 0, 24, 32]

  /// `reader` stands behind the ESP header; its end is the packet's.
  static func isLikely(_ reader: borrowing ByteReader) -> Bool {
    guard let first = reader.peekWord(0), let second = reader.peekWord(4) else { return false }
    let size = reader.remaining
    switch first >> 28 {
    case 4 where first >> 24 & 0xF >= 5:
      return fits(reader, size: size, inner: Int(first & 0xFFFF), nextHeader: 4)
    case 6:
      return fits(reader, size: size, inner: Int(second >> 16) &+ 40, nextHeader: 41)
    default:
      // Transport mode: UDP states its length, too.
      return fits(reader, size: size, inner: Int(second >> 16), nextHeader: 17)
    }
  }

  /// An inner packet of `inner` bytes, then padding 1, 2, 3 …, its length and the next header.
  private static func fits(
    _ reader: borrowing ByteReader, size: Int, inner: Int, nextHeader: UInt8
  ) -> Bool {
    guard inner >= 8, inner <= size &- 2 else { return false }
    for icvLength in icvLengths {
      let trailer = size &- icvLength &- 2
      guard trailer >= inner, reader.peek(trailer &+ 1) == nextHeader,
        let padLength = reader.peek(trailer), inner &+ Int(padLength) == trailer
      else { continue }
      return (0..<Int(padLength)).allSatisfy {
        reader.peek(inner &+ $0) == UInt8(truncatingIfNeeded: $0 &+ 1)
      }
    }
    return false
  }
}
