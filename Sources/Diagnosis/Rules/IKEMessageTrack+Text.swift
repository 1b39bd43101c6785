internal import PacketDissector

// Words about messages that several rules share.

extension IKEExchange {
  /// "IKE_SA_INIT", "main mode"
  func name(_ majorVersion: UInt8) -> String {
    majorVersion == 1
      ? IKEv1ExchangeType(rawValue: type).shortName
      : ExchangeType(rawValue: type).name ?? "exchange \(type)"
  }
}

extension IKEMessageTrack {
  /// "IKE_SA_INIT was sent 6 times, at 0.0, 4.0, 11.2 s", and whose schedule that is.
  func evidence(_ what: String) -> [Finding.Evidence] {
    guard count > 1 else { return [Finding.Evidence("\(what) was sent once", [first.frame])] }
    let start = first.frame.time
    let times = transmissions.prefix(8).map { transmission in
      Quantity.decimal(
        max(0, Nanoseconds(from: start, to: transmission.frame.time).seconds), places: 1)
    }
    let more = count > 8 ? " and on" : ""
    var evidence = [
      Finding.Evidence(
        "\(what) was sent \(count) times, at \(times.joined(separator: ", "))\(more) s", frames)
    ]
    if let schedule {
      evidence.append(Finding.Evidence("these times are \(schedule.name)"))
    }
    return evidence
  }

  /// The schedule that it was sent by.
  package var schedule: ScheduleMatch? {
    RetransmissionSchedule.matching(gaps: gaps.map(\.seconds))
  }

  /// How long its sender waited: until it gave up by its schedule, or as far as the capture goes.
  func waited(until end: Timestamp) -> Nanoseconds {
    let sending = Nanoseconds(from: first.frame.time, to: last.frame.time)
    let seen = Nanoseconds(from: first.frame.time, to: max(end, last.frame.time))
    guard case .standard(let schedule)? = schedule?.owner else { return seen }
    return min(seen, max(.seconds(schedule.total), sending))
  }

  /// Whether it is larger than what any path takes in one packet without doubt: 1280 bytes are owed by
  /// IPv6 (RFC 8200, section 5), and middleboxes drop from about there.
  var isLarge: Bool { ipFragments > 0 || fragments != nil || packetBytes >= 1200 }

  /// Without keys, what an error looks like: SK with a Notify first and room for nothing else. Whatever the
  /// suite, the 8 bytes of Notify with IV, padding and ICV come to 57 to 108 bytes of message.
  var isLonelyNotify: Bool {
    !content.isOpened && content.firstEncrypted == PayloadType.notify.rawValue && bytes <= 112
  }

  /// "1,902 bytes in 2 IP fragments", "2,930 bytes in 5 IKE fragments of up to 640 bytes"
  var sizeText: String {
    let size = "\(Quantity.grouped(Int64(bytes))) bytes"
    if let fragments, fragments.total > 0 {
      return "\(size) in \(fragments.total) IKE fragments of up to \(fragments.largest) bytes"
    }
    return ipFragments > 0 ? "\(size) in \(ipFragments) IP fragments" : size
  }
}

extension CaptureEvidence {
  /// The IKE SAs between two hosts, in either role.
  func sessions(between one: IPAddress, _ other: IPAddress) -> [IKESession] {
    sessions.sessions.filter { $0.involves(one, other) }
  }

  /// ICMP errors that say a packet of that IKE SA did not arrive.
  func unreachables(for session: IKESession) -> [ICMPErrors.Entry] {
    icmp.entries.filter { error in
      guard error.isUnreachable else { return false }
      if error.quoted == .ike(initiatorSPI: session.initiatorSPI) { return true }
      // A short quote has ports, and no SPI.
      let ends = [error.quotedSource, error.quotedDestination]
      return error.quoted == .other
        && (ends == [session.initiator, session.responder]
          || ends == [session.responder, session.initiator]
          || ends == [session.latestInitiator, session.latestResponder]
          || ends == [session.latestResponder, session.latestInitiator])
    }
  }

  /// Whether ESP went between two hosts, either way, from then on.
  func hasESP(between one: IPAddress, _ other: IPAddress, since frame: FrameReference) -> Bool {
    flows.flows.contains { flow in
      flow.last.time >= frame.time
        && ((flow.source == one && flow.destination == other)
          || (flow.source == other && flow.destination == one))
    }
  }
}

extension IKESession {
  /// Whether `exchange` is the last that its asker began: nothing came of it.
  func isLast(_ exchange: IKEExchange) -> Bool {
    guard let asked = exchange.request?.first.frame else { return false }
    return !exchanges.contains { other in
      other.isInitiators == exchange.isInitiators
        && (other.request?.first.frame.time ?? asked.time) > asked.time
        && other.messageID != exchange.messageID
    }
  }
}
