internal import IPsecCrypto
internal import PacketDissector

// CREATE_CHILD_SA and IKE_FOLLOWUP_KE as their responder (RFC 7296, sections 1.3 and 2.25; RFC 9370).

/// Why a request for an SA is turned down.
private enum CreateChildRefusal: Error {
  case notify(NotifyPayload)
  /// INVALID_SYNTAX, which ends the IKE SA.
  case fatal(SessionFailure)

  static var temporary: CreateChildRefusal { .notify(NotifyPayload(.temporaryFailure)) }

  init(_ fault: ChildFault) {
    switch fault {
    case .missing(let type): self = .fatal(.missing(type, in: .createChildSA))
    default: self = .notify(NotifyPayload(fault.notifyType))
    }
  }

  var answer: Answer {
    switch self {
    case .notify(let notify): Answer([IKEPayload(.notify, .notify(notify))])
    case .fatal(let failure): .refusal(.invalidSyntax, failure)
    }
  }
}

/// What a responder makes of a request, without key exchange and nonce.
private struct CreateChildChoice {
  let product: CreateChildAgreement.Product
  let proposal: Proposal
  var notifications: [IKEPayload] = []
  var selectorPayloads: [IKEPayload] = []
}

extension IKESession {
  func answerCreateChild(_ request: [IKEPayload], on sa: IKESA, at now: Instant) -> Answer {
    do throws(CreateChildRefusal) {
      // An IKE SA that has a successor makes nothing new.
      guard sa === current else { throw .temporary }
      guard let offered = request.proposals else {
        throw .fatal(.missing(.securityAssociation, in: .createChildSA))
      }
      guard let nonce = request.nonce else { throw .fatal(.missing(.nonce, in: .createChildSA)) }
      let choice =
        offered.first?.protocolID == .ike
        ? try ikeChoice(offered, on: sa) : try childChoice(request, on: sa)
      var agreement = CreateChildAgreement(
        choice.product, initiatorNonce: nonce, responderNonce: random.bytes(32))
      let share = try answerShare(request.keyExchange, &agreement)
      noteCollision(agreement, on: sa)
      let link = try settle(&agreement, on: sa, at: now)
      return Answer(
        choice.notifications
          + [.proposals([choice.proposal]), .nonce(agreement.responderNonce)] + share
          + choice.selectorPayloads + link)
    } catch {
      return error.answer
    }
  }

  func answerFollowup(_ request: [IKEPayload], on sa: IKESA, at now: Instant) -> Answer {
    do throws(CreateChildRefusal) {
      guard sa === current else { throw .temporary }
      guard var agreement = sa.followup,
        request.notify(.additionalKeyExchange)?.data == agreement.link
      else { throw .notify(NotifyPayload(.stateNotFound)) }
      guard let share = request.keyExchange, share.method == agreement.remaining.first else {
        throw .fatal(.missing(.keyExchange, in: .ikeFollowupKE))
      }
      sa.followup = nil
      agreement.remaining.removeFirst()
      let data = try respond(to: share, &agreement)
      let link = try settle(&agreement, on: sa, at: now)
      return Answer([.keyExchange(share.method, data)] + link)
    } catch {
      return error.answer
    }
  }

  /// Puts what is agreed on into use, or waits for the next additional key exchange, to which it gives
  /// a link.
  private func settle(
    _ agreement: inout CreateChildAgreement, on sa: IKESA, at now: Instant
  ) throws(CreateChildRefusal) -> [IKEPayload] {
    guard agreement.remaining.isEmpty else {
      agreement.link = random.bytes(16)
      sa.followup = agreement
      return [.notify(.additionalKeyExchange, .data(agreement.link))]
    }
    do throws(CryptoError) {
      try concludeForPeer(agreement, on: sa, at: now)
    } catch {
      throw .fatal(.crypto(error))
    }
    return []
  }

  /// The answer's KE payload, where one is due.
  private func answerShare(
    _ share: KeyExchangePayload?, _ agreement: inout CreateChildAgreement
  ) throws(CreateChildRefusal) -> [IKEPayload] {
    guard let method = agreement.firstMethod else { return [] }
    guard let share, share.method == method else {
      throw .notify(NotifyPayload(.invalidKEPayload, .keyExchangeMethod(method)))
    }
    return [.keyExchange(method, try respond(to: share, &agreement))]
  }

  private func respond(
    to share: KeyExchangePayload, _ agreement: inout CreateChildAgreement
  ) throws(CreateChildRefusal) -> [UInt8] {
    do throws(KeyExchangeFailure) {
      let answer = try KeyExchangeResponder.respond(to: share.data, method: share.method)
      agreement.secrets.append(answer.secret)
      return answer.data
    } catch .cannotComplete {
      throw .notify(NotifyPayload(.noProposalChosen))
    } catch {
      throw .fatal(.keyExchange(error))
    }
  }

  private func ikeChoice(
    _ offered: [Proposal], on sa: IKESA
  ) throws(CreateChildRefusal) -> CreateChildChoice {
    // RFC 7296, section 2.25.2: not in the midst of making or deleting Child SAs.
    switch sa.underWay?.exchange {
    case .createChild(let own)? where !own.rekeysIKE: throw .temporary
    case .deleteChildren?, .discardChild?: throw .temporary
    default: break
    }
    let own = configuration.ikeProposals.numbered(spi: [], withKeyExchange: true)
    let chosen = ProposalSelection.choose(
      from: offered, by: own, preferring: configuration.preference)
    guard var chosen, let suite = try? IKESuite(chosen), let peerSPI = UInt64(octets: chosen.spi)
    else { throw .notify(NotifyPayload(.noProposalChosen)) }
    let spi = random.ikeSPI()
    chosen.spi = spi.octets
    return CreateChildChoice(
      product: .ike(suite, initiatorSPI: peerSPI, responderSPI: spi), proposal: chosen)
  }

  private func childChoice(
    _ request: [IKEPayload], on sa: IKESA
  ) throws(CreateChildRefusal) -> CreateChildChoice {
    // RFC 7296, section 2.25.2: not while the IKE SA is rekeyed.
    if case .createChild(let own)? = sa.underWay?.exchange, own.rekeysIKE { throw .temporary }
    if sa.followup?.rekeysIKE == true { throw .temporary }
    let replaced = try replacedChild(request, on: sa)
    guard children.count < Self.childLimit else {
      throw .notify(NotifyPayload(.noAdditionalSas))
    }
    do throws(ChildFault) {
      let terms = try ChildTerms(
        choosingFrom: request, configuration, spi: unusedChildSPI(), withKeyExchange: true)
      return CreateChildChoice(
        product: .child(terms, replaced: replaced), proposal: terms.proposal,
        notifications: terms.notifications(configuration),
        selectorPayloads: terms.selectorPayloads)
    } catch {
      throw CreateChildRefusal(error)
    }
  }

  /// The Child SA that REKEY_SA names by the peer's inbound SPI; nil where there is no such notification.
  private func replacedChild(
    _ request: [IKEPayload], on sa: IKESA
  ) throws(CreateChildRefusal) -> UInt32? {
    guard let rekey = request.notify(.rekeySA) else { return nil }
    let old = children.first {
      $0.suite.protocolID == rekey.protocolID && $0.outboundSPI.octets == rekey.spi
    }
    guard let old else {
      // Perhaps it is the one that this side waits to hear of.
      guard !sa.isMakingChild else { throw .temporary }
      throw .notify(
        NotifyPayload(.childSANotFound, protocolID: rekey.protocolID, spi: rekey.spi))
    }
    // RFC 7296, section 2.25.1: what is about to be deleted is not rekeyed.
    if case .deleteChildren(let spis)? = sa.underWay?.exchange, spis.contains(old.inboundSPI) {
      throw .temporary
    }
    guard !superseded.contains(old.inboundSPI) else { throw .temporary }
    return old.inboundSPI
  }

  /// Remembers that both sides rekey the same, if they do.
  private func noteCollision(_ agreement: CreateChildAgreement, on sa: IKESA) {
    guard case .createChild(let own)? = sa.underWay?.exchange else { return }
    let isSame =
      agreement.rekeysIKE
      ? own.rekeysIKE
      : agreement.replacedChild != nil && own.replacedChild == agreement.replacedChild
    if isSame { sa.collision = RekeyCollision(nonces: agreement.nonces) }
  }
}

extension CreateChildAgreement {
  var rekeysIKE: Bool {
    if case .ike = product { true } else { false }
  }

  /// The inbound SPI of the Child SA that gives way.
  var replacedChild: UInt32? {
    if case .child(_, let replaced) = product { replaced } else { nil }
  }
}
