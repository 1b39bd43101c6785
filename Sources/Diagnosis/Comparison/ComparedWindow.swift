internal import PacketDissector

/// How long packets take from one capture to the other, to expect them there.
struct ComparedLags {
  private struct Way: Hashable {
    let hosts: Int
    let isFromA: Bool
  }

  /// B's time less A's, without what the clocks differ: the median.
  private var medians: [Way: Int64] = [:]
  /// Nanoseconds by which a packet may be under way at most, as far as the pairs show.
  private(set) var margin: Int64 = 20_000_000
  private let clock: ClockOffset

  init(
    _ pairs: [PacketMatching.Pair], _ a: PacketLog, _ b: PacketLog, _ routes: ComparedRoutes,
    _ clock: ClockOffset
  ) {
    self.clock = clock
    var lags: [Way: [Int64]] = [:]
    for pair in pairs {
      let packet = a.packets[pair.a]
      guard let route = routes.atA[Int(packet.path)] else { continue }
      let lag = b.packets[pair.b].time &- packet.time &- clock.offset(at: packet.time)
      lags[Way(hosts: route.hosts, isFromA: route.isFromA), default: []].append(lag)
    }
    for (way, lags) in lags {
      let sorted = lags.sorted()
      medians[way] = sorted[sorted.count / 2]
      let high = sorted[min(sorted.count - 1, sorted.count * 99 / 100)]
      let extreme = max(high.magnitude, sorted[sorted.count / 100].magnitude)
      margin = max(margin, Int64(clamping: min(extreme, 1_000_000_000) * 2))
    }
  }

  /// From a packet of A to the same one of B, in nanoseconds; nil where no way of it is known.
  func expected(_ packet: PacketLog.Packet, _ route: ComparedRoutes.Route?) -> Int64? {
    guard let route else { return nil }
    let way = Way(hosts: route.hosts, isFromA: route.isFromA)
    return clock.offset(at: packet.time) &+ medians[way, default: 0]
  }
}

/// When both captures ran, by A's clock.
///
/// A capture tells when it ran by its first and last frame only: what was sent after the receiver's last
/// frame may have been lost, or have come when no one captured any more.
struct ComparedWindow {
  private let ranA: ClosedRange<Int64>
  private let ranB: ClosedRange<Int64>
  private let margin: Int64

  init(
    _ a: CaptureEvidence, _ b: CaptureEvidence, _ clock: ClockOffset, margin: Int64
  ) {
    self.margin = margin &+ (clock.uncertainty?.count ?? 0)
    ranA = Self.ran(a) { $0 }
    ranB = Self.ran(b) { clock.timeAtA(ofB: $0) }
  }

  private static func ran(
    _ evidence: CaptureEvidence, _ time: (Int64) -> Int64
  ) -> ClosedRange<Int64> {
    guard let first = evidence.quality.first?.time.nanoseconds else { return 0...0 }
    var last = evidence.quality.end.nanoseconds
    // Packets that found no room are as good as not captured.
    if let log = evidence.packets, log.untracked > 0, let packet = log.packets.last {
      last = min(last, packet.time)
    }
    let start = time(first)
    return start...max(start, time(last))
  }

  private func ran(_ capture: CaptureLabel) -> ClosedRange<Int64> { capture == .a ? ranA : ranB }

  var overlap: ClosedRange<Timestamp>? {
    let start = max(ranA.lowerBound, ranB.lowerBound)
    let end = min(ranA.upperBound, ranB.upperBound)
    guard start <= end else { return nil }
    return Timestamp(nanoseconds: start)...Timestamp(nanoseconds: end)
  }

  /// Whether the other capture surely ran when what `sender` sent at `time` was to arrive.
  func covers(sent time: Int64, by sender: CaptureLabel) -> Bool {
    let other = ran(sender.other)
    return time >= other.lowerBound && time <= other.upperBound &- margin
  }

  /// Whether `sender`'s capture surely ran when what arrived at `time` was sent.
  func covers(arrived time: Int64, from sender: CaptureLabel) -> Bool {
    let other = ran(sender)
    return time >= other.lowerBound &+ margin && time <= other.upperBound
  }
}
