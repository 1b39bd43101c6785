internal import Diagnosis
internal import Host
package import PacketDissector

extension HostReport {
  /// One line for a monitoring system with counts behind a bar, then a line a finding; at most 4,096 bytes. `state`
  /// is what the findings come to under the threshold that was asked for.
  package func writeNagios(_ state: NagiosReport.State, to text: inout TextBuffer) {
    let start = text.count
    NagiosReport.open(state, to: &text)
    NagiosReport.put(verdict.phrase, to: &text)
    text.put(" |")
    for (severity, thresholds) in [(Severity.critical, ";;0"), (.warning, ";0;"), (.info, ";;")] {
      let count = findings.count { $0.severity == severity }
      text.put(" '\(severity.rawValue)'=\(count)\(thresholds);0;")
    }
    text.put(" 'sas'=\(diagnosis.sas.count);;;0;")
    let counters = diagnosis.sas.map(\.sa.counters)
    func total(_ value: (KernelSA.Counters) -> UInt64) -> UInt64 {
      counters.reduce(0) { $0 &+ value($1) }
    }
    // Counters that only rise: a monitoring system makes rates of them.
    let totals: [(String, UInt64)] = [
      ("packets", total(\.packets)), ("late", total { UInt64($0.beforeWindow) }),
      ("repeated", total { UInt64($0.replayed) }),
      ("integrity_failed", total { UInt64($0.integrityFailed) }),
      ("dropped", diagnosis.snapshot.dropCounters?.entries.reduce(0) { $0 &+ $1.value } ?? 0),
    ]
    for (label, value) in totals { text.put(" '\(label)'=\(value)c;;;0;") }
    text.put("\n")
    let missing = diagnosis.snapshot.missing.map { "without \($0.part.rawValue): \($0.reason)" }
    NagiosReport.details(
      findings.map { NagiosReport.line($0, naming) } + missing, begunAt: start, to: &text)
  }
}
