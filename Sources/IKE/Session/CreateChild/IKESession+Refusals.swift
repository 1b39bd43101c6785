internal import PacketDissector

// What CREATE_CHILD_SA comes to as its initiator where it fails (RFC 7296, sections 1.3 and 2.25).

extension IKESession {
  /// The responder says no.
  func finish(
    _ exchange: CreateChildExchange, refusedBy error: NotifyPayload, on sa: IKESA, at now: Instant
  ) {
    var exchange = exchange
    if error.type == .invalidKEPayload, case .keyExchangeMethod(let method) = error.content,
      exchange.retry(with: method)
    {
      sa.waiting.insert(.createChild(exchange), at: 0)
      return
    }
    let collision = sa.takeCollision()
    _ = sa.takeStillborn()
    switch error.type {
    case .invalidSyntax, .authenticationFailed:
      // The peer takes it for the end of the IKE SA (RFC 7296, section 2.21.3).
      leave(.refused(error.type, in: exchange.type), on: sa, at: now)
    case .childSANotFound where exchange.replacedChild != nil:
      recreate(exchange, on: sa, at: now)
    default:
      // The peer has already replaced what it will not have replaced twice.
      if let successor = collision?.successor {
        adopt(successor, from: sa, at: now)
      } else if collision == nil {
        report(.refused(error.type), of: exchange)
      }
    }
  }

  /// The peer does not know the Child SA: it is gone, and another takes its place (RFC 7296, section
  /// 2.25.1), unless the peer has replaced it itself.
  private func recreate(_ exchange: CreateChildExchange, on sa: IKESA, at now: Instant) {
    guard case .child(var plan) = exchange.purpose, let replaced = plan.replaced,
      child(replaced) != nil, !superseded.contains(replaced)
    else { return }
    forgetChildren(inboundSPIs: [replaced], by: .peer)
    plan.replaced = nil
    start(.createChild(CreateChildExchange(.child(plan))), on: sa, at: now)
  }

  /// The responder has agreed to something, but not to what can be.
  func abandon(
    _ exchange: CreateChildExchange, because fault: ChildFault, on sa: IKESA, at now: Instant
  ) {
    _ = sa.takeCollision()
    _ = sa.takeStillborn()
    switch exchange.purpose {
    case .ike:
      // The peer goes on in an IKE SA that this side cannot have.
      leave(fault.sessionFailure(exchange.type), telling: .invalidSyntax, on: sa, at: now)
    case .child:
      report(fault, of: exchange)
      guard let (protocolID, spi) = exchange.offeredChild else { return }
      start(.discardChild(protocolID, spi), on: sa, at: now)
    }
  }

  func report(_ fault: ChildFault, of exchange: CreateChildExchange) {
    emit(exchange.rekeysIKE ? .rekeyRefused(fault) : .childRefused(fault))
  }
}

extension CreateChildExchange {
  /// The Child SA that the peer may have by now, by the SPI that it was offered.
  fileprivate var offeredChild: (ProtocolID, UInt32)? {
    switch stage {
    case .planned: nil
    case .offered(let offer):
      if case .child(let child) = offer.product, let first = child.proposals.first {
        (first.protocolID, child.spi)
      } else {
        nil
      }
    case .following(let agreement, _):
      if case .child(let terms, _) = agreement.product {
        (terms.suite.protocolID, terms.inboundSPI)
      } else {
        nil
      }
    }
  }
}

extension ChildFault {
  /// The same fault, where it costs the IKE SA.
  fileprivate func sessionFailure(_ type: ExchangeType) -> SessionFailure {
    switch self {
    case .refused(let notify): .refused(notify, in: type)
    case .wrongChoice(let fault): .wrongChoice(fault)
    case .unusableSuite(let fault): .unusableSuite(fault)
    case .missing(let payload): .missing(payload, in: type)
    case .keyExchange(let failure): .keyExchange(failure)
    case .crypto(let error): .crypto(error)
    case .noProposalChosen, .selectorsUnacceptable, .otherTerms: .malformed(type)
    }
  }
}
