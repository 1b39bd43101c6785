/// When a request is sent again, and when its sender gives up (RFC 7296, section 2.4).
package struct RetransmissionPolicy: Equatable, Sendable {
  /// From the first transmission to the second.
  package var firstWait: Duration
  /// Each wait is as many times the one before it.
  package var factor: Double
  package var longestWait: Duration
  /// The first transmission among them; at least one.
  package var transmissions: Int
  /// Whether the second wait is as long as the first, as in libreswan.
  package var repeatsFirstWait: Bool

  package init(
    firstWait: Duration, factor: Double, longestWait: Duration = .seconds(60), transmissions: Int,
    repeatsFirstWait: Bool = false
  ) {
    self.firstWait = firstWait
    self.factor = factor
    self.longestWait = longestWait
    self.transmissions = max(1, transmissions)
    self.repeatsFirstWait = repeatsFirstWait
  }

  /// How long to wait behind transmission `number`, counted from zero.
  package func wait(after number: Int) -> Duration {
    var wait = firstWait
    for _ in 0..<max(0, repeatsFirstWait ? number - 1 : number) where wait < longestWait {
      wait = wait * factor
    }
    return min(wait, longestWait)
  }

  /// strongSwan's defaults: 4.0 s × 1.8ⁿ, six transmissions, given up after 165 s.
  package static let patient = RetransmissionPolicy(
    firstWait: .seconds(4), factor: 1.8, longestWait: .seconds(600), transmissions: 6)

  /// libreswan's defaults: 0.5 s twice, then doubled, nine transmissions, given up after 64 s (pluto's retransmit.c).
  package static let libreswan = RetransmissionPolicy(
    firstWait: .milliseconds(500), factor: 2, transmissions: 8, repeatsFirstWait: true)

  /// For a question that a person waits for: 0.5, 1 and 2 s, given up after 3.5 s.
  package static let quick = RetransmissionPolicy(
    firstWait: .milliseconds(500), factor: 2, transmissions: 3)
}
