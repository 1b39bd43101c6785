internal import Diagnosis
internal import ESP
package import IKE
package import Measurement
package import PacketDissector

/// What `ipsecdiag respond --ndjson` prints: an object an event. Schemas/respond-1.schema.json describes it.
package struct RespondJSON {
  private let toolVersion: String

  package init(toolVersion: String) {
    self.toolVersion = toolVersion
  }

  /// Where it listens.
  package func write(
    listeningOn address: IPAddress, ports: IKEPorts, hearsPlainESP: Bool, replayWindow: Int,
    at time: Timestamp, to text: inout TextBuffer
  ) {
    begin("listening", time, &text)
    text.put(",\"address\":")
    text.json("\(address)")
    text.member("port", UInt64(ports.plain))
    text.member("nat_port", UInt64(ports.encapsulated))
    text.put(",\"raw_esp\":")
    text.json(hearsPlainESP)
    text.member("replay_window", UInt64(clamping: replayWindow))
    text.put("}\n")
  }

  package func write(_ event: RespondingEvent, at time: Timestamp, to text: inout TextBuffer) {
    begin(Self.name(of: event), time, &text)
    switch event {
    case .session(let event, let peer): self.event(event, peer, to: &text)
    case .fellSilent, .spokeAgain: break
    case .unanswered(let peer, let exchange, let transmission, let gap):
      self.peer(peer, to: &text)
      text.put(",\"exchange\":")
      text.code(UInt16(exchange.rawValue), exchange.name)
      text.member("transmission", UInt64(transmission))
      text.member("gap_s", gap?.inSeconds, places: 3)
    case .detected(let peer, let detection):
      self.peer(peer, to: &text)
      self.detection(detection, to: &text)
    }
    text.put("}\n")
  }

  /// The last line.
  package func write(
    _ answers: AnswerCounters, _ unanswered: UnansweredCounters, at time: Timestamp,
    to text: inout TextBuffer
  ) {
    begin("summary", time, &text)
    self.answers(answers, to: &text)
    text.put(",\"unanswered\":{\"unknown_spi\":")
    text.decimal(unanswered.unknownSPI)
    text.member("over_rate", UInt64(unanswered.overRate))
    text.member("outside_selectors", UInt64(unanswered.outsideSelectors))
    text.member("other_packets", UInt64(unanswered.otherPackets))
    text.member("lost_on_purpose", UInt64(unanswered.lost))
    text.member("fragments_dropped", UInt64(unanswered.fragments))
    text.member("events_left_out", UInt64(unanswered.untold))
    text.put("}}\n")
  }

  // MARK: Parts

  private func begin(_ event: String, _ time: Timestamp, _ text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.respond/1\",\"tool_version\":")
    text.json(toolVersion)
    text.put(",\"ts\":\"")
    var style = TimeText(style: .utc)
    style.write(time, to: &text)
    text.put("\",\"event\":")
    text.json(event)
  }

  private static func name(of event: RespondingEvent) -> String {
    switch event {
    case .session(let event, _): name(of: event)
    case .fellSilent: "silent"
    case .spokeAgain: "answering"
    case .unanswered: "unanswered_request"
    case .detected: "silence_detected"
    }
  }

  private static func name(of event: SessionEvent) -> String {
    switch event {
    case .natDetected: "nat"
    case .fragmentsReduced: "fragments_reduced"
    case .established: "established"
    case .initialContact: "initial_contact"
    case .childEstablished: "child_established"
    case .childRefused: "child_refused"
    case .childRekeyed: "child_rekeyed"
    case .childDeleted: "child_deleted"
    case .rekeyed: "rekeyed"
    case .rekeyRefused: "rekey_refused"
    case .alive: "alive"
    case .redirected: "redirected"
    case .notified: "notified"
    case .deleted: "deleted"
    case .failed: "failed"
    }
  }

  private func event(_ event: SessionEvent, _ peer: RespondingPeer, to text: inout TextBuffer) {
    self.peer(peer, to: &text)
    switch event {
    case .established(let sa):
      text.put(",\"identity\":")
      text.json("\(sa.peerIdentity)")
      text.put(",\"peer_behind_nat\":")
      text.json(sa.natRemote)
    case .childEstablished(let child), .childRekeyed(_, let child): self.child(child, to: &text)
    case .childDeleted(let child, let party):
      self.child(child, to: &text)
      self.party(party, to: &text)
    case .childRefused(let fault), .rekeyRefused(let fault): reason("\(fault)", to: &text)
    case .deleted(let party):
      self.party(party, to: &text)
      answers(peer.answers, to: &text)
      packets(peer.packets, to: &text)
    case .failed(let failure): reason("\(failure)", to: &text)
    default: break
    }
  }

  private func peer(_ peer: RespondingPeer, to text: inout TextBuffer) {
    text.member("session", UInt64(peer.session))
    text.put(",\"remote\":")
    guard let remote = peer.remote else { return text.put("null") }
    text.put("{\"address\":")
    text.json("\(remote.address)")
    text.member("port", UInt64(remote.port))
    text.put("}")
  }

  private func child(_ child: ChildSA, to text: inout TextBuffer) {
    text.put(",\"spi_in\":\"")
    text.hex(UInt64(child.inboundSPI), digits: 8)
    text.put("\",\"spi_out\":\"")
    text.hex(UInt64(child.outboundSPI), digits: 8)
    text.put("\",\"esn\":")
    text.json(child.suite.sequenceNumbers == .partiallyTransmitted64)
    text.put(",\"sequence_numbers\":")
    text.code(child.suite.sequenceNumbers.rawValue, child.suite.sequenceNumbers.name)
    text.put(",\"anti_replay_told\":")
    status(child.ownReplayStatus, to: &text)
    text.put(",\"anti_replay_heard\":")
    status(child.peerReplayStatus, to: &text)
  }

  private func status(_ status: AntiReplayStatus?, to text: inout TextBuffer) {
    guard let status else { return text.put("null") }
    text.put("{\"protected\":")
    text.json(status.isProtected)
    text.put(",\"follows_esn_unprotected\":")
    text.json(status.followsESNUnprotected)
    text.put("}")
  }

  private func party(_ party: Party, to text: inout TextBuffer) {
    text.put(",\"by\":")
    text.json(party == .local ? "local" : "peer")
  }

  private func reason(_ words: String, to text: inout TextBuffer) {
    text.put(",\"reason\":")
    text.json(words)
  }

  private func answers(_ answers: AnswerCounters, to text: inout TextBuffer) {
    text.put(",\"answered\":{\"inner_echoes\":")
    text.decimal(answers.inner)
    text.member("encrypted_echoes", UInt64(answers.encrypted))
    text.member("one_way_echoes", UInt64(answers.oneWay))
    text.member("plain_echoes", UInt64(answers.plain))
    text.member("liveness_checks", UInt64(answers.checks))
    text.put("}")
  }

  private func packets(_ packets: ESPCounters, to text: inout TextBuffer) {
    text.put(",\"esp\":{\"opened\":")
    text.decimal(packets.opened)
    text.member("repeated", UInt64(packets.repeated))
    text.member("before_window", UInt64(packets.beforeWindow))
    text.member("wrong_icv", UInt64(packets.wrongICV))
    text.member("malformed", UInt64(packets.malformed))
    text.put("}")
  }

  private func detection(_ detection: SilenceDetection, to text: inout TextBuffer) {
    text.member("transmissions", UInt64(detection.transmissions.count))
    text.put(",\"gaps_s\":")
    text.list(detection.gaps) { $0.put(Quantity.decimal(max(0, $1), places: 3)) }
    text.put(",\"schedule\":")
    if let schedule = detection.schedule { text.json(schedule.name) } else { text.put("null") }
    let evidence: String =
      switch detection.evidence {
      case .newInit: "new_init"
      case .schedule: "schedule"
      case .none: "none"
      }
    text.put(",\"evidence\":")
    text.json(evidence)
    text.member("check_after_last_answer_s", detection.wait?.inSeconds, places: 3)
    text.member("detected_after_first_request_s", detection.sinceFirstRequest?.inSeconds, places: 3)
    text.member("detected_after_last_answer_s", detection.sinceLastAnswer?.inSeconds, places: 3)
  }
}
