package import Diagnosis
internal import PacketDissector

/// The first line of a report: how bad it is, and why one would think so.
package struct Verdict: Equatable, Sendable {
  package enum Word: String, Sendable {
    case ok = "OK"
    case warning = "WARNING"
    case critical = "CRITICAL"
    /// There was nothing to judge.
    case unknown = "UNKNOWN"
  }

  package let word: Word
  /// "2 findings: dpd-peer-dead, mtu-blackhole"
  package let phrase: String

  package init(_ word: Word, _ phrase: String) {
    self.word = word
    self.phrase = phrase
  }

  /// - Parameters:
  ///   - findings: Those that the report is about, in its order.
  ///   - evidence: What they were found in.
  ///   - nothing: What to say where there is none.
  package init(
    _ findings: [Finding], in evidence: CaptureEvidence, nothing: String = "nothing wrong"
  ) {
    if let verdict = Verdict(findings, nothing: nothing) {
      self = verdict
      return
    }
    let scope = CaptureScope(evidence)
    if evidence.quality.ipsecFrames == 0 && evidence.fragments.incomplete.isEmpty {
      self.init(.unknown, "no IPsec in \(scope.size)")
    } else {
      self.init(.ok, "\(nothing) in \(scope.description)")
    }
  }

  /// What findings come to, with what to say where they are notes alone; nil where there is none.
  package init?(_ findings: [Finding], nothing: String) {
    let notes = findings.count { $0.severity == .info }
    let problems = findings.count - notes
    let ids = Self.names(of: findings)
    switch findings.map(\.severity).max() {
    case .critical, .warning:
      word = findings.contains { $0.severity == .critical } ? .critical : .warning
      let besides = notes > 0 ? " and \(Self.counted(notes, "note"))" : ""
      phrase = "\(Self.counted(problems, "finding"))\(besides): \(ids)"
    case .info:
      word = .ok
      phrase = "\(nothing), \(Self.counted(notes, "note")): \(ids)"
    case nil: return nil
    }
  }

  /// Each id once, with how often where that is more than once.
  private static func names(of findings: [Finding]) -> String {
    var order: [FindingID] = []
    var counts: [FindingID: Int] = [:]
    for finding in findings {
      if counts[finding.id] == nil { order.append(finding.id) }
      counts[finding.id, default: 0] += 1
    }
    return order.map { id in
      let count = counts[id] ?? 1
      return count > 1 ? "\(id.rawValue) (\(count))" : id.rawValue
    }.joined(separator: ", ")
  }

  /// "1 finding", "2 findings"; `plural` is what a noun adds where it is more than one.
  package static func counted(
    _ count: some BinaryInteger, _ noun: String, _ plural: String = "s"
  ) -> String {
    let number = Quantity.grouped(Int64(clamping: count))
    return count == 1 ? "\(number) \(noun)" : "\(number) \(noun)\(plural)"
  }
}

/// How much was looked at: "1,204 frames, 12.3 s, 2 IKE SAs, 4 ESP flows".
package struct CaptureScope: CustomStringConvertible {
  /// "1,204 frames, 12.3 s"
  package let size: String
  package let description: String

  package init(_ evidence: CaptureEvidence) {
    var parts = [Verdict.counted(evidence.quality.frames, "frame")]
    if evidence.quality.frames > 1 { parts.append("\(evidence.quality.duration)") }
    size = parts.joined(separator: ", ")
    let flows = evidence.flows.flows
    let esp = flows.count { !$0.isAH }
    if evidence.scope == .everything {
      parts.append(Verdict.counted(evidence.sessions.sessions.count, "IKE SA"))
    }
    if esp > 0 || flows.isEmpty { parts.append(Verdict.counted(esp, "ESP flow")) }
    if esp < flows.count { parts.append(Verdict.counted(flows.count - esp, "AH flow")) }
    description = parts.joined(separator: ", ")
  }
}

extension CaptureDiagnosis {
  /// What a report about some findings says of all others; nil where there are none above a note.
  private func others(than shown: [Finding]) -> String? {
    let all = findings.count { $0.severity > .info }
    let others = all - shown.count { $0.severity > .info }
    return others > 0
      ? "besides, \(Verdict.counted(others, "finding")) of other kinds: `ipsecdiag diagnose` tells"
      : nil
  }

  /// What a report about some findings begins with: the verdict, a word on the others, and each in full; the
  /// verdict alone where no more is asked for.
  func write(
    _ shown: [Finding], nothing: String, _ naming: Naming, _ options: DiagnosisText.Options,
    to text: inout TextBuffer
  ) {
    text.put(Verdict(shown, in: evidence, nothing: nothing), options)
    if options.isQuiet { return }
    let writer = FindingText(
      options.page, naming, start: evidence.quality.first?.time, isVerbose: options.isVerbose)
    if let others = others(than: shown) {
      options.page.paragraph(others, from: 0, indent: 2, to: &text)
    }
    for finding in shown {
      text.put("\n")
      writer.write(finding, to: &text)
    }
  }
}
