internal import PacketDissector

/// The packets seen last, to tell one that comes again from another with the same number: one bounded
/// memory for all flows, in which a flow's numbers in sequence stand side by side.
struct PacketMemory: Sendable {
  /// Sixteen bytes each: a second of a busy link, minutes of most.
  private static let capacity = 1 << 16

  private struct Entry: Sendable {
    /// The lower 16 bits of the flow's place plus one, and the upper 16 of the sequence number: its lower
    /// ones follow from where the entry stands.
    var key: UInt32 = 0
    /// 23 bits of the digest, the place's 17th bit, and the hop limit.
    var rest: UInt32 = 0
    /// Milliseconds since the first packet.
    var milliseconds: UInt32 = 0
    /// Its lower 32 bits.
    var frame: UInt32 = 0
  }

  /// What is known of an earlier packet with the same number.
  struct Earlier: Sendable {
    let isSame: Bool
    let milliseconds: UInt32
    let frame: UInt32
    let hopLimit: UInt8
  }

  private var entries = [Entry](repeating: Entry(), count: capacity)

  @inline(__always)
  private static func place(_ flow: Int, _ sequence: UInt32) -> Int {
    Int(truncatingIfNeeded: UInt32(truncatingIfNeeded: flow) &* 0x9E37_79B1 &+ sequence)
      & (capacity &- 1)
  }

  // Places count from zero: one more keeps an entry from looking empty.

  @inline(__always)
  private static func key(_ flow: Int, _ sequence: UInt32) -> UInt32 {
    UInt32(truncatingIfNeeded: flow &+ 1) << 16 | sequence >> 16
  }

  @inline(__always)
  private static func highBit(_ flow: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: (flow &+ 1) >> 16 & 1) << 8
  }

  @inline(__always)
  mutating func note(
    _ flow: Int, _ sequence: UInt32, digest: UInt32, milliseconds: UInt32, frame: UInt64,
    hopLimit: UInt8
  ) {
    entries[Self.place(flow, sequence)] = Entry(
      key: Self.key(flow, sequence),
      rest: digest & ~0x1FF | Self.highBit(flow) | UInt32(hopLimit),
      milliseconds: milliseconds, frame: UInt32(truncatingIfNeeded: frame))
  }

  func earlier(_ flow: Int, _ sequence: UInt32, digest: UInt32) -> Earlier? {
    let entry = entries[Self.place(flow, sequence)]
    guard entry.key == Self.key(flow, sequence), entry.rest & 0x100 == Self.highBit(flow) else {
      return nil
    }
    return Earlier(
      isSame: (entry.rest ^ digest) >> 9 == 0, milliseconds: entry.milliseconds,
      frame: entry.frame, hopLimit: UInt8(truncatingIfNeeded: entry.rest))
  }
}
