package import Diagnosis
package import PacketDissector

/// What a monitoring system reads: one line with the state, numbers behind a bar, then a line a finding.
///
///     IPSEC CRITICAL - 1 finding: dpd-peer-dead | 'critical'=1;;0;0; 'warning'=0;0;;0;
///
/// The form is that of the Monitoring Plugins' guidelines; 4,096 bytes are what Nagios reads.
package struct NagiosReport {
  /// A plugin's states; the raw value is the exit code.
  package enum State: Int32, Sendable {
    case ok, warning, critical, unknown

    var word: StaticString {
      switch self {
      case .ok: "OK"
      case .warning: "WARNING"
      case .critical: "CRITICAL"
      case .unknown: "UNKNOWN"
      }
    }
  }

  package static let limit = 4096

  private let diagnosis: CaptureDiagnosis
  private let naming: Naming
  private let state: State

  /// `state` is what the findings come to under the threshold that was asked for.
  package init(_ diagnosis: CaptureDiagnosis, _ naming: Naming, _ state: State) {
    self.diagnosis = diagnosis
    self.naming = naming
    self.state = state
  }

  package func write(to text: inout TextBuffer) {
    let start = text.count
    let verdict = Verdict(diagnosis.findings, in: diagnosis.evidence)
    Self.open(state, to: &text)
    Self.put(verdict.phrase, to: &text)
    text.put(" |")
    numbers(to: &text)
    text.put("\n")
    Self.details(
      diagnosis.findings.map { Self.line($0, naming) }, begunAt: start, to: &text)
  }

  /// The one line where nothing could be judged.
  package static func unknown(_ reason: String, to text: inout TextBuffer) {
    open(.unknown, to: &text)
    put(reason, to: &text)
    if text.count >= limit { text.truncate(to: limit - 1) }
    text.put("\n")
  }

  static func open(_ state: State, to text: inout TextBuffer) {
    text.put("IPSEC ")
    text.put(state.word)
    text.put(" - ")
  }

  /// A bar would begin the numbers.
  static func put(_ words: String, to text: inout TextBuffer) {
    text.escaped(String(words.map { $0 == "|" ? "/" : $0 }))
  }

  /// `'label'=value;warn;crit;min;max`
  private func numbers(to text: inout TextBuffer) {
    func number(_ label: StaticString, _ value: String, _ thresholds: StaticString = ";;") {
      text.put(" '")
      text.put(label)
      text.put("'=")
      text.put(value)
      text.put(thresholds)
      text.put(";0;")
    }
    func count(_ severity: Severity) -> String {
      String(diagnosis.findings.count { $0.severity == severity })
    }
    let flows = diagnosis.evidence.flows.flows
    let packets = flows.reduce(UInt64(0)) { $0 &+ $1.packets }
    let lost = flows.reduce(UInt64(0)) { $0 &+ $1.sequence.lost }
    let late = flows.reduce(UInt64(0)) { $0 &+ $1.sequence.late }
    let sent = Double(packets) + Double(lost)
    number("critical", count(.critical), ";;0")
    number("warning", count(.warning), ";0;")
    number("info", count(.info))
    number("frames", String(diagnosis.evidence.quality.frames))
    number("ike_sas", String(diagnosis.evidence.sessions.sessions.count))
    number("flows", String(flows.count))
    number("packets", String(packets))
    number("lost", sent > 0 ? "\(Quantity.decimal(Double(lost) * 100 / sent, places: 3))%" : "0%")
    number("late", String(late))
  }

  /// "[CRITICAL] dpd-peer-dead: what is wrong"
  static func line(_ finding: Finding, _ naming: Naming) -> String {
    "[\(finding.severity.rawValue.uppercased())] \(finding.id.rawValue): "
      + naming.unescaped(finding.summary)
  }

  /// Writes lines behind what was begun at `start`, as many as Nagios reads, and how many there are more.
  static func details(_ lines: [String], begunAt start: Int, to text: inout TextBuffer) {
    let ending = 40
    for (index, line) in lines.enumerated() {
      var written = TextBuffer(capacity: 256)
      put(line, to: &written)
      written.put("\n")
      guard text.count - start + written.count + ending <= limit else {
        return text.put("and \(lines.count - index) more\n")
      }
      text.put(written.string)
    }
  }
}
