internal import Diagnosis
internal import Measurement
package import PacketDissector

/// What a monitoring system reads of handshakes: a line with the state, numbers behind a bar, a line a finding.
///
///     IPSEC OK - SA with 192.0.2.1 after 41.2 ms: … | 'handshake'=0.041200s;;;0; 'failed'=0;;;0;1
package struct HandshakeNagios {
  private let report: HandshakeReport
  private let naming: Naming
  private let state: NagiosReport.State

  /// `state` is what the findings come to under the threshold that was asked for.
  package init(_ report: HandshakeReport, _ naming: Naming, _ state: NagiosReport.State) {
    self.report = report
    self.naming = naming
    self.state = state
  }

  package func write(to text: inout TextBuffer) {
    let start = text.count
    NagiosReport.open(state, to: &text)
    NagiosReport.put(report.phrase(naming), to: &text)
    text.put(" |")
    if let median = report.totals.median {
      text.put(" 'handshake'=\(Quantity.decimal(median / .seconds(1), places: 6))s;;;0;")
    }
    let failed = report.runs.count - report.succeeded
    text.put(" 'failed'=\(failed);;;0;\(report.runs.count)")
    let repeated = report.runs.reduce(0) { $0 + $1.trace.repeated }
    text.put(" 'repeated'=\(repeated);;;0;\n")
    NagiosReport.details(
      report.findings.map { NagiosReport.line($0, naming) }, begunAt: start, to: &text)
  }
}
