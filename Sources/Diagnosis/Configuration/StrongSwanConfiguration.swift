/// What strongswan.conf says about retransmissions: charon's settings, which hold for every connection.
package enum StrongSwanConfiguration {
  /// Nil where the file has none of them.
  package static func retransmission(
    _ syntax: SectionSyntax, _ problems: inout ProblemList
  ) -> RetransmissionSchedule.StrongSwan? {
    guard
      let charon = syntax.sections.first(where: { $0.path == ["charon"] })
        ?? syntax.sections.first(where: { $0.path == ["charon-systemd"] })
    else { return nil }
    var isSet = false
    func number(_ key: String, _ problems: inout ProblemList) -> Double? {
      guard let value = syntax.value(key, in: charon) else { return nil }
      guard let number = ConfigurationDuration.number(value.text) else {
        problems.add(value.line, .badNumber(key: key, value: value.text))
        return nil
      }
      isSet = true
      return number
    }
    var settings = RetransmissionSchedule.StrongSwan()
    if let timeout = number("retransmit_timeout", &problems) { settings.timeout = timeout }
    if let base = number("retransmit_base", &problems) { settings.base = base }
    if let tries = number("retransmit_tries", &problems) {
      settings.tries = Int(min(tries, 1_000_000))
    }
    if let limit = number("retransmit_limit", &problems) {
      settings.limit = limit > 0 ? limit : nil
    }
    if let jitter = number("retransmit_jitter", &problems) {
      settings.jitter = Int(min(jitter, 100))
    }
    return isSet ? settings : nil
  }
}
