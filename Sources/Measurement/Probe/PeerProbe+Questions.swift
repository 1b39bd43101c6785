internal import Host
internal import IKE
internal import IPsecCrypto
internal import PacketDissector

extension PeerProbe {
  /// Finds out all that the peer accepts, within the plan's budget.
  func enumerate(over carrier: any IKECarrier) -> Enumeration {
    var search = AcceptanceSearch()
    conversation.packetsLeft = max(
      0, plan.packetBudget - conversation.traffic.packetsSent - reserve)
    while let question = search.next(), conversation.packetsLeft > 0 {
      let outcome = conversation.ask(
        Conversation.Question(
          proposals: question.proposals, share: question.share,
          asksAdditional: question.asksAdditional), over: carrier, eagerPolicy)
      if case .stopped = outcome.result { break }
      search.take(SearchAnswer(outcome))
      if conversation.leftHalfOpen >= Self.halfOpenLimit { search.leaveNothingHalfOpen() }
    }
    conversation.packetsLeft = .max
    return search.enumeration
  }

  /// What IKEv1 may need once the enumeration is over.
  private var reserve: Int { plan.asksIKEv1 ? 4 : 0 }

  /// SAs that the peer may be left with: strongSwan is silent to an address with five.
  private static let halfOpenLimit = 3

  /// Whether the peer takes a proposal as it stands.
  func answer(_ question: ProposalQuestion, over carrier: any IKECarrier) -> ProposalAnswer {
    guard let share = question.proposals.methods.first(where: { conversation.half($0) != nil })
    else { return ProposalAnswer(question, .other("this build has no share for these methods")) }
    let first = ask(question.proposals, share, over: carrier)
    guard case .wantsShare(let method) = first.result else { return judged(first, question) }
    let bytes = question.proposals.only(method).byteCount + (method.dataByteCount?.initiator ?? 0)
    guard bytes < 1040, conversation.half(method) != nil else {
      return ProposalAnswer(question, .wantsShare(method))
    }
    return judged(ask(question.proposals.only(method), method, over: carrier), question)
  }

  private func ask(
    _ proposals: [Proposal], _ share: KeyExchangeMethod, over carrier: any IKECarrier
  ) -> Conversation.Outcome {
    let asksAdditional = proposals.contains { proposal in
      proposal.transforms.contains { $0.type == .additionalKeyExchange1 }
    }
    return conversation.ask(
      Conversation.Question(
        proposals: proposals, share: share, asksAdditional: asksAdditional),
      over: carrier, policy)
  }

  private func judged(
    _ outcome: Conversation.Outcome, _ question: ProposalQuestion
  ) -> ProposalAnswer {
    switch outcome.result {
    case .wantsShare(let method): return ProposalAnswer(question, .wantsShare(method))
    case .silent, .stopped, .failed: return ProposalAnswer(question, .unanswered)
    case .answered(let answer):
      switch answer.meaning {
      case .accepted(let proposal, _, _): return ProposalAnswer(question, .accepted(proposal))
      case .noProposalChosen:
        return ProposalAnswer(question, .refused)
      case .error(let type): return ProposalAnswer(question, .other("\(type)"))
      case .keyExchangeWanted(let method): return ProposalAnswer(question, .wantsShare(method))
      case .cookie: return ProposalAnswer(question, .other("cookies without end"))
      case .otherVersion(let version):
        return ProposalAnswer(question, .other("it answers in IKEv\(version)"))
      case .redirect: return ProposalAnswer(question, .other("it redirects to another gateway"))
      case .malformed: return ProposalAnswer(question, .other("a malformed answer"))
      }
    }
  }

  /// What the peer takes instead of what it refused. It takes an enumeration to know that; this one is not
  /// reported.
  func findNearest(over carrier: any IKECarrier) {
    let open = result.answers.indices.filter {
      result.answers[$0].outcome == .refused && result.answers[$0].question.wantsNearest
    }
    guard !open.isEmpty else { return }
    let known = (result.enumeration ?? enumerate(over: carrier)).suites
    for index in open {
      result.answers[index].nearest = result.answers[index].question.nearest(among: known)
    }
  }

  // MARK: Post-quantum

  /// Asks for ML-KEM behind a classic key exchange and alone, and whether datagrams of its sizes get through.
  /// Its share, of 800 to 1,568 octets, is never sent for an answer: INVALID_KE_PAYLOAD tells.
  func askPostQuantum(over carrier: any IKECarrier) {
    guard let chosen = (result.peer?.chosen ?? result.enumeration?.suites.first)?.asOffer else {
      return
    }
    var additional = PostQuantumAnswers.Methods()
    var alone = PostQuantumAnswers.Methods()
    for method in PostQuantumReadiness.methods {
      note(method, accepted([chosen].adding([method]), over: carrier), in: &additional)
      var other = chosen
      other.transforms.removeAll { $0.type == .keyExchange }
      note(method, accepted([other].adding(method), over: carrier), in: &alone)
    }
    let trials = [1400, 1500, 1900].map { trial(bytes: $0, chosen, over: carrier) }
    result.postQuantum = PostQuantumAnswers(additional: additional, alone: alone, trials: trials)
  }

  private func note(
    _ method: KeyExchangeMethod, _ isAccepted: Bool?, in methods: inout PostQuantumAnswers.Methods
  ) {
    switch isAccepted {
    case true?: methods.accepted.append(method)
    case false?: methods.refused.append(method)
    case nil: methods.unanswered.append(method)
    }
  }

  /// Whether the peer would take one of these; nil without an answer that tells.
  private func accepted(_ proposals: [Proposal], over carrier: any IKECarrier) -> Bool? {
    guard let decoy = proposals.decoy else { return nil }
    switch SearchAnswer(ask(proposals.adding(decoy), decoy, over: carrier)) {
    case .wantsShare: return true
    case .refused: return false
    // The decoy's own method was taken, which says nothing of the others.
    case .accepted, .unanswered, .other: return nil
    }
  }

  /// Sends a question that is padded to a size, in IP fragments where it is larger than the MTU.
  private func trial(
    bytes: Int, _ chosen: Proposal, over carrier: any IKECarrier
  ) -> PostQuantumAnswers.SizeTrial {
    let decoy = [chosen].decoy ?? .curve25519
    var question = Conversation.Question(proposals: [chosen].adding(decoy), share: decoy)
    let headers =
      InternetPacket.headerBytes(isIPv6: peer.address.isIPv6) + 8
      + (carrier.way == .udp4500 ? 4 : 0)
    let share = decoy.dataByteCount?.initiator ?? 0
    // IKE header, KE with its share, nonce, and the header of the vendor ID that pads.
    let plain = headers + 28 + question.proposals.byteCount + 8 + share + 36 + 4
    question.padding = max(1, bytes - plain)
    let outcome = conversation.ask(question, over: carrier, policy)
    switch outcome.result {
    case .answered, .wantsShare:
      return PostQuantumAnswers.SizeTrial(bytes: bytes, mayFragment: true, .answered)
    case .silent(let report?) where report.mtu != nil:
      return PostQuantumAnswers.SizeTrial(
        bytes: bytes, mayFragment: true, .tooBig(mtu: report.mtu.map { Int($0) }))
    default: return PostQuantumAnswers.SizeTrial(bytes: bytes, mayFragment: true, .silent)
    }
  }
}

extension SearchAnswer {
  init(_ outcome: Conversation.Outcome) {
    switch outcome.result {
    case .wantsShare(let method): self = .wantsShare(method)
    case .silent, .failed, .stopped: self = .unanswered
    case .answered(let answer):
      switch answer.meaning {
      case .accepted(let proposal, _, _): self = .accepted(proposal)
      case .noProposalChosen: self = .refused
      case .keyExchangeWanted(let method): self = .wantsShare(method)
      case .cookie, .otherVersion, .redirect, .error, .malformed: self = .other
      }
    }
  }
}
