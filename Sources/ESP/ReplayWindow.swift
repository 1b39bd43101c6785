/// Which sequence numbers of an SA came before (RFC 4303, section 3.4.3), as a ring of blocks of bits
/// (RFC 6479).
package struct ReplayWindow: Sendable {
  /// How many numbers up to the highest are told apart; 0 is no protection.
  package let size: Int
  package let usesESN: Bool
  /// The highest number that was accepted; zero before the first.
  package private(set) var highest: UInt64 = 0
  private var blocks: [UInt64]

  package init(size: Int, usesESN: Bool) {
    self.size = max(0, size)
    self.usesESN = usesESN
    // One block more than the window needs: that which the highest number stands in may be just begun.
    blocks = Array(repeating: 0, count: self.size == 0 ? 0 : (self.size + 63) / 64 + 1)
  }

  /// The number with the upper half that it must have, if it is none of the packets long past (RFC 4303,
  /// appendix A2.2).
  package func sequence(of low: UInt32) -> UInt64 {
    guard usesESN else { return UInt64(low) }
    let topHigh = highest >> 32
    let topLow = UInt32(truncatingIfNeeded: highest)
    // A window does without protection, yet the upper half must be guessed: as with the smallest one.
    let reach = UInt32(clamping: max(1, size) - 1)
    let bottom = topLow &- reach
    if topLow >= reach {
      return (low >= bottom ? topHigh : topHigh &+ 1) << 32 | UInt64(low)
    }
    // The window reaches back into the epoch before.
    if low >= bottom, topHigh > 0 { return (topHigh - 1) << 32 | UInt64(low) }
    return topHigh << 32 | UInt64(low)
  }

  /// Throws for a number that came before, or that is too old to tell.
  package func check(_ sequence: UInt64) throws(ESPFailure) {
    guard size > 0 else { return }
    if sequence == 0 { throw .beforeWindow(0) }
    if sequence > highest { return }
    guard highest - sequence < UInt64(size) else { throw .beforeWindow(sequence) }
    if blocks[block(sequence)] & bit(sequence) != 0 { throw .repeated(sequence) }
  }

  /// Remembers a number whose packet was authentic.
  package mutating func accept(_ sequence: UInt64) {
    guard size > 0 else {
      highest = max(highest, sequence)
      return
    }
    if sequence > highest {
      let ahead = min(sequence >> 6 &- highest >> 6, UInt64(blocks.count))
      for step in 0..<ahead { blocks[block((sequence >> 6 &- step) << 6)] = 0 }
      highest = sequence
    }
    blocks[block(sequence)] |= bit(sequence)
  }

  private func block(_ sequence: UInt64) -> Int { Int((sequence >> 6) % UInt64(blocks.count)) }
  private func bit(_ sequence: UInt64) -> UInt64 { 1 << (sequence & 63) }
}
