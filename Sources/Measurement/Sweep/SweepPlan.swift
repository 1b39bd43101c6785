package import IKE

/// Which target of a sweep is asked next, and when: some passes over all that have not answered, at a
/// steady rate.
///
/// It goes no further ahead than answers are likely to find room in the buffers on their way: a gateway
/// with many addresses loses what comes faster than it answers. Silent targets hold nothing up, as the
/// share of those that answer is measured on the way.
///
/// Of a target it keeps a bit and the time of its last request: 4.1 MB for a million.
package struct SweepPlan: Sendable {
  package enum Step: Equatable, Sendable {
    /// Ask the target with this number now.
    case ask(UInt32)
    /// Nothing to send before this moment.
    case wait(until: Instant)
    /// As many answers are awaited as buffers have room for.
    case hold
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
  private var window = AnswerWindow()
  /// Of this pass, targets below this number have answered, or will not any more.
  private var settled: UInt32 = 0
  /// When this pass began, in the units of `sentAt`.
  private var passStart: UInt32 = 0

  package private(set) var asked: UInt64 = 0
  /// Targets that answered or were left out.
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
        if allHaveAnswered { return .done }
        endPass(at: now)
        continue
      }
      guard now >= nextSlot else { return .wait(until: nextSlot) }
      settle(at: now)
      guard window.hasRoom else { return .hold }
      // After a pause no burst makes up for it.
      nextSlot = max(nextSlot, now + gap * -16) + gap
      return .ask(ask(at: now))
    }
    let end = lastSent + patience
    return allHaveAnswered || now >= end ? .done : .wait(until: end)
  }

  private mutating func ask(at now: Instant) -> UInt32 {
    let number = next
    next += 1
    asked += 1
    lastSent = now
    sentAt[Int(number)] = units(now)
    window.send()
    return number
  }

  private mutating func endPass(at now: Instant) {
    pass += 1
    next = 0
    settled = 0
    passStart = units(now)
    window.startOver()
  }

  /// Gives up hope, for this pass, of those whose answers would be there by now.
  private mutating func settle(at now: Instant) {
    let oldest = units(now) &- Self.ticks(window.longestRoundTrip)
    while settled < next {
      let sent = sentAt[Int(settled)]
      // Units wrap around; what was not asked in this pass had answered before it.
      let isOfThisPass = Int32(bitPattern: sent &- passStart) >= 0
      let hasAnswered = isAnswered(settled)
      if isOfThisPass {
        guard hasAnswered || Int32(bitPattern: oldest &- sent) > 0 else { return }
        window.settle(hasAnswered: hasAnswered)
      }
      settled += 1
    }
  }

  /// Notes an answer; how long it took since the last request, nil if the target had answered before or
  /// has no such number. `delay` is how long the answer has waited here.
  package mutating func answer(
    from number: UInt32, at now: Instant, delay: Duration = .zero
  ) -> Duration? {
    guard number < count, !isAnswered(number) else { return nil }
    mark(number)
    let ticks = units(now) &- Self.ticks(delay) &- sentAt[Int(number)]
    // The clocks of both may differ by a tick.
    let roundTrip = Duration.microseconds(10 * Int64(max(0, Int32(bitPattern: ticks))))
    if isAwaited(number) { window.close() }
    window.note(roundTrip)
    return roundTrip
  }

  /// Leaves a target out from now on; false if it had answered or been left out before.
  package mutating func leaveOut(_ number: UInt32) -> Bool {
    guard number < count, !isAnswered(number) else { return false }
    mark(number)
    if isAwaited(number) { window.close() }
    return true
  }

  private func isAwaited(_ number: UInt32) -> Bool { number >= settled && number < next }

  private mutating func mark(_ number: UInt32) {
    answered[Int(number / 64)] |= 1 << UInt64(number % 64)
    answers += 1
  }

  /// Something else was sent, whose answer is to be waited for as well.
  package mutating func noteSent(at now: Instant) { lastSent = max(lastSent, now) }

  /// How many requests there are still to be sent, should nobody answer any more.
  package var remaining: UInt64 {
    guard pass < passes else { return 0 }
    let silent = UInt64(count - answers)
    return min(silent, UInt64(count - next)) + UInt64(passes - pass - 1) * silent
  }

  package var allHaveAnswered: Bool { answers == count }

  package func isAnswered(_ number: UInt32) -> Bool {
    answered[Int(number / 64)] & 1 << UInt64(number % 64) != 0
  }

  /// In units of 10 µs.
  private static func ticks(_ span: Duration) -> UInt32 {
    let (seconds, attoseconds) = span.components
    return UInt32(
      truncatingIfNeeded: seconds &* 100_000 &+ attoseconds / 10_000_000_000_000)
  }

  private func units(_ now: Instant) -> UInt32 {
    UInt32(truncatingIfNeeded: (now.nanoseconds &- start.nanoseconds) / 10_000)
  }
}
