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

  /// The first number seen, as 2^32 plus the number, so that lower ones can be told.
  private var first: UInt64
  /// The highest number seen, counted on when the 32 bits wrap.
  private var extended: UInt64
  /// Distinct numbers seen.
  package private(set) var received: UInt64 = 1
  package private(set) var repeated: UInt64 = 0
  package private(set) var restarts: UInt32 = 0
  package private(set) var leaps: UInt32 = 0
  private var behindNext: UInt32 = 0
  private var behindRun = 0
  /// What in-order flows do without.
  package private(set) var disorder: Disorder?

  package init(first sequence: UInt32) {
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
    guard distance == 1, disorder == nil else { return deviate(sequence, distance) }
    extended &+= 1
    received &+= 1
    return .ahead(missing: 0)
  }

  private mutating func deviate(_ sequence: UInt32, _ distance: Int32) -> Arrival {
    if disorder == nil { disorder = Disorder(first: first, highest: extended) }
    if distance > 0 {
      received &+= 1
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
    if behind >= UInt32(Disorder.span) { return farBehind(sequence, by: behind) }
    let number = extended &- UInt64(behind)
    if number >= first, disorder?.take(number) == false {
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
    disorder?.forgetLate(UInt64(behindRun &- 1), by: distance)
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
    disorder?.forgetLate(1, by: distance)
    behindRun = 0
  }

  /// Numbers that never came, as far as that is settled: what may still be under way at the end, by
  /// what was late before, is not counted.
  package var lost: UInt64 { disorder.map { $0.lost &+ $0.settledHoles } ?? 0 }
}

/// What is remembered of an SA whose packets do not come one after the other.
package struct Disorder: Sendable {
  /// Numbers below the highest of which it is known whether they came.
  static let span = 8192
  private static let words = span / 64
  /// The window sizes that a drop count is kept for.
  package static let windows: [UInt32] = [32, 64, 128, 256, 512, 1024, 2048, 4096]

  /// A bit a number, by its lowest 13 bits.
  private var came: [UInt64]
  private var first: UInt64
  private var highest: UInt64
  package private(set) var late: UInt64 = 0
  /// How many late packets each of ``windows`` would have dropped.
  package private(set) var dropped = [UInt64](repeating: 0, count: windows.count)
  /// Late packets by distance.
  package private(set) var distances = DistanceHistogram()
  /// Numbers that left the memory without having come.
  package private(set) var lost: UInt64 = 0
  /// Runs of lost numbers by the logarithm of their length: 1, 2 to 3, 4 to 7, and so on.
  package private(set) var bursts = [UInt64](repeating: 0, count: 21)
  package private(set) var longestBurst: UInt64 = 0
  private var burst: UInt64 = 0

  /// All numbers up to `highest` came, as the flow was in order until now.
  init(first: UInt64, highest: UInt64) {
    came = [UInt64](repeating: .max, count: Self.words)
    self.first = first
    self.highest = highest
  }

  mutating func begin(at number: UInt64) {
    endBurst()
    for word in came.indices { came[word] = .max }
    first = number
    highest = number
  }

  /// Moves on to a higher number, which came; those between did not, so far.
  mutating func advance(to number: UInt64) {
    while highest < number {
      highest &+= 1
      let word = Int(truncatingIfNeeded: highest >> 6) & (Self.words &- 1)
      let bit: UInt64 = 1 << (highest & 63)
      if came[word] & bit == 0 { lose(highest &- UInt64(Self.span)) } else { endBurst() }
      if highest == number { came[word] |= bit } else { came[word] &= ~bit }
    }
  }

  /// Notes that a number came; false if it had before.
  mutating func take(_ number: UInt64) -> Bool {
    let word = Int(truncatingIfNeeded: number >> 6) & (Self.words &- 1)
    let bit: UInt64 = 1 << (number & 63)
    defer { came[word] |= bit }
    return came[word] & bit == 0
  }

  mutating func countLate(by distance: UInt32) {
    late &+= 1
    distances.add(distance)
    for (index, window) in Self.windows.enumerated() where distance >= window {
      dropped[index] &+= 1
    }
  }

  mutating func forgetLate(_ count: UInt64, by distance: UInt32) {
    late &-= min(late, count)
    distances.remove(distance, count: count)
    for (index, window) in Self.windows.enumerated() where distance >= window {
      dropped[index] &-= min(dropped[index], count)
    }
  }

  private mutating func lose(_ number: UInt64) {
    // What was late by as much may have come before the capture began.
    guard number > first &+ UInt64(distances.largest) else { return }
    lost &+= 1
    burst &+= 1
  }

  private mutating func endBurst() {
    guard burst > 0 else { return }
    longestBurst = max(longestBurst, burst)
    bursts[min(bursts.count &- 1, Self.logarithm(of: burst))] &+= 1
    burst = 0
  }

  /// Holes among the numbers still remembered that nothing can fill any more.
  var settledHoles: UInt64 { holes.reduce(0) { $0 + UInt64($1.count) } }

  /// Runs of numbers still remembered that never came, lower 32 bits; without those that may be under
  /// way.
  package var holes: [Range<UInt64>] {
    let margin = UInt64(distances.largest)
    let lowest = max(first &+ margin &+ 1, highest &- min(highest, UInt64(Self.span &- 1)))
    var runs: [Range<UInt64>] = []
    var start: UInt64?
    guard highest > margin, lowest < highest &- margin else { return [] }
    for number in lowest..<highest &- margin {
      let word = Int(truncatingIfNeeded: number >> 6) & (Self.words &- 1)
      if came[word] >> (number & 63) & 1 == 0 {
        start = start ?? number
      } else if let begun = start {
        runs.append(begun..<number)
        start = nil
      }
    }
    if let start { runs.append(start..<highest &- margin) }
    return runs
  }

  private static func logarithm(of count: UInt64) -> Int { 63 &- count.leadingZeroBitCount }

  /// Bursts by length, those among the numbers still remembered with them.
  package var allBursts: (byLogarithm: [UInt64], longest: UInt64) {
    var counts = bursts
    var longest = max(longestBurst, burst)
    for run in holes {
      counts[min(counts.count - 1, Self.logarithm(of: UInt64(run.count)))] += 1
      longest = max(longest, UInt64(run.count))
    }
    return (counts, longest)
  }
}

/// Counts distances exactly up to 63, and beyond within 1/32 of their value.
package struct DistanceHistogram: Sendable {
  /// Empty before the first distance: most flows have none.
  private var counts: [UInt32] = []
  package private(set) var total: UInt64 = 0
  package private(set) var largest: UInt32 = 0

  package init() {}

  mutating func add(_ distance: UInt32) {
    if counts.isEmpty { counts = [UInt32](repeating: 0, count: 64 + 32 * 26) }
    counts[Self.place(distance)] &+= 1
    total &+= 1
    largest = max(largest, distance)
  }

  mutating func remove(_ distance: UInt32, count: UInt64) {
    guard !counts.isEmpty else { return }
    let place = Self.place(distance)
    let removed = min(counts[place], UInt32(clamping: count))
    counts[place] &-= removed
    total &-= min(total, UInt64(removed))
    if total == 0 || counts[Self.place(largest)] == 0 {
      largest = counts.lastIndex { $0 > 0 }.map(Self.value) ?? 0
    }
  }

  /// The smallest distance that a share of all are no larger than.
  package func percentile(_ share: Double) -> UInt32 {
    let wanted = UInt64((Double(total) * share).rounded(.up))
    var seen: UInt64 = 0
    for (place, count) in counts.enumerated() where count > 0 {
      seen += UInt64(count)
      if seen >= wanted { return min(Self.value(place), largest) }
    }
    return largest
  }

  /// How many distances lie in `range`, to the precision of the counts.
  package func count(in range: Range<UInt32>) -> UInt64 {
    counts.enumerated().reduce(0) { sum, entry in
      range.contains(Self.value(entry.offset)) ? sum + UInt64(entry.element) : sum
    }
  }

  private static func place(_ distance: UInt32) -> Int {
    if distance < 64 { return Int(distance) }
    let shift = 26 - distance.leadingZeroBitCount
    return 64 + 32 * (shift - 1) + Int(distance >> UInt32(shift)) - 32
  }

  /// The lowest distance that counts there.
  private static func value(_ place: Int) -> UInt32 {
    if place < 64 { return UInt32(place) }
    let shift = (place - 64) / 32 + 1
    return UInt32(32 + (place - 64) % 32) << UInt32(shift)
  }
}
