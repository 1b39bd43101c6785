internal import Diagnosis
internal import PacketDissector

extension TextBuffer {
  /// An IKE SA as one JSON object.
  mutating func json(_ session: IKESession, _ naming: Naming) {
    put("{\"major_version\":")
    decimal(session.majorVersion)
    put(",\"initiator_spi\":\"")
    hex(naming.name(ofIKE: session.initiatorSPI), digits: 16)
    put("\",\"responder_spi\":\"")
    hex(naming.name(ofIKE: session.responderSPI), digits: 16)
    put("\",\"initiator\":")
    json(session.initiator, naming)
    put(",\"responder\":")
    json(session.responder, naming)
    put(",\"latest_initiator\":")
    json(session.latestInitiator, naming)
    put(",\"latest_responder\":")
    json(session.latestResponder, naming)
    put(",\"first_frame\":")
    json(session.first)
    put(",\"last_frame\":")
    json(session.last)
    put(",\"seen_from_its_start\":")
    json(session.isSeenFromItsStart)
    state(of: session)
    put(",\"algorithms\":")
    list(session.chosenAlgorithms) { $0.json($1) }
    put(",\"vendors\":")
    list(session.vendors) { $0.json($1) }
    put(",\"initiator_schedule\":")
    json(session.schedule(ofInitiator: true))
    put(",\"responder_schedule\":")
    json(session.schedule(ofInitiator: false))
    put(",\"over_tcp\":")
    json(session.usesTCP)
    put(",\"initiator_behind_nat\":")
    json(session.nat.frames.isEmpty ? nil : session.nat.initiatorIsBehindNAT)
    put(",\"responder_behind_nat\":")
    json(session.nat.frames.isEmpty ? nil : session.nat.responderIsBehindNAT)
    member("messages", session.messages)
    member("copies", session.copies)
    member("retransmissions", UInt64(clamping: session.retransmissions))
    member("forgotten_exchanges", session.forgotten)
    put(",\"exchanges\":")
    list(session.exchanges) { $0.json($1, of: session) }
    put("}")
  }

  private mutating func json(_ end: Endpoint, _ naming: Naming) {
    put("{\"address\":")
    json(end.address, naming)
    put(",\"port\":")
    decimal(end.port)
    put("}")
  }

  /// Whose retransmissions they are.
  mutating func json(_ schedule: ScheduleMatch?) {
    guard let schedule else { return put("null") }
    put("{\"name\":")
    json(schedule.name)
    put(",\"daemon\":")
    if let daemon = schedule.daemon { json(daemon.rawValue) } else { put("null") }
    put(",\"confidence\":")
    json(schedule.confidence.rawValue)
    put("}")
  }

  mutating func json(_ value: Bool?) {
    if let value { json(value) } else { put("null") }
  }

  private mutating func state(of session: IKESession) {
    func name(_ state: IKESAState) -> String {
      switch state {
      case .unanswered: "unanswered"
      case .refused: "refused"
      case .probablyRefused: "probably_refused"
      case .negotiating: "negotiating"
      case .established: "established"
      case .deleted: "deleted"
      case .probablyDeleted: "probably_deleted"
      case .silent: "silent"
      }
    }
    let state = session.state
    put(",\"state\":{\"name\":")
    json(name(state))
    switch state {
    case .unanswered, .negotiating, .established: break
    case .refused(let type, let frame):
      put(",\"notify\":{\"id\":")
      decimal(type)
      put(",\"name\":")
      let known =
        session.majorVersion == 1 ? IKEv1NotifyType.name(of: type) : NotifyType.name(of: type)
      if let known { json(known) } else { put("null") }
      put("},\"frame\":")
      json(frame)
    case .probablyRefused(let frame):
      put(",\"frame\":")
      json(frame)
    case .deleted(let byInitiator, let frame), .probablyDeleted(let byInitiator, let frame):
      put(",\"by\":")
      json(byInitiator ? "initiator" : "responder")
      put(",\"frame\":")
      json(frame)
    case .silent(let askedByInitiator, let since, let transmissions):
      put(",\"by\":")
      json(askedByInitiator ? "responder" : "initiator")
      put(",\"frame\":")
      json(since)
      member("transmissions", UInt64(clamping: transmissions))
    }
    put("}")
  }

  private mutating func json(_ exchange: IKEExchange, of session: IKESession) {
    put("{\"type\":{\"id\":")
    decimal(exchange.type)
    put(",\"name\":")
    let name =
      session.majorVersion == 1
      ? IKEv1ExchangeType.name(of: exchange.type) : ExchangeType.name(of: exchange.type)
    if let name { json(name) } else { put("null") }
    put("},\"message_id\":")
    decimal(exchange.messageID)
    put(",\"asked_by\":")
    json(exchange.isInitiators ? "initiator" : "responder")
    put(",\"request\":")
    json(exchange.request)
    put(",\"response\":")
    json(exchange.response)
    member("answer_ms", milliseconds: exchange.answerTime)
    put("}")
  }

  private mutating func json(_ message: IKEMessageTrack?) {
    guard let message else { return put("null") }
    put("{\"frame\":")
    json(message.first.frame)
    member("transmissions", UInt64(clamping: message.count))
    member("bytes", UInt64(clamping: message.bytes))
    member("ike_fragments", UInt64(message.fragments?.total ?? 0))
    member("ip_fragments", UInt64(message.ipFragments))
    put("}")
  }

  /// One direction of an ESP or AH SA as one JSON object.
  mutating func json(_ flow: ESPFlow, _ naming: Naming) {
    put("{\"kind\":")
    json(flow.isAH ? "ah" : "esp")
    put(",\"spi\":\"")
    hex(UInt64(naming.name(of: flow.spi)), digits: 8)
    put("\",\"source\":")
    json(flow.source, naming)
    put(",\"destination\":")
    json(flow.destination, naming)
    put(",\"encapsulation\":")
    switch flow.encapsulation {
    case .ip: json("ip")
    case .udp, .udpWithMarker: json("udp")
    case .tcp: json("tcp")
    }
    member("source_port", UInt64(flow.sourcePort))
    member("destination_port", UInt64(flow.destinationPort))
    put(",\"first_frame\":")
    json(flow.first)
    put(",\"last_frame\":")
    json(flow.last)
    member("packets", flow.packets)
    member("bytes", flow.bytes)
    member("first_sequence", UInt64(flow.firstSequence))
    member("highest_sequence", UInt64(flow.sequence.highest))
    member("lost", flow.sequence.lost)
    member("late", flow.sequence.late)
    member("repeated", flow.sequence.repeated)
    member("counter_restarts", UInt64(flow.sequence.restarts))
    member("smallest_packet_bytes", UInt64(clamping: flow.smallestPacket))
    member("largest_packet_bytes", UInt64(clamping: flow.largestPacket))
    member("in_ip_fragments", flow.inFragments)
    member("packets_per_second", flow.packetsPerSecond, places: 3)
    member("busiest_second_packets", UInt64(flow.peakPacketsPerSecond))
    member("longest_silence_s", seconds: flow.longestSilence)
    put(",\"window_drops\":")
    list(windowDrops(flow)) { text, drop in
      text.put("{\"window\":")
      text.decimal(drop.window)
      text.member("packets", drop.packets)
      text.put("}")
    }
    member("opened", flow.opening.opened)
    member("not_verified", flow.opening.failed)
    put("}")
  }

  /// What a replay window of each size would have dropped.
  private func windowDrops(_ flow: ESPFlow) -> [(window: UInt32, packets: UInt64)] {
    let dropped = flow.sequence.disorder?.dropped
    return Disorder.windows.enumerated().map { ($1, dropped?[$0] ?? 0) }
  }
}
