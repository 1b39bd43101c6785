/// A moment of a clock that only goes forward, such as CLOCK_MONOTONIC, or of a test's own time.
///
/// Nothing here asks for the time: whoever drives a state machine passes it in.
package struct Instant: Hashable, Comparable, Sendable {
  /// Since a start that is the same for all instants of one run.
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  package static func < (left: Instant, right: Instant) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  package static func + (start: Instant, span: Duration) -> Instant {
    let (seconds, attoseconds) = span.components
    let nanoseconds = seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
    return Instant(nanoseconds: start.nanoseconds &+ nanoseconds)
  }

  package static func - (end: Instant, start: Instant) -> Duration {
    .nanoseconds(end.nanoseconds &- start.nanoseconds)
  }
}
