internal import Diagnosis
internal import Host
internal import IKE
package import Measurement
package import PacketDissector

/// What `ipsecdiag replay TARGET --json` and `--nagios` print. Schemas/replay-peer-1.schema.json describes the
/// JSON.
package struct ReplayPeerJSON {
  private let result: ReplayMeasurementResult
  private let naming: Naming

  package init(_ result: ReplayMeasurementResult, _ naming: Naming) {
    self.result = result
    self.naming = naming
  }

  package func write(_ target: String, toolVersion: String, to text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.replay-peer/1\",\"tool_version\":")
    text.json(toolVersion)
    text.member("ts", time: .now)
    text.put(",\"target\":")
    text.json(naming.redacts ? naming.name(ofIdentity: target) : target)
    text.put(",\"local\":")
    text.json(result.local, naming)
    text.put(",\"remote\":")
    text.json(result.remote, naming)
    text.put(",\"verdict\":")
    text.json(Verdict(result, naming), result.findings)
    text.put(",\"findings\":")
    text.list(result.findings) { $0.json($1, naming) }
    text.put(",\"sa\":")
    sa(to: &text)
    text.put(",\"behaviour\":")
    behaviour(to: &text)
    text.put(",\"lack\":")
    text.json(ReplayPeerWords(result).lack)
    text.member("packets_sent", UInt64(result.packetsSent))
    text.member("answer_ms", milliseconds: result.roundTrip.map(Nanoseconds.init))
    text.put(",\"interrupted\":")
    text.json(result.isInterrupted)
    text.put("}\n")
  }

  private func sa(to text: inout TextBuffer) {
    guard let child = result.child else { return text.put("null") }
    text.put("{\"outbound_spi\":\"")
    text.hex(UInt64(naming.name(of: child.outboundSPI)), digits: 8)
    text.put("\",\"inbound_spi\":\"")
    text.hex(UInt64(naming.name(of: child.inboundSPI)), digits: 8)
    text.put("\",\"esn\":")
    text.json(child.usesESN)
    text.put(",\"agreed_sequence_numbers\":")
    text.code(child.suite.sequenceNumbers.rawValue, child.suite.sequenceNumbers.name)
    text.put(",\"own_status\":")
    status(child.ownReplayStatus, to: &text)
    text.put(",\"peer_status\":")
    status(child.peerReplayStatus, to: &text)
    text.put(",\"asked_by\":")
    switch result.means {
    case .espEcho?: text.put("{\"kind\":\"esp_echo\",\"experimental\":true}")
    case .icmpEcho(let host)?:
      text.put("{\"kind\":\"icmp_echo\",\"address\":")
      text.json(host, naming)
      text.put("}")
    case nil: text.put("null")
    }
    text.put("}")
  }

  private func status(_ status: AntiReplayStatus?, to text: inout TextBuffer) {
    guard let status else { return text.put("null") }
    text.put("{\"experimental\":true,\"protected\":")
    text.json(status.isProtected)
    text.put(",\"follows_esn_unprotected\":")
    text.json(status.followsESNUnprotected)
    text.put("}")
  }

  private func behaviour(to text: inout TextBuffer) {
    guard let behaviour = result.behaviour else { return text.put("null") }
    let (kind, window): (String, Int?) =
      switch behaviour.kind {
      case .off: ("off", 0)
      case .window(let size): ("window", size)
      case .windowOfAtLeast(let size): ("window_of_at_least", size)
      case .odd: ("odd", nil)
      case .unknown: ("unknown", nil)
      }
    text.put("{\"kind\":")
    text.json(kind)
    text.member("window_packets", window.map(UInt32.init(clamping:)))
    text.put(",\"protected\":")
    if let isProtected = result.isProtected { text.json(isProtected) } else { text.put("null") }
    text.put(",\"repeat_of_newest\":")
    text.json(behaviour.repeatOfNewest.rawValue)
    text.put(",\"repeat_of_older\":")
    text.json(behaviour.repeatOfOlder.rawValue)
    text.member("longest_taken", UInt64(behaviour.longestTaken))
    text.member("shortest_dropped", behaviour.shortestDropped.map(UInt32.init(clamping:)))
    text.put(",\"dropped_before\":")
    text.list(behaviour.droppedBefore) { $0.decimal(UInt64($1)) }
    text.put("}")
  }

  /// `state` is what the result comes to under the threshold that was asked for.
  package func writeNagios(_ state: NagiosReport.State, to text: inout TextBuffer) {
    let start = text.count
    NagiosReport.open(state, to: &text)
    NagiosReport.put(Verdict(result, naming).phrase, to: &text)
    text.put(" |")
    if case .window(let size)? = result.behaviour?.kind { text.put(" 'window'=\(size);;;0;") }
    if result.isProtected == false { text.put(" 'window'=0;;;0;") }
    text.put(" 'sent'=\(result.packetsSent);;;0;\n")
    NagiosReport.details(
      result.findings.map { NagiosReport.line($0, naming) }, begunAt: start, to: &text)
  }
}
