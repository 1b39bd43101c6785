/// Round-trip times, of which the latest are kept.
package struct BeatTimes: Equatable, Sendable {
  /// How many are kept: percentiles and the histogram are of these.
  package static let limit = 65_536

  package private(set) var count = 0
  package private(set) var least: Duration?
  package private(set) var most: Duration?
  /// The mean of the differences between one round trip and the next; nil before there are two.
  package var jitter: Duration? { count > 1 ? differences / (count - 1) : nil }
  private var times: [Duration] = []
  private var place = 0
  private var last: Duration?
  private var differences = Duration.zero

  package init() {}

  package mutating func add(_ time: Duration) {
    count += 1
    least = min(least ?? time, time)
    most = max(most ?? time, time)
    if let last { differences += time > last ? time - last : last - time }
    last = time
    if times.count < Self.limit {
      times.append(time)
    } else {
      times[place] = time
      place = (place + 1) % Self.limit
    }
  }

  /// The smallest time that so many percent do not exceed; nil where there are too few to tell: half of the
  /// kept ones, one in twenty and one in a hundred must be at least one.
  package func percentile(_ percent: Int) -> Duration? {
    guard (1...99).contains(percent), times.count * (100 - percent) >= 100 || percent == 50,
      !times.isEmpty
    else { return nil }
    let sorted = times.sorted()
    return sorted[max(0, (sorted.count * percent + 99) / 100 - 1)]
  }

  package var median: Duration? { percentile(50) }

  /// One column of a histogram: how many were at least `from` and less than `to`.
  package struct Bucket: Equatable, Sendable {
    package var from: Duration
    package var to: Duration
    package var count: Int
  }

  /// All kept times in up to `count` buckets of equal width, a round number of microseconds; empty before
  /// there are two.
  package func histogram(_ count: Int) -> [Bucket] {
    guard times.count > 1, count > 0, let first = times.min(), let last = times.max() else {
      return []
    }
    let width = Self.roundWidth((last - first) / count)
    let start = width * Int((first / width).rounded(.down))
    var buckets: [Bucket] = []
    var from = start
    while from <= last {
      buckets.append(Bucket(from: from, to: from + width, count: 0))
      from += width
    }
    for time in times {
      let index = Int(((time - start) / width).rounded(.down))
      buckets[min(max(0, index), buckets.count - 1)].count += 1
    }
    return buckets
  }

  /// The next of 1, 2 and 5 times a power of ten, and 10 µs at least.
  private static func roundWidth(_ wanted: Duration) -> Duration {
    var power = Duration.microseconds(10)
    while power < .seconds(100) {
      for factor in [1, 2, 5] where power * factor >= wanted { return power * factor }
      power *= 10
    }
    return power
  }
}
