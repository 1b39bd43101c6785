/// So many events a second, and as many at once.
package struct RateLimit: Sendable {
  private let perSecond: Int
  private var allowance: Int
  private var last: Instant?

  package init(perSecond: Int) {
    self.perSecond = max(1, perSecond)
    allowance = max(1, perSecond)
  }

  /// Whether one more is within the limit; then it is counted.
  package mutating func allows(at now: Instant) -> Bool {
    if let last, now - last < .seconds(1) {
      guard allowance > 0 else { return false }
    } else {
      last = now
      allowance = perSecond
    }
    allowance -= 1
    return true
  }
}
