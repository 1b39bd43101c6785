/// How many answers a sweep may be waiting for.
///
/// Of the requests that are open, as many will be answered as of those before them: a moving average tells
/// which share that is. A network in which nobody answers is asked as fast as its rate allows; where all
/// answer, a request leaves for each answer that comes.
struct AnswerWindow: Sendable {
  /// What a socket's buffer takes where its owner has asked for some room: requests of a few hundred octets
  /// are counted as 1,280 each by Linux, so that these are 1.3 MB.
  private static let limit = 1_024.0
  /// The last thousand or so count.
  private static let weight = 1.0 / 1_024
  /// Before the first answer has come, and at the least.
  private static let shortestWait = Duration.milliseconds(50)

  /// Requests that were sent and neither answered nor given up.
  private var open = 0
  private var share = 1.0
  private var smoothed: Duration?

  var hasRoom: Bool { Double(open) * share < Self.limit }

  /// Answers that take longer come too late for a share of their own.
  var longestRoundTrip: Duration { max(Self.shortestWait, (smoothed ?? .zero) * 4) }

  mutating func send() { open += 1 }

  /// An open request was answered.
  mutating func close() { open = max(0, open - 1) }

  mutating func note(_ roundTrip: Duration) {
    guard let before = smoothed else {
      smoothed = roundTrip
      return
    }
    smoothed = before + (roundTrip - before) / 8
  }

  /// The oldest request was answered, or is given up.
  mutating func settle(hasAnswered: Bool) {
    if !hasAnswered { close() }
    share += ((hasAnswered ? 1 : 0) - share) * Self.weight
  }

  /// A new pass begins, over those who were silent in the last.
  mutating func startOver() {
    open = 0
    share = 1
  }
}
