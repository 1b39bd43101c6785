/// How a sweep went or goes, all targets together.
package struct SweepSummary: Equatable, Sendable {
  package var targets: UInt64 = 0
  package var requests: UInt64 = 0
  package var answered: UInt64 = 0
  /// By ICMP errors.
  package var refused: UInt64 = 0
  /// This machine could not send.
  package var unsent: UInt64 = 0
  /// Datagrams that answered nothing: another SPI or address, or not IKE.
  package var strays: UInt64 = 0
  /// Answers of targets that had answered before.
  package var repeated: UInt64 = 0
  /// Datagrams for which this machine's buffer had no room.
  package var dropped: UInt64 = 0
  package var duration: Duration = .zero
  /// Requests still to be sent, should nobody answer any more.
  package var remaining: UInt64 = 0
  /// It was ended before its time.
  package var isInterrupted = false

  package init() {}

  package var silent: UInt64 { targets - min(targets, answered + refused + unsent) }

  /// Adds a sweep that came after this one.
  package mutating func add(_ next: SweepSummary) {
    targets += next.targets
    requests += next.requests
    answered += next.answered
    refused += next.refused
    unsent += next.unsent
    strays += next.strays
    repeated += next.repeated
    dropped += next.dropped
    duration += next.duration
    remaining = next.remaining
    isInterrupted = isInterrupted || next.isInterrupted
  }
}
