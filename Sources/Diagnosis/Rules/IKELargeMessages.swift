internal import PacketDissector

/// Large IKE messages that do not get through, while small ones of the same SA do: as IP fragments, as
/// IKE fragments, or whole.
enum IKELargeMessages {
  static let rule = Rule([.ikeAuthFragLost, .ikeSKFIncomplete, .ikeLargeUnanswered]) { evidence in
    evidence.sessions.sessions.compactMap { judge($0, evidence) }
  }

  private static func judge(_ session: IKESession, _ evidence: CaptureEvidence) -> Finding? {
    guard session.majorVersion == 2 else { return nil }
    if let finding = largeInit(session, evidence) { return finding }
    // A small exchange was answered: the peer is there, and the path open.
    guard
      let small = session.exchanges.first(where: { $0.isAnswered && $0.request?.isLarge == false })
    else { return nil }
    let pieces = evidence.fragments.incomplete.filter {
      if case .ike(let spi, _, _, _) = $0.kind { return spi == session.initiatorSPI }
      return false
    }
    for exchange in session.exchanges.reversed() where session.isLast(exchange) {
      if let finding = incomplete(exchange, session, evidence) { return finding }
      if let finding = unanswered(exchange, session, pieces, evidence) { return finding }
      if let finding = answeredInVain(exchange, session) { return finding }
    }
    return pieces.isEmpty ? nil : fragmentsOnly(pieces, session, small, evidence)
  }

  // MARK: IKE_SA_INIT

  /// The first message of all, made large by its key share: IKE fragments cannot help it (RFC 7383,
  /// section 2.3), and whether the peer lives is not known.
  private static func largeInit(_ session: IKESession, _ evidence: CaptureEvidence) -> Finding? {
    guard session.exchanges.count == 1, let exchange = session.exchanges(.ikeSAInit).first,
      let request = exchange.request, !exchange.isAnswered, request.ipFragments > 0,
      request.count >= 3, evidence.unreachables(for: session).isEmpty
    else { return nil }
    let peer = request.first.destination.address
    let answers = evidence.peers.find(peer, request.first.source.address)?.ikeMessages ?? 0
    let method = request.content.keyExchangeMethod.map { KeyExchangeMethod.name(of: $0) ?? "\($0)" }
    return Finding(
      .ikeAuthFragLost, answers > 0 ? .likely : .possible, about: session.subject,
      "\(peer) never answers an IKE_SA_INIT of \(request.sizeText)",
      meaning:
        "IP fragments are dropped on the way: firewalls and mobile networks often do",
      evidence: request.evidence("IKE_SA_INIT") + [
        Finding.Evidence(
          "its key share is \(method ?? "large"); IKE fragments do not exist for IKE_SA_INIT"),
        Finding.Evidence(
          answers > 0
            ? "\(peer) answers smaller messages (\(answers) seen)"
            : "nothing else of \(peer) is in the capture: it may as well be down"),
      ],
      remedies: [
        Finding.Remedy(
          "begin with a small key exchange, and add the large one in IKE_INTERMEDIATE (RFC 9370), which can be sent in IKE fragments",
          [
            .init(.swanctl, "proposals = aes256gcm16-prfsha384-ecp384-ke1_mlkem1024"),
            .init(.libreswan, "ike=aes_gcm256-sha2_384-dh20-addke1=ml_kem_1024"),
          ]),
        Finding.Remedy(
          "or let IP fragments pass to UDP 500, and see whether the peer answers a small request",
          [.init(.shell, "ipsecdiag decode -r FILE --exchange IKE_SA_INIT")]),
      ])
  }

  // MARK: IKE fragments

  /// A set of IKE fragments that never becomes whole, in either direction.
  private static func incomplete(
    _ exchange: IKEExchange, _ session: IKESession, _ evidence: CaptureEvidence
  ) -> Finding? {
    let request = exchange.request
    let response = exchange.response
    if let request, response == nil, let set = request.fragments, !set.missing.isEmpty {
      return incomplete(set, request, exchange, session, isResponse: false, evidence)
    }
    if let response, let set = response.fragments, !set.missing.isEmpty {
      return incomplete(set, response, exchange, session, isResponse: true, evidence)
    }
    return nil
  }

  private static func incomplete(
    _ set: IKEFragments, _ message: IKEMessageTrack, _ exchange: IKEExchange,
    _ session: IKESession, isResponse: Bool, _ evidence: CaptureEvidence
  ) -> Finding? {
    let waited = Nanoseconds(from: set.lastFrame.time, to: evidence.quality.end)
    // At the end of a capture the rest may have been under way.
    guard set.total > 0, set.rounds >= 2 || waited > .seconds(3) else { return nil }
    let missing = set.missing.prefix(8).map { "\($0)" }.joined(separator: ", ")
    let sender = message.first.source.address
    let seen = set.seen.keys.sorted().map { "\($0)" }.joined(separator: ", ")
    return Finding(
      .ikeSKFIncomplete, set.rounds >= 2 ? .certain : .likely, about: session.subject,
      "fragment \(missing) of \(set.total) of \(sender)'s \(exchange.name(2)) \(isResponse ? "answer" : "request") never comes",
      meaning: set.rounds >= 2
        ? "the same number is lost each time, so size or content decides, not chance"
        : "without all fragments the message does not exist for the other side",
      evidence: [
        Finding.Evidence(
          "fragments \(seen) came, \(set.rounds) times the most; the largest has \(set.largest) bytes",
          set.firstFrames.values.sorted { $0.number < $1.number })
      ] + (exchange.request?.evidence("the request") ?? []),
      remedies: smallerFragments(set.largest)
        + [Finding.Remedy("look for a middlebox that drops UDP 4500 by size or content")])
  }

  static func smallerFragments(_ size: Int) -> [Finding.Remedy] {
    let next = size > 1200 ? 1152 : 576
    return [
      Finding.Remedy(
        "make IKE fragments smaller on both sides: \(next) bytes instead of \(size)",
        [
          .init(.strongswan, "charon.fragment_size = \("\(next)")"),
          .init(.swanctl, "fragmentation = yes"),
          .init(.libreswan, "fragmentation=force"),
        ])
    ]
  }

  // MARK: Whole messages

  private static func unanswered(
    _ exchange: IKEExchange, _ session: IKESession, _ pieces: [FragmentTracker.Incomplete],
    _ evidence: CaptureEvidence
  ) -> Finding? {
    guard let request = exchange.request, !exchange.isAnswered, request.isLarge,
      request.fragments?.isComplete ?? true,
      exchange.type != ExchangeType.ikeSAInit.rawValue, isGivenTime(request, evidence)
    else { return nil }
    let isFragmented = request.ipFragments > 0
    let answers = pieces.filter {
      if case .ike(_, _, _, let isResponse) = $0.kind { return isResponse }
      return false
    }
    return finding(
      isFragmented || !answers.isEmpty ? .ikeAuthFragLost : .ikeLargeUnanswered, exchange, request,
      session, isAnswer: false,
      extra: answers.map {
        Finding.Evidence(
          "of an answer only some IP fragments came (\($0.count) times)", [$0.first, $0.last])
      })
  }

  /// The answer is there, and large, and asked for again and again: it does not arrive.
  private static func answeredInVain(_ exchange: IKEExchange, _ session: IKESession) -> Finding? {
    guard let request = exchange.request, let response = exchange.response, response.isLarge,
      response.fragments?.isComplete ?? true, !response.seemsFarFromSender,
      request.transmissions.count(where: { $0.frame.time > response.first.frame.time }) >= 2
        || (request.fragments?.rounds ?? 0) >= 3
    else { return nil }
    return finding(
      response.ipFragments > 0 ? .ikeAuthFragLost : .ikeLargeUnanswered, exchange, response,
      session, isAnswer: true,
      extra: request.evidence("the request"))
  }

  /// It was sent twice and more, and the last time left an answer time to come.
  private static func isGivenTime(_ request: IKEMessageTrack, _ evidence: CaptureEvidence) -> Bool {
    let sent = max(request.count, Int(request.fragments?.rounds ?? 0))
    let last = max(
      request.last.frame.time, request.fragments?.lastFrame.time ?? request.last.frame.time)
    return sent >= 3
      || (sent == 2 && Nanoseconds(from: last, to: evidence.quality.end) > .seconds(3))
  }

  private static func finding(
    _ id: FindingID, _ exchange: IKEExchange, _ message: IKEMessageTrack, _ session: IKESession,
    isAnswer: Bool, extra: [Finding.Evidence]
  ) -> Finding {
    let name = exchange.name(2)
    let sender = message.first.source.address
    let receiver = message.first.destination.address
    let fragmentation = session.announced(.ikev2FragmentationSupported)
    var facts = [
      Finding.Evidence(
        "\(name) has \(message.sizeText), in packets of up to \(message.packetBytes) bytes",
        message.frames)
    ]
    facts += extra
    if !isAnswer { facts += message.evidence(name).dropFirst(1) }
    if let small = session.exchanges.first(where: { $0.isAnswered && $0.request?.isLarge == false })
    {
      facts.append(
        Finding.Evidence(
          "\(small.name(2)), of \(small.request?.bytes ?? 0) bytes, was answered",
          [small.response?.first.frame].compactMap { $0 }))
    }
    facts += announcements(fragmentation, session)
    return Finding(
      id, id == .ikeAuthFragLost && message.ipFragments > 0 ? .certain : .likely,
      about: session.subject,
      isAnswer
        ? "\(sender)'s \(name) answer of \(message.sizeText) does not reach \(receiver), which asks again"
        : "\(receiver) never answers \(sender)'s \(name) of \(message.sizeText), while it answers small messages",
      meaning: id == .ikeAuthFragLost
        ? "IP fragments are dropped on the way: firewalls and mobile networks often do"
        : "large messages are lost on the way, or are more than the receiver takes",
      evidence: facts, remedies: remedies(message, fragmentation))
  }

  private static func announcements(
    _ fragmentation: (initiator: Bool, responder: Bool), _ session: IKESession
  ) -> [Finding.Evidence] {
    guard session.isSeenFromItsStart else { return [] }
    switch fragmentation {
    case (true, true): return [Finding.Evidence("both sides announce IKE fragmentation (RFC 7383)")]
    case (true, false):
      return [Finding.Evidence("\(session.responder.address) does not announce IKE fragmentation")]
    case (false, true):
      return [Finding.Evidence("\(session.initiator.address) does not announce IKE fragmentation")]
    case (false, false): return [Finding.Evidence("neither side announces IKE fragmentation")]
    }
  }

  private static func remedies(
    _ message: IKEMessageTrack, _ fragmentation: (initiator: Bool, responder: Bool)
  ) -> [Finding.Remedy] {
    var remedies: [Finding.Remedy] = []
    if let set = message.fragments {
      remedies += smallerFragments(set.largest)
      remedies.append(
        Finding.Remedy(
          "or let the receiver take larger messages: strongSwan drops those over 10,000 bytes",
          [.init(.strongswan, "charon.max_packet = 30000")]))
    } else {
      remedies.append(
        Finding.Remedy(
          "switch IKE fragmentation (RFC 7383) on, on both sides",
          [.init(.swanctl, "fragmentation = yes"), .init(.libreswan, "fragmentation=yes")]))
    }
    remedies.append(
      Finding.Remedy(
        "or make the message smaller: ECDSA certificates, and only the leaf",
        [.init(.swanctl, "send_cert = ifasked"), .init(.libreswan, "sendca=none")]))
    return remedies
  }

  // MARK: IP fragments alone

  /// Seen from the receiver: only some IP fragments of a message arrive.
  private static func fragmentsOnly(
    _ pieces: [FragmentTracker.Incomplete], _ session: IKESession, _ small: IKEExchange,
    _ evidence: CaptureEvidence
  ) -> Finding? {
    // Once may be a filter that passes first fragments alone, as one for ports does.
    guard let piece = pieces.first(where: { $0.count >= 2 }),
      case .ike(_, let type, let id, let isResponse) = piece.kind,
      !session.exchanges.contains(where: {
        $0.messageID == id && $0.type == type && (isResponse ? $0.response : $0.request) != nil
          && $0.isAnswered
      })
    else { return nil }
    let name = ExchangeType(rawValue: type).name ?? "exchange \(type)"
    return Finding(
      .ikeAuthFragLost, .certain, about: session.subject,
      "of \(piece.source.address)'s \(name) only some IP fragments arrive (\(piece.count) times)",
      meaning: "IP fragments are dropped on the way: firewalls and mobile networks often do",
      evidence: [
        Finding.Evidence(
          "the first fragment came, and up to byte \(piece.bytes); no datagram became whole",
          [piece.first, piece.last]),
        Finding.Evidence(
          "\(small.name(2)), of \(small.request?.bytes ?? 0) bytes, was answered",
          [small.response?.first.frame].compactMap { $0 }),
      ] + announcements(session.announced(.ikev2FragmentationSupported), session),
      remedies: [
        Finding.Remedy(
          "switch IKE fragmentation (RFC 7383) on, on both sides",
          [.init(.swanctl, "fragmentation = yes"), .init(.libreswan, "fragmentation=yes")]),
        Finding.Remedy(
          "or make the message smaller: ECDSA certificates, and only the leaf",
          [.init(.swanctl, "send_cert = ifasked"), .init(.libreswan, "sendca=none")]),
      ])
  }
}
