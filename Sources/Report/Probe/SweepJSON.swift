internal import Diagnosis
internal import IKE
package import Measurement
package import PacketDissector

/// What `ipsecdiag probe --sweep --json` and `--ndjson` print. Schemas/sweep-1.schema.json describes both.
package struct SweepJSON {
  private let naming: Naming
  private let toolVersion: String

  package init(_ naming: Naming, toolVersion: String) {
    self.naming = naming
    self.toolVersion = toolVersion
  }

  // MARK: One document

  package func open(to text: inout TextBuffer) {
    begin(&text)
    text.put(",\"redacted\":")
    text.json(naming.redacts)
    text.put(",\"results\":[")
  }

  /// One result of a document; `isFirst` is said of the first.
  package func write(
    _ result: SweepResult, at time: Timestamp, isFirst: Bool, to text: inout TextBuffer
  ) {
    if !isFirst { text.put(",") }
    text.put("\n")
    self.result(result, at: time, to: &text)
  }

  package func close(
    _ failures: [ProbeFailure], _ report: SweepReport, to text: inout TextBuffer
  ) {
    text.put("],\"failures\":")
    text.list(failures) { self.failure($1, to: &$0) }
    text.put(",\"summary\":")
    self.summary(report, to: &text)
    text.put("}\n")
  }

  // MARK: A line each

  package func writeLine(
    _ result: SweepResult, at time: Timestamp, to text: inout TextBuffer
  ) {
    begin(&text)
    text.put(",\"result\":")
    self.result(result, at: time, to: &text)
    text.put("}\n")
  }

  package func writeLine(_ failure: ProbeFailure, to text: inout TextBuffer) {
    begin(&text)
    text.put(",\"failure\":")
    self.failure(failure, to: &text)
    text.put("}\n")
  }

  package func writeLine(_ report: SweepReport, to text: inout TextBuffer) {
    begin(&text)
    text.put(",\"summary\":")
    self.summary(report, to: &text)
    text.put("}\n")
  }

  // MARK: Parts

  private func begin(_ text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.sweep/1\",\"tool_version\":")
    text.json(toolVersion)
  }

  private func failure(_ failure: ProbeFailure, to text: inout TextBuffer) {
    text.put("{\"target\":")
    text.json(naming.name(ofIdentity: failure.target))
    text.put(",\"reason\":")
    text.json(naming.redacts ? "not shown in a redacted report" : failure.reason)
    text.put("}")
  }

  private func result(
    _ result: SweepResult, at time: Timestamp, to text: inout TextBuffer
  ) {
    text.put("{\"address\":")
    text.json(result.address, naming)
    text.put(",\"ts\":\"")
    var style = TimeText(style: .utc)
    style.write(time, to: &text)
    text.put("\"")
    text.member(
      "rtt_ms", milliseconds: result.roundTrip.map { Nanoseconds($0) })
    switch result.outcome {
    case .answered(let answer): self.answer(answer, to: &text)
    case .refused(let reason, let sender):
      outcome("icmp", SweepText.words(reason, sender, naming), to: &text)
      text.put(",\"icmp_from\":")
      if let sender { text.json(sender, naming) } else { text.put("null") }
    case .unsent(let reason):
      outcome("unsent", naming.redacts ? "could not send" : reason, to: &text)
    }
    text.put("}")
  }

  private func outcome(_ name: StaticString, _ words: String, to text: inout TextBuffer) {
    text.put(",\"outcome\":\"")
    text.put(name)
    text.put("\",\"text\":")
    text.json(words)
  }

  private func answer(_ answer: InitAnswer, to text: inout TextBuffer) {
    outcome(
      Self.name(of: answer.meaning), AnswerWords(naming: naming).answer(answer.meaning), to: &text)
    if case .accepted(let suite, _, _) = answer.meaning {
      text.put(",\"suite\":")
      text.suite(suite)
      text.put(",\"grade\":")
      text.json(SuiteGrade(suite).word.rawValue)
    }
    if case .keyExchangeWanted(let method) = answer.meaning {
      text.put(",\"wanted_method\":")
      text.code(method.rawValue, method.name)
    }
    text.put(",\"notifies\":")
    text.list(answer.notifies) { $0.code($1.type.rawValue, $1.type.name) }
    text.put(",\"vendor_ids\":")
    text.list(answer.vendorIDs) { $0.vendorID($1) }
  }

  private static func name(of meaning: InitAnswer.Meaning) -> StaticString {
    switch meaning {
    case .accepted: "accepted"
    case .noProposalChosen: "no_proposal_chosen"
    case .cookie: "cookie"
    case .keyExchangeWanted: "key_exchange_wanted"
    case .otherVersion: "other_version"
    case .redirect: "redirect"
    case .error: "error"
    case .malformed: "malformed"
    }
  }

  private func summary(_ report: SweepReport, to text: inout TextBuffer) {
    let summary = report.summary
    text.put("{\"state\":")
    text.json(report.word.rawValue)
    text.member("addresses", summary.targets)
    text.member("answered", summary.answered)
    text.member("refused", summary.refused)
    text.member("unsent", summary.unsent)
    text.member("silent", summary.silent)
    text.member("failures", UInt64(report.failures))
    text.member("requests", summary.requests)
    text.member("strays", summary.strays)
    text.member("repeated", summary.repeated)
    text.member("dropped_here", summary.dropped)
    text.member("seconds", seconds: Nanoseconds(summary.duration))
    text.put(",\"interrupted\":")
    text.json(summary.isInterrupted)
    text.put("}")
  }
}
