internal import PacketDissector

/// What IKE_SA_INIT, or IKEv1's phase 1, was refused for: proposals, key exchange method, version; and
/// cookies, which are no refusal.
enum IKENegotiation {
  static let rule = Rule([
    .ikeProposalMismatch, .ikeProposalPosition, .ikeKELoop, .ikeVersion, .ikeCookie, .ikeCookieLoop,
  ]) { evidence in
    refusedProposals(evidence)
      + evidence.sessions.sessions.flatMap { session in
        [keyExchangeLoop(session), version(session, evidence), cookieLoop(session)].compactMap {
          $0
        }
      } + cookies(evidence)
  }

  // MARK: Proposals

  private struct Refusal {
    let session: IKESession
    let request: IKEMessageTrack?
    let frame: FrameReference
    let source: IPAddress
  }

  private struct Pair: Hashable {
    let initiator: IPAddress
    let responder: IPAddress
    let majorVersion: UInt8
  }

  private static func refusedProposals(_ evidence: CaptureEvidence) -> [Finding] {
    var pairs: [Pair] = []
    var refusals: [Pair: [Refusal]] = [:]
    for session in evidence.sessions.sessions {
      guard let refusal = refusal(session) else { continue }
      let pair = Pair(
        initiator: session.initiator.address, responder: session.responder.address,
        majorVersion: session.majorVersion)
      if refusals[pair] == nil { pairs.append(pair) }
      refusals[pair, default: []].append(refusal)
    }
    return pairs.compactMap { pair in
      guard let refusals = refusals[pair], let first = refusals.first else { return nil }
      let agreed = evidence.sessions.sessions.first {
        $0.majorVersion == 2 && pair.majorVersion == 2 && $0.initiator.address == pair.initiator
          && $0.responder.address == pair.responder && $0.chosenProposal != nil
      }
      if let agreed, let position = position(first, agreed) { return position }
      return mismatch(refusals, first, agreed)
    }
  }

  private static func refusal(_ session: IKESession) -> Refusal? {
    if session.majorVersion == 2 {
      return session.exchanges(.ikeSAInit).compactMap { exchange -> Refusal? in
        guard let response = exchange.response, response.content.has(.noProposalChosen) else {
          return nil
        }
        return Refusal(
          session: session, request: exchange.request, frame: response.first.frame,
          source: response.first.source.address)
      }.first
    }
    // Phase 1 has no suite yet, so that the refusal stands in the clear.
    guard !session.exchanges.contains(where: { $0.request?.content.firstEncrypted != nil }) else {
      return nil
    }
    return session.exchanges.compactMap { exchange -> Refusal? in
      for message in [exchange.request, exchange.response].compactMap({ $0 })
      where message.content.notifies.contains(where: {
        $0.type == IKEv1NotifyType.noProposalChosen.rawValue
      }) {
        return Refusal(
          session: session, request: session.exchanges.first?.request,
          frame: message.first.frame, source: message.first.source.address)
      }
      return nil
    }.first
  }

  private static func mismatch(
    _ refusals: [Refusal], _ first: Refusal, _ agreed: IKESession?
  ) -> Finding {
    let session = first.session
    var evidence = [
      Finding.Evidence(
        "\(first.source) answers NO_PROPOSAL_CHOSEN"
          + (refusals.count > 1 ? " to \(refusals.count) attempts" : ""),
        refusals.prefix(8).map(\.frame))
    ]
    let offers = offered(session, first.request)
    for (index, offer) in offers.prefix(6).enumerated() {
      evidence.append(Finding.Evidence("offered, proposal \(index + 1): \(offer)"))
    }
    if offers.count > 6 {
      evidence.append(Finding.Evidence("and \(offers.count - 6) more proposals"))
    }
    for weak in weakOffers(first.request) { evidence.append(Finding.Evidence(weak)) }
    var remedies: [Finding.Remedy] = []
    if let agreed, let chosen = agreed.chosenProposal {
      let difference = difference(of: chosen, from: first.request?.content.proposals ?? [])
      evidence.append(
        Finding.Evidence(
          "another attempt was accepted: the peer took \(ProposalNotation.readable(chosen))\(difference)",
          agreed.exchanges(.ikeSAInit).compactMap { $0.response?.first.frame }))
      remedies.append(accept(chosen, "offer what the peer took"))
    } else {
      remedies.append(
        Finding.Remedy(
          "the capture cannot tell which algorithm is missing: the log of \(first.source) can",
          [
            .init(.shell, "journalctl -u strongswan | grep -i 'proposals'"),
            .init(.shell, "journalctl -u ipsec | grep -i 'proposal'"),
          ]))
      if let proposal = first.request?.content.proposals.first {
        remedies.append(accept(proposal, "or make the peer accept what is offered"))
      }
    }
    return Finding(
      .ikeProposalMismatch, .certain, about: session.subject,
      "\(first.source) accepts \(offers.count == 1 ? "not the one" : "none of the \(offers.count)") IKE proposal\(offers.count == 1 ? "" : "s") of \(session.initiator.address)",
      meaning:
        "no algorithms in common, or no connection for this peer: some daemons answer so for an IKE version or address that they do not serve",
      evidence: evidence, remedies: remedies)
  }

  private static func accept(_ proposal: Proposal, _ text: Statement) -> Finding.Remedy {
    var settings: [Finding.Setting] = []
    if let words = ProposalNotation.strongSwan(proposal) {
      settings.append(.init(.swanctl, "proposals = \(words)"))
    }
    if let words = ProposalNotation.libreswan(proposal) {
      settings.append(.init(.libreswan, "ike=\(words)"))
    }
    return Finding.Remedy(text, settings)
  }

  private static func offered(_ session: IKESession, _ request: IKEMessageTrack?) -> [String] {
    guard let request else { return [] }
    if session.majorVersion == 2 {
      return request.content.proposals.map(ProposalNotation.readable)
    }
    return request.content.ikev1Proposals.flatMap(\.transforms).map(IKEv1Suite.readable)
  }

  private static func weakOffers(_ request: IKEMessageTrack?) -> [Statement] {
    var names: [String] = []
    for transform in request?.content.proposals.flatMap(\.transforms) ?? [] {
      guard let grade = AlgorithmGrade(of: transform.type, id: transform.id, for: .ike),
        grade.isRuledOut
      else { continue }
      let text =
        "\(ProposalNotation.name(of: transform)) (\(grade.level.rawValue), \(grade.source))"
      if !names.contains(text) { names.append(text) }
    }
    return names.isEmpty
      ? [] : ["of these, peers of today refuse \(names.joined(separator: ", "))"]
  }

  /// ": only KE differs" where one transform of the nearest offer is another.
  private static func difference(of chosen: Proposal, from offered: [Proposal]) -> String {
    func differing(_ proposal: Proposal) -> [Transform] {
      chosen.transforms.filter { wanted in
        !proposal.transforms.contains {
          $0.type == wanted.type && $0.id == wanted.id && $0.keyLength == wanted.keyLength
        }
      }
    }
    guard let nearest = offered.map(differing).min(by: { $0.count < $1.count }), !nearest.isEmpty
    else { return "" }
    return "; not offered: " + nearest.map(ProposalNotation.name(of:)).joined(separator: ", ")
  }

  /// The suite that was agreed on stood in the refused request, but late.
  private static func position(_ refusal: Refusal, _ agreed: IKESession) -> Finding? {
    guard let chosen = agreed.chosenProposal, let request = refusal.request else { return nil }
    let proposals = request.content.proposals
    let place = proposals.firstIndex { proposal in
      chosen.transforms.allSatisfy { wanted in
        proposal.transforms.contains {
          $0.type == wanted.type && $0.id == wanted.id && $0.keyLength == wanted.keyLength
        }
      }
    }
    guard let place, place >= 8 else { return nil }
    let accepted = agreed.exchanges(.ikeSAInit).first {
      $0.response?.content.proposals.isEmpty == false
    }
    return Finding(
      .ikeProposalPosition, .likely, about: refusal.session.subject,
      "\(refusal.source) refuses a suite as proposal \(place + 1) of \(proposals.count) and takes it earlier in a list",
      meaning: "some gateways look at the first eight proposals only",
      evidence: [
        Finding.Evidence(
          "\(proposals.count) proposals, the common one as number \(place + 1): NO_PROPOSAL_CHOSEN",
          [refusal.frame]),
        Finding.Evidence(
          "\(accepted?.request?.content.proposals.count ?? 0) proposals: accepted \(ProposalNotation.readable(chosen))",
          [accepted?.response?.first.frame].compactMap { $0 }),
      ],
      remedies: [accept(chosen, "put the suite that both have first, and offer fewer")])
  }

  // MARK: Key exchange methods

  private static func keyExchangeLoop(_ session: IKESession) -> Finding? {
    let rounds = session.exchanges.filter {
      ($0.type == ExchangeType.ikeSAInit.rawValue)
        && $0.response?.content.has(.invalidKEPayload) == true
    }
    guard session.majorVersion == 2, let last = rounds.last, let response = last.response else {
      return nil
    }
    let wanted = response.content.notify(.invalidKEPayload)?.number.map {
      UInt16(truncatingIfNeeded: $0)
    }
    let repeated = rounds.contains { isOfferedAgain($0, in: session) }
    let accepted = session.chosenProposal != nil
    guard !accepted, rounds.count > 2 || repeated else { return nil }
    let asked = rounds.compactMap { $0.request?.content.keyExchangeMethod }
    let sent = asked.map { KeyExchangeMethod.name(of: $0) ?? "\($0)" }
    let suggestion = wanted.map { KeyExchangeMethod.name(of: $0) ?? "\($0)" } ?? "none"
    var settings: [Finding.Setting] = []
    if let wanted {
      let proposal = Proposal(
        number: 1, protocolID: .ike, transforms: [Transform(.keyExchange, id: wanted)])
      if let word = ProposalNotation.strongSwan(proposal) {
        settings.append(.init(.swanctl, "proposals = aes256-sha256-\(word)"))
      }
      if let word = ProposalNotation.libreswan(proposal) {
        settings.append(.init(.libreswan, "ike=aes256-sha2_256-\(word)"))
      }
    }
    return Finding(
      .ikeKELoop, .certain, about: session.subject,
      "\(session.responder.address) refused the key exchange method \(rounds.count) times: INVALID_KE_PAYLOAD without end",
      meaning: "one such answer is normal; here the two sides never settle on a method",
      evidence: [
        Finding.Evidence(
          "sent: \(sent.joined(separator: ", then "))",
          rounds.compactMap { $0.request?.first.frame }),
        Finding.Evidence(
          "the peer last asked for method \(wanted ?? 0) (\(suggestion))",
          rounds.compactMap { $0.response?.first.frame }),
      ],
      remedies: [
        Finding.Remedy(
          "make the same method the first on both sides; the peer asked for \(suggestion)", settings
        )
      ])
  }

  /// The method that was refused comes again, although the peer asked for another.
  private static func isOfferedAgain(_ round: IKEExchange, in session: IKESession) -> Bool {
    guard let refused = round.request?.content.keyExchangeMethod, let answer = round.response,
      answer.content.notify(.invalidKEPayload)?.number != UInt64(refused)
    else { return false }
    return session.exchanges(.ikeSAInit).contains { exchange in
      guard let request = exchange.request else { return false }
      return request.first.frame.time > answer.first.frame.time
        && request.content.keyExchangeMethod == refused
    }
  }

  // MARK: Versions

  private static func version(_ session: IKESession, _ evidence: CaptureEvidence) -> Finding? {
    // The answer may come in the other version, and then is a session of its own.
    let answers = evidence.sessions.sessions.filter { $0.initiatorSPI == session.initiatorSPI }
    // A notify that nobody asked for refuses nothing.
    guard let first = session.exchanges.first, first.request != nil,
      session.majorVersion == 2
        ? first.type == ExchangeType.ikeSAInit.rawValue
        : first.type == IKEv1ExchangeType.identityProtection.rawValue
          || first.type == IKEv1ExchangeType.aggressive.rawValue,
      !session.isEstablished,
      session.chosenProposal == nil,
      session.exchanges.contains(where: { $0.isInitiators && $0.request != nil })
    else { return nil }
    let refused = answers.flatMap { answer in
      (answer.exchanges.flatMap { [$0.request, $0.response] }.compactMap { $0 }.map {
        ($0.first.frame, $0.content, $0.first.source.address)
      } + answer.unprotected.map { ($0.frame, $0.content, session.responder.address) })
      .filter { $0.1.notifies.contains { $0.type == NotifyType.invalidMajorVersion.rawValue } }
    }
    let other = answers.first { $0.majorVersion != session.majorVersion }
    // Of the two sessions, the one that asked first is the one that was refused.
    if let other, other.first.time < session.first.time { return nil }
    guard !refused.isEmpty || other != nil, let request = session.exchanges.first?.request else {
      return nil
    }
    let wanted = session.majorVersion == 2 ? 1 : 2
    let frames = refused.map(\.0) + [other?.first].compactMap { $0 }
    return Finding(
      .ikeVersion, .certain, about: session.subject,
      "\(session.responder.address) does not speak IKEv\(session.majorVersion) with \(session.initiator.address)",
      meaning: wanted == 1
        ? "it speaks IKEv1 only, which is deprecated (RFC 9395)"
        : "it wants IKEv2: IKEv1 is deprecated (RFC 9395)",
      evidence: [
        Finding.Evidence("IKEv\(session.majorVersion) request", request.frames),
        Finding.Evidence(
          refused.isEmpty
            ? "answered in IKEv\(wanted)" : "answered by INVALID_MAJOR_VERSION (5)",
          Array(Set(frames)).sorted { $0.number < $1.number }),
      ],
      remedies: [
        Finding.Remedy(
          wanted == 1
            ? "upgrade the peer to IKEv2; until then, IKEv1 for this peer alone"
            : "use IKEv2 for this peer",
          [
            .init(.swanctl, "version = \("\(wanted)")"),
            .init(.libreswan, wanted == 1 ? "ikev2=no" : "ikev2=yes"),
          ])
      ])
  }

  // MARK: Cookies

  private static func cookieRounds(_ session: IKESession) -> [IKEExchange] {
    session.majorVersion == 2
      ? session.exchanges(.ikeSAInit).filter { $0.response?.content.has(.cookie) == true } : []
  }

  private static func cookieLoop(_ session: IKESession) -> Finding? {
    let rounds = cookieRounds(session)
    guard let response = rounds.first?.response, session.chosenProposal == nil else { return nil }
    let later = session.exchanges(.ikeSAInit).filter {
      ($0.request?.first.frame.time ?? response.first.frame.time) > response.first.frame.time
    }
    let without = later.filter { $0.request?.content.has(.cookie) == false }
    guard rounds.count > 3 || !without.isEmpty else { return nil }
    return Finding(
      .ikeCookieLoop, .certain, about: session.subject,
      without.isEmpty
        ? "\(session.responder.address) answered \(rounds.count) cookies with another one"
        : "\(session.initiator.address) asks again without the cookie that it was given",
      meaning:
        "the peer is alive; its cookie holds for one address and port, and something changes them on the way, or the initiator drops it",
      evidence: [
        Finding.Evidence(
          "\(rounds.count) answers with COOKIE", rounds.compactMap { $0.response?.first.frame }),
        Finding.Evidence(
          "\(later.count - without.count) of \(later.count) further requests carry a cookie",
          later.compactMap { $0.request?.first.frame }),
      ] + sources(later),
      remedies: [
        Finding.Remedy("keep one source address and port for IKE in every NAT between"),
        Finding.Remedy(
          "or raise the peer's threshold for cookies",
          [.init(.strongswan, "charon.cookie_threshold = 100")]),
      ])
  }

  /// One line for each responder that asked for cookies and went on.
  private static func cookies(_ evidence: CaptureEvidence) -> [Finding] {
    IKEPractice.byPair(evidence.sessions.sessions).compactMap { pair, sessions in
      let asked = sessions.filter { !cookieRounds($0).isEmpty && cookieLoop($0) == nil }
      guard let first = asked.first else { return nil }
      let frames = asked.flatMap { cookieRounds($0).compactMap { $0.response?.first.frame } }
      return Finding(
        .ikeCookie, .certain,
        about: asked.count == 1 ? first.subject : .peers(pair.one, pair.other),
        "\(first.responder.address) asked for a cookie before it went on: it is alive, and defends against load",
        evidence: [
          Finding.Evidence(
            "\(frames.count) answers with COOKIE, in \(asked.count) IKE SAs",
            Array(frames.prefix(8)))
        ])
    }
  }

  private static func sources(_ exchanges: [IKEExchange]) -> [Finding.Evidence] {
    var ends: [Endpoint] = []
    for exchange in exchanges {
      for transmission in exchange.request?.transmissions ?? []
      where !ends.contains(transmission.source) {
        ends.append(transmission.source)
      }
    }
    guard ends.count > 1 else { return [] }
    let names: Statement = ends.prefix(4).enumerated().reduce("") { text, end in
      text + (end.offset == 0 ? "" : ", ") + "\(end.element.address) port \("\(end.element.port)")"
    }
    return [Finding.Evidence("they come from \(ends.count) ends: \(names)")]
  }
}
