/// The connections of swanctl.conf: connections.NAME.dpd_delay, dpd_timeout and version.
package enum SwanctlConfiguration {
  package static func connections(
    _ syntax: SectionSyntax, _ problems: inout ProblemList
  ) -> [ConfiguredConnection] {
    syntax.sections.filter { $0.path.count == 2 && $0.path[0] == "connections" }.map { section in
      func time(_ key: String, _ problems: inout ProblemList) -> Double? {
        guard let value = syntax.value(key, in: section) else { return nil }
        guard let seconds = ConfigurationDuration.seconds(value.text) else {
          problems.add(value.line, .badTime(key: key, value: value.text))
          return nil
        }
        return seconds
      }
      // Version 0 takes part in both and begins with IKEv2.
      let isV1 = syntax.value("version", in: section)?.text == "1"
      var settings = DetectionTime.Settings(
        .strongSwan, version: isV1 ? .v1 : .v2, delay: time("dpd_delay", &problems) ?? 0)
      settings.timeout = time("dpd_timeout", &problems)
      return ConfiguredConnection(
        name: section.path[1], .swanctl, line: section.line, settings: settings)
    }
  }
}
