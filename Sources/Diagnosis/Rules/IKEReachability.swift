internal import PacketDissector

/// Requests that no one answers, that ICMP refuses, or whose answers are not taken.
enum IKEReachability {
  static let rule = Rule([.ikeNoAnswer, .ikeRefusedICMP, .ikeReplyIgnored]) { evidence in
    unanswered(evidence)
      + evidence.sessions.sessions.flatMap { session in
        session.exchanges.compactMap { replyIgnored($0, session, evidence) }.prefix(1)
      }
  }

  // MARK: No answer

  /// One request that was never answered, of one IKE SA.
  private struct Attempt {
    let session: IKESession
    let exchange: IKEExchange
    let request: IKEMessageTrack
    let errors: [ICMPErrors.Entry]
  }

  private struct Path: Hashable {
    let source: IPAddress
    let destination: IPAddress
    let port: UInt16
    let isRefused: Bool
  }

  /// Attempts of one host at another are one finding, however many SPIs it tried.
  private static func unanswered(_ evidence: CaptureEvidence) -> [Finding] {
    var paths: [Path] = []
    var attempts: [Path: [Attempt]] = [:]
    for session in evidence.sessions.sessions {
      guard let attempt = attempt(session, evidence) else { continue }
      let end = attempt.request.first.destination
      let path = Path(
        source: attempt.request.first.source.address, destination: end.address, port: end.port,
        isRefused: !attempt.errors.isEmpty)
      if attempts[path] == nil { paths.append(path) }
      attempts[path, default: []].append(attempt)
    }
    return paths.compactMap { path in
      guard let attempts = attempts[path] else { return nil }
      return path.isRefused ? refused(attempts, path) : noAnswer(attempts, path, evidence)
    }
  }

  private static func attempt(_ session: IKESession, _ evidence: CaptureEvidence) -> Attempt? {
    guard !hasOtherVersionsAnswer(session, evidence) else { return nil }
    for isInitiators in [true, false] {
      // What its asker went on with shows that answers came which the capture lacks.
      guard let exchange = session.exchanges.last(where: { $0.isInitiators == isInitiators }),
        !exchange.isAnswered, let request = exchange.request, session.isLast(exchange)
      else { continue }
      let errors = evidence.unreachables(for: session).filter {
        $0.last.time >= request.first.frame.time && $0.quotedSource == request.first.source
      }
      // What ICMP refuses is refused at any time; silence to later requests is for other rules.
      if !errors.isEmpty || (isInitiators && isSilence(exchange, request, session)) {
        return Attempt(session: session, exchange: exchange, request: request, errors: errors)
      }
    }
    return nil
  }

  private static func isSilence(
    _ exchange: IKEExchange, _ request: IKEMessageTrack, _ session: IKESession
  ) -> Bool {
    // What is large may be lost for its size: another rule judges that.
    session.unprotected.isEmpty && !session.usesTCP && isSetup(exchange, session)
      && (!request.isLarge
        || (session.majorVersion == 2 && request.ipFragments == 0
          && exchange.type == ExchangeType.ikeSAInit.rawValue))
  }

  /// A request by which an IKE SA comes to be. In IKEv1, the messages up to the encrypted ones: a peer
  /// that cannot decrypt is silent for another reason.
  private static func isSetup(_ exchange: IKEExchange, _ session: IKESession) -> Bool {
    if session.majorVersion == 2 {
      return exchange.type == ExchangeType.ikeSAInit.rawValue
        || (exchange.type == ExchangeType.ikeAuth.rawValue
          && session.exchanges(.ikeSAInit).contains(where: \.isAnswered))
    }
    return
      (exchange.type == IKEv1ExchangeType.identityProtection.rawValue
      || (exchange.type == IKEv1ExchangeType.aggressive.rawValue && session.exchanges.count == 1))
      && exchange.request?.content.firstEncrypted == nil
      && !session.exchanges.contains { $0.type == IKEv1ExchangeType.informational.rawValue }
  }

  /// A peer of the other major version answers under the same initiator SPI.
  private static func hasOtherVersionsAnswer(
    _ session: IKESession, _ evidence: CaptureEvidence
  ) -> Bool {
    evidence.sessions.sessions.contains {
      $0.initiatorSPI == session.initiatorSPI && $0.majorVersion != session.majorVersion
    }
  }

  private static func noAnswer(
    _ attempts: [Attempt], _ path: Path, _ evidence: CaptureEvidence
  ) -> Finding? {
    let sent = attempts.reduce(0) { $0 + $1.request.count }
    guard let first = attempts.first, let last = attempts.last,
      let longest = attempts.max(by: { $0.request.count < $1.request.count }),
      longest.request.count >= 3 || (attempts.count >= 3 && sent >= 3),
      !PeerDeath.isKnownDead(
        path.destination, to: path.source, before: first.request.first.frame.time, evidence)
    else { return nil }
    let waited =
      attempts.count == 1
      ? first.request.waited(until: evidence.quality.end)
      : Nanoseconds(from: first.request.first.frame.time, to: last.request.last.frame.time)
    // libreswan asks three times within the first second: too early to tell.
    guard waited >= .seconds(3) else { return nil }
    let name = longest.exchange.name(longest.session.majorVersion)
    let hears =
      evidence.peers.find(path.destination, path.source).map { $0.ikeMessages > 0 } ?? false
    var facts = longest.request.evidence(name)
    if attempts.count > 1 {
      facts.append(
        Finding.Evidence(
          "\(attempts.count) attempts, each with an SPI of its own",
          attempts.prefix(8).map(\.request.first.frame)))
    }
    facts.append(
      Finding.Evidence(
        hears
          ? "\(path.destination) answered other messages, but not these; no ICMP error came"
          : "nothing came back from \(path.destination), no ICMP error either"))
    return Finding(
      .ikeNoAnswer, .certain, about: longest.session.subject,
      "no answer from \(path.destination) to \(name) on UDP \("\(path.port)") in \(waited) (sent \(sent) times)",
      meaning: meaning(longest, hears: hears), evidence: facts,
      remedies: remedies(longest, path, hears: hears))
  }

  private static func meaning(_ attempt: Attempt, hears: Bool) -> Statement {
    if hears, attempt.exchange.type == ExchangeType.ikeAuth.rawValue {
      return
        "UDP 500 gets through, and what follows on UDP \("\(attempt.request.first.destination.port)") does not: a filter between the two, or at the peer"
    }
    return
      "the requests or their answers are lost on the way, or nobody answers at that address"
  }

  private static func remedies(
    _ attempt: Attempt, _ path: Path, hears: Bool
  ) -> [Finding.Remedy] {
    let port = "\(path.port)"
    var remedies = [
      Finding.Remedy(
        "capture at the peer's outside: do the requests arrive there?",
        [.init(.shell, "tcpdump -ni any 'host \(path.source) and udp port \(port)'")])
    ]
    if hears {
      remedies.append(
        Finding.Remedy(
          "allow UDP \(port) both ways in every firewall between, and at the peer",
          [.init(.nftables, "add rule inet filter input udp dport { 500, 4500 } accept")]))
    } else {
      remedies += [
        Finding.Remedy("check that \(path.destination) is the peer's address today"),
        Finding.Remedy(
          "allow UDP \(port) both ways in every firewall between",
          [.init(.nftables, "add rule inet filter input udp dport { 500, 4500 } accept")]),
        Finding.Remedy("check that the peer runs, and has a connection for \(path.source)"),
      ]
    }
    return remedies
  }

  // MARK: Refused by ICMP

  private static func refused(_ attempts: [Attempt], _ path: Path) -> Finding? {
    guard let first = attempts.first, let error = first.errors.first else { return nil }
    let errors = attempts.flatMap(\.errors)
    let count = errors.reduce(0) { $0 + $1.count }
    let sent = attempts.reduce(0) { $0 + $1.request.count }
    let meaning = error.header.meaning ?? "unreachable"
    let isPeer = error.reporter == path.destination
    let name = first.exchange.name(first.session.majorVersion)
    return Finding(
      .ikeRefusedICMP, .certain, about: first.session.subject,
      "\(error.reporter) refuses \(name) to \(path.destination) UDP \("\(path.port)"): ICMP \(meaning)",
      meaning: refusalMeaning(error, isPeer: isPeer),
      evidence: [
        Finding.Evidence(
          "\(count) ICMP errors (type \(error.header.type), code \(error.header.code)) from \(error.reporter)",
          errors.flatMap(\.frames))
      ] + first.request.evidence("\(name)")
        + (attempts.count > 1
          ? [Finding.Evidence("\(sent) requests in \(attempts.count) attempts")] : []),
      remedies: refusalRemedies(error, path, isPeer: isPeer))
  }

  private static func refusalMeaning(_ error: ICMPErrors.Entry, isPeer: Bool) -> Statement {
    let isPort =
      error.header.isICMPv6 ? error.header.code == 4 : error.header.code == 3
    if isPort && isPeer {
      return "the host is there, and no IKE daemon listens on that port"
    }
    return isPeer
      ? "the peer itself, or its firewall, refuses"
      : "a router on the way says so: the requests never reached the peer"
  }

  private static func refusalRemedies(
    _ error: ICMPErrors.Entry, _ path: Path, isPeer: Bool
  ) -> [Finding.Remedy] {
    let isProhibited =
      error.header.isICMPv6
      ? [1, 5, 6].contains(error.header.code) : [9, 10, 13].contains(error.header.code)
    if isProhibited {
      return [
        Finding.Remedy(
          "allow UDP 500 and 4500 in the firewall of \(error.reporter)",
          [.init(.nftables, "add rule inet filter forward udp dport { 500, 4500 } accept")])
      ]
    }
    if isPeer {
      return [
        Finding.Remedy(
          "start the IKE daemon at \(path.destination), and see what it listens on",
          [
            .init(.shell, "systemctl status strongswan ipsec"),
            .init(.shell, "ss -lunp 'sport = :500 or sport = :4500'"),
          ])
      ]
    }
    return [
      Finding.Remedy(
        "mend the route at \(error.reporter), or correct the peer's address",
        [.init(.shell, "ip route get \(path.destination)")])
    ]
  }

  // MARK: Answers that are not taken

  private static func replyIgnored(
    _ exchange: IKEExchange, _ session: IKESession, _ evidence: CaptureEvidence
  ) -> Finding? {
    guard let request = exchange.request, let response = exchange.response,
      response.fragments.map(\.isComplete) ?? true, session.isLast(exchange),
      // Whoever asks again after an error that nobody signed does what RFC 7296, section 2.21.1, asks.
      response.content.isOpened || response.content.error == nil,
      !PeerDeath.isAnsweredInVain(exchange, evidence)
    else { return nil }
    let again = request.transmissions.filter { $0.frame.time > response.first.frame.time }
    // An answer that is larger than a path takes may be lost behind the capture point.
    let isSeenAtAsker = response.seemsFarFromSender && !request.seemsFarFromSender
    guard again.count >= 2, response.count >= 2, isSeenAtAsker || !response.isLarge else {
      return nil
    }
    let asker = request.first.source
    let answerer = response.first.source
    let fits =
      response.first.destination == request.first.source
    let name = exchange.name(session.majorVersion)
    var facts =
      request.evidence(name) + [
        Finding.Evidence(
          "\(response.count) answers from \(answerer.address), the first after \(exchange.answerTime ?? Nanoseconds(0))",
          response.frames)
      ]
    if !fits {
      facts.append(
        Finding.Evidence(
          "they go to \(response.first.destination.address) port \("\(response.first.destination.port)"), and the requests come from \(asker.address) port \("\(asker.port)")"
        ))
    }
    return Finding(
      .ikeReplyIgnored, isSeenAtAsker || !fits ? .certain : .likely, about: session.subject,
      "\(asker.address) goes on asking (\(name), \(again.count) times) although \(answerer.address) answers",
      meaning: isSeenAtAsker
        ? "the answers reach \(asker.address), and its daemon never gets them"
        : "the answers are lost behind the capture point, or \(asker.address) drops them",
      evidence: facts,
      remedies: [
        Finding.Remedy(
          "look for a firewall or connection tracking at \(asker.address) that drops UDP from port \("\(answerer.port)")",
          [
            .init(.shell, "nft list ruleset"),
            .init(.shell, "conntrack -L -p udp --dst \(answerer.address)"),
            .init(.nftables, "add rule inet filter input udp sport { 500, 4500 } accept"),
          ]),
        Finding.Remedy(
          "see that one daemon, and only one, has the port open",
          [.init(.shell, "ss -lunp 'sport = :500 or sport = :4500'")]),
      ])
  }
}

extension IKEMessageTrack {
  /// Whether routers lie between its sender and the capture point: the hop limit is none that systems
  /// begin with.
  var seemsFarFromSender: Bool { ![32, 64, 128, 255].contains(first.hopLimit) }
}
