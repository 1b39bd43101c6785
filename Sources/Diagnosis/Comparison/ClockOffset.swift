package import PacketDissector

/// How far the clock of capture B is ahead of that of capture A.
///
/// Packets that cross in both directions tell: the quickest from A to B show offset plus delay, the
/// quickest from B to A offset minus delay, and the offset lies in the middle. It is off by half of what
/// the two delays differ, so by no more than half the quickest round trip.
package struct ClockOffset: Sendable {
  package enum Basis: String, Sendable {
    case bothWays = "both_ways"
    /// Packets crossed in one direction only: the delay is part of the offset.
    case oneWay = "one_way"
    /// None crossed: the clocks are taken for equal.
    case assumed
  }

  struct Sample {
    /// By A's clock.
    let time: Int64
    /// B's time less A's.
    let difference: Int64
    let isFromA: Bool
  }

  package private(set) var basis = Basis.assumed
  /// At ``reference``.
  package private(set) var offset = Nanoseconds(0)
  /// The most that the offset can be wrong by; nil unless packets crossed both ways.
  package private(set) var uncertainty: Nanoseconds?
  /// How fast B's clock gains on A's, in seconds a second; zero where none shows.
  package private(set) var drift = 0.0
  package private(set) var samples = 0
  /// A's time at which the offset holds; with drift it changes from there.
  package private(set) var reference = Timestamp(nanoseconds: 0)

  /// Below this span drift is not looked for.
  private static let leastSpan: Int64 = 60_000_000_000

  init() {}

  init(_ samples: [Sample]) {
    guard let first = samples.map(\.time).min(), let last = samples.map(\.time).max() else {
      return
    }
    self.samples = samples.count
    reference = Timestamp(nanoseconds: first)
    drift = Self.drift(samples, from: first, to: last)
    let level = samples.map { sample in
      Sample(
        time: sample.time,
        difference: sample.difference &- gained(until: sample.time), isFromA: sample.isFromA)
    }
    let bounds = Self.bounds(level)
    switch (bounds.quickestFromA, bounds.quickestFromB) {
    case (let fromA?, let fromB?):
      basis = .bothWays
      offset = Nanoseconds(fromB &+ (fromA &- fromB) / 2)
      uncertainty = Nanoseconds(Int64(clamping: (fromA &- fromB).magnitude / 2))
    case (let one?, nil), (nil, let one?):
      basis = .oneWay
      offset = Nanoseconds(one)
    case (nil, nil): break
    }
  }

  private func gained(until time: Int64) -> Int64 {
    Int64(max(-4e18, min(4e18, drift * Double(time &- reference.nanoseconds))))
  }

  /// B's clock less A's, at a moment of A's.
  func offset(at time: Int64) -> Int64 { offset.count &+ gained(until: time) }

  /// A moment of B's clock by A's.
  func timeAtA(ofB time: Int64) -> Int64 {
    time &- offset(at: time &- offset.count)
  }

  // MARK: Estimates

  /// The quickest ways, but for the quickest fiftieth: one wrong pair must not decide.
  private static func bounds(
    _ samples: some Sequence<Sample>
  ) -> (quickestFromA: Int64?, quickestFromB: Int64?) {
    let fromA = samples.filter(\.isFromA).map(\.difference).sorted()
    let fromB = samples.filter { !$0.isFromA }.map(\.difference).sorted(by: >)
    return (
      fromA.isEmpty ? nil : fromA[fromA.count / 50], fromB.isEmpty ? nil : fromB[fromB.count / 50]
    )
  }

  /// The median slope between the offsets of parts of the capture (Theil and Sen), where it explains
  /// more of them than it leaves.
  private static func drift(_ samples: [Sample], from first: Int64, to last: Int64) -> Double {
    let span = last &- first
    guard span >= leastSpan, span < 1 << 56 else { return 0 }
    let parts: Int64 = 16
    var groups = [[Sample]](repeating: [], count: Int(parts))
    for sample in samples {
      groups[Int(min(parts - 1, (sample.time &- first) / (span / parts + 1)))].append(sample)
    }
    let middles = groups.compactMap { group -> (time: Double, offset: Double)? in
      let bounds = bounds(group)
      guard let fromA = bounds.quickestFromA, let fromB = bounds.quickestFromB else { return nil }
      let time = group.reduce(0.0) { $0 + Double($1.time &- first) } / Double(group.count)
      return (time, Double(fromB) + Double(fromA &- fromB) / 2)
    }
    guard middles.count >= 4 else { return 0 }
    var slopes: [Double] = []
    for (index, one) in middles.enumerated() {
      for other in middles[(index + 1)...] where other.time > one.time {
        slopes.append((other.offset - one.offset) / (other.time - one.time))
      }
    }
    guard !slopes.isEmpty else { return 0 }
    let slope = slopes.sorted()[slopes.count / 2]
    let level = middles.map { $0.offset - slope * $0.time }.sorted()
    let left = (level.last ?? 0) - (level.first ?? 0)
    // Below half a millisecond in all it is no one's concern.
    let gain = abs(slope) * Double(span)
    return gain > 500_000 && gain > 2 * left ? slope : 0
  }
}
