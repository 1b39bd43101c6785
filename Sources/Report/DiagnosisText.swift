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
    writer.write(diagnosis.findings, to: &text)
    if let comparison = diagnosis.comparison {
      ComparisonText(comparison, page, naming, isVerbose: options.isVerbose).write(to: &text)
    }
    page.list("Not to be seen", diagnosis.blindSpots.map(naming.text), to: &text)
    SATableText(
      diagnosis.evidence, diagnosis.findings, page, naming, isVerbose: options.isVerbose
    ).write(to: &text)
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
