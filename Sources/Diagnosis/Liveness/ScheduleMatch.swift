internal import Glibc

/// Whose retransmissions these are, as far as their times tell.
package struct ScheduleMatch: Equatable, Sendable {
  package enum Owner: Equatable, Sendable {
    /// A daemon as it is installed.
    case standard(RetransmissionSchedule)
    /// libreswan with another retransmit-interval, in seconds: only it sends the first gap twice.
    case libreswan(interval: Double)
    /// Each gap `base` times the one before, the first of them `timeout` seconds: strongSwan with
    /// other settings, or any daemon that doubles.
    case geometric(timeout: Double, base: Double)
  }

  package let owner: Owner
  package let confidence: Confidence
  /// Which gap of the schedule the first one observed is; above 0 where the first transmissions were
  /// not seen.
  package let firstGap: Int

  /// Nil where several daemons send so.
  package var daemon: Daemon? {
    switch owner {
    case .standard(let schedule): schedule.daemon
    case .libreswan: .libreswan
    case .geometric: nil
    }
  }

  /// "strongSwan's default schedule, 4.0 s × 1.8ⁿ"
  package var name: String {
    switch owner {
    case .standard(let schedule): "\(schedule.daemon.name)'s default schedule, \(schedule.formula)"
    case .libreswan(let interval):
      "libreswan's schedule with retransmit-interval \(Int((interval * 1000).rounded())) ms"
    case .geometric(let timeout, let base) where abs(base - 1) < 0.05:
      "one every \(Quantity.decimal(timeout, places: 1)) s"
    case .geometric(let timeout, let base):
      "\(Quantity.decimal(timeout, places: 1)) s × \(Quantity.decimal(base, places: 1))ⁿ"
    }
  }
}

extension RetransmissionSchedule {
  /// "4.0 s × 1.8ⁿ", "0.5 s, doubled from the second on", "2.0 s × 2.0ⁿ"
  package var formula: String {
    switch rule {
    case .strongSwan(let settings):
      "\(Quantity.decimal(settings.timeout, places: 1)) s × "
        + "\(Quantity.decimal(settings.base, places: 1))ⁿ"
    case .libreswan(let settings):
      "\(Quantity.decimal(settings.interval, places: 1)) s, doubled from the second on"
    case .iked: "2.0 s × 2.0ⁿ"
    }
  }

  /// Names the daemon that sends one message again after `gaps` seconds, each measured from one
  /// transmission to the next. Nil for fewer than two gaps, for such as no timer makes (below 50 ms:
  /// the same packet, seen twice), or where no known schedule has them.
  ///
  /// A gap fits that differs by no more than 15 % or 100 ms. Of several schedules that fit the nearest
  /// is taken; with an equal distance, that of a daemon as it is installed. Jitter only shortens a gap
  /// (see ``StrongSwan/jitter``), up to 20 %: beyond the tolerance it leaves no match.
  package static func matching(gaps: [Double]) -> ScheduleMatch? {
    guard gaps.count >= 2, gaps.allSatisfy({ (0.05..<86_400).contains($0) }) else {
      return nil
    }
    var candidates = [strongSwan, libreswan, iked].flatMap { standard($0, gaps) }
    if let candidate = libreswan(gaps) { candidates.append(candidate) }
    if let candidate = doubling(gaps) { candidates.append(candidate) }
    let best = candidates.min { $0.distance < $1.distance }
    return best?.match ?? geometric(gaps)
  }

  private typealias Candidate = (match: ScheduleMatch, distance: Double)

  /// The part of `schedule` that `gaps` are, from its start or, if the first transmissions were not
  /// seen, from further on.
  private static func standard(_ schedule: RetransmissionSchedule, _ gaps: [Double]) -> [Candidate]
  {
    // The last gap ends with giving up, not with a transmission.
    let expected = schedule.gaps.dropLast()
    guard gaps.count <= expected.count else { return [] }
    return (0...(expected.count - gaps.count)).compactMap { start in
      let part = Array(expected[start..<(start + gaps.count)])
      guard let distance = distance(gaps, part) else { return nil }
      let match = ScheduleMatch(
        owner: .standard(schedule),
        confidence: confidence(schedule.daemon, gaps: gaps.count, start: start), firstGap: start)
      // A schedule that is seen from its start is nearer than one of which the start is missing.
      return (match, distance + (start == 0 ? 0 : 0.05))
    }
  }

  /// Many daemons double from 2 s; the factor 1.8 is strongSwan's alone, the first gap twice
  /// libreswan's alone once the doubling shows.
  private static func confidence(_ daemon: Daemon, gaps: Int, start: Int) -> Confidence {
    switch daemon {
    case .iked: .possible
    case .libreswan: start == 0 && gaps >= 3 ? .likely : .possible
    case .strongSwan: start == 0 || gaps >= 3 ? .likely : .possible
    }
  }

  private static func libreswan(_ gaps: [Double]) -> Candidate? {
    // Two equal gaps alone are as well a constant interval.
    guard gaps.count >= 3 else { return nil }
    let interval = (gaps[0] + gaps[1]) / 2
    let expected = [interval] + (0..<(gaps.count - 1)).map { interval * exp2(Double($0)) }
    guard let distance = distance(gaps, expected) else { return nil }
    let match = ScheduleMatch(
      owner: .libreswan(interval: interval), confidence: .likely, firstGap: 0)
    return (match, distance + 0.01)
  }

  /// A fit with base 2, so that 4, 8, 16 is not taken for strongSwan's 4, 7.2, 12.96.
  private static func doubling(_ gaps: [Double]) -> Candidate? {
    let logarithms = gaps.enumerated().map { log($1) - Double($0) * log(2) }
    let first = exp(logarithms.reduce(0, +) / Double(gaps.count))
    let expected = gaps.indices.map { first * exp2(Double($0)) }
    guard let distance = distance(gaps, expected) else { return nil }
    let match = ScheduleMatch(
      owner: .geometric(timeout: first, base: 2), confidence: .possible, firstGap: 0)
    return (match, distance + 0.02)
  }

  /// The line through the gaps' logarithms. A base below 1 is no schedule.
  private static func geometric(_ gaps: [Double]) -> ScheduleMatch? {
    let count = Double(gaps.count)
    let middle = (count - 1) / 2
    let mean = gaps.map { log($0) }.reduce(0, +) / count
    var covariance = 0.0
    var variance = 0.0
    for (index, gap) in gaps.enumerated() {
      let offset = Double(index) - middle
      covariance += offset * (log(gap) - mean)
      variance += offset * offset
    }
    let slope = covariance / variance
    let base = exp(slope)
    let timeout = exp(mean - slope * middle)
    let expected = gaps.indices.map { timeout * pow(base, Double($0)) }
    guard (0.95...10).contains(base), distance(gaps, expected) != nil else { return nil }
    return ScheduleMatch(
      owner: .geometric(timeout: timeout, base: max(1, base)), confidence: .possible, firstGap: 0)
  }

  /// The mean deviation as a share of what is expected; nil where a gap does not fit.
  private static func distance(_ gaps: [Double], _ expected: [Double]) -> Double? {
    var sum = 0.0
    for (gap, expected) in zip(gaps, expected) {
      let deviation = abs(gap - expected)
      guard deviation <= max(0.1, expected * 0.15) else { return nil }
      sum += deviation / expected
    }
    return sum / Double(gaps.count)
  }
}
