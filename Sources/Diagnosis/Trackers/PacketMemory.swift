internal import PacketDissector

/// The packets seen last, to tell one that comes again from another with the same number: one bounded
/// memory for all flows, in which a flow's numbers in sequence stand side by side.
struct PacketMemory: Sendable {
  /// Sixteen bytes each: some seconds of a busy link.
  private static let capacity = 1 << 16

  private struct Entry: Sendable {
    /// The flow's place plus one in the upper 17 bits, zero in an empty entry. Below it the upper 14
    /// bits of the sequence number and one unused: the lower 18 follow from where the entry stands.
    var key: UInt32 = 0
    /// The upper 24 bits are the digest's, the lower 8 the hop limit.
    var digestAndHopLimit: UInt32 = 0
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

  @inline(__always)
  private static func key(_ flow: Int, _ sequence: UInt32) -> UInt32 {
    UInt32(truncatingIfNeeded: flow &+ 1) << 15 | (sequence >> 18) << 1
  }

  @inline(__always)
  mutating func note(
    _ flow: Int, _ sequence: UInt32, digest: UInt32, milliseconds: UInt32, frame: UInt64,
    hopLimit: UInt8
  ) {
    entries[Self.place(flow, sequence)] = Entry(
      key: Self.key(flow, sequence), digestAndHopLimit: digest & ~0xFF | UInt32(hopLimit),
      milliseconds: milliseconds, frame: UInt32(truncatingIfNeeded: frame))
  }

  func earlier(_ flow: Int, _ sequence: UInt32, digest: UInt32) -> Earlier? {
    let entry = entries[Self.place(flow, sequence)]
    guard entry.key == Self.key(flow, sequence) else { return nil }
    return Earlier(
      isSame: (entry.digestAndHopLimit ^ digest) >> 8 == 0, milliseconds: entry.milliseconds,
      frame: entry.frame, hopLimit: UInt8(truncatingIfNeeded: entry.digestAndHopLimit))
  }
}
