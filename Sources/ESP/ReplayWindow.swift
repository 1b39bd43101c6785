/// Which sequence numbers of an SA came before (RFC 4303, section 3.4.3), as a ring of blocks of bits
/// (RFC 6479): to move on clears blocks, and shifts nothing.
///
/// It is asked before a packet's ICV is verified, and told after; it judges as Linux does.
package struct ReplayWindow: Sendable {
  /// Sizes are cut to this; Linux ends at 4096.
  package static let largestSize = 1 << 20

  /// How many numbers up to the highest are told apart; 0 is no protection.
  package let size: Int
  package let usesESN: Bool
  /// The highest number that was accepted; zero before the first.
  package private(set) var highest: UInt64
  private var blocks: [UInt64]
  /// One less than the number of blocks, which is a power of two.
  private let blockMask: UInt64

  /// `highest` is the last number of an SA that is carried on; the numbers before it count as not seen.
  package init(size: Int, usesESN: Bool, highest: UInt64 = 0) {
    self.size = min(max(0, size), Self.largestSize)
    self.usesESN = usesESN
    self.highest = highest
    // One block more than the window needs: that which the highest number stands in may be just begun.
    let needed = (self.size + Self.blockBits - 1) / Self.blockBits + 1
    var count = 1
    while count < needed { count *= 2 }
    blocks = Array(repeating: 0, count: count)
    blockMask = UInt64(count - 1)
  }

  /// The number with the upper half that it must have, if it is none of the packets long past (RFC 4303,
  /// appendix A2.2).
  ///
  /// Before the first wrap a number that could only be of the epoch before gets an upper half that no
  /// sender reaches, so that its ICV fails; without a window it is one that is far ahead.
  package func sequence(of low: UInt32) -> UInt64 {
    guard usesESN else { return UInt64(low) }
    let topLow = UInt32(truncatingIfNeeded: highest)
    let bottom = topLow &- reach
    var high = highest >> 32
    if topLow >= reach {
      if low < bottom { high &+= 1 }
    } else if low >= bottom {
      // The window reaches back into the epoch before.
      high = size > 0 ? high &- 1 : max(high, 1) - 1
    }
    return high << 32 | UInt64(low)
  }

  /// How far before the highest number one may lie and be of its own epoch. Without a window the upper
  /// half must be guessed all the same: what is nearer. That is all that extended numbers take from
  /// anti-replay protection.
  private var reach: UInt32 { size > 0 ? UInt32(size - 1) : UInt32.max / 2 }

  /// Throws for a number that came before, or that is too old to tell.
  package func check(_ sequence: UInt64) throws(ESPFailure) {
    guard size > 0 else { return }
    // No sender uses it (RFC 4303, section 3.3.3).
    if sequence == 0 { throw .beforeWindow(0) }
    if sequence > highest { return }
    guard highest - sequence < UInt64(size) else { throw .beforeWindow(sequence) }
    if blocks[block(sequence)] & bit(sequence) != 0 { throw .repeated(sequence) }
  }

  /// Remembers a number whose packet was authentic.
  package mutating func accept(_ sequence: UInt64) {
    if sequence > highest {
      let ahead = min(
        sequence / UInt64(Self.blockBits) - highest / UInt64(Self.blockBits),
        UInt64(blocks.count))
      for step in 0..<ahead {
        blocks[block(sequence &- step &* UInt64(Self.blockBits))] = 0
      }
      highest = sequence
    }
    blocks[block(sequence)] |= bit(sequence)
  }

  private static let blockBits = 64

  private func block(_ sequence: UInt64) -> Int {
    Int(sequence / UInt64(Self.blockBits) & blockMask)
  }
  private func bit(_ sequence: UInt64) -> UInt64 { 1 << (sequence % UInt64(Self.blockBits)) }
}
