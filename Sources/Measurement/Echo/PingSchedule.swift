internal import IKE

/// When the requests of a series are due, and when it is over.
struct PingSchedule {
  enum Step: Equatable {
    /// Send the request of this number, counted from zero.
    case send(Int)
    case wait(until: Instant)
    case done
  }

  private let count: Int?
  private let interval: Duration
  private var number = 0
  private var due: Instant

  init(_ plan: PingPlan, from start: Instant) {
    count = plan.count
    interval = plan.interval
    due = start
  }

  /// What is next at `now`; `deadline` is until when replies are awaited, nil where none is;
  /// it is only looked at once all is sent.
  mutating func step(
    at now: Instant, awaitingUntil deadline: @autoclosure () -> Instant?
  ) -> Step {
    if let count, number >= count {
      guard let deadline = deadline(), deadline > now else { return .done }
      return .wait(until: deadline)
    }
    guard due <= now else { return .wait(until: due) }
    defer {
      number += 1
      due = due + interval
    }
    return .send(number)
  }
}
