internal import Diagnosis
internal import IKE
package import Measurement
package import PacketDissector

/// What `ipsecdiag handshake --loss-model --json` prints. Schemas/handshake-model-1.schema.json describes it.
package struct LossModelJSON {
  private let model: LossModel
  private let results: [LossModel.Result]
  private let isInterrupted: Bool

  package init(_ model: LossModel, _ results: [LossModel.Result], isInterrupted: Bool) {
    self.model = model
    self.results = results
    self.isInterrupted = isInterrupted
  }

  package func write(toolVersion: String, to text: inout TextBuffer) {
    let policy = model.initiator.retransmission
    text.put("{\"schema\":\"ipsecdiag.handshake-model/1\",\"tool_version\":")
    text.json(toolVersion)
    text.put(",\"interrupted\":")
    text.json(isInterrupted)
    text.put(",\"path\":{\"mtu\":")
    text.decimal(model.path.sizes.mtu)
    text.member("rtt_ms", milliseconds: model.path.roundTrip.span)
    text.member("loss_percent", model.path.loss * 100, places: 4)
    text.put(",\"fragment_bytes\":")
    let sizes = model.initiator.supportsFragmentation ? model.initiator.fragmentBytes : []
    text.list(sizes) { $0.decimal($1) }
    text.put("},\"waits_s\":")
    text.list(Array(0..<policy.transmissions)) { text, number in
      text.put(Quantity.decimal(policy.wait(after: number) / .seconds(1), places: 3))
    }
    // As a string: readers of JSON keep 53 bits of a number.
    text.put(",\"seed\":\"\(model.seed)\",\"results\":")
    text.list(results) { result($1, to: &$0) }
    text.put("}\n")
  }

  private func result(_ result: LossModel.Result, to text: inout TextBuffer) {
    text.put("{\"proposal\":")
    text.json(LossModelReport.name(of: result.proposal))
    text.member("runs", UInt64(result.runs))
    text.member("failures", UInt64(result.failures))
    text.member("undisturbed_ms", milliseconds: result.undisturbed.total?.span)
    text.durations(result.durations)
    text.member("cpu_initiator_ms", milliseconds: result.computing(.initiator).span)
    text.member("cpu_responder_ms", milliseconds: result.computing(.responder).span)
    text.member("mean_transmissions", result.meanTransmissions, places: 3)
    text.member("mean_packets", result.meanPackets, places: 3)
    text.member("mean_octets", result.meanOctets, places: 1)
    text.put(",\"exchanges\":")
    text.list(result.undisturbed.exchanges) { $0.exchange($1) }
    text.put(",\"histogram\":")
    text.list(result.durations.histogram()) { text, bin in
      text.put("{\"count\":")
      text.decimal(bin.count)
      text.member("from_ms", milliseconds: bin.from.span)
      text.put("}")
    }
    text.put("}")
  }
}

extension Duration {
  var span: Nanoseconds { Nanoseconds(self) }
}

extension TextBuffer {
  /// `,"median_ms":81.2,…`
  mutating func durations(_ statistics: DurationStatistics) {
    member("median_ms", milliseconds: statistics.median?.span)
    member("p90_ms", milliseconds: statistics.percentile(90)?.span)
    member("p95_ms", milliseconds: statistics.percentile(95)?.span)
    member("p99_ms", milliseconds: statistics.percentile(99)?.span)
    member("max_ms", milliseconds: statistics.largest?.span)
  }

  mutating func exchange(_ exchange: ExchangeTrace) {
    put("{\"type\":")
    json(exchange.type)
    member("message_id", UInt64(exchange.messageID))
    member("transmissions", UInt64(max(0, exchange.transmissions)))
    member("duration_ms", milliseconds: exchange.duration?.span)
    member("waited_to_repeat_ms", milliseconds: exchange.waitedToRepeat.span)
    member("cpu_ms", milliseconds: exchange.computing.span)
    for (name, size) in [("request", exchange.request), ("answer", exchange.answer)] {
      put(",\"\(name)\":{\"octets\":")
      decimal(size.octets)
      member("messages", UInt64(max(0, size.messages)))
      member("packets", UInt64(max(0, size.packets)))
      member("largest_packet", UInt64(max(0, size.largest)))
      put("}")
    }
    member("octets_sent", UInt64(max(0, exchange.octetsSent)))
    member("octets_received", UInt64(max(0, exchange.octetsReceived)))
    put("}")
  }
}
