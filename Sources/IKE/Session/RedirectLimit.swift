/// How often an initiator lets itself be sent to another gateway: MAX_REDIRECTS within
/// REDIRECT_LOOP_DETECT_PERIOD (RFC 5685, section 7).
package struct RedirectLimit: Sendable {
  package static let redirects = 5
  package static let period = Duration.seconds(300)

  private var followed: [Instant] = []

  package init() {}

  /// Whether one more may be followed; then it is counted.
  package mutating func allows(at now: Instant) -> Bool {
    followed.removeAll { now - $0 >= Self.period }
    guard followed.count < Self.redirects else { return false }
    followed.append(now)
    return true
  }
}
