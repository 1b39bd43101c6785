internal import PacketDissector

/// Rekeys of Child SAs: refused, in collision, or too late on one side.
enum ChildRekey {
  static let rule = Rule([.childRekeyPFS, .childRekeyCollision, .childLifetimeMismatch]) {
    evidence in
    evidence.sessions.sessions.flatMap { session -> [Finding] in
      guard session.majorVersion == 2 else { return [] }
      return [
        refused(session, evidence), collision(session, evidence),
        lifetime(session, evidence),
      ].compactMap { $0 }
    }
  }

  // MARK: Refused

  private static func isRefusal(_ response: IKEMessageTrack) -> Bool {
    response.content.isOpened
      ? response.content.has(.noProposalChosen) || response.content.has(.invalidKEPayload)
      : response.isLonelyNotify
  }

  private static func refused(_ session: IKESession, _ evidence: CaptureEvidence) -> Finding? {
    let children = session.exchanges(.createChildSA).filter { $0.response != nil }
    let refusals = children.filter { exchange in
      guard let response = exchange.response else { return false }
      return isRefusal(response) && !overlaps(exchange, in: session)
        && isForChild(exchange)
    }
    guard let first = refusals.first, let response = first.response else { return nil }
    // A second try after INVALID_KE_PAYLOAD is the normal way.
    let accepted = children.filter { exchange in
      guard let response = exchange.response else { return false }
      return !isRefusal(response)
        && exchange.isInitiators == first.isInitiators && isForChild(exchange)
        && response.first.frame.time > refusals[refusals.count - 1].response?.first.frame.time
          ?? response.first.frame.time
    }
    guard accepted.isEmpty else { return nil }
    let isProven = response.content.isOpened
    let isRekey = first.request?.content.has(.rekeySA) == true
    guard isProven ? isRekey : refusals.count >= 2 else { return nil }
    return finding(session, refusals, isProven: isProven)
  }

  /// With keys: the rekey of a Child SA, not of the IKE SA.
  private static func isForChild(_ exchange: IKEExchange) -> Bool {
    guard let content = exchange.request?.content, content.isOpened else { return true }
    return content.proposals.first?.protocolID != .ike
  }

  /// Whether the other side asked for something at the same time: then TEMPORARY_FAILURE is likely.
  private static func overlaps(_ exchange: IKEExchange, in session: IKESession) -> Bool {
    guard let asked = exchange.request?.first.frame.time,
      let answered = exchange.response?.first.frame.time
    else { return false }
    return session.exchanges.contains { other in
      guard other.isInitiators != exchange.isInitiators,
        other.type == ExchangeType.createChildSA.rawValue
          || other.type == ExchangeType.informational.rawValue,
        other.request?.content.isEmpty != true,
        let begun = other.request?.first.frame.time
      else { return false }
      return begun <= answered
        && (other.response?.first.frame.time ?? .init(nanoseconds: .max)) >= asked
    }
  }

  private static func finding(
    _ session: IKESession, _ refusals: [IKEExchange], isProven: Bool
  ) -> Finding {
    let first = refusals[0]
    let refusing = first.response?.first.source.address ?? session.responder.address
    let asking = session.ends(of: first).asking
    let error: String =
      first.response?.content.error.map { NotifyType(rawValue: $0.type).description }
      ?? "a short Notify"
    var facts = [
      Finding.Evidence(
        "\(refusals.count) times \(refusing) answers CREATE_CHILD_SA by \(error)"
          + (isProven ? ", decrypted" : " of \(first.response?.bytes ?? 0) bytes"),
        refusals.prefix(8).compactMap { $0.response?.first.frame })
    ]
    if let established = session.establishedAt {
      facts.append(
        Finding.Evidence(
          "the first Child SA came with IKE_AUTH, where there is no key exchange", [established]))
    }
    let offered = first.request?.content.proposals ?? []
    facts += offered.prefix(3).map { Finding.Evidence("offered: \(ProposalNotation.readable($0))") }
    return Finding(
      .childRekeyPFS, isProven ? .certain : .likely, about: session.subject,
      "\(refusing) refuses to rekey the Child SA of \(asking): the tunnel dies when its lifetime ends",
      meaning:
        "the first Child SA never uses a key exchange of its own (PFS), so that a mismatch of it shows only at the first rekey",
      evidence: facts,
      remedies: [
        Finding.Remedy(
          "set the same key exchange for ESP on both sides, or none on either",
          [
            .init(.swanctl, "esp_proposals = aes256gcm16-ecp384"),
            .init(.libreswan, "esp=aes_gcm256;dh20  pfs=yes"),
          ]),
        Finding.Remedy(
          "test it now by forcing a rekey",
          [
            .init(.shell, "swanctl --rekey --child NAME"),
            .init(.shell, "ipsec whack --rekey-child --name NAME"),
          ]),
      ])
  }

  // MARK: Collisions

  private static func collision(_ session: IKESession, _ evidence: CaptureEvidence) -> Finding? {
    let children = session.exchanges(.createChildSA)
    for own in children where own.isInitiators {
      guard let asked = own.request?.first.frame, let answered = own.response?.first.frame else {
        continue
      }
      for other in children where !other.isInitiators {
        guard let otherAsked = other.request?.first.frame,
          let otherAnswered = other.response?.first.frame, isForChild(own), isForChild(other),
          asked.time <= otherAnswered.time, otherAsked.time <= answered.time
        else { continue }
        return collision(session, [asked, otherAsked, answered, otherAnswered], evidence)
      }
    }
    return nil
  }

  private static func collision(
    _ session: IKESession, _ frames: [FrameReference], _ evidence: CaptureEvidence
  ) -> Finding {
    let used = DeletedSPI.uses(session, evidence)
    let one = session.initiator.address
    let other = session.responder.address
    var facts = [
      Finding.Evidence(
        "both sides asked for CREATE_CHILD_SA before the other had answered",
        frames.sorted { $0.number < $1.number })
    ]
    guard let use = used.first else {
      return Finding(
        .childRekeyCollision, .certain, about: session.subject,
        "\(one) and \(other) rekeyed at the same time, and settled it",
        evidence: facts,
        remedies: [differentTimes])
    }
    facts.append(
      Finding.Evidence(
        "\(use.deleter) deleted SPI \(spi: use.spi), and ESP on it goes on for \(use.duration) after",
        [use.deletion, use.lastUse]))
    return Finding(
      .childRekeyCollision, severity: .critical, .certain, about: session.subject,
      "after a rekey from both sides at once, \(use.sender) still sends on SPI \(spi: use.spi), which \(use.deleter) deleted",
      meaning: "one direction of the tunnel is dead until the next rekey", evidence: facts,
      remedies: [
        Finding.Remedy("update both daemons"), differentTimes,
        Finding.Remedy(
          "for now, set the Child SA up anew",
          [.init(.shell, "swanctl --terminate --child NAME && swanctl --initiate --child NAME")]),
      ])
  }

  private static let differentTimes = Finding.Remedy(
    "let the sides rekey at different times",
    [
      .init(.swanctl, "rekey_time = 50m  rand_time = 5m"),
      .init(.libreswan, "salifetime=8h  rekeymargin=9m  rekeyfuzz=100%"),
    ])

  // MARK: Lifetimes

  /// One side's SAs always end by the other's Delete, or hand over to a rekey, long before its own time.
  private static func lifetime(_ session: IKESession, _ evidence: CaptureEvidence) -> Finding? {
    let cycles = LifetimeCycles(session)
    guard let early = cycles.oneSided else { return nil }
    let asker = early.isInitiators ? session.initiator.address : session.responder.address
    let other = early.isInitiators ? session.responder.address : session.initiator.address
    return Finding(
      .childLifetimeMismatch, early.isByDelete ? .likely : .possible, about: session.subject,
      early.isByDelete
        ? "\(asker) deletes Child SAs every \(early.median), \(early.count) times, long before \(other) would"
        : "\(asker) rekeys Child SAs every \(early.median), \(early.count) times, and \(other) never comes to it",
      meaning: early.isByDelete
        ? "they are deleted and set up anew: traffic pauses each time"
        : "the lifetimes of the two sides are far apart, or one of them is told not to rekey",
      evidence: [
        Finding.Evidence(
          early.isByDelete
            ? "\(early.count) Deletes from \(asker), none from \(other)"
            : "\(early.count) rekeys asked for by \(asker), none by \(other)",
          early.frames)
      ],
      remedies: [
        Finding.Remedy(
          "set about the same lifetime on both sides, and rekey before it ends",
          [
            .init(.swanctl, "rekey_time = 1h  life_time = 66m"),
            .init(.libreswan, "salifetime=1h  rekey=yes"),
          ])
      ])
  }
}
