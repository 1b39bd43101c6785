internal import Diagnosis
internal import Measurement
package import PacketDissector

/// What a monitoring system reads of a measured path: one line with the state and the numbers, a line a
/// finding below it.
///
///     IPSEC OK - packets of up to 1500 bytes pass | 'path_mtu'=1500B;;;0; 'packets'=151;;;0;
///
/// The form is that of the Monitoring Plugins' guidelines.
package struct PathMTUNagios {
  private let report: PathMTUReport
  private let state: NagiosReport.State

  /// `state` is what the findings come to under the threshold that was asked for.
  package init(_ report: PathMTUReport, _ state: NagiosReport.State) {
    self.report = report
    self.state = state
  }

  package func write(to text: inout TextBuffer) {
    let start = text.count
    NagiosReport.open(state, to: &text)
    NagiosReport.put("\(report.target): \(report.phrase)", to: &text)
    text.put(" |")
    if let pathMTU = report.result.pathMTU { text.put(" 'path_mtu'=\(pathMTU)B;;;0;") }
    text.put(" 'packets'=\(report.result.packetsSent);;;0;\n")
    NagiosReport.details(
      report.result.findings.map { NagiosReport.line($0, report.naming) }, begunAt: start, to: &text
    )
  }
}
