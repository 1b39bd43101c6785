package import Diagnosis
internal import Host
package import PacketDissector

/// What `ipsecdiag replay --local` and `ipsecdiag diagnose --local` print for people: the verdict, each SA, what
/// was dropped and why, the findings, and what was not to be seen.
package struct HostReport {
  /// How much of the diagnosis a report is about.
  package enum Scope: Sendable {
    /// What SAs and the kernel refuse.
    case replay
    case everything
  }

  let diagnosis: HostDiagnosis
  let scope: Scope
  let naming: Naming
  package let findings: [Finding]

  /// SAs that are told in full though nothing is to be told of them, if they are no more than this.
  private static let fewSAs = 6
  private static let saLimit = 50

  package init(_ diagnosis: HostDiagnosis, _ scope: Scope, _ naming: Naming) {
    self.diagnosis = diagnosis
    self.scope = scope
    self.naming = naming
    findings = scope == .replay ? diagnosis.replayFindings : diagnosis.findings
  }

  /// How bad it is, in a line.
  package var verdict: Verdict {
    if hasNothing {
      let unread = diagnosis.snapshot.missing.contains { $0.part == .securityAssociations }
      return Verdict(.unknown, unread ? "no SAs could be read" : "no SAs of ESP or AH here")
    }
    let sas = Verdict.counted(diagnosis.sas.count, "SA")
    if let found = Verdict(findings, nothing: "nothing wrong with \(sas)") {
      return found.word == .ok ? found : Verdict(found.word, "\(sas), \(found.phrase)")
    }
    if diagnosis.sas.isEmpty { return Verdict(.ok, "nothing wrong, and no SAs stand") }
    return Verdict(.ok, "nothing wrong with \(sas)")
  }

  /// There was nothing to judge: neither SAs nor, where they count, a daemon's connections.
  package var hasNothing: Bool {
    guard diagnosis.sas.isEmpty, findings.allSatisfy({ $0.severity == .info }) else { return false }
    return scope == .replay || diagnosis.snapshot.daemons.allSatisfy { $0.connections.isEmpty }
  }

  package var lacksPermission: Bool { diagnosis.snapshot.lacksPermission }

  /// Something that is there could not be read; that no daemon runs is no lack.
  var isDegraded: Bool {
    diagnosis.snapshot.missing.contains { $0.isPermission || $0.part != .daemon }
  }

  package func write(_ options: DiagnosisText.Options, to text: inout TextBuffer) {
    text.put(verdict, options)
    if options.isQuiet { return }
    origin(options, to: &text)
    sas(options, to: &text)
    drops(options.page, to: &text)
    FindingText(options.page, naming, start: nil, isVerbose: options.isVerbose)
      .write(findings, to: &text)
    if scope == .replay, let others {
      text.put("\n")
      options.page.paragraph(others, from: 0, indent: 2, to: &text)
    }
    options.page.list("Not to be seen", diagnosis.blindSpots.map(naming.text), to: &text)
    // They name files; who redacts counts them only.
    let problems = diagnosis.snapshot.problems
    options.page.list(
      "Not understood",
      naming.redacts && !problems.isEmpty
        ? [Verdict.counted(problems.count, "problem")] : problems.map { naming.text("\($0)") },
      to: &text)
  }

  /// Whose state it is, where it is not this machine's now.
  private func origin(_ options: DiagnosisText.Options, to text: inout TextBuffer) {
    guard case .saved(let folder) = diagnosis.snapshot.origin else { return }
    var time = TimeText(style: options.timeStyle)
    var when = TextBuffer(capacity: 64)
    time.write(diagnosis.snapshot.time, to: &when)
    let place = naming.redacts ? "" : naming.text(" in \(folder)")
    options.page.paragraph(
      "as saved\(place) at \(when.string); times count from then", from: 0, indent: 2, to: &text)
  }

  // MARK: SAs

  private func sas(_ options: DiagnosisText.Options, to text: inout TextBuffer) {
    let all = diagnosis.sas
    let writer = HostSAText(options.page, naming, at: diagnosis.snapshot.time)
    let told = Set(findings.map(\.subject))
    let isFew = all.count <= Self.fewSAs || options.isVerbose
    var shown = 0
    var plain: [SAJudgement] = []
    for judgement in options.isVerbose ? all[...] : all.prefix(Self.saLimit) {
      shown += 1
      guard isFew || told.contains(judgement.subject) else {
        plain.append(judgement)
        continue
      }
      text.put("\n")
      writer.write(judgement, isVerbose: options.isVerbose, to: &text)
    }
    if !plain.isEmpty { text.put("\nNothing to tell of\n") }
    for judgement in plain { writer.writeLine(judgement, to: &text) }
    if shown < all.count {
      text.put("\nand \(Verdict.counted(all.count - shown, "more SA")): -v shows all\n")
    }
  }

  private func drops(_ page: Page, to text: inout TextBuffer) {
    guard !diagnosis.drops.isEmpty else { return }
    let period = diagnosis.interval.map { "in \($0)" } ?? "since the machine was started"
    text.put("\nDropped \(period)\n")
    let writer = DropText(page, naming)
    for drop in diagnosis.drops.sorted(by: { $0.count > $1.count }) {
      writer.write(drop, to: &text)
    }
  }

  /// What a report about some findings says of all others; nil where there are none above a note.
  private var others: String? {
    let all = diagnosis.findings.count { $0.severity > .info }
    let count = all - findings.count { $0.severity > .info }
    return count > 0
      ? "besides, \(Verdict.counted(count, "finding")) of other kinds: "
        + "`ipsecdiag diagnose --local` tells" : nil
  }
}
