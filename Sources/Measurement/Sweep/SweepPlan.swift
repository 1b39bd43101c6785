package import IKE

/// Which target of a sweep is asked next, and when: some passes over all that have not answered, at a
/// steady rate.
///
/// Of a target it keeps a bit and the time of its last request: 4.1 MB for a million.
package struct SweepPlan: Sendable {
  package enum Step: Equatable, Sendable {
    /// Ask the target with this number now.
    case ask(UInt32)
    /// Nothing to send before this moment.
    case wait(until: Instant)
    /// All have answered or been asked often enough, and the wait for the last is over.
    case done
  }

  package let count: UInt32
  private let passes: Int
  private let gap: Duration
  private let patience: Duration
  private let start: Instant
  private var answered: [UInt64]
  /// Of the last request, in units of 10 µs since ``start``: enough for eleven hours.
  private var sentAt: [UInt32]
  private var pass = 0
  private var next: UInt32 = 0
  private var nextSlot: Instant
  private var lastSent: Instant

  package private(set) var asked: UInt64 = 0
  package private(set) var answers: UInt32 = 0

  /// - Parameters:
  ///   - count: How many targets there are.
  ///   - passes: How often a silent target is asked; at least once.
  ///   - rate: Requests a second, at least one; nil for as fast as it goes.
  ///   - patience: How long to wait for answers behind a pass.
  ///   - start: Now.
  package init(
    count: UInt32, passes: Int, rate: Int?, patience: Duration, start: Instant
  ) {
    self.count = count
    self.passes = max(1, passes)
    gap = rate.map { .nanoseconds(1_000_000_000 / Int64(max(1, $0))) } ?? .zero
    self.patience = patience
    self.start = start
    answered = Array(repeating: 0, count: Int(count / 64) + 1)
    sentAt = Array(repeating: 0, count: Int(count))
    nextSlot = start
    lastSent = start
  }

  /// What to do at `now`. A target that it names counts as asked.
  package mutating func step(at now: Instant) -> Step {
    while pass < passes {
      if next == 0, pass > 0, now < lastSent + patience {
        return allHaveAnswered ? .done : .wait(until: lastSent + patience)
      }
      while next < count, isAnswered(next) { next += 1 }
      guard next < count else {
        pass += 1
        next = 0
        if allHaveAnswered { return .done }
        continue
      }
      guard now >= nextSlot else { return .wait(until: nextSlot) }
      // After a pause no burst makes up for it.
      nextSlot = max(nextSlot, now + gap * -16) + gap
      let number = next
      next += 1
      asked += 1
      lastSent = now
      sentAt[Int(number)] = units(now)
      return .ask(number)
    }
    let end = lastSent + patience
    return allHaveAnswered || now >= end ? .done : .wait(until: end)
  }

  /// Notes an answer; how long it took since the last request, nil if the target had answered before or
  /// has no such number.
  package mutating func answer(from number: UInt32, at now: Instant) -> Duration? {
    guard number < count, !isAnswered(number) else { return nil }
    answered[Int(number / 64)] |= 1 << UInt64(number % 64)
    answers += 1
    return .microseconds(10 * Int64(units(now) &- sentAt[Int(number)]))
  }

  package var allHaveAnswered: Bool { answers == count }

  package func isAnswered(_ number: UInt32) -> Bool {
    answered[Int(number / 64)] & 1 << UInt64(number % 64) != 0
  }

  private func units(_ now: Instant) -> UInt32 {
    UInt32(truncatingIfNeeded: (now.nanoseconds &- start.nanoseconds) / 10_000)
  }
}
