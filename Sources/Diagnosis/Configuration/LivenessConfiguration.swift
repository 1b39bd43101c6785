/// A connection of a configuration file, and how it checks whether its peer lives.
package struct ConfiguredConnection: Equatable, Sendable {
  package let name: String
  /// The form of the file, and the line of the connection's first mention.
  package let place: Finding.Setting.Place
  package let line: Int
  package var settings: DetectionTime.Settings

  package init(
    name: String, _ place: Finding.Setting.Place, line: Int, settings: DetectionTime.Settings
  ) {
    self.name = name
    self.place = place
    self.line = line
    self.settings = settings
  }
}

/// What a configuration file of strongSwan or libreswan says about liveness checks.
package struct LivenessConfiguration: Equatable, Sendable {
  package let connections: [ConfiguredConnection]
  /// charon's, from strongswan.conf; nil where the file has none.
  package let retransmission: RetransmissionSchedule.StrongSwan?
  package let problems: [ConfigurationProblem]

  /// Reads a file of any of the forms. `daemon` says whose an ipsec.conf is, where its keys don't.
  package init(_ bytes: [UInt8], daemon: Daemon? = nil) {
    if ConnSyntax.isIPsecConf(bytes) {
      let file = IPsecConfiguration(bytes, daemon: daemon)
      connections = file.connections
      retransmission = nil
      problems = file.problems.problems.sorted { $0.line < $1.line }
    } else {
      let syntax = SectionSyntax(bytes)
      var problems = syntax.problems
      connections = SwanctlConfiguration.connections(syntax, &problems)
      retransmission = StrongSwanConfiguration.retransmission(syntax, &problems)
      self.problems = problems.problems.sorted { $0.line < $1.line }
    }
  }
}
