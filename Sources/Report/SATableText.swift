package import Diagnosis
package import PacketDissector

/// The IKE SAs and the ESP flows of a capture for people: a few lines each, none wider than the page.
package struct SATableText {
  private let page: Page
  private let naming: Naming
  private let evidence: CaptureEvidence
  /// Those that findings are about come first where not all have room.
  private let subjects: Set<Finding.Subject>
  private let isVerbose: Bool
  package static let rowLimit = 20

  package init(
    _ evidence: CaptureEvidence, _ findings: [Finding], _ page: Page, _ naming: Naming,
    isVerbose: Bool
  ) {
    self.page = page
    self.naming = naming
    self.evidence = evidence
    subjects = Set(findings.map(\.subject))
    self.isVerbose = isVerbose
  }

  package func write(to text: inout TextBuffer) {
    sessions(to: &text)
    flows(to: &text)
  }

  // MARK: IKE SAs

  private func sessions(to text: inout TextBuffer) {
    let all = evidence.sessions.sessions
    guard !all.isEmpty else { return }
    text.put("\nIKE SAs\n")
    let shown = rows(all, subject: \.subject, weight: { UInt64($0.exchanges.count) })
    for session in shown { self.session(session, to: &text) }
    rest(all.count - shown.count, "IKE SA", to: &text)
  }

  private func session(_ session: IKESession, to text: inout TextBuffer) {
    var spis = TextBuffer(capacity: 64)
    spis.hex(naming.name(ofIKE: session.initiatorSPI), digits: 16)
    if session.responderSPI != 0 {
      spis.put(" / ")
      spis.hex(naming.name(ofIKE: session.responderSPI), digits: 16)
    }
    line("  \(spis.string) IKEv\(session.majorVersion), \(Self.state(session))", to: &text)
    line("    \(ends(session))", to: &text)
    let algorithms = session.chosenAlgorithms
    if !algorithms.isEmpty { line("    chose \(algorithms.joined(separator: ", "))", to: &text) }
    line("    \(messages(session))", to: &text)
    for isInitiators in [true, false] {
      guard let schedule = session.schedule(ofInitiator: isInitiators) else { continue }
      let side = isInitiators ? "initiator" : "responder"
      line(
        "    \(side) sends again by \(schedule.name) (\(schedule.confidence.rawValue))", to: &text)
    }
    let vendors = session.vendors
    if !vendors.isEmpty { line("    vendor IDs \(vendors.joined(separator: ", "))", to: &text) }
    if isVerbose {
      for exchange in session.exchanges { self.exchange(exchange, session, to: &text) }
    }
  }

  private func ends(_ session: IKESession) -> String {
    var words = "\(end(session.initiator)) \(page.arrow) \(end(session.responder))"
    let (initiator, responder) = (session.latestInitiator, session.latestResponder)
    if initiator != session.initiator || responder != session.responder {
      let onlyPorts =
        initiator.address == session.initiator.address
        && responder.address == session.responder.address && initiator.port == responder.port
      words +=
        onlyPorts
        ? ", later on \(initiator.port)"
        : ", later \(end(initiator)) \(page.arrow) \(end(responder))"
    }
    if session.usesTCP { words += ", over TCP" }
    switch (session.nat.initiatorIsBehindNAT, session.nat.responderIsBehindNAT) {
    case (true, true): words += ", both behind NAT or encapsulation forced"
    case (true, false): words += ", initiator behind NAT"
    case (false, true): words += ", responder behind NAT"
    case (false, false): if !session.nat.frames.isEmpty { words += ", no NAT" }
    }
    return words
  }

  private func end(_ end: Endpoint) -> String {
    var text = TextBuffer(capacity: 64)
    text.put(naming.name(of: end.address), port: end.port)
    return text.string
  }

  static func state(_ session: IKESession) -> String {
    switch session.state {
    case .unanswered(let requests):
      "no answer to \(Verdict.counted(requests, "request"))"
    case .refused(let type, let frame):
      "refused in frame \(frame.number): \(session.notifyName(type))"
    case .probablyRefused(let frame):
      "probably refused in frame \(frame.number) (an encrypted Notify)"
    case .negotiating: "not authenticated when the capture ends"
    case .established:
      session.isSeenFromItsStart ? "established" : "established, its beginning not seen"
    case .deleted(let byInitiator, let frame):
      "deleted by the \(byInitiator ? "initiator" : "responder") in frame \(frame.number)"
    case .probablyDeleted(let byInitiator, let frame):
      "\(byInitiator ? "initiator" : "responder") sends an encrypted Delete in frame \(frame.number)"
    case .silent(let askedByInitiator, let since, let transmissions):
      "\(askedByInitiator ? "responder" : "initiator") silent since frame \(since.number), "
        + "asked \(transmissions) times"
    }
  }

  private func messages(_ session: IKESession) -> String {
    let names = session.exchangeCounts.map { exchange in
      let name = session.exchangeName(exchange.type)
      return exchange.count == 1 ? name : "\(exchange.count) \(name)"
    }
    var words = Verdict.counted(session.messages, "message")
    if session.messages > 1 { words += " in \(session.duration)" }
    words += ": \(names.joined(separator: ", "))"
    if session.forgotten > 0 {
      words += ", \(Verdict.counted(session.forgotten, "more exchange"))"
    }
    let again = session.retransmissions
    words += again == 0 ? "; none sent again" : "; \(Quantity.grouped(Int64(again))) sent again"
    if session.copies > 0 {
      words += ", \(Quantity.grouped(Int64(clamping: session.copies))) seen twice"
    }
    return words
  }

  private func exchange(
    _ exchange: IKEExchange, _ session: IKESession, to text: inout TextBuffer
  ) {
    let side = exchange.isInitiators ? "initiator" : "responder"
    var words = "      \(session.exchangeName(exchange.type)) \(exchange.messageID) of the \(side):"
    if let request = exchange.request {
      words += " frame \(request.first.frame.number)"
      if request.count > 1 { words += ", sent \(request.count) times" }
    } else {
      words += " request not seen"
    }
    if let response = exchange.response {
      words += ", answer in frame \(response.first.frame.number)"
      if let time = exchange.answerTime { words += " after \(time)" }
      if let error = response.content.error { words += ": \(session.notifyName(error.type))" }
    } else {
      words += session.majorVersion == 1 ? "" : ", no answer"
    }
    line(words, to: &text)
  }

  // MARK: ESP and AH

  private func flows(to text: inout TextBuffer) {
    let all = evidence.flows.flows
    guard !all.isEmpty else { return }
    text.put("\nESP and AH, one direction each\n")
    text.put(
      "  SPI           packets      lost      late  repeated       rate  IP packets\n")
    let shown = rows(all, subject: \.subject, weight: \.packets)
    for flow in shown { self.flow(flow, to: &text) }
    rest(all.count - shown.count, "flow", to: &text)
  }

  private func flow(_ flow: ESPFlow, to text: inout TextBuffer) {
    let start = text.count
    text.put("  ")
    text.hex(UInt64(naming.name(of: flow.spi)), digits: 8)
    text.grouped(flow.packets, endingAt: 23, from: start)
    text.grouped(flow.sequence.lost, endingAt: 33, from: start)
    text.grouped(flow.sequence.late, endingAt: 43, from: start)
    text.grouped(flow.sequence.repeated, endingAt: 53, from: start)
    let rate = flow.packetsPerSecond.map { "\(Self.rate($0))/s" } ?? "-"
    text.pad(to: 64 - rate.utf8.count, from: start)
    text.put(rate)
    text.put("  ")
    text.decimal(flow.smallestPacket)
    if flow.largestPacket != flow.smallestPacket {
      text.put("-")
      text.decimal(flow.largestPacket)
    }
    text.put(" B\n")
    line("    \(path(flow))", to: &text)
    if isVerbose { for words in details(flow) { line("      \(words)", to: &text) } }
  }

  private static func rate(_ rate: Double) -> String {
    rate < 100 ? Quantity.decimal(rate, places: 1) : Quantity.grouped(Int64(min(rate, 1e12)))
  }

  private func path(_ flow: ESPFlow) -> String {
    var words = "\(flow.isAH ? "AH " : "")\(naming.name(of: flow.source)) \(page.arrow) "
    words += "\(naming.name(of: flow.destination))"
    switch flow.encapsulation {
    case .ip: break
    case .udp, .udpWithMarker:
      let ports = "\(flow.sourcePort)"
      words +=
        flow.sourcePort == flow.destinationPort
        ? " in UDP \(ports)" : " in UDP \(ports) \(page.arrow) \(flow.destinationPort)"
    case .tcp: words += " in TCP"
    }
    words += ", frames \(flow.first.number) to \(flow.last.number), \(flow.duration)"
    if flow.opening.opened > 0 || flow.opening.failed > 0 {
      let tried = flow.opening.opened &+ flow.opening.failed
      words +=
        ", keys opened \(Quantity.grouped(Int64(clamping: flow.opening.opened))) "
        + "of \(Quantity.grouped(Int64(clamping: tried)))"
    }
    return words
  }

  private func details(_ flow: ESPFlow) -> [String] {
    var numbers = "sequence numbers \(flow.firstSequence) to \(flow.sequence.highest)"
    if flow.sequence.restarts > 0 {
      numbers += ", begun anew \(Verdict.counted(flow.sequence.restarts, "time"))"
    }
    if flow.sequence.leaps > 0 { numbers += ", \(Verdict.counted(flow.sequence.leaps, "leap"))" }
    var network = "hop limit \(flow.lowestHopLimit)"
    if flow.highestHopLimit != flow.lowestHopLimit { network += " to \(flow.highestHopLimit)" }
    network += ", longest silence \(flow.longestSilence)"
    if flow.peakPacketsPerSecond > 0 {
      network += ", busiest second \(Verdict.counted(flow.peakPacketsPerSecond, "packet"))"
    }
    if flow.inFragments > 0 {
      network += ", \(Verdict.counted(flow.inFragments, "packet")) in IP fragments"
    }
    var lines = [numbers, network]
    if let disorder = flow.sequence.disorder, disorder.late > 0 {
      let dropped = zip(Disorder.windows, disorder.dropped)
        .map { "\($0): \(Quantity.grouped(Int64(clamping: $1)))" }
      lines.append("a replay window would drop, by its size: \(dropped.joined(separator: ", "))")
    }
    return lines
  }

  // MARK: Rows

  /// As many as there is room for: of too many, those of the findings, then the busiest; in the order of
  /// the capture.
  private func rows<Row>(
    _ all: [Row], subject: (Row) -> Finding.Subject, weight: (Row) -> UInt64
  ) -> [Row] {
    guard !isVerbose, all.count > Self.rowLimit else { return all }
    let ranked = all.enumerated().map { entry in
      (
        offset: entry.offset, isFound: subjects.contains(subject(entry.element)),
        weight: weight(entry.element)
      )
    }.sorted { left, right in
      if left.isFound != right.isFound { return left.isFound }
      return left.weight != right.weight ? left.weight > right.weight : left.offset < right.offset
    }
    return ranked.prefix(Self.rowLimit).map(\.offset).sorted().map { all[$0] }
  }

  private func rest(_ count: Int, _ noun: String, to text: inout TextBuffer) {
    guard count > 0 else { return }
    line("  and \(Verdict.counted(count, "more \(noun)")): -v shows all", to: &text)
  }

  /// A line whose further parts stand two columns deeper than its first.
  private func line(_ words: String, to text: inout TextBuffer) {
    let depth = words.prefix { $0 == " " }.count
    text.spaces(depth)
    page.paragraph(words, from: depth, indent: depth + 2, to: &text)
  }
}

extension ESPFlow {
  package var subject: Finding.Subject { .flow(spi: spi, source: source, destination: destination) }
}

extension IKESession {
  /// "IKE_SA_INIT", "main mode"
  package func exchangeName(_ type: UInt8) -> String {
    majorVersion == 1
      ? IKEv1ExchangeType(rawValue: type).shortName
      : ExchangeType(rawValue: type).name ?? "exchange \(type)"
  }

  /// "NO_PROPOSAL_CHOSEN", or the number of one that no registry names.
  package func notifyName(_ type: UInt16) -> String {
    majorVersion == 1
      ? IKEv1NotifyType.name(of: type) ?? "notify \(type)"
      : NotifyType.name(of: type) ?? "notify \(type)"
  }
}
