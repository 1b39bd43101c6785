/// What ipsec.conf says about liveness checks, for libreswan and for strongSwan's legacy starter.
package struct IPsecConfiguration: Sendable {
  package private(set) var connections: [ConfiguredConnection] = []
  package private(set) var problems: ProblemList
  private let syntax: ConnSyntax

  /// `daemon` says whose file it is; without it, the keys that it uses tell.
  package init(_ bytes: [UInt8], daemon: Daemon? = nil) {
    syntax = ConnSyntax(bytes)
    problems = syntax.problems
    let daemon = daemon ?? syntax.daemon
    for conn in syntax.conns where conn.name != "%default" {
      let settings = daemon == .strongSwan ? strongSwan(conn) : libreswan(conn)
      connections.append(
        ConfiguredConnection(name: conn.name, .libreswan, line: conn.line, settings: settings))
    }
  }

  private mutating func time(
    _ key: String, _ conn: ConnSyntax.Conn, unit: ConfigurationDuration.Unit = .seconds
  ) -> Double? {
    guard let value = syntax.value(key, in: conn) else { return nil }
    guard let seconds = ConfigurationDuration.seconds(value.text, unit: unit) else {
      problems.add(value.line, .badTime(key: key, value: value.text))
      return nil
    }
    return seconds
  }
}

extension IPsecConfiguration {
  /// dpdaction=none, strongSwan's default, sends no checks, whatever dpddelay says; without them
  /// dpddelay is 30 s and dpdtimeout 150 s.
  private mutating func strongSwan(_ conn: ConnSyntax.Conn) -> DetectionTime.Settings {
    let action = syntax.value("dpdaction", in: conn)?.text ?? "none"
    let delay = time("dpddelay", conn) ?? 30
    let isV1 = syntax.value("keyexchange", in: conn)?.text == "ikev1"
    var settings = DetectionTime.Settings(
      .strongSwan, version: isV1 ? .v1 : .v2, delay: action == "none" ? 0 : delay)
    settings.timeout = time("dpdtimeout", conn) ?? (isV1 ? 150 : nil)
    return settings
  }

  private mutating func libreswan(_ conn: ConnSyntax.Conn) -> DetectionTime.Settings {
    let ikev2 = syntax.value("ikev2", in: conn)?.text ?? ""
    let isV1 =
      ["no", "never"].contains(ikev2) || syntax.value("keyexchange", in: conn)?.text == "ikev1"
    var settings = DetectionTime.Settings(
      .libreswan, version: isV1 ? .v1 : .v2, delay: time("dpddelay", conn) ?? 0)
    settings.timeout = time("dpdtimeout", conn)
    if let interval = time("retransmit-interval", conn, unit: .milliseconds) {
      settings.libreswan.interval = interval
    }
    if let timeout = time("retransmit-timeout", conn) { settings.libreswan.timeout = timeout }
    return settings
  }
}
