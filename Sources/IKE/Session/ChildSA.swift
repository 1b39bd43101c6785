package import PacketDissector

/// A pair of ESP or AH SAs, one each way, as one side sees it.
package struct ChildSA: Sendable {
  package let suite: ChildSuite
  /// What this side chose, and packets to it carry.
  package let inboundSPI: UInt32
  /// What the peer chose.
  package let outboundSPI: UInt32
  package let inboundKeys: ChildKeys.Direction
  package let outboundKeys: ChildKeys.Direction
  package let localSelectors: [TrafficSelector]
  package let remoteSelectors: [TrafficSelector]
  package let isTransportMode: Bool
  /// Whether the peer takes padding behind inner packets: it has not said otherwise (RFC 7296, section
  /// 1.3.1).
  package let peerTakesTrafficPadding: Bool
  /// What this side told of its anti-replay protection, and what the peer; nil for nothing.
  package let ownReplayStatus: AntiReplayStatus?
  package let peerReplayStatus: AntiReplayStatus?

  /// `isInitiator` is whether this side initiated the exchange that made the SA.
  init(_ terms: ChildTerms, _ keys: ChildKeys, isInitiator: Bool) {
    suite = terms.suite
    inboundSPI = terms.inboundSPI
    outboundSPI = terms.outboundSPI
    inboundKeys = isInitiator ? keys.responderToInitiator : keys.initiatorToResponder
    outboundKeys = isInitiator ? keys.initiatorToResponder : keys.responderToInitiator
    localSelectors = isInitiator ? terms.initiatorSelectors : terms.responderSelectors
    remoteSelectors = isInitiator ? terms.responderSelectors : terms.initiatorSelectors
    isTransportMode = terms.isTransportMode
    peerTakesTrafficPadding = terms.peerTakesTrafficPadding
    ownReplayStatus = terms.ownReplayStatus
    peerReplayStatus = terms.peerReplayStatus
  }
}

/// What both sides of an exchange agreed on for a Child SA, before there are keys.
struct ChildTerms: Sendable {
  let suite: ChildSuite
  /// The one proposal of the response.
  let proposal: Proposal
  let inboundSPI: UInt32
  let outboundSPI: UInt32
  let initiatorSelectors: [TrafficSelector]
  let responderSelectors: [TrafficSelector]
  let isTransportMode: Bool
  let peerTakesTrafficPadding: Bool
  let ownReplayStatus: AntiReplayStatus?
  let peerReplayStatus: AntiReplayStatus?
}

/// What an initiator asks for: IKE_AUTH's or CREATE_CHILD_SA's SA, TSi and TSr.
struct ChildOffer: Sendable {
  let spi: UInt32
  let proposals: [Proposal]
  let initiatorSelectors: [TrafficSelector]
  let responderSelectors: [TrafficSelector]
  let isTransportMode: Bool
  let replayStatus: ReplayStatusPolicy

  /// `withKeyExchange`: only CREATE_CHILD_SA has key exchanges of its own.
  init(_ configuration: PeerConfiguration, spi: UInt32, withKeyExchange: Bool) {
    self.spi = spi
    replayStatus = configuration.replayStatus
    proposals = configuration.childProposals.numbered(
      spi: spi.octets, withKeyExchange: withKeyExchange)
    initiatorSelectors = configuration.localSelectors
    responderSelectors = configuration.remoteSelectors
    isTransportMode = configuration.isTransportMode
  }

  /// USE_TRANSPORT_MODE, if that is wanted, and what this side tells of its anti-replay protection.
  var notifications: [IKEPayload] {
    (isTransportMode ? [.notify(.useTransportMode)] : []) + replayStatus.payloads
  }

  var selectorPayloads: [IKEPayload] {
    [
      .selectors(.trafficSelectorInitiator, initiatorSelectors),
      .selectors(.trafficSelectorResponder, responderSelectors),
    ]
  }

  /// What the response makes of the offer.
  func terms(of response: [IKEPayload]) throws(ChildFault) -> ChildTerms {
    if let error = response.errorNotify { throw .refused(error.type) }
    guard let answer = response.proposals else { throw .missing(.securityAssociation) }
    guard let initiator = response.selectors(.trafficSelectorInitiator) else {
      throw .missing(.trafficSelectorInitiator)
    }
    guard let responder = response.selectors(.trafficSelectorResponder) else {
      throw .missing(.trafficSelectorResponder)
    }
    let (proposal, suite) = try accepted(answer)
    guard let outbound = UInt32(octets: proposal.spi) else {
      throw .wrongChoice(.spiLength(proposal.spi.count))
    }
    // A responder may turn transport mode down, but not demand it (RFC 7296, section 1.3.1).
    let isTransport = response.contains(.useTransportMode)
    guard isTransportMode || !isTransport,
      TrafficSelectorNarrowing.covers(initiatorSelectors, initiator),
      TrafficSelectorNarrowing.covers(responderSelectors, responder)
    else { throw .otherTerms }
    return ChildTerms(
      suite: suite, proposal: proposal, inboundSPI: spi, outboundSPI: outbound,
      initiatorSelectors: initiator, responderSelectors: responder, isTransportMode: isTransport,
      peerTakesTrafficPadding: !response.contains(.espTFCPaddingNotSupported),
      ownReplayStatus: replayStatus.announced,
      peerReplayStatus: replayStatus.status(in: response))
  }

  private func accepted(_ answer: [Proposal]) throws(ChildFault) -> (Proposal, ChildSuite) {
    let proposal: Proposal
    do throws(ProposalSelection.AnswerFault) {
      proposal = try ProposalSelection.verify(answer, against: proposals)
    } catch {
      throw .wrongChoice(error)
    }
    return (proposal, try ChildSuite.usable(proposal))
  }
}

extension ChildTerms {
  /// A responder's choice among what a request offers.
  ///
  /// `withKeyExchange` is whether the request is CREATE_CHILD_SA.
  init(
    choosingFrom request: [IKEPayload], _ configuration: PeerConfiguration, spi: UInt32,
    withKeyExchange: Bool
  ) throws(ChildFault) {
    guard let offered = request.proposals else { throw .missing(.securityAssociation) }
    guard let initiator = request.selectors(.trafficSelectorInitiator) else {
      throw .missing(.trafficSelectorInitiator)
    }
    guard let responder = request.selectors(.trafficSelectorResponder) else {
      throw .missing(.trafficSelectorResponder)
    }
    let own = configuration.childProposals.numbered(spi: [], withKeyExchange: withKeyExchange)
    let peerReplayStatus = configuration.replayStatus.status(in: request)
    guard
      var choice = ProposalSelection.choose(
        from: offered, by: own, preferring: configuration.preference,
        avoidingESN: configuration.replayStatus.avoidsESN(towards: peerReplayStatus)),
      let peerSPI = UInt32(octets: choice.spi)
    else { throw .noProposalChosen }
    let suite = try ChildSuite.usable(choice)
    guard
      let narrowInitiator = TrafficSelectorNarrowing.narrow(
        initiator, to: configuration.remoteSelectors),
      let narrowResponder = TrafficSelectorNarrowing.narrow(
        responder, to: configuration.localSelectors)
    else { throw .selectorsUnacceptable }
    choice.spi = spi.octets
    self.init(
      suite: suite, proposal: choice, inboundSPI: spi, outboundSPI: peerSPI,
      initiatorSelectors: narrowInitiator, responderSelectors: narrowResponder,
      isTransportMode: configuration.isTransportMode && request.contains(.useTransportMode),
      peerTakesTrafficPadding: !request.contains(.espTFCPaddingNotSupported),
      ownReplayStatus: configuration.replayStatus.announced, peerReplayStatus: peerReplayStatus)
  }

  /// USE_TRANSPORT_MODE, if the responder agrees to it, and what it tells of its anti-replay protection.
  func notifications(_ configuration: PeerConfiguration) -> [IKEPayload] {
    (isTransportMode ? [.notify(.useTransportMode)] : []) + configuration.replayStatus.payloads
  }

  var selectorPayloads: [IKEPayload] {
    [
      .selectors(.trafficSelectorInitiator, initiatorSelectors),
      .selectors(.trafficSelectorResponder, responderSelectors),
    ]
  }
}

extension ChildSuite {
  fileprivate static func usable(_ proposal: Proposal) throws(ChildFault) -> ChildSuite {
    do throws(SuiteFault) {
      return try ChildSuite(proposal)
    } catch {
      throw .unusableSuite(error)
    }
  }
}

extension [Proposal] {
  /// The proposals with numbers from 1 on, an SPI, and no key exchanges where there is no place for them.
  func numbered(spi: [UInt8], withKeyExchange: Bool) -> [Proposal] {
    enumerated().map { index, proposal in
      var proposal = withKeyExchange ? proposal : proposal.withoutKeyExchanges
      proposal.number = UInt8(truncatingIfNeeded: index + 1)
      proposal.spi = spi
      return proposal
    }
  }
}

extension UInt32 {
  /// The number in network order, as an SPI of ESP and AH stands in a proposal.
  var octets: [UInt8] {
    var writer = ByteWriter()
    writer.u32(self)
    return writer.bytes
  }

  /// Nil for any other count than four octets, and for the SPI zero, which is for local use (RFC 4303,
  /// section 2.1).
  init?(octets: [UInt8]) {
    guard octets.count == 4 else { return nil }
    self = octets.reduce(0) { $0 << 8 | UInt32($1) }
    if self == 0 { return nil }
  }
}
