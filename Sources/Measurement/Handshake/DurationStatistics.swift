/// How durations are spread.
package struct DurationStatistics: Equatable, Sendable {
  /// The smallest first.
  package let sorted: [Duration]

  package init(_ durations: some Sequence<Duration>) {
    sorted = durations.sorted()
  }

  package var count: Int { sorted.count }
  package var smallest: Duration? { sorted.first }
  package var largest: Duration? { sorted.last }
  package var median: Duration? { percentile(50) }

  /// The smallest duration that so many percent of all do not exceed; nil where there is none.
  package func percentile(_ percent: Int) -> Duration? {
    guard !sorted.isEmpty else { return nil }
    let rank = (sorted.count * min(max(percent, 0), 100) + 99) / 100
    return sorted[max(0, rank - 1)]
  }

  /// One bar of a histogram.
  package struct Bin: Equatable, Sendable {
    /// Durations from here on, up to the next bin's.
    package var from: Duration
    package var count: Int
  }

  /// Bins whose bounds grow by a constant factor, as lost packets make times many times longer; empty ones at
  /// both ends are left out.
  package func histogram(bins: Int = 12) -> [Bin] {
    guard let first = sorted.first, let last = sorted.last, bins > 1, first > .zero else {
      return []
    }
    var width = Self.growth(from: first, to: last, bins: bins)
    width = max(width, 1.05)
    var result: [Bin] = []
    var from = first
    var rest = sorted[...]
    while !rest.isEmpty {
      let to = from * width
      let count = rest.prefix { $0 < to }.count
      result.append(Bin(from: from, count: count))
      rest = rest.dropFirst(count)
      from = to
    }
    return result
  }

  /// The factor between bounds with which `bins` reach from the first to the last: the root of their ratio, by
  /// bisection.
  private static func growth(from first: Duration, to last: Duration, bins: Int) -> Double {
    let ratio = last / first
    var low = 1.0
    var high = max(ratio, 1.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      var power = 1.0
      for _ in 0..<(bins - 1) { power *= middle }
      if power < ratio { low = middle } else { high = middle }
    }
    return high
  }
}
