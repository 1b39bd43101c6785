package import Diagnosis
package import PacketDissector

/// What `ipsecdiag diagnose` prints: the verdict, each finding, what was not to be seen, and the SAs.
package struct DiagnosisText {
  package struct Options: Sendable {
    package var page = Page()
    /// The verdict's line alone.
    package var isQuiet = false
    /// All frames of the evidence, and the SAs in full.
    package var isVerbose = false
    /// How the time of the first frame is written; all others count from it.
    package var timeStyle = TimeStyle.local

    package init() {}
  }

  private let diagnosis: CaptureDiagnosis
  private let naming: Naming
  private let options: Options
  private static let sameLimit = 5
  private var page: Page { options.page }

  package init(_ diagnosis: CaptureDiagnosis, _ naming: Naming, _ options: Options) {
    self.diagnosis = diagnosis
    self.naming = naming
    self.options = options
  }

  package func write(to text: inout TextBuffer) {
    let verdict = Verdict(diagnosis.findings, in: diagnosis.evidence)
    text.put(verdict, options)
    if options.isQuiet { return }
    scope(verdict, to: &text)
    let writer = FindingText(
      page, naming, start: diagnosis.evidence.quality.first?.time,
      startOfB: diagnosis.comparison?.startOfB, isVerbose: options.isVerbose)
    findings(writer, to: &text)
    if let comparison = diagnosis.comparison {
      ComparisonText(comparison, page, naming, isVerbose: options.isVerbose).write(to: &text)
    }
    blindSpots(to: &text)
    SATableText(
      diagnosis.evidence, diagnosis.findings, page, naming, isVerbose: options.isVerbose
    ).write(to: &text)
  }

  /// Of one kind as many as a reader takes in; a gateway with many tunnels may have hundreds.
  private func findings(_ writer: FindingText, to text: inout TextBuffer) {
    var counts: [FindingID: Int] = [:]
    for finding in diagnosis.findings {
      counts[finding.id, default: 0] += 1
      guard options.isVerbose || counts[finding.id, default: 0] <= Self.sameLimit else { continue }
      text.put("\n")
      writer.write(finding, to: &text)
    }
    guard !options.isVerbose else { return }
    for (id, count) in counts.sorted(by: { $0.key.rawValue < $1.key.rawValue })
    where count > Self.sameLimit {
      text.put("\n")
      let more = Verdict.counted(count - Self.sameLimit, "more finding")
      page.paragraph("and \(more) of \(id.rawValue): -v shows all", from: 0, indent: 2, to: &text)
    }
  }

  /// How much was looked at, where the verdict does not say so, and since when.
  private func scope(_ verdict: Verdict, to text: inout TextBuffer) {
    guard let first = diagnosis.evidence.quality.first else { return }
    var when = TextBuffer(capacity: 64)
    var time = TimeText(style: options.timeStyle)
    time.write(first.time, to: &when)
    let scope = diagnosis.findings.isEmpty ? "" : "\(CaptureScope(diagnosis.evidence)), "
    let indent = verdict.word.rawValue.count + 2
    text.spaces(indent)
    page.paragraph("\(scope)from \(when.string) on", from: indent, indent: indent, to: &text)
  }

  private func blindSpots(to text: inout TextBuffer) {
    guard !diagnosis.blindSpots.isEmpty else { return }
    text.put("\nNot to be seen\n")
    for spot in diagnosis.blindSpots {
      text.put("  - ")
      page.paragraph(naming.text(spot), from: 4, indent: 4, to: &text)
    }
  }
}

extension TextBuffer {
  /// The verdict's line; on more lines only where one does not hold it and more may be said.
  mutating func put(_ verdict: Verdict, _ options: DiagnosisText.Options) {
    let word = verdict.word.rawValue
    put(options.page.coloured(word, verdict.word.colour))
    put("  ")
    if options.isQuiet {
      put(verdict.phrase)
      return put("\n")
    }
    let column = word.count + 2
    options.page.paragraph(verdict.phrase, from: column, indent: column, to: &self)
  }
}

extension Verdict.Word {
  package var colour: Page.Colour {
    switch self {
    case .ok: .green
    case .warning, .unknown: .yellow
    case .critical: .red
    }
  }
}
