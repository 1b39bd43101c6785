internal import PacketDissector

/// Authentication that fails, and what was left out before it.
enum IKEAuthentication {
  static let rule = Rule([.ikeAuthFailed, .ikeIntermediateSkipped]) { evidence in
    evidence.sessions.sessions.flatMap { session -> [Finding] in
      if session.majorVersion == 1 { return [failedInIKEv1(session, evidence)].compactMap { $0 } }
      return [failed(session, evidence), intermediateSkipped(session)].compactMap { $0 }
    }
  }

  // MARK: IKEv2

  private static func failed(_ session: IKESession, _ evidence: CaptureEvidence) -> Finding? {
    if let refusal = provenRefusal(session) {
      return finding(
        session, refusal.message, refusal.exchange, .certain,
        [Finding.Evidence("AUTHENTICATION_FAILED (24), decrypted", [refusal.message.first.frame])])
    }
    guard !session.isEstablished || isRefusedByInitiator(session, evidence) else { return nil }
    if let (exchange, response) = lonelyAnswer(session) {
      return finding(
        session, response, exchange, .likely,
        [
          Finding.Evidence(
            "the answer to IKE_AUTH has \(response.bytes) bytes, and its first payload is a Notify",
            [response.first.frame]),
          Finding.Evidence("nothing follows: neither IKE of this SA nor ESP"),
        ])
    }
    guard isRefusedByInitiator(session, evidence),
      let exchange = session.exchanges(.informational).first, let request = exchange.request
    else { return nil }
    return finding(
      session, request, exchange, .likely,
      [
        Finding.Evidence(
          "after IKE_AUTH was answered, \(session.initiator.address) sends a Notify of \(request.bytes) bytes",
          [request.first.frame]),
        Finding.Evidence("nothing follows: neither IKE of this SA nor ESP"),
      ])
  }

  private static func provenRefusal(
    _ session: IKESession
  ) -> (exchange: IKEExchange, message: IKEMessageTrack)? {
    for exchange in session.exchanges {
      for message in [exchange.request, exchange.response].compactMap({ $0 })
      where message.content.has(.authenticationFailed) { return (exchange, message) }
    }
    return nil
  }

  private static func lonelyAnswer(_ session: IKESession) -> (IKEExchange, IKEMessageTrack)? {
    guard let exchange = session.exchanges(.ikeAuth).last, let response = exchange.response,
      response.isLonelyNotify, session.isLast(exchange)
    else { return nil }
    return (exchange, response)
  }

  /// Without keys: right after the answer to IKE_AUTH, which may be the initiator's own proof of the
  /// responder failing, it sends one Notify and is gone.
  private static func isRefusedByInitiator(
    _ session: IKESession, _ evidence: CaptureEvidence
  ) -> Bool {
    guard let answer = session.exchanges(.ikeAuth).last?.response,
      let exchange = session.exchanges(.informational).first(where: \.isInitiators),
      let request = exchange.request, request.isLonelyNotify,
      session.isLast(exchange),
      Nanoseconds(from: answer.first.frame.time, to: request.first.frame.time) < .seconds(2),
      session.exchanges(.informational).count == 1, session.exchanges(.createChildSA).isEmpty
    else { return false }
    return !evidence.hasESP(
      between: session.initiator.address, session.responder.address, since: answer.first.frame)
  }

  private static func finding(
    _ session: IKESession, _ message: IKEMessageTrack, _ exchange: IKEExchange,
    _ confidence: Confidence, _ evidence: [Finding.Evidence]
  ) -> Finding {
    let refusing = message.first.source.address
    let refused = message.first.destination.address
    return Finding(
      .ikeAuthFailed, confidence, about: session.subject,
      "\(refusing) refuses to authenticate \(refused)",
      meaning:
        "the key exchange went well; the identities, the shared secret, or the certificates do not fit",
      evidence: evidence + identities(session),
      remedies: remedies(refusing))
  }

  private static func identities(_ session: IKESession) -> [Finding.Evidence] {
    var seen: [Finding.Evidence] = []
    for exchange in session.exchanges(.ikeAuth) {
      for (message, sender) in [
        (exchange.request, session.initiator.address),
        (exchange.response, session.responder.address),
      ] {
        for identity in message?.content.identities ?? [] {
          let whose: Statement =
            identity.isInitiators == (sender == session.initiator.address)
            ? "\(sender) calls itself" : "\(sender) expects"
          seen.append(
            Finding.Evidence(
              whose + " \(identity.typeName) \(identity: identity.text)",
              [message?.first.frame].compactMap { $0 }))
        }
      }
    }
    return Array(seen.prefix(4))
  }

  private static func remedies(_ refusing: IPAddress) -> [Finding.Remedy] {
    [
      Finding.Remedy(
        "the reason stands only in the log of \(refusing)",
        [
          .init(.shell, "journalctl -u strongswan | grep -iE 'auth|ident|cert'"),
          .init(.shell, "journalctl -u ipsec | grep -iE 'auth|id|cert'"),
        ]),
      Finding.Remedy(
        "compare the identities on both sides, letter by letter and by type",
        [
          .init(.swanctl, "local { id = … }  remote { id = … }"),
          .init(.libreswan, "leftid=…  rightid=…"),
        ]),
      Finding.Remedy("then the secret; with certificates: the authority, the names, and the clock"),
    ]
  }

  // MARK: IKEv1

  /// In main mode a peer that has another secret cannot read the fifth message: it is silent, or says
  /// so without encryption.
  private static func failedInIKEv1(_ session: IKESession, _ evidence: CaptureEvidence) -> Finding?
  {
    guard !session.isEstablished else { return nil }
    let notes = session.exchanges.filter {
      $0.type == IKEv1ExchangeType.informational.rawValue
        && $0.request?.content.notifies.isEmpty == false
    }
    let named: Set<UInt16> = [
      IKEv1NotifyType.authenticationFailed.rawValue,
      IKEv1NotifyType.invalidHashInformation.rawValue,
      IKEv1NotifyType.invalidIDInformation.rawValue, IKEv1NotifyType.invalidSignature.rawValue,
      IKEv1NotifyType.payloadMalformed.rawValue, IKEv1NotifyType.invalidCertificate.rawValue,
    ]
    let note = notes.first {
      $0.request?.content.notifies.contains { named.contains($0.type) } == true
    }
    let encrypted = session.exchanges.last {
      $0.type == IKEv1ExchangeType.identityProtection.rawValue
        && $0.request?.content.firstEncrypted != nil
    }
    guard let encrypted, !encrypted.isAnswered, let request = encrypted.request,
      note != nil || request.count >= 3
    else { return nil }
    var facts = request.evidence(
      "the first encrypted message of main mode, which proves who sends it,")
    if let note, let message = note.request {
      let names = message.content.notifies.map { IKEv1NotifyType(rawValue: $0.type).description }
      facts.append(
        Finding.Evidence(
          "\(message.first.source.address) answers it by \(names.joined(separator: ", "))",
          [message.first.frame]))
    } else {
      facts.append(Finding.Evidence("the unencrypted messages before it were all answered"))
    }
    return Finding(
      .ikeAuthFailed, .likely, about: session.subject,
      "\(request.first.destination.address) does not accept who \(request.first.source.address) claims to be",
      meaning:
        "the key exchange went well, and what follows cannot be read or is not believed: most often the pre-shared secrets differ",
      evidence: facts, remedies: remedies(request.first.destination.address))
  }

  // MARK: IKE_INTERMEDIATE

  /// An additional key exchange was chosen (RFC 9370), and IKE_AUTH comes without it.
  private static func intermediateSkipped(_ session: IKESession) -> Finding? {
    guard let chosen = session.chosenProposal,
      let extra = chosen.transforms.first(where: {
        (TransformType.additionalKeyExchange1
          .rawValue...TransformType.additionalKeyExchange7.rawValue)
          .contains($0.type.rawValue) && $0.id != 0
      }),
      let authentication = session.exchanges(.ikeAuth).first?.request,
      session.exchanges(.ikeIntermediate).isEmpty, session.isSeenFromItsStart,
      authentication.first.frame.number > 0, session.exchanges(.ikeAuth).first?.messageID == 1
    else { return nil }
    return Finding(
      .ikeIntermediateSkipped, .certain, about: session.subject,
      "IKE_INTERMEDIATE was agreed on for \(ProposalNotation.name(of: extra)), and IKE_AUTH comes without it",
      meaning: "the two sides then have different keys, and authentication cannot succeed",
      evidence: [
        Finding.Evidence(
          "chosen: \(ProposalNotation.readable(chosen))",
          session.exchanges(.ikeSAInit).compactMap { $0.response?.first.frame }),
        Finding.Evidence(
          "IKE_AUTH has message ID 1, where IKE_INTERMEDIATE belongs", authentication.frames),
      ],
      remedies: [
        Finding.Remedy(
          "update the daemon of \(session.initiator.address), or drop the additional key exchange",
          [
            .init(.swanctl, "proposals = aes256gcm16-prfsha384-ecp384"),
            .init(.libreswan, "intermediate=no"),
          ])
      ])
  }
}
