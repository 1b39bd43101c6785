/// What is remembered of an SA whose packets do not come one after the other.
package struct Disorder: Sendable {
  /// So many numbers below the highest are remembered at least: whether they came or not.
  static let span = UInt32((words - 1) * 64)
  private static let words = 128
  /// The window sizes that a drop count is kept for.
  package static let windows: [UInt32] = [32, 64, 128, 256, 512, 1024, 2048, 4096]

  /// The word of ``came`` that the highest number is in: most packets change only that.
  private var recent: UInt64
  private var highest: UInt64
  /// A bit a number, by its lowest 13 bits; without those of ``recent``.
  private var came: [UInt64]
  private var first: UInt64
  package private(set) var late: UInt64 = 0
  /// How many late packets each of ``windows`` would have dropped.
  package private(set) var dropped = [UInt64](repeating: 0, count: windows.count)
  /// A further size that was asked about, zero without one, and what it would have dropped.
  package let askedWindow: UInt32
  package private(set) var droppedByAsked: UInt64 = 0
  /// Late packets by distance.
  package private(set) var distances = DistanceHistogram()
  /// Numbers that left the memory without having come.
  package private(set) var lost: UInt64 = 0
  /// Runs of lost numbers by the logarithm of their length: 1, 2 to 3, 4 to 7, and so on.
  package private(set) var bursts = [UInt64](repeating: 0, count: 21)
  package private(set) var longestBurst: UInt64 = 0
  private var burst: UInt64 = 0

  /// All numbers from `first` to `highest` came, as the flow was in order until now.
  init(first: UInt64, highest: UInt64, askedWindow: UInt32) {
    self.askedWindow = askedWindow
    came = [UInt64](repeating: 0, count: Self.words)
    recent = 0
    self.first = first
    self.highest = highest
    let last = highest >> 6
    for word in max(first >> 6, last &- UInt64(Self.words - 1))...last {
      var bits: UInt64 = .max
      if word == first >> 6 { bits &= .max << (first & 63) }
      if word == last { recent = bits & Self.upTo(highest) } else { came[Self.place(word)] = bits }
    }
  }

  /// The bits of a number's word up to its own.
  private static func upTo(_ number: UInt64) -> UInt64 { .max >> (63 &- number & 63) }

  /// Begins anew with a number that has nothing to do with those before.
  mutating func begin(at number: UInt64) {
    let counts = allBursts
    lost = lostSoFar
    (bursts, longestBurst, burst) = (counts.byLogarithm, counts.longest, 0)
    for word in came.indices { came[word] = 0 }
    recent = 1 << (number & 63)
    first = number
    highest = number
  }

  /// Moves on to the next number, which came.
  @inline(__always)
  mutating func advance() {
    if highest & 63 == 63 { return advance(to: highest &+ 1) }
    highest &+= 1
    recent |= 1 << (highest & 63)
  }

  /// Moves on to a higher number, which came; those between did not, so far.
  mutating func advance(to number: UInt64) {
    let steps = number >> 6 &- highest >> 6
    if steps > 0 { turn(steps) }
    highest = number
    recent |= 1 << (number & 63)
  }

  /// Makes room for further words; what stood in their places leaves the memory.
  private mutating func turn(_ steps: UInt64) {
    let word = highest >> 6
    came[Self.place(word)] = recent
    for next in word &+ 1...word &+ min(steps, UInt64(Self.words)) {
      // Of the words before 2^32, none is a number of this capture.
      forget(came[Self.place(next)], at: (next &- UInt64(Self.words)) << 6)
      came[Self.place(next)] = 0
    }
    if steps > UInt64(Self.words) {
      // Those between never came, and are gone already.
      lose((word &+ 1) << 6..<(word &+ steps &- UInt64(Self.words) &+ 1) << 6)
    }
    recent = 0
  }

  private static func place(_ word: UInt64) -> Int {
    Int(truncatingIfNeeded: word) & (words &- 1)
  }

  /// Settles 64 numbers from `start` on, of which those came whose bits are set.
  private mutating func forget(_ bits: UInt64, at start: UInt64) {
    if bits == .max { return endBurst() }
    for bit in 0..<UInt64(64) {
      if bits >> bit & 1 == 1 { endBurst() } else { lose(start &+ bit..<start &+ bit &+ 1) }
    }
  }

  private mutating func lose(_ numbers: Range<UInt64>) {
    // What was late by as much may have come before the capture began.
    let lowest = max(numbers.lowerBound, first &+ UInt64(distances.largest) &+ 1)
    guard lowest < numbers.upperBound else { return }
    lost &+= numbers.upperBound &- lowest
    burst &+= numbers.upperBound &- lowest
  }

  private mutating func endBurst() {
    guard burst > 0 else { return }
    longestBurst = max(longestBurst, burst)
    bursts[Self.logarithm(of: burst)] &+= 1
    burst = 0
  }

  /// Notes that a number below the highest came; false if it had before.
  mutating func take(_ number: UInt64) -> Bool {
    let bit: UInt64 = 1 << (number & 63)
    if number >> 6 == highest >> 6 {
      defer { recent |= bit }
      return recent & bit == 0
    }
    let place = Self.place(number >> 6)
    defer { came[place] |= bit }
    return came[place] & bit == 0
  }

  mutating func countLate(by distance: UInt32) {
    late &+= 1
    distances.add(distance)
    for (index, window) in Self.windows.enumerated() where distance >= window {
      dropped[index] &+= 1
    }
    if askedWindow > 0, distance >= askedWindow { droppedByAsked &+= 1 }
  }

  mutating func forgetLate(by distance: UInt32) {
    late &-= min(late, 1)
    distances.remove(distance)
    for (index, window) in Self.windows.enumerated() where distance >= window {
      dropped[index] &-= min(dropped[index], 1)
    }
    if askedWindow > 0, distance >= askedWindow { droppedByAsked &-= min(droppedByAsked, 1) }
  }

  /// Lost numbers, with those among the numbers still remembered that nothing will fill any more.
  var lostSoFar: UInt64 { holes.reduce(lost) { $0 &+ UInt64($1.count) } }

  /// Runs of numbers still remembered that never came; without those that may be under way.
  package var holes: [Range<UInt64>] {
    let margin = UInt64(distances.largest)
    // Numbers count from 2^32 on, so that none of these falls below zero.
    let end = highest &- margin
    var number = max(first &+ margin &+ 1, (highest >> 6 &- UInt64(Self.words - 1)) << 6)
    var runs: [Range<UInt64>] = []
    var start: UInt64?
    while number < end {
      let bits = number >> 6 == highest >> 6 ? recent : came[Self.place(number >> 6)]
      let rest = bits >> (number & 63)
      let left = min(64 &- number & 63, end &- number)
      if rest & 1 == 0 {
        start = start ?? number
        number &+= min(left, UInt64(rest.trailingZeroBitCount))
      } else {
        if let begun = start { runs.append(begun..<number) }
        start = nil
        number &+= min(left, UInt64((~rest).trailingZeroBitCount))
      }
    }
    if let start { runs.append(start..<end) }
    return runs
  }

  private static func logarithm(of count: UInt64) -> Int {
    min(20, 63 &- count.leadingZeroBitCount)
  }

  /// Bursts by length, those among the numbers still remembered with them.
  package var allBursts: (byLogarithm: [UInt64], longest: UInt64) {
    var counts = bursts
    var longest = longestBurst
    var begun = burst
    for run in holes {
      // One that began before goes on at the lower end of what is remembered.
      let goesOn = begun > 0 && run.lowerBound == (highest >> 6 &- UInt64(Self.words - 1)) << 6
      let length = UInt64(run.count) &+ (goesOn ? begun : 0)
      if goesOn { begun = 0 }
      counts[Self.logarithm(of: length)] &+= 1
      longest = max(longest, length)
    }
    if begun > 0 {
      counts[Self.logarithm(of: begun)] &+= 1
      longest = max(longest, begun)
    }
    return (counts, longest)
  }
}
