internal import Diagnosis
internal import IKE
package import Measurement
package import PacketDissector

/// What `ipsecdiag probe --json` and `--ndjson` print. Schemas/probe-1.schema.json describes both.
package struct ProbeJSON {
  private let naming: Naming
  private let toolVersion: String

  package init(_ naming: Naming, toolVersion: String) {
    self.naming = naming
    self.toolVersion = toolVersion
  }

  // MARK: One document

  /// What stands before the first result of a document.
  package func open(to text: inout TextBuffer) {
    begin(&text)
    text.put(",\"redacted\":")
    text.json(naming.redacts)
    text.put(",\"results\":[")
  }

  /// One result of a document; `isFirst` is said of the first.
  package func write(_ report: ProbeReport, isFirst: Bool, to text: inout TextBuffer) {
    if !isFirst { text.put(",") }
    text.put("\n")
    self.report(report, to: &text)
  }

  /// What stands behind the last result.
  package func close(
    _ failures: [ProbeFailure], _ summary: ProbeSummary, to text: inout TextBuffer
  ) {
    text.put("],\"failures\":")
    text.list(failures) { self.failure($1, to: &$0) }
    text.put(",\"summary\":")
    self.summary(summary, to: &text)
    text.put("}\n")
  }

  // MARK: A line each

  package func writeLine(_ report: ProbeReport, to text: inout TextBuffer) {
    begin(&text)
    text.put(",\"result\":")
    self.report(report, to: &text)
    text.put("}\n")
  }

  package func writeLine(_ failure: ProbeFailure, to text: inout TextBuffer) {
    begin(&text)
    text.put(",\"failure\":")
    self.failure(failure, to: &text)
    text.put("}\n")
  }

  package func writeLine(_ summary: ProbeSummary, to text: inout TextBuffer) {
    begin(&text)
    text.put(",\"summary\":")
    self.summary(summary, to: &text)
    text.put("}\n")
  }

  func words(of result: AddressResult) -> ProbeWords { ProbeWords(result: result, naming: naming) }

  private func begin(_ text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.probe/1\",\"tool_version\":")
    text.json(toolVersion)
  }

  // MARK: Parts

  private func failure(_ failure: ProbeFailure, to text: inout TextBuffer) {
    text.put("{\"target\":")
    text.json(naming.redacts ? naming.name(ofIdentity: failure.target) : failure.target)
    text.put(",\"reason\":")
    text.json(naming.redacts ? "not shown in a redacted report" : failure.reason)
    text.put("}")
  }

  private func summary(_ summary: ProbeSummary, to text: inout TextBuffer) {
    text.put("{\"addresses\":")
    text.decimal(summary.addresses)
    text.put(",\"up\":")
    text.decimal(summary.up)
    text.put(",\"down\":")
    text.decimal(summary.down)
    text.put(",\"failures\":")
    text.decimal(summary.failures)
    text.put(",\"incomplete\":")
    text.decimal(summary.incomplete)
    for severity in Severity.allCases {
      text.put(",\"")
      text.put(severity.rawValue)
      text.put("\":")
      text.decimal(summary.findings[severity] ?? 0)
    }
    text.put(",\"interrupted\":")
    text.json(summary.isInterrupted)
    text.put("}")
  }

  private func report(_ report: ProbeReport, to text: inout TextBuffer) {
    let result = report.result
    text.put("{\"target\":")
    text.json(ProbeText.name(of: result, naming))
    text.put(",\"address\":")
    text.json(result.address, naming)
    text.put(",\"ts\":\"")
    var time = TimeText(style: .utc)
    time.write(result.started, to: &text)
    text.put("\",\"state\":")
    text.json(report.state.rawValue)
    roundTrips(ProbeRoundTrips(result), to: &text)
    text.put(",\"ways\":")
    text.list(result.ways) { way($1, of: result, to: &$0) }
    text.put(",\"peer\":")
    if let peer = result.peer { self.peer(peer, of: result, to: &text) } else { text.put("null") }
    text.put(",\"ikev1\":")
    if let found = result.ikev1 { version1(found, to: &text) } else { text.put("null") }
    if !report.proposals.isEmpty {
      text.put(",\"proposals\":")
      text.list(report.proposals) { proposal($1, to: &$0) }
    }
    if let found = result.enumeration {
      text.put(",\"enumeration\":")
      EnumerationJSON(found, result.traffic).write(to: &text)
    }
    if let readiness = report.readiness, let answers = result.postQuantum {
      text.put(",\"post_quantum\":")
      postQuantum(readiness, answers, to: &text)
    }
    if let policy = report.policy {
      text.put(",\"policy\":")
      self.policy(policy, to: &text)
    }
    text.put(",\"gaps\":")
    text.list(report.gaps) { $0.json($1) }
    text.put(",\"traffic\":")
    traffic(result.traffic, to: &text)
    text.put(",\"findings\":")
    text.list(result.findings) { $0.json($1, naming) }
    text.put("}")
  }

  private func roundTrips(_ trips: ProbeRoundTrips, to text: inout TextBuffer) {
    text.put(",\"sent\":")
    text.decimal(trips.sent)
    text.put(",\"lost\":")
    text.decimal(trips.lost)
    text.member("loss_percent", trips.lossPercent, places: 3)
    text.member("rtt_ms", milliseconds: trips.median.map { Nanoseconds($0) })
    text.member(
      "rtt_min_ms", milliseconds: trips.times.first.map { Nanoseconds($0) })
    text.member(
      "rtt_max_ms", milliseconds: trips.times.last.map { Nanoseconds($0) })
  }

  private func way(_ way: WayResult, of result: AddressResult, to text: inout TextBuffer) {
    text.put("{\"way\":")
    text.json(way.way.rawValue)
    text.put(",\"outcome\":")
    var sender: IPAddress?
    var isICMP = false
    switch way.outcome {
    case .answered: text.put("\"answered\"")
    case .silent: text.put("\"silent\"")
    case .refused(_, let by, let icmp):
      text.put("\"refused\"")
      (sender, isICMP) = (by, icmp)
    case .notIKE: text.put("\"not_ike\"")
    case .local: text.put("\"not_asked\"")
    }
    text.put(",\"text\":")
    text.json(words(of: result).reason(way.outcome))
    text.put(",\"icmp_from\":")
    if let sender, isICMP { text.json(sender, naming) } else { text.put("null") }
    text.put(",\"sent\":")
    text.decimal(way.sent)
    text.put(",\"answered\":")
    text.decimal(way.answered)
    text.put(",\"rtt_ms\":")
    text.list(way.roundTrips) { text, trip in
      text.put(Quantity.decimal(Double(max(0, Nanoseconds(trip).count)) / 1e6, places: 3))
    }
    text.put("}")
  }

  private func traffic(_ traffic: ProbeTraffic, to text: inout TextBuffer) {
    text.put("{\"packets_sent\":")
    text.decimal(traffic.packetsSent)
    text.put(",\"packets_received\":")
    text.decimal(traffic.packetsReceived)
    text.put(",\"retransmitted\":")
    text.decimal(traffic.retransmitted)
    text.put(",\"unanswered\":")
    text.decimal(traffic.unanswered)
    text.put(",\"strays\":")
    text.decimal(traffic.strays)
    text.put(",\"bytes_largest\":")
    text.decimal(traffic.largestRequest)
    text.member("seconds", seconds: Nanoseconds(traffic.duration))
    text.put("}")
  }

  private func proposal(_ answer: ProposalAnswer, to text: inout TextBuffer) {
    text.put("{\"asked\":")
    text.json(ProbeWords.question(answer.question))
    text.put(",\"accepted\":")
    if let isAccepted = answer.isAccepted { text.json(isAccepted) } else { text.put("null") }
    text.put(",\"text\":")
    switch answer.outcome {
    case .accepted(let suite): text.json("accepted: \(ProbeWords.suite(suite))")
    case .wantsShare(let method): text.json("accepted with \(method)")
    case .refused: text.json("refused")
    case .unanswered: text.json("no answer")
    case .other(let words): text.json(words)
    }
    text.put(",\"suite\":")
    if case .accepted(let suite) = answer.outcome { text.suite(suite) } else { text.put("null") }
    text.put(",\"nearest\":")
    if let nearest = answer.nearest { text.suite(nearest) } else { text.put("null") }
    text.put("}")
  }

  private func policy(_ policy: PolicyCheck, to text: inout TextBuffer) {
    text.put("{\"verdict\":")
    text.json(policy.verdict.rawValue)
    text.put(",\"lines\":")
    text.list(policy.lines) { text, line in
      text.put("{\"line\":")
      text.decimal(line.demand.number)
      text.put(",\"expected\":")
      text.json(line.demand.text)
      text.put(",\"verdict\":")
      text.json(line.verdict.rawValue)
      text.put(",\"actual\":")
      text.json(line.observed)
      text.put("}")
    }
    text.put("}")
  }

  private func postQuantum(
    _ readiness: PostQuantumReadiness, _ answers: PostQuantumAnswers, to text: inout TextBuffer
  ) {
    text.put("{\"verdict\":")
    text.json(readiness.verdict.rawValue)
    text.put(",\"announces_intermediate\":")
    text.json(readiness.announcesIntermediate)
    text.put(",\"announces_fragmentation\":")
    text.json(readiness.announcesFragmentation)
    for (name, methods) in [("additional", answers.additional), ("alone", answers.alone)] {
      text.put(",\"\(name)\":{\"accepted\":")
      text.list(methods.accepted) { $0.code($1.rawValue, $1.name) }
      text.put(",\"refused\":")
      text.list(methods.refused) { $0.code($1.rawValue, $1.name) }
      text.put(",\"unanswered\":")
      text.list(methods.unanswered) { $0.code($1.rawValue, $1.name) }
      text.put("}")
    }
    text.put(",\"sizes\":")
    text.list(readiness.sizes) { text, size in
      text.put("{\"method\":")
      text.code(size.method.rawValue, size.method.name)
      text.put(",\"bytes_alone\":")
      text.decimal(size.alone)
      text.put(",\"bytes_intermediate\":")
      text.decimal(size.intermediate)
      text.put("}")
    }
    text.put(",\"reasons\":")
    text.list(readiness.reasons) { $0.json($1) }
    text.put("}")
  }
}
