package import Diagnosis
package import PacketDissector

/// What `ipsecdiag dpd -r FILE` prints: who checks whom how often, what came back, and the findings of
/// liveness. Schemas/dpd-capture-1.schema.json describes the JSON.
package struct LivenessReport {
  private let diagnosis: CaptureDiagnosis
  private let histories: [LivenessHistory]
  /// Those whose ids begin with "dpd-".
  package let findings: [Finding]
  private let naming: Naming

  package init(_ diagnosis: CaptureDiagnosis, _ naming: Naming) {
    self.diagnosis = diagnosis
    findings = diagnosis.findings.filter { $0.id.rawValue.hasPrefix("dpd-") }
    histories = LivenessHistory.all(in: diagnosis.evidence)
    self.naming = naming
  }

  private var evidence: CaptureEvidence { diagnosis.evidence }

  // MARK: Text

  package func writeText(_ options: DiagnosisText.Options, to text: inout TextBuffer) {
    diagnosis.write(
      findings, nothing: "no trouble with liveness checks", naming, options, to: &text)
    if options.isQuiet { return }
    if histories.isEmpty {
      text.put("\nno established IKE SA is in the capture: there is nothing to check\n")
    }
    let busy = histories.filter { options.isVerbose || $0.checks > 0 || $0.silence != nil }
    let shown = options.isVerbose ? busy : Array(busy.prefix(2 * SATableText.rowLimit))
    for (index, history) in shown.enumerated() {
      if index == 0 || shown[index - 1].session.initiatorSPI != history.session.initiatorSPI {
        heading(history.session, options.page, to: &text)
      }
      side(history, options.page, to: &text)
    }
    rest(busy.count - shown.count, "side", ": -v shows all", to: &text)
    let silent = Set(histories.map(\.session.initiatorSPI))
      .subtracting(busy.map(\.session.initiatorSPI))
    rest(silent.count, "IKE SA", " without any check in the capture", to: &text)
  }

  private func rest(
    _ count: Int, _ noun: String, _ ending: StaticString, to text: inout TextBuffer
  ) {
    guard count > 0 else { return }
    text.put("\n")
    text.put(Verdict.counted(count, noun))
    text.put(ending)
    text.put("\n")
  }

  private func heading(_ session: IKESession, _ page: Page, to text: inout TextBuffer) {
    text.put("\n")
    let words = naming.text(
      "IKE SA \(ikeSPI: session.initiatorSPI), \(session.latestInitiator.address) \(page.arrow) \(session.latestResponder.address)"
    )
    page.paragraph("\(words), IKEv\(session.majorVersion)", from: 0, indent: 2, to: &text)
  }

  private func side(_ history: LivenessHistory, _ page: Page, to text: inout TextBuffer) {
    let name = history.byInitiator ? "initiator" : "responder"
    for (index, words) in (facts(history)).enumerated() {
      text.put("  ")
      text.put(index == 0 ? name : "         ")
      text.put("  ")
      page.paragraph(words, from: 13, indent: 15, to: &text)
    }
  }

  private func facts(_ history: LivenessHistory) -> [String] {
    var facts: [String] = []
    if history.checks == 0 {
      facts.append(
        history.isHidden
          ? "checks of IKEv1 are encrypted: --keys would show them" : "no checks in the capture")
    } else {
      var words = "checks"
      if let interval = history.interval { words += " every \(interval)" }
      if let interval = history.interval, let shortest = history.shortestInterval,
        shortest.count < interval.count / 10 * 9
      {
        words += " (median; the shortest \(shortest))"
      }
      words += "; \(Self.grouped(history.answered)) of \(Self.grouped(history.checks)) answered"
      if let time = history.medianRoundTrip { words += ", median \(time)" }
      if let last = history.lastAnswer { words += ", last in \(frame(last))" }
      facts.append(words)
    }
    guard let silence = history.silence else { return facts }
    facts.append(
      "no answer to \(frame(silence.first)), sent "
        + "\(Verdict.counted(silence.transmissions, "time")), last at \(time(silence.last))")
    if let sign = silence.lastSign { facts.append("last sign of life: \(frame(sign))") }
    if silence.espMeanwhile > 0 {
      facts.append(
        "but its ESP kept coming: \(Verdict.counted(silence.espMeanwhile, "packet")) "
          + "until the last transmission")
    }
    if let schedule = silence.schedule {
      facts.append("sends again by \(schedule.name) (\(schedule.confidence.rawValue))")
    }
    facts.append(
      silence.isCutByEnd
        ? "\(silence.waited) went by until the capture ends"
        : "waited \(silence.waited), by that schedule")
    return facts
  }

  private static func grouped(_ count: UInt64) -> String {
    Quantity.grouped(Int64(clamping: count))
  }

  /// "frame 805 at 29.567 s", since the first frame.
  private func frame(_ frame: FrameReference) -> String {
    "frame \(frame.number) at \(time(frame))"
  }

  private func time(_ frame: FrameReference) -> String {
    var text = TextBuffer(capacity: 32)
    let start = evidence.quality.first?.time ?? frame.time
    text.seconds(frame.time.nanoseconds &- start.nanoseconds)
    return "\(text.string) s"
  }

  // MARK: JSON

  package func writeJSON(toolVersion: String, to text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.dpd-capture/1\",\"tool_version\":")
    text.json(toolVersion)
    text.put(",\"live\":")
    text.json(evidence.quality.live)
    text.put(",\"degraded\":")
    text.json(evidence.quality.lostByCapture > 0)
    text.put(",\"findings\":")
    text.list(findings) { $0.json($1, naming) }
    text.put(",\"sides\":")
    text.list(histories) { json($1, to: &$0) }
    text.put("}\n")
  }

  private func json(_ history: LivenessHistory, to text: inout TextBuffer) {
    text.put("{\"initiator_spi\":\"")
    text.hex(naming.name(ofIKE: history.session.initiatorSPI), digits: 16)
    text.put("\",\"major_version\":")
    text.decimal(history.session.majorVersion)
    text.put(",\"side\":")
    text.json(history.byInitiator ? "initiator" : "responder")
    text.put(",\"asking\":")
    text.json(history.ends.asking, naming)
    text.put(",\"asked\":")
    text.json(history.ends.asked, naming)
    text.member("answered", history.answered)
    text.member("unanswered", history.unanswered)
    text.put(",\"hidden_without_keys\":")
    text.json(history.isHidden)
    text.member("interval_s", seconds: history.interval)
    text.member("shortest_interval_s", seconds: history.shortestInterval)
    text.member("median_rtt_ms", milliseconds: history.medianRoundTrip)
    text.put(",\"last_answer\":")
    text.json(history.lastAnswer)
    text.put(",\"silence\":")
    if let silence = history.silence { json(silence, to: &text) } else { text.put("null") }
    text.put("}")
  }

  private func json(_ silence: LivenessHistory.Silence, to text: inout TextBuffer) {
    text.put("{\"first_frame\":")
    text.json(silence.first)
    text.put(",\"last_frame\":")
    text.json(silence.last)
    text.member("transmissions", UInt64(clamping: silence.transmissions))
    text.put(",\"last_sign\":")
    text.json(silence.lastSign)
    text.member("esp_packets_meanwhile", silence.espMeanwhile)
    text.member("waited_s", seconds: silence.waited)
    text.put(",\"until_capture_end\":")
    text.json(silence.isCutByEnd)
    text.put(",\"schedule\":")
    text.json(silence.schedule)
    text.put("}")
  }
}
