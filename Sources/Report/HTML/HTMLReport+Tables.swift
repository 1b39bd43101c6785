internal import Diagnosis
internal import PacketDissector

extension HTMLReport {
  /// So many rows a table has.
  private static let rowLimit = 200

  func writeTables(to text: inout TextBuffer) {
    text.put("<section>\n<h2>All IKE SAs and flows</h2>\n")
    let sessions = evidence.sessions.sessions
    write(
      "IKE SAs", Self.sessionColumns, sessions.prefix(Self.rowLimit).map(row), of: sessions.count,
      to: &text)
    let flows = evidence.flows.flows
    write(
      "ESP and AH flows", Self.flowColumns, flows.prefix(Self.rowLimit).map(row), of: flows.count,
      to: &text)
    text.put("</section>\n")
  }

  private func write(
    _ caption: String, _ columns: [String], _ rows: [[Cell]], of total: Int,
    to text: inout TextBuffer
  ) {
    guard !rows.isEmpty else { return }
    text.element("h3", caption)
    text.put("\n")
    text.scrollBox(caption) { text in
      text.put("<table>\n<thead><tr>")
      for column in columns {
        text.put("<th scope=\"col\">")
        text.html(column)
        text.put("</th>")
      }
      text.put("</tr></thead>\n<tbody>\n")
      for row in rows { write(row, to: &text) }
      text.put("</tbody>\n</table>\n")
    }
    if total > rows.count {
      text.element("p", "\(Verdict.counted(total - rows.count, "more row")) left out.")
      text.put("\n")
    }
  }

  private enum Cell {
    case words(String)
    case name(String)
    case number(String)
  }

  private func write(_ row: [Cell], to text: inout TextBuffer) {
    text.put("<tr>")
    for (index, cell) in row.enumerated() {
      text.put(index == 0 ? "<th scope=\"row\"" : "<td")
      switch cell {
      case .words(let string):
        text.put(">")
        text.html(string)
      case .name(let string):
        text.put(" class=\"name\">")
        text.html(string)
      case .number(let string):
        text.put(" class=\"number\">")
        text.html(string)
      }
      text.put(index == 0 ? "</th>" : "</td>")
    }
    text.put("</tr>\n")
  }

  // MARK: IKE SAs

  private static let sessionColumns = [
    "Initiator SPI", "Responder SPI", "Version", "Initiator", "Responder", "Identities", "State",
    "Begins (s)", "Duration (s)", "Messages", "Exchanges", "Unanswered", "First frame",
  ]

  private func row(_ session: IKESession) -> [Cell] {
    [
      .name(naming.text(ikeSPI: session.initiatorSPI)),
      .name(session.responderSPI == 0 ? "none" : naming.text(ikeSPI: session.responderSPI)),
      .words("IKEv\(session.majorVersion)"),
      .name("\(naming.text(session.initiator.address)) port \(session.initiator.port)"),
      .name("\(naming.text(session.responder.address)) port \(session.responder.port)"),
      .words(identities(of: session)),
      .words(SATableText.state(session)),
      .number(seconds(from: clock.start, to: session.first.time)),
      .number(seconds(from: session.first.time, to: session.last.time)),
      .number(Quantity.grouped(Int64(clamping: session.messages))),
      .number(
        Quantity.grouped(Int64(session.exchanges.count) + Int64(clamping: session.forgotten))),
      .number(unanswered(session)),
      .number(Quantity.grouped(Int64(clamping: session.first.number))),
    ]
  }

  private func identities(of session: IKESession) -> String {
    var seen: Set<String> = []
    let all = session.exchanges.flatMap { exchange in
      (exchange.request?.content.identities ?? []) + (exchange.response?.content.identities ?? [])
    }
    let texts = all.map(\.text).filter { seen.insert($0).inserted }
    return texts.isEmpty
      ? "not known"
      : texts.prefix(4).map(naming.text(identity:)).joined(separator: ", ")
        + (texts.count > 4 ? " and \(texts.count - 4) more" : "")
  }

  /// IKEv1 has messages that nobody answers: there it tells nothing.
  private func unanswered(_ session: IKESession) -> String {
    session.majorVersion == 1
      ? "not counted"
      : Quantity.grouped(Int64(session.exchanges.count { $0.request != nil && !$0.isAnswered }))
  }

  // MARK: Flows

  private static let flowColumns = [
    "SPI", "Kind", "Source", "Destination", "Carried in", "Begins (s)", "Duration (s)", "Packets",
    "Bytes", "Mean rate (packets/s)", "First sequence number", "Highest", "Lost (packets)",
    "Late (packets)", "Repeated (packets)", "Largest packet (bytes)", "In IP fragments (packets)",
    "Opened by keys (packets)", "Failed to verify (packets)",
  ]

  private func row(_ flow: ESPFlow) -> [Cell] {
    let counts: [UInt64] = [
      UInt64(flow.firstSequence), UInt64(flow.sequence.highest), flow.sequence.lost,
      flow.sequence.late, flow.sequence.repeated, UInt64(clamping: flow.largestPacket),
      flow.inFragments, flow.opening.opened, flow.opening.failed,
    ]
    return [
      .name(naming.text(spi: flow.spi)),
      .words(flow.isAH ? "AH" : "ESP"),
      .name(naming.text(flow.source)),
      .name(naming.text(flow.destination)),
      .words(carrier(of: flow)),
      .number(seconds(from: clock.start, to: flow.first.time)),
      .number(seconds(from: flow.first.time, to: flow.last.time)),
      .number(Quantity.grouped(Int64(clamping: flow.packets))),
      .number(Quantity.grouped(Int64(clamping: flow.bytes))),
      .number(flow.packetsPerSecond.map { Quantity.decimal($0, places: 1) } ?? "under 1 s"),
    ] + counts.map { .number(Quantity.grouped(Int64(clamping: $0))) }
  }

  private func carrier(of flow: ESPFlow) -> String {
    switch flow.encapsulation {
    case .ip: "IP"
    case .udp, .udpWithMarker: "UDP \(flow.sourcePort) \u{2192} \(flow.destinationPort)"
    case .tcp: "TCP \(flow.sourcePort) \u{2192} \(flow.destinationPort)"
    }
  }

  private func seconds(from start: Timestamp, to end: Timestamp) -> String {
    var text = TextBuffer(capacity: 32)
    text.seconds(Nanoseconds(from: start, to: end).count)
    return text.string
  }
}
