package import Diagnosis
package import Measurement
package import PacketDissector

/// What all probed addresses come to, added up one by one.
package struct ProbeSummary: Equatable, Sendable {
  package private(set) var addresses: UInt64 = 0
  package private(set) var up: UInt64 = 0
  package private(set) var down: UInt64 = 0
  /// Those that are down and were asked for by themselves.
  package private(set) var missing: UInt64 = 0
  /// Targets that could not be asked.
  package private(set) var failures = 0
  /// Addresses of which something that was asked stayed open.
  package private(set) var incomplete = 0
  package private(set) var findings: [Severity: Int] = [:]
  /// A proposal was refused, or a line of the policy violated.
  package private(set) var refusals = 0
  /// A capability or a permission was missing.
  package private(set) var lacksPermission = false
  /// Ctrl-C ended it.
  package var isInterrupted = false
  private var ids: [FindingID] = []

  package init() {}

  package mutating func add(_ report: ProbeReport) {
    addresses += 1
    switch report.state {
    case .up: up += 1
    case .down:
      down += 1
      missing += 1
    case .unknown: failures += 1
    }
    if !report.gaps.isEmpty { incomplete += 1 }
    if report.isRefused { refusals += 1 }
    for finding in report.result.findings {
      findings[finding.severity, default: 0] += 1
      if !ids.contains(finding.id) { ids.append(finding.id) }
    }
  }

  /// Addresses of a network that do not speak IKE: nobody said that they should.
  package mutating func addUnused(_ count: UInt64) {
    addresses += count
    down += count
  }

  package mutating func add(_ failure: ProbeFailure) {
    failures += 1
    if failure.isPermission { lacksPermission = true }
  }

  /// "3 of 4 addresses up, 1 target could not be asked; 2 findings: ike-v1, ike-weak-crypto"
  package var phrase: String {
    var parts = [
      "\(Quantity.grouped(Int64(clamping: up))) of \(Verdict.counted(addresses, "address", "es")) up"
    ]
    if failures > 0 { parts.append("\(Verdict.counted(failures, "target")) could not be asked") }
    if incomplete > 0 { parts.append("\(Quantity.grouped(Int64(incomplete))) incomplete") }
    if refusals > 0 {
      parts.append("\(Quantity.grouped(Int64(refusals))) with other algorithms than asked for")
    }
    if isInterrupted { parts.append("interrupted") }
    let notes = findings[.info] ?? 0
    let problems = findings.values.reduce(0, +) - notes
    var found = problems == 0 ? "no findings" : Verdict.counted(problems, "finding")
    if notes > 0 { found += " and \(Verdict.counted(notes, "note"))" }
    if !ids.isEmpty { found += ": \(ids.map(\.rawValue).joined(separator: ", "))" }
    return "\(parts.joined(separator: ", ")); \(found)"
  }

  /// OK where all is up and nothing is wrong; UNKNOWN where nothing could be measured.
  package var word: Verdict.Word {
    if findings[.critical] ?? 0 > 0 || refusals > 0 || missing > 0 { return .critical }
    if findings[.warning] ?? 0 > 0 { return .warning }
    return failures > 0 || incomplete > 0 || up == 0 || isInterrupted ? .unknown : .ok
  }

  /// The closing line of a report about several addresses.
  package func write(_ page: Page, to text: inout TextBuffer) {
    text.put(page.coloured(word.rawValue, word.colour))
    text.put("  ")
    let column = word.rawValue.count + 2
    page.paragraph(phrase, from: column, indent: column, to: &text)
  }
}
