internal import Diagnosis
package import Measurement
package import PacketDissector

/// What a monitoring system reads of a probe: one line with the state, numbers behind a bar, a line an
/// address and a line a finding below it.
///
///     IPSEC OK - 1 of 1 address up; no findings | 'rtt'=0.012400s;;;0; 'loss'=0%;;;0;100 'up'=1;;;0;1
///
/// The form is that of the Monitoring Plugins' guidelines.
package struct ProbeNagios {
  private let reports: [ProbeReport]
  private let failures: [ProbeFailure]
  private let summary: ProbeSummary
  private let naming: Naming
  private let state: NagiosReport.State

  /// `state` is what the summary comes to under the threshold that was asked for.
  package init(
    _ reports: [ProbeReport], _ failures: [ProbeFailure], _ summary: ProbeSummary, _ naming: Naming,
    _ state: NagiosReport.State
  ) {
    self.reports = reports
    self.failures = failures
    self.summary = summary
    self.naming = naming
    self.state = state
  }

  package func write(to text: inout TextBuffer) {
    let start = text.count
    NagiosReport.open(state, to: &text)
    NagiosReport.put(summary.phrase, to: &text)
    text.put(" |")
    numbers(to: &text)
    text.put("\n")
    NagiosReport.details(details, begunAt: start, to: &text)
  }

  /// Of several addresses: the slowest median, and the loss over all.
  private func numbers(to text: inout TextBuffer) {
    let trips = reports.map { ProbeRoundTrips($0.result) }
    if let slowest = trips.compactMap(\.median).max() {
      let seconds = Double(max(0, Nanoseconds(slowest).count)) / 1e9
      text.put(" 'rtt'=\(Quantity.decimal(seconds, places: 6))s;;;0;")
    }
    let sent = trips.reduce(0) { $0 + $1.sent }
    let lost = trips.reduce(0) { $0 + $1.lost }
    let share = sent > 0 ? Double(lost) * 100 / Double(sent) : reports.isEmpty ? 0 : 100
    text.put(" 'loss'=\(Quantity.decimal(share, places: 1))%;;;0;100")
    text.put(" 'up'=\(summary.up);;;0;\(summary.addresses)")
    text.put(" 'critical'=\(summary.findings[.critical] ?? 0);;0;0;")
    text.put(" 'warning'=\(summary.findings[.warning] ?? 0);0;;0;")
  }

  private var details: [String] {
    var lines: [String] = []
    for failure in failures {
      lines.append(
        naming.redacts
          ? "\(naming.name(ofIdentity: failure.target)): could not be asked"
          : "\(failure.target): \(failure.reason)")
    }
    for report in reports {
      let name = ProbeText.name(of: report.result, naming)
      let address = naming.name(of: report.result.address).description
      let words = ProbeWords(result: report.result, naming: naming).headline
      let subject = name == address ? name : "\(name) \(address)"
      lines.append("\(subject) \(report.state.rawValue.uppercased()): \(words)")
      for line in report.policy?.lines ?? [] where line.verdict != .met {
        lines.append("policy line \(line.demand.number) \(line.verdict.rawValue): \(line.observed)")
      }
      for finding in report.result.findings {
        lines.append(NagiosReport.line(finding, naming))
      }
    }
    return lines
  }
}
