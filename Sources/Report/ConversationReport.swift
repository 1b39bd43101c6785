package import Diagnosis
package import PacketDissector

/// The table that `decode --summary` prints, as text or as one JSON object.
/// Schemas/conversations-1.schema.json describes the latter.
package struct ConversationReport {
  private let table: ConversationTable
  private let fragments: FragmentReassembler.Counters
  private let streams: StreamReassembler.Counters
  private let arrow: StaticString

  package init(
    table: ConversationTable, fragments: FragmentReassembler.Counters,
    streams: StreamReassembler.Counters, ascii: Bool
  ) {
    self.table = table
    self.fragments = fragments
    self.streams = streams
    self.arrow = ascii ? " -> " : " \u{2192} "
  }

  // MARK: Text

  package func writeText(to text: inout TextBuffer) {
    capture(to: &text)
    limits(to: &text)
    for sa in table.ikeSAs { ike(sa, to: &text) }
    guard !table.flows.isEmpty else { return }
    text.put("\nSPI         packets           bytes  sequence numbers       source")
    text.put(arrow)
    text.put("destination\n")
    for flow in table.flows { self.flow(flow, to: &text) }
  }

  private func capture(to text: inout TextBuffer) {
    text.grouped(table.frames)
    text.put(table.frames == 1 ? " frame, " : " frames, ")
    text.grouped(table.bytes)
    text.put(" bytes")
    if let span = table.span {
      text.put(", ")
      text.seconds(span.lastTime.nanoseconds &- span.firstTime.nanoseconds)
      text.put(" s")
    }
    text.put("\n")
    count("IPsec frames", table.ipsecFrames, to: &text)
    count("other frames", table.frames - table.ipsecFrames, to: &text)
    count("NAT keepalives", table.natKeepalives, to: &text)
    count("ICMP errors about IPsec packets", table.icmpErrors, to: &text)
    count("IP fragments", table.ipFragments, to: &text)
    count("datagrams put together from fragments", UInt64(fragments.completed), to: &text)
    count("malformed frames", table.malformed, to: &text)
  }

  private func count(_ what: StaticString, _ number: UInt64, to text: inout TextBuffer) {
    guard number > 0 else { return }
    text.put("  ")
    text.grouped(number)
    text.put(" ")
    text.put(what)
    text.put("\n")
  }

  /// Bounded tables that were full: what the rest of the report could not see.
  private func limits(to text: inout TextBuffer) {
    count("datagrams given up: too many fragments at once", UInt64(fragments.evicted), to: &text)
    count("datagrams given up: fragments missing after 60 s", UInt64(fragments.timedOut), to: &text)
    count("fragments that contradict others", UInt64(fragments.contradictory), to: &text)
    count("TCP streams given up: too many at once", UInt64(streams.evicted), to: &text)
    count("TCP streams taken up again behind a gap", UInt64(streams.gaps), to: &text)
    count("TCP streams with an impossible record length", UInt64(streams.broken), to: &text)
    count("packets of conversations beyond the first 100,000", table.untracked, to: &text)
  }

  private func ike(_ sa: ConversationTable.IKESA, to text: inout TextBuffer) {
    text.put("\nIKEv")
    text.decimal(sa.majorVersion)
    text.put(" SA ")
    text.hex(sa.initiatorSPI, digits: 16)
    text.put(" / ")
    text.hex(sa.responderSPI, digits: 16)
    text.put("\n  ")
    text.put(sa.source, port: sa.sourcePort)
    text.put(arrow)
    text.put(sa.destination, port: sa.destinationPort)
    if sa.usesPort4500, sa.sourcePort != 4500, sa.destinationPort != 4500 {
      text.put(", later on 4500")
    }
    if sa.usesTCP { text.put(", over TCP") }
    text.put("\n  ")
    text.grouped(sa.messages)
    text.put(sa.messages == 1 ? " message" : " messages")
    if sa.majorVersion == 2 {
      text.put(" (")
      text.grouped(sa.requests)
      text.put(sa.requests == 1 ? " request, " : " requests, ")
      text.grouped(sa.responses)
      text.put(sa.responses == 1 ? " response)" : " responses)")
    }
    if sa.span.firstFrame == sa.span.lastFrame {
      text.put(", frame ")
      text.decimal(sa.span.firstFrame)
    } else {
      text.put(", frames ")
      text.decimal(sa.span.firstFrame)
      text.put(" to ")
      text.decimal(sa.span.lastFrame)
    }
    text.put(", ")
    text.seconds(sa.span.lastTime.nanoseconds &- sa.span.firstTime.nanoseconds)
    text.put(" s\n  ")
    for (index, (exchange, count)) in sa.exchanges.sorted(by: { $0.key < $1.key }).enumerated() {
      if index > 0 { text.put(", ") }
      text.put(Self.exchangeName(exchange, sa.majorVersion))
      text.put(" ")
      text.grouped(count)
    }
    text.put("\n")
  }

  private static func exchangeName(_ number: UInt8, _ majorVersion: UInt8) -> String {
    majorVersion == 1
      ? IKEv1ExchangeType(rawValue: number).shortName
      : ExchangeType(rawValue: number).name ?? "exchange \(number)"
  }

  private func flow(_ flow: ConversationTable.Flow, to text: inout TextBuffer) {
    let start = text.count
    text.hex(UInt64(flow.spi), digits: 8)
    text.put(flow.isAH ? " AH" : "")
    text.grouped(flow.packets, endingAt: 19, from: start)
    text.grouped(flow.bytes, endingAt: 35, from: start)
    text.put("  ")
    text.decimal(flow.firstSequence)
    text.put(" to ")
    text.decimal(flow.highestSequence)
    text.pad(to: 60, from: start)
    text.put(flow.source)
    text.put(arrow)
    text.put(flow.destination)
    switch flow.encapsulation {
    case .udp, .udpWithMarker: text.put(" in UDP")
    case .tcp: text.put(" in TCP")
    case .ip: break
    }
    text.put("\n")
  }

  // MARK: JSON

  package func writeJSON(toolVersion: String, to text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.conversations/1\",\"tool_version\":")
    text.json(toolVersion)
    if let span = table.span {
      var time = TimeText(style: .utc)
      text.put(",\"ts\":\"")
      time.write(span.firstTime, to: &text)
      text.put("\",\"last_ts\":\"")
      time.write(span.lastTime, to: &text)
      text.put("\"")
    }
    member("frames", table.frames, to: &text)
    member("bytes", table.bytes, to: &text)
    member("ipsec_frames", table.ipsecFrames, to: &text)
    member("nat_keepalives", table.natKeepalives, to: &text)
    member("icmp_errors", table.icmpErrors, to: &text)
    member("ip_fragments", table.ipFragments, to: &text)
    member("malformed", table.malformed, to: &text)
    text.put(",\"reassembly\":{\"completed\":")
    text.decimal(fragments.completed)
    member("evicted", UInt64(fragments.evicted), to: &text)
    member("timed_out", UInt64(fragments.timedOut), to: &text)
    member("contradictory", UInt64(fragments.contradictory), to: &text)
    member("tcp_evicted", UInt64(streams.evicted), to: &text)
    member("tcp_gaps", UInt64(streams.gaps), to: &text)
    member("tcp_broken", UInt64(streams.broken), to: &text)
    text.put("}")
    member("untracked", table.untracked, to: &text)
    text.put(",\"ike_sas\":")
    text.list(table.ikeSAs) { self.json($1, to: &$0) }
    text.put(",\"flows\":")
    text.list(table.flows) { self.json($1, to: &$0) }
    text.put("}")
  }

  private func member(_ name: StaticString, _ value: UInt64, to text: inout TextBuffer) {
    text.put(",\"")
    text.put(name)
    text.put("\":")
    text.decimal(value)
  }

  private func endpoints(_ source: IPAddress, _ destination: IPAddress, to text: inout TextBuffer) {
    text.put(",\"source\":\"")
    text.put(source)
    text.put("\",\"destination\":\"")
    text.put(destination)
    text.put("\"")
  }

  private func json(_ sa: ConversationTable.IKESA, to text: inout TextBuffer) {
    text.put("{\"major_version\":")
    text.decimal(sa.majorVersion)
    text.put(",\"initiator_spi\":\"")
    text.hex(sa.initiatorSPI, digits: 16)
    text.put("\",\"responder_spi\":\"")
    text.hex(sa.responderSPI, digits: 16)
    text.put("\"")
    endpoints(sa.source, sa.destination, to: &text)
    member("source_port", UInt64(sa.sourcePort), to: &text)
    member("destination_port", UInt64(sa.destinationPort), to: &text)
    member("messages", sa.messages, to: &text)
    member("requests", sa.requests, to: &text)
    member("responses", sa.responses, to: &text)
    member("first_frame", sa.span.firstFrame, to: &text)
    member("last_frame", sa.span.lastFrame, to: &text)
    text.put(",\"exchanges\":")
    text.list(sa.exchanges.sorted { $0.key < $1.key }) { text, exchange in
      text.put("{\"id\":")
      text.decimal(exchange.key)
      text.put(",\"name\":")
      text.json(Self.exchangeName(exchange.key, sa.majorVersion))
      text.put(",\"messages\":")
      text.decimal(exchange.value)
      text.put("}")
    }
    text.put("}")
  }

  private func json(_ flow: ConversationTable.Flow, to text: inout TextBuffer) {
    text.put("{\"kind\":")
    text.json(flow.isAH ? "ah" : "esp")
    text.put(",\"spi\":\"")
    text.hex(UInt64(flow.spi), digits: 8)
    text.put("\"")
    endpoints(flow.source, flow.destination, to: &text)
    member("packets", flow.packets, to: &text)
    member("bytes", flow.bytes, to: &text)
    member("first_sequence", UInt64(flow.firstSequence), to: &text)
    member("highest_sequence", UInt64(flow.highestSequence), to: &text)
    member("first_frame", flow.span.firstFrame, to: &text)
    member("last_frame", flow.span.lastFrame, to: &text)
    text.put("}")
  }
}

extension TextBuffer {
  /// "1,204,881"
  mutating func grouped(_ value: UInt64) {
    if value >= 1000 {
      grouped(value / 1000)
      put(",")
      decimal(value % 1000, width: 3)
    } else {
      decimal(value)
    }
  }

  /// The same, at the right of a column that ends at `column`, counted from byte `start`.
  mutating func grouped(_ value: UInt64, endingAt column: Int, from start: Int) {
    var number = TextBuffer(capacity: 32)
    number.grouped(value)
    pad(to: column - number.count, from: start)
    put(number.string)
  }

  /// Nanoseconds as seconds with three decimals.
  mutating func seconds(_ nanoseconds: Int64) {
    if nanoseconds < 0 { put("-") }
    let milliseconds = nanoseconds.magnitude / 1_000_000
    decimal(milliseconds / 1000)
    put(".")
    decimal(milliseconds % 1000, width: 3)
  }
}
