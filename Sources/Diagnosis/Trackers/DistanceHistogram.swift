/// Counts distances exactly up to 63, and beyond within 1/32 of their value.
package struct DistanceHistogram: Sendable {
  /// As many as the largest distance needs: most flows have none, or small ones.
  private var counts: [UInt32] = []
  package private(set) var total: UInt64 = 0
  package private(set) var largest: UInt32 = 0

  package init() {}

  mutating func add(_ distance: UInt32) {
    let place = Self.place(distance)
    if place >= counts.count {
      counts.append(contentsOf: repeatElement(0, count: place &+ 1 &- counts.count))
    }
    counts[place] &+= 1
    total &+= 1
    largest = max(largest, distance)
  }

  mutating func remove(_ distance: UInt32) {
    let place = Self.place(distance)
    guard place < counts.count, counts[place] > 0 else { return }
    counts[place] &-= 1
    total &-= 1
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
