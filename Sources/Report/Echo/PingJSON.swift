package import ESP
internal import Diagnosis
package import Measurement
package import PacketDissector

/// What `ipsecdiag ping --json` and `--ndjson` print. Schemas/ping-1.schema.json describes both.
package struct PingJSON {
  private let naming: Naming
  private let toolVersion: String

  package init(_ naming: Naming, toolVersion: String) {
    self.naming = naming
    self.toolVersion = toolVersion
  }

  /// One document with everything; the last line of `--ndjson` without the single echoes.
  package func write(
    _ result: PingResult, _ target: String, withEchoes: Bool, to text: inout TextBuffer
  ) {
    begin(&text)
    text.put(",\"result\":{\"target\":")
    text.json(naming.redacts ? naming.name(ofIdentity: target) : target)
    text.put(",\"local\":")
    text.json(naming.name(of: result.local).description)
    text.put(",\"remote\":")
    text.json(naming.name(of: result.remote).description)
    probe(result, to: &text)
    let verdict = Verdict(result, naming)
    text.put(",\"verdict\":")
    text.json(verdict.word.rawValue.lowercased())
    text.put(",\"sent\":\(result.sent),\"answered\":\(result.answered),\"lost\":\(result.lost)")
    text.put(",\"duplicates\":\(result.duplicates),\"late\":\(result.late)")
    text.put(",\"shortened\":\(result.shortened),\"on_another_path\":\(result.onAnotherPath)")
    text.put(",\"wrong_data\":\(result.wrongData),\"other_packets\":\(result.otherPackets)")
    roundTrips(result.roundTrips, to: &text)
    liveness(result, to: &text)
    sizes(result, to: &text)
    text.put(",\"unsent\":")
    text.list(result.unsent) { text, unsent in
      text.put("{\"bytes\":\(unsent.dataBytes),\"reason\":")
      text.json(naming.redacts ? "not shown in a redacted report" : unsent.reason)
      text.put("}")
    }
    text.put(",\"interrupted\":")
    text.json(result.isInterrupted)
    text.put(",\"findings\":")
    text.list(result.findings) { $0.json($1, naming) }
    if withEchoes {
      text.put(",\"echoes\":")
      text.list(result.requests) { echo($1, to: &$0) }
    }
    text.put("}}\n")
  }

  /// A line when a reply has come, at `moment`.
  package func writeLine(
    _ request: EchoSeries.Request, at moment: Timestamp, to text: inout TextBuffer
  ) {
    begin(&text)
    text.put(",\"ts\":\"")
    var time = TimeText(style: .utc)
    time.write(moment, to: &text)
    text.put("\",\"echo\":")
    echo(request, to: &text)
    text.put("}\n")
  }

  private func begin(_ text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.ping/1\",\"tool_version\":")
    text.json(toolVersion)
  }

  private func probe(_ result: PingResult, to text: inout TextBuffer) {
    switch result.plan.probe {
    case .encrypted(let format, _): kind("encrypted", format, result, to: &text)
    case .unencrypted(let format, _):
      kind("unencrypted", format, result, to: &text)
      text.put(",\"encapsulation\":\(result.isInUDP ? "\"udp\"" : "\"ip\"")")
    case .inner(let source, let destination):
      text.put(",\"probe\":\"inner\",\"experimental\":false,\"inner_source\":")
      text.json(naming.name(of: source).description)
      text.put(",\"inner_destination\":")
      text.json(naming.name(of: destination).description)
    }
    if let spis = result.spis {
      text.put(",\"outbound_spi\":\"")
      text.hex(UInt64(naming.name(of: spis.outbound)), digits: 8)
      text.put("\",\"inbound_spi\":\"")
      text.hex(UInt64(naming.name(of: spis.inbound)), digits: 8)
      text.put("\"")
    }
  }

  private func kind(
    _ name: String, _ format: ESPEchoFormat, _ result: PingResult, to text: inout TextBuffer
  ) {
    text.put(",\"probe\":\"\(name)\",\"experimental\":true,\"format\":\"\(format.rawValue)\"")
    text.put(",\"one_way\":\(result.plan.probe.isOneWay)")
    text.put(",\"announced_by_peer\":\(result.isNegotiated)")
  }

  private func roundTrips(_ trips: DurationStatistics, to text: inout TextBuffer) {
    guard let least = trips.smallest, let median = trips.median, let ninth = trips.percentile(90),
      let most = trips.largest
    else { return text.put(",\"rtt\":null") }
    text.put(",\"rtt\":{\"least_ms\":\(Self.milliseconds(least))")
    text.put(",\"median_ms\":\(Self.milliseconds(median)),\"p90_ms\":\(Self.milliseconds(ninth))")
    text.put(",\"most_ms\":\(Self.milliseconds(most))}")
  }

  private func liveness(_ result: PingResult, to text: inout TextBuffer) {
    guard result.established != nil else { return text.put(",\"ike\":null") }
    text.put(",\"ike\":{\"asked\":\(result.liveness.asked)")
    text.put(
      ",\"answered\":\(result.liveness.roundTrips.count),\"alive\":\(result.liveness.isAlive)")
    text.put(",\"median_ms\":")
    text.put(DurationStatistics(result.liveness.roundTrips).median.map(Self.milliseconds) ?? "null")
    text.put("}")
  }

  private func sizes(_ result: PingResult, to text: inout TextBuffer) {
    text.put(",\"sizes\":")
    text.list(PingSizes(result).all) { text, size in
      text.put("{\"bytes\":\(size.bytes),\"sent\":\(size.sent),\"answered\":\(size.answered)")
      text.put(",\"ip_bytes\":\(size.datagramBytes.map(String.init) ?? "null")}")
    }
  }

  private func echo(_ request: EchoSeries.Request, to text: inout TextBuffer) {
    text.put("{\"sequence\":\(request.sequence),\"data_bytes\":\(request.dataBytes)")
    text.put(",\"ip_bytes\":\(request.datagramBytes.map(String.init) ?? "null"),\"rtt_ms\":")
    text.put(request.reply.map { Self.milliseconds($0.roundTrip) } ?? "null")
    if let reply = request.reply {
      text.put(",\"returned_bytes\":\(reply.dataBytes),\"late\":\(reply.isLate)")
      text.put(",\"wrong_data\":\(reply.hasWrongData)")
      if let spi = reply.inboundSPI {
        text.put(",\"reply_spi\":\"")
        text.hex(UInt64(naming.name(of: spi)), digits: 8)
        text.put("\",\"on_another_path\":\(request.cameOnAnotherPath)")
      }
    }
    text.put(",\"duplicates\":\(request.duplicates)}")
  }

  private static func milliseconds(_ duration: Duration) -> String {
    Quantity.decimal(Double(max(0, Nanoseconds(duration).count)) / 1e6, places: 3)
  }
}
