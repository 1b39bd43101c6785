internal import PacketDissector

// This side's requests: queued, built, sealed, sent, and finished by their answers.

extension IKESession {
  /// Starts an exchange, now or as soon as those before it are done.
  func start(_ exchange: Exchange, on sa: IKESA, at now: Instant) {
    sa.waiting.append(exchange)
    advance(sa, at: now)
  }

  /// Sends the next request in the queue, if none is under way.
  func advance(_ sa: IKESA, at now: Instant) {
    while sa.underWay == nil, !sa.isDeleted, !sa.waiting.isEmpty {
      var exchange = sa.waiting.removeFirst()
      guard let payloads = requestPayloads(&exchange, on: sa) else { continue }
      let header = sa.header(
        exchange.type, messageID: UInt32(truncatingIfNeeded: sa.nextRequest), isResponse: false)
      do throws(SealFailure) {
        let sealed = try sa.protection.seal(header, payloads, fragmentBytes: fragmentLimit)
        sa.nextRequest += 1
        var underWay = RequestUnderWay(
          exchange, header: header, payloads: payloads, datagrams: sealed.datagrams,
          authenticated: sealed.authenticated, at: now)
        send(underWay.transmit(at: now, configuration.requestPolicy), along: path, at: now)
        sa.underWay = underWay
      } catch {
        return fail(.unsendable(error), at: now)
      }
    }
  }

  /// Octets of IKE that a message may have before it is fragmented; nil if it never is.
  var fragmentLimit: Int? {
    let sizes = configuration.fragmentBytes
    // A stream needs no fragments (RFC 9329).
    guard usesFragmentation, configuration.transport == .datagrams,
      sizes.indices.contains(fragmentSizeIndex)
    else { return nil }
    return path.messageBytes(in: sizes[fragmentSizeIndex], configuration.ports)
  }

  /// What a request says; nil if there is no more reason for it.
  private func requestPayloads(_ exchange: inout Exchange, on sa: IKESA) -> [IKEPayload]? {
    switch exchange {
    case .intermediate: return intermediateRequest()
    case .authentication: return authenticationRequest(on: sa)
    case .liveness: return []
    case .deleteChildren(let spis):
      let standing = spis.filter { spi in children.contains { $0.inboundSPI == spi } }
      exchange = .deleteChildren(standing)
      return standing.isEmpty ? nil : deletePayloads(inboundSPIs: standing)
    case .discardChild(let protocolID, let spi):
      let delete = DeletePayload(protocolID: protocolID, spiSize: 4, spis: [spi.octets])
      return [IKEPayload(.delete, .delete(delete))]
    case .deleteIKE:
      return [IKEPayload(.delete, .delete(DeletePayload(protocolID: .ike, spiSize: 0)))]
    case .farewell(let type): return [.notify(type)]
    case .createChild(var createChild):
      let payloads = requestPayloads(&createChild, on: sa)
      exchange = .createChild(createChild)
      return payloads
    }
  }

  /// Takes a message that answers a request, if its protection holds.
  func handleResponse(
    _ message: IKEMessage, _ bytes: [UInt8], on sa: IKESA, at now: Instant
  ) {
    guard let underWay = sa.underWay, underWay.header.messageID == message.header.messageID,
      underWay.header.exchangeType == message.header.exchangeType
    else {
      counters.strays += 1
      return
    }
    guard case .message(let chain, let authenticated) = open(message, bytes, sa.protection) else {
      return
    }
    sa.underWay = nil
    finish(underWay, with: chain, authenticated: authenticated, on: sa, at: now)
    advance(sa, at: now)
  }

  /// Opens a message; nil, and counted, for one that anyone may have sent.
  func open(
    _ message: IKEMessage, _ bytes: [UInt8], _ protection: MessageProtection
  ) -> MessageProtection.Opened? {
    do throws(OpenFailure) {
      return try protection.open(message, in: bytes)
    } catch .notProtected {
      counters.unprotected += 1
    } catch {
      counters.badlyProtected += 1
    }
    return nil
  }

  private func finish(
    _ request: RequestUnderWay, with chain: PayloadChain, authenticated: [UInt8], on sa: IKESA,
    at now: Instant
  ) {
    let response = chain.payloads
    if let failure = chain.failure(request.exchange.type) { return leave(failure, on: sa, at: now) }
    switch request.exchange {
    case .intermediate:
      finishIntermediate(request, response, authenticated: authenticated, on: sa, at: now)
    case .authentication: finishAuthentication(response, on: sa, at: now)
    case .liveness:
      emit(
        .alive(roundTrip: now - request.firstSent, transmissions: request.transmissions))
    case .deleteChildren(let spis): forgetChildren(inboundSPIs: spis, by: .local)
    case .discardChild: break
    case .deleteIKE, .farewell:
      if sa === current { endClosing(at: now) } else { haveDeleted(sa, at: now) }
    case .createChild(let exchange): finish(exchange, with: response, on: sa, at: now)
    }
  }

  /// Ends the IKE SA because of what the peer answered: there are no answers to answers, so that it is
  /// told in an exchange of its own (RFC 7296, section 2.21).
  func leave(
    _ failure: SessionFailure, telling type: NotifyType? = nil, on sa: IKESA, at now: Instant
  ) {
    guard sa === current else { return retire(sa) }
    // Who answers even the end with something else hears no more.
    if case .closing = phase { return endClosing(at: now) }
    emit(.failed(failure))
    phase = .closing(nil)
    handshake = nil
    children = []
    sa.waiting = []
    start(type.map { .farewell($0) } ?? .deleteIKE, on: sa, at: now)
  }
}

extension PayloadChain {
  /// Why a protected message cannot be taken for what it says: it came from the peer, which made it so.
  func failure(_ type: ExchangeType) -> SessionFailure? {
    if let critical = payloads.unsupportedCritical {
      return .unsupportedCriticalPayload(critical)
    }
    return stop != nil || payloads.malformed != nil ? .malformed(type) : nil
  }
}
