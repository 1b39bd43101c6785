internal import PacketDissector

/// Peers that were given up: with reason, without, and after how long.
enum PeerDeath {
  static let rule = Rule([.dpdPeerDead, .dpdFalseDeath, .dpdDetectionTime]) { evidence in
    evidence.sessions.sessions.flatMap { session -> [Finding] in
      deaths(session, evidence).flatMap { death -> [Finding] in
        [death.isFalse ? falseDeath(death) : peerDead(death), lateDetection(death)].compactMap {
          $0
        }
      }
    }
  }

  /// A request that was sent until its sender gave up.
  private struct Death {
    let session: IKESession
    let request: IKEMessageTrack
    /// What was asked, in words.
    let what: Statement
    let asker: IPAddress
    let asked: IPAddress
    /// ESP that came from the peer since the first transmission, and the last of it.
    let espSince: UInt64
    let lastESP: FrameReference?
    /// The first message by which the peer set up another IKE SA.
    let returned: FrameReference?
    let lastSign: FrameReference?
    /// From the first transmission until it was given up, or as long as it was seen.
    let detection: Nanoseconds
    /// From the first transmission to the end of the capture.
    let seen: Nanoseconds
    let isGivenUp: Bool
    let schedule: ScheduleMatch?

    /// The peer's traffic came all along: in the first half of the wait and in the second.
    let isFalse: Bool
  }

  // MARK: Finding deaths

  private static func deaths(_ session: IKESession, _ evidence: CaptureEvidence) -> [Death] {
    if session.majorVersion == 1 {
      return [IKEv1Liveness.unanswered(session)].compactMap { $0 }.map {
        death(
          $0.request, $0.isProven ? "R-U-THERE" : "what looks like R-U-THERE", session, evidence,
          ended: $0.ended)
      }
    }
    guard session.isEstablished || !session.isSeenFromItsStart else { return [] }
    return [true, false].compactMap { byInitiator in
      let last = session.exchanges.last { $0.isInitiators == byInitiator }
      guard let last, let request = last.request, request.count >= 3,
        !last.isAnswered || isAnsweredInVain(last, evidence), !request.isLarge,
        evidence.unreachables(for: session).isEmpty,
        last.type == ExchangeType.informational.rawValue
          || last.type == ExchangeType.createChildSA.rawValue
      else { return nil }
      let what: Statement =
        request.content.isEmpty ? "liveness check" : "\(last.name(2)) request"
      return death(request, what, session, evidence, ended: nil)
    }
  }

  /// The answers leave, as seen beside the peer, and so does its ESP; the asker goes on asking.
  static func isAnsweredInVain(_ exchange: IKEExchange, _ evidence: CaptureEvidence) -> Bool {
    guard exchange.type == ExchangeType.informational.rawValue, let request = exchange.request,
      let response = exchange.response, !response.seemsFarFromSender,
      request.transmissions.count(where: { $0.frame.time > response.first.frame.time }) >= 2
    else { return false }
    let activity = evidence.peers.find(
      request.first.destination.address, request.first.source.address)
    let since =
      (activity?.espPackets ?? 0) &- min(activity?.espPackets ?? 0, request.first.espFromPeer)
    return isAlive(request, activity, since)
  }

  /// Whether `asked` was given up by `asker` before that time: what it does not answer then is no news.
  static func isKnownDead(
    _ asked: IPAddress, to asker: IPAddress, before time: Timestamp, _ evidence: CaptureEvidence
  ) -> Bool {
    evidence.sessions(between: asked, asker).contains { session in
      deaths(session, evidence).contains {
        $0.asked == asked && $0.asker == asker && $0.request.first.frame.time < time && !$0.isFalse
      }
    }
  }

  private static func death(
    _ request: IKEMessageTrack, _ what: Statement, _ session: IKESession,
    _ evidence: CaptureEvidence, ended: FrameReference?
  ) -> Death {
    let asker = request.first.source.address
    let asked = request.first.destination.address
    let first = request.first
    let activity = evidence.peers.find(asked, asker)
    let schedule = ended == nil ? request.schedule : nil
    // The sender begins anew, or deletes: it has given up.
    let successor = evidence.sessions.sessions.filter {
      $0.initiatorSPI != session.initiatorSPI && $0.involves(asker, asked)
        && $0.first.time > request.last.frame.time && $0.initiator.address == asker
    }.map(\.first).min { $0.number < $1.number }
    // The peer begins anew: what comes from it then says nothing of before.
    let returned = evidence.sessions.sessions.filter {
      $0.initiatorSPI != session.initiatorSPI && $0.isSeenFromItsStart
        && $0.initiator.address == asked && $0.involves(asker, asked)
        && $0.first.time > first.frame.time
    }.map(\.first).min { $0.number < $1.number }
    let espNow = returned == nil ? activity?.espPackets ?? 0 : request.last.espFromPeer
    let since = espNow &- min(espNow, first.espFromPeer)
    let seen = Nanoseconds(from: first.frame.time, to: evidence.quality.end)
    let planned: Nanoseconds? =
      if case .standard(let known)? = schedule?.owner { .seconds(known.total) } else { nil }
    let sending = Nanoseconds(from: first.frame.time, to: request.last.frame.time)
    // After the last transmission of its schedule a daemon waits, and gives up, whether the capture goes on
    // or not.
    let isLastSent: Bool =
      if case .standard(let known)? = schedule?.owner { request.count >= known.gaps.count } else {
        false
      }
    let detection =
      (ended ?? successor).map { Nanoseconds(from: first.frame.time, to: $0.time) }
      ?? (isLastSent
        ? max(planned ?? sending, sending) : min(seen, max(planned ?? sending, sending)))
    let isGivenUp =
      ended != nil || successor != nil || isLastSent
      || planned.map { seen >= $0 && sending.seconds > $0.seconds / 4 } ?? false
      || isQuietAfter(request, seen: seen, sending: sending)
    return Death(
      session: session, request: request, what: what, asker: asker, asked: asked, espSince: since,
      lastESP: returned == nil ? activity?.lastESP : nil, returned: returned,
      lastSign: lastSign(session, from: asked, before: first.frame),
      detection: detection, seen: seen, isGivenUp: isGivenUp, schedule: schedule,
      isFalse: isAlive(request, activity, since))
  }

  /// Twice the last gap went by without another transmission.
  private static func isQuietAfter(
    _ request: IKEMessageTrack, seen: Nanoseconds, sending: Nanoseconds
  ) -> Bool {
    guard let gap = request.gaps.last else { return false }
    return seen.count &- sending.count > gap.count &* 5 / 2
  }

  /// ESP from the peer came between transmissions, and after most of them.
  private static func isAlive(
    _ request: IKEMessageTrack, _ activity: PeerTable.Activity?, _ since: UInt64
  ) -> Bool {
    guard since >= 3, let last = activity?.lastESP else { return false }
    let marks = request.transmissions.map(\.espFromPeer) + [activity?.espPackets ?? 0]
    let grew = zip(marks, marks.dropFirst()).count { $0 < $1 }
    let middle =
      request.first.frame.time.nanoseconds
      &+ (request.last.frame.time.nanoseconds &- request.first.frame.time.nanoseconds) / 2
    return grew >= 2 && last.time.nanoseconds > middle
  }

  private static func lastSign(
    _ session: IKESession, from peer: IPAddress, before frame: FrameReference
  ) -> FrameReference? {
    session.exchanges.flatMap { exchange in
      [exchange.request, exchange.response].compactMap { $0 }.flatMap(\.transmissions)
    }.filter { $0.source.address == peer && $0.frame.time < frame.time }.map(\.frame)
      .max { $0.time < $1.time }
  }

  // MARK: Findings

  private static func observations(_ death: Death) -> [Finding.Evidence] {
    var facts = death.request.evidence("\(death.what.plain)")
    if let sign = death.lastSign {
      facts.append(Finding.Evidence("the last IKE message from \(death.asked)", [sign]))
    }
    return facts
  }

  private static func peerDead(_ death: Death) -> Finding {
    var facts = observations(death)
    if let esp = death.lastESP {
      facts.append(
        Finding.Evidence(
          death.espSince == 0
            ? "the last ESP from \(death.asked)"
            : "\(death.espSince) ESP packets still came from \(death.asked), the last", [esp]))
    }
    if death.isGivenUp, death.detection > death.seen {
      facts.append(
        Finding.Evidence(
          "that was the last transmission of the schedule, which ends after \(death.detection); the capture ends after \(death.seen)"
        ))
    }
    if let returned = death.returned {
      facts.append(Finding.Evidence("\(death.asked) begins a new IKE SA", [returned]))
    }
    return Finding(
      .dpdPeerDead, death.isGivenUp ? .certain : .likely, about: death.session.subject,
      "\(death.asked) stopped answering \(death.asker): "
        + (death.isGivenUp
          ? "given up after \(death.detection)"
          : "unanswered for \(death.detection) when the capture ends"),
      meaning: death.returned == nil
        ? "the peer is gone, or the path to it is: nothing of it is seen any more"
        : "the peer had lost this IKE SA, as after a restart, and then began a new one",
      evidence: facts,
      remedies: [
        Finding.Remedy(
          "see whether \(death.asked) runs, and is reached",
          [.init(.shell, "ping \(death.asked)"), .init(.shell, "ipsecdiag explain dpd-peer-dead")]),
        Finding.Remedy(
          "let the tunnel come back by itself",
          [
            .init(.swanctl, "dpd_action = restart"), .init(.libreswan, "dpdaction=restart"),
          ]),
      ])
  }

  private static func falseDeath(_ death: Death) -> Finding {
    Finding(
      .dpdFalseDeath, death.isGivenUp ? .certain : .likely, about: death.session.subject,
      "\(death.asker) gives \(death.asked) up after \(death.detection) although its ESP keeps coming (\(death.espSince) packets)",
      meaning:
        "the peer lives: its IKE answers are lost, by loss on the path, a filter, or a policer on UDP 500 and 4500",
      evidence: observations(death) + [
        Finding.Evidence(
          "\(death.espSince) ESP packets came from \(death.asked) meanwhile, the last",
          [death.lastESP].compactMap { $0 })
      ],
      remedies: [
        Finding.Remedy(
          "find what drops IKE and lets ESP pass: a filter, a policer, a busy control plane",
          [.init(.shell, "tcpdump -ni any 'host \(death.asked) and udp[8:4] = 0'")]),
        Finding.Remedy(
          "be more patient until then",
          [
            .init(.strongswan, "charon.retransmit_tries = 7"),
            .init(.libreswan, "retransmit-timeout=120s"),
          ]),
      ])
  }

  /// Longer than this, and users have noticed long before the daemon.
  private static let slow = Nanoseconds.seconds(60)

  private static let shorterStrongSwan = RetransmissionSchedule(
    .strongSwan(.init(timeout: 2, base: 1.5, tries: 3)))
  private static let shorterLibreswan = RetransmissionSchedule(.libreswan(.init(timeout: 15)))

  private static func patience(
    _ schedule: RetransmissionSchedule, _ daemon: String, _ settings: [Finding.Setting]
  ) -> Finding.Remedy {
    Finding.Remedy(
      "\(daemon): \(Nanoseconds.seconds(schedule.total)) instead; a loss of \(Nanoseconds.seconds(schedule.lastTransmission)) is then taken for a death",
      settings)
  }

  private static func lateDetection(_ death: Death) -> Finding? {
    guard death.isGivenUp, death.detection >= slow, !death.isFalse else { return nil }
    let isStrongSwan = death.schedule?.daemon == .strongSwan
    let isLibreswan = death.schedule?.daemon == .libreswan
    var remedies: [Finding.Remedy] = []
    if !isLibreswan {
      remedies.append(
        patience(
          shorterStrongSwan, "strongSwan",
          [
            .init(.strongswan, "charon.retransmit_tries = 3"),
            .init(.strongswan, "charon.retransmit_timeout = 2.0"),
            .init(.strongswan, "charon.retransmit_base = 1.5"),
          ]))
    }
    if !isStrongSwan {
      remedies.append(
        patience(
          shorterLibreswan, "libreswan",
          [
            .init(.libreswan, "retransmit-timeout=15s")
          ]))
    }
    remedies.append(
      Finding.Remedy(
        "compute what other settings give",
        [
          .init(
            .shell,
            "ipsecdiag dpd --calculate --daemon \(isLibreswan ? "libreswan" : "strongswan") --target 20"
          )
        ]))
    return Finding(
      .dpdDetectionTime, death.schedule == nil ? .likely : .certain, about: death.session.subject,
      "\(death.asker) needed \(death.detection) to notice that \(death.asked) is gone",
      meaning:
        "IKEv2 ignores DPD timeouts: the delay and the retransmission schedule decide; traffic was lost all that time",
      evidence: death.request.evidence("\(death.what.plain)"), remedies: remedies)
  }
}

/// R-U-THERE and its acknowledgements (RFC 3706), which are notifies of informational exchanges.
enum IKEv1Liveness {
  struct Unanswered {
    /// The first of the checks that nobody acknowledged.
    let request: IKEMessageTrack
    /// When the sender deleted the SA.
    let ended: FrameReference?
    /// The messages were read, not only measured.
    let isProven: Bool
  }

  /// The checks at the end of a session that were not acknowledged, three at least.
  static func unanswered(_ session: IKESession) -> Unanswered? {
    let messages = session.exchanges.compactMap { exchange in
      exchange.type == IKEv1ExchangeType.informational.rawValue ? exchange.request : nil
    }
    let isOpened = messages.contains { $0.content.isOpened }
    let open = isOpened ? unacknowledged(messages) : unechoed(messages)
    guard open.count >= 3, var first = open.first else { return nil }
    for other in open.dropFirst() { first.add(other.first) }
    let ended = messages.last { message in
      !message.content.deletions.isEmpty && message.first.frame.time > first.last.frame.time
    }
    return Unanswered(
      request: first, ended: ended?.first.frame, isProven: isOpened)
  }

  /// With keys: R-U-THERE without the R-U-THERE-ACK of its number.
  private static func unacknowledged(_ messages: [IKEMessageTrack]) -> [IKEMessageTrack] {
    var open: [IKEMessageTrack] = []
    for message in messages where message.content.isOpened {
      for notify in message.content.notifies {
        if notify.type == IKEv1NotifyType.rUThere.rawValue { open.append(message) }
        if notify.type == IKEv1NotifyType.rUThereAck.rawValue {
          open.removeAll { asked in
            asked.content.notifies.contains { $0.number == notify.number }
          }
        }
      }
    }
    return open
  }

  /// Without: a check and its acknowledgement have the same size, and one follows the other at once.
  /// Where that was so, the same message from one side alone is a check without an answer.
  private static func unechoed(_ messages: [IKEMessageTrack]) -> [IKEMessageTrack] {
    let echoed = zip(messages, messages.dropFirst()).first { ask, answer in
      ask.bytes == answer.bytes && ask.first.source.address == answer.first.destination.address
        && Nanoseconds(from: ask.first.frame.time, to: answer.first.frame.time) < .seconds(2)
    }
    guard let asker = messages.last?.first.source.address, let bytes = echoed?.0.bytes else {
      return []
    }
    return messages.reversed().prefix { $0.first.source.address == asker && $0.bytes == bytes }
      .reversed()
  }
}
