internal import Host
internal import IKE
internal import IPsecCrypto
internal import PacketDissector

extension PeerProbe {
  /// TCP's way, which has to be connected first; nil, with its result noted, where that fails.
  func connect() -> (any IKECarrier)? {
    do throws(SocketError) {
      return try TCPCarrier(to: end(.tcp4500), plan, until: Instant.now + .seconds(3))
    } catch {
      result.ways.append(
        WayResult(.tcp4500, refusal(error), sent: 1, answered: 0, roundTrips: []))
      return nil
    }
  }

  /// Tries a way; whether IKEv2 answered on it.
  func introduce(over carrier: any IKECarrier) -> Bool {
    var tally = WayTally()
    let first = introduce(over: carrier, &tally)
    // Enumeration asks often enough.
    let rounds = plan.enumerates ? 1 : plan.count
    if case .answered = first {
      for _ in 0..<max(0, rounds - 1) { tally.add(conversation.ask(echo, over: carrier, policy)) }
    }
    result.ways.append(
      WayResult(
        carrier.way, first, sent: tally.sent, answered: tally.answered,
        roundTrips: tally.roundTrips))
    slowest = (tally.roundTrips + [slowest].compactMap { $0 }).max()
    switch first {
    case .answered(.otherVersion): return false
    case .answered: return true
    default: return false
    }
  }

  /// What to ask for another round trip: the suite that was chosen, so that no SA is left, or the same again.
  private var echo: Conversation.Question {
    let proposals = result.peer?.chosen.map { [$0.asOffer] } ?? BroadProposals.common
    let decoy = proposals.decoy ?? .curve25519
    return Conversation.Question(proposals: proposals.adding(decoy), share: decoy)
  }

  /// The first question on a way. Once a way has told who is there, the others are only asked for an answer.
  private func introduce(
    over carrier: any IKECarrier, _ tally: inout WayTally
  ) -> WayResult.Outcome {
    if result.peer?.chosen != nil {
      let outcome = conversation.ask(echo, over: carrier, policy)
      tally.add(outcome)
      return meaning(of: outcome, over: carrier)
    }
    var last = WayResult.Outcome.silent
    for proposals in [BroadProposals.common, BroadProposals.rare] {
      let outcome = describe(proposals, over: carrier, &tally)
      last = meaning(of: outcome, over: carrier)
      guard case .answered(.noProposalChosen) = last else { return last }
      notes.refusedProposals += proposals
    }
    return last
  }

  /// Offers, and follows the methods that the peer asks for.
  private func describe(
    _ proposals: [Proposal], over carrier: any IKECarrier, _ tally: inout WayTally
  ) -> Conversation.Outcome {
    var offered = proposals
    var share = KeyExchangeMethod.curve25519
    var outcome = Conversation.Outcome(result: .stopped)
    for _ in 0...InitExchange.retryLimit {
      let question = Conversation.Question(
        proposals: offered, share: share, announcesAll: true)
      outcome = conversation.ask(question, over: carrier, policy)
      tally.add(outcome)
      notes.cookieRounds += outcome.cookieRounds
      guard case .wantsShare(let method) = outcome.result else { break }
      notes.methodsWanted.append(method)
      // A long share leaves room for one method's proposals, or for none.
      let narrowed = proposals.only(method)
      let bytes = narrowed.byteCount + 200 + (method.dataByteCount?.initiator ?? 1200)
      guard bytes < 1200, conversation.half(method) != nil else { break }
      notes.isMethodLoop = notes.methodsWanted.count > InitExchange.retryLimit
      offered = narrowed
      share = method
    }
    learn(outcome, over: carrier)
    return outcome
  }

  private func meaning(
    of outcome: Conversation.Outcome, over carrier: any IKECarrier
  ) -> WayResult.Outcome {
    switch outcome.result {
    case .answered(let answer):
      switch answer.meaning {
      case .malformed(let reason): notes.malformed = (carrier.way, reason)
      case .otherVersion(let version): notes.otherVersion = version
      case .cookie: notes.isCookieLoop = true
      default: break
      }
      return .answered(answer.meaning)
    case .wantsShare(let method): return .answered(.keyExchangeWanted(method))
    case .silent(let report?):
      return .refused(report)
    case .silent(nil):
      let bytes = (carrier as? TCPCarrier)?.received
      return bytes == nil ? .silent : .notIKE
    case .failed(let error): return refusal(error)
    case .stopped: return .local("stopped before an answer came")
    }
  }

  /// An error of this host, or what the network said to it.
  private func refusal(_ error: SocketError) -> WayResult.Outcome {
    switch error.meaning {
    case .refused: .refused(reason: "connection refused", by: peer.address, isICMP: false)
    case .timedOut: .silent
    case .reset: .notIKE
    default: .local(error.description)
    }
  }

  // MARK: What the peer says of itself

  private func learn(_ outcome: Conversation.Outcome, over carrier: any IKECarrier) {
    var peer = result.peer ?? PeerDescription()
    defer { result.peer = peer }
    if outcome.cookieRounds > 0 { peer.askedForCookie = true }
    if let method = notes.methodsWanted.last { peer.askedForMethod = method }
    guard case .answered(let answer) = outcome.result else { return }
    if case .redirect(let gateway) = answer.meaning { peer.redirect = gateway }
    peer.vendorIDs = answer.vendorIDs
    guard case .accepted(let proposal, _, _) = answer.meaning else { return }
    peer.chosen = proposal
    peer.notifies = answer.notifies.filter { !$0.isError }.map(\.type)
    for notify in answer.notifies {
      if case .hashAlgorithms(let hashes) = notify.content { peer.signatureHashes = hashes }
    }
    peer.nat = NATVerdict(answer, local: carrier.local, remote: carrier.remote)
  }
}

/// Counts of one way.
struct WayTally {
  var sent = 0
  var answered = 0
  var roundTrips: [Duration] = []

  mutating func add(_ outcome: Conversation.Outcome) {
    sent += outcome.sent
    answered += outcome.answered
    if let time = outcome.roundTrip { roundTrips.append(time) }
  }
}

extension NATVerdict {
  /// What the hashes of an answer say of the ends between which it travelled (RFC 7296, section 2.23).
  init(_ answer: InitAnswer, local: Endpoint, remote: Endpoint) {
    let header = answer.message.header
    func isElsewhere(_ type: NotifyType, _ end: Endpoint) -> Bool? {
      let hashes = answer.notifies.filter { $0.type == type }.map(\.data)
      guard !hashes.isEmpty,
        let own = try? NATDetectionHash.compute(
          initiatorSPI: header.initiatorSPI, responderSPI: header.responderSPI, end)
      else { return nil }
      return !hashes.contains(own)
    }
    self.init(
      weAreBehindNAT: isElsewhere(.natDetectionDestinationIP, local),
      peerIsBehindNAT: isElsewhere(.natDetectionSourceIP, remote))
  }
}
