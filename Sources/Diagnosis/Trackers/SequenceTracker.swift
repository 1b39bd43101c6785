/// Follows the sequence numbers of one SA as its packets pass: what was missed, what came late and by
/// how much, what came twice, and so what a replay window of any size would drop.
///
/// A window drops what lies its size or more below the highest number accepted before (RFC 4303,
/// section 3.4.3). As what is ahead is always accepted, that is the highest number seen, whatever the
/// window: Linux counts the same.
package struct SequenceTracker: Sendable {
  /// What a number was, compared with those before.
  package enum Arrival: Equatable, Sendable {
    /// The next one, or ahead with that many missing between.
    case ahead(missing: UInt32)
    /// Not seen before, that far below the highest.
    case late(by: UInt32)
    /// Seen before.
    case again
    /// So far below the highest that nobody remembers whether it was there.
    case farBehind(by: UInt32)
    /// The sender's counter began anew.
    case restarted
  }

  /// A jump ahead by more is no loss, but a counter that was set (as after a failover: RFC 6311).
  static let leapLimit: Int32 = 1 << 20
  /// So many numbers in sequence far behind the highest are a counter that began anew.
  private static let restartRun = 16

  // What every packet changes stands first, side by side.

  /// The highest number seen, counted on when the 32 bits wrap.
  private var extended: UInt64
  /// Distinct numbers seen.
  package private(set) var received: UInt64 = 1
  private var behindRun = 0
  /// What in-order flows do without.
  package private(set) var disorder: Disorder?
  /// The first number seen, as 2^32 plus the number, so that lower ones can be told.
  private var first: UInt64
  package private(set) var repeated: UInt64 = 0
  package private(set) var restarts: UInt32 = 0
  package private(set) var leaps: UInt32 = 0
  private var behindNext: UInt32 = 0

  /// A window size that is asked about; zero for none.
  private let askedWindow: UInt32

  package init(first sequence: UInt32, askedWindow: UInt32 = 0) {
    self.askedWindow = askedWindow
    first = 1 << 32 | UInt64(sequence)
    extended = first
  }

  /// The highest number, its lower 32 bits.
  package var highest: UInt32 { UInt32(truncatingIfNeeded: extended) }

  /// How often the 32 bits wrapped: only extended sequence numbers may.
  package var wraps: UInt64 { extended >> 32 &- 1 }

  package var late: UInt64 { disorder?.late ?? 0 }

  @inline(__always)
  package mutating func add(_ sequence: UInt32) -> Arrival {
    let distance = Int32(truncatingIfNeeded: sequence &- UInt32(truncatingIfNeeded: extended))
    guard distance == 1 else { return deviate(sequence, distance) }
    extended &+= 1
    received &+= 1
    behindRun = 0
    disorder?.advance()
    return .ahead(missing: 0)
  }

  private mutating func deviate(_ sequence: UInt32, _ distance: Int32) -> Arrival {
    if disorder == nil {
      disorder = Disorder(first: first, highest: extended, askedWindow: askedWindow)
    }
    if distance > 0 {
      received &+= 1
      behindRun = 0
      extended &+= UInt64(distance)
      if distance > Self.leapLimit {
        leaps &+= 1
        disorder?.begin(at: extended)
        return .ahead(missing: 0)
      }
      disorder?.advance(to: extended)
      return .ahead(missing: UInt32(distance) &- 1)
    }
    let behind = distance.magnitude
    if behind > Disorder.span { return farBehind(sequence, by: behind) }
    let number = extended &- UInt64(behind)
    if disorder?.take(number) == false {
      repeated &+= 1
      return .again
    }
    received &+= 1
    disorder?.countLate(by: behind)
    return .late(by: behind)
  }

  private mutating func farBehind(_ sequence: UInt32, by distance: UInt32) -> Arrival {
    behindRun = sequence == behindNext ? behindRun &+ 1 : 1
    behindNext = sequence &+ 1
    received &+= 1
    guard behindRun >= Self.restartRun else {
      disorder?.countLate(by: distance)
      return .farBehind(by: distance)
    }
    // The others of the run lay one further behind each.
    for before in 1..<UInt32(Self.restartRun) { disorder?.forgetLate(by: distance &+ before) }
    restarts &+= 1
    behindRun = 0
    extended = 1 << 32 | UInt64(sequence)
    first = extended
    disorder?.begin(at: extended)
    return .restarted
  }

  /// A packet that ``add(_:)`` called late or far behind was one seen before, by what is known of its
  /// bytes.
  package mutating func correctToRepeated(by distance: UInt32) {
    received &-= 1
    repeated &+= 1
    disorder?.forgetLate(by: distance)
    behindRun = 0
  }

  /// Numbers that never came, as far as that is settled: what may still be under way at the end, by
  /// what was late before, is not counted.
  package var lost: UInt64 { disorder?.lostSoFar ?? 0 }
}
