internal import PacketDissector

/// The packets seen last, to tell one that comes again from another with the same number: one bounded
/// memory for all flows, in which a flow's numbers in sequence stand side by side.
struct PacketMemory: Sendable {
  /// Sixteen bytes each: some seconds of a busy link.
  private static let capacity = 1 << 18

  private struct Entry: Sendable {
    /// The flow's place in the upper 32 bits, the sequence number in the lower; zero in an empty entry.
    var key: UInt64 = 0
    var digest: UInt32 = 0
    /// Milliseconds since the first packet.
    var milliseconds: UInt32 = 0
    /// Its lower 32 bits.
    var frame: UInt32 = 0
    var hopLimit: UInt8 = 0
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
  private static func key(_ flow: Int, _ sequence: UInt32) -> UInt64 {
    // Places count from zero: one more keeps keys from being zero.
    UInt64(UInt32(truncatingIfNeeded: flow &+ 1)) << 32 | UInt64(sequence)
  }

  @inline(__always)
  mutating func note(
    _ flow: Int, _ sequence: UInt32, digest: UInt32, milliseconds: UInt32, frame: UInt64,
    hopLimit: UInt8
  ) {
    entries[Self.place(flow, sequence)] = Entry(
      key: Self.key(flow, sequence), digest: digest, milliseconds: milliseconds,
      frame: UInt32(truncatingIfNeeded: frame), hopLimit: hopLimit)
  }

  func earlier(_ flow: Int, _ sequence: UInt32, digest: UInt32) -> Earlier? {
    let entry = entries[Self.place(flow, sequence)]
    guard entry.key == Self.key(flow, sequence) else { return nil }
    return Earlier(
      isSame: entry.digest == digest, milliseconds: entry.milliseconds, frame: entry.frame,
      hopLimit: entry.hopLimit)
  }
}
