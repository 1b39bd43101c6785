internal import IPsecCrypto
internal import PacketDissector

/// IKE_SA_INIT on the initiator's side: the exchange, and the private half of the share in its request.
struct Initiation {
  var exchange: InitExchange
  var share: KeyExchangeInitiator
}

extension IKESession {
  /// Sends the IKE_SA_INIT request.
  package func start(at now: Instant) {
    guard case .idle = phase else { return }
    do throws(CryptoError) {
      let spi = random.ikeSPI()
      let proposals = configuration.ikeProposals.numbered(spi: [], withKeyExchange: true)
      let share = try KeyExchangeInitiator(proposals.firstMethod ?? .none)
      let request = InitRequest(
        initiatorSPI: spi, proposals: proposals,
        keyExchange: KeyExchangePayload(method: share.method, data: share.data),
        nonce: random.bytes(32), notifies: try requestNotifies(spi),
        vendorIDs: configuration.vendorIDs)
      var exchange = InitExchange(request, policy: configuration.requestPolicy)
      send([exchange.start(at: now)], along: path, at: now)
      phase = .initiating(Initiation(exchange: exchange, share: share))
    } catch {
      fail(.crypto(error), at: nil)
    }
  }

  private func requestNotifies(_ spi: UInt64) throws(CryptoError) -> [NotifyPayload] {
    var notifies = try configuration.natDetection(
      initiatorSPI: spi, responderSPI: 0, path)
    notifies += configuration.capabilityNotifies
    if let gateway = configuration.redirectedFrom {
      notifies.append(NotifyPayload(.redirectedFrom, .redirectedFrom(gateway)))
    } else {
      notifies.append(NotifyPayload(.redirectSupported))
    }
    if configuration.ppk != nil { notifies.append(NotifyPayload(.usePPK)) }
    return notifies
  }

  func retryInit(at now: Instant) {
    guard case .initiating(var initiation) = phase, let due = initiation.exchange.deadline,
      due <= now
    else { return }
    guard let request = initiation.exchange.handleTimeout(at: now) else {
      return fail(.noAnswer(.ikeSAInit), at: nil)
    }
    counters.retransmissions += 1
    send([request], along: path, at: now)
    phase = .initiating(initiation)
  }

  /// Takes what may answer the IKE_SA_INIT request.
  func handleInitAnswer(_ bytes: [UInt8], along path: IKEPath, at now: Instant) {
    guard case .initiating(var initiation) = phase else { return }
    guard path.remote == self.path.remote else {
      counters.strays += 1
      return
    }
    switch initiation.exchange.handle(bytes, at: now) {
    case .ignored: counters.strays += 1
    case .send(let request): send([request], along: self.path, at: now)
    case .wantsShare(let method):
      do throws(CryptoError) {
        initiation.share = try KeyExchangeInitiator(method)
        let payload = KeyExchangePayload(method: method, data: initiation.share.data)
        send([initiation.exchange.retry(with: payload, at: now)], along: self.path, at: now)
      } catch {
        return fail(.crypto(error), at: nil)
      }
    case .done(let answer): return finishInit(initiation, answer, along: path, at: now)
    }
    phase = .initiating(initiation)
  }

  private func finishInit(
    _ initiation: Initiation, _ answer: InitAnswer, along path: IKEPath, at now: Instant
  ) {
    switch answer.meaning {
    case .accepted(let proposal, let share, let nonce):
      do throws(SessionFailure) {
        try acceptAnswer(initiation, answer, proposal, share, nonce, along: path)
        emitNAT()
        proceed(at: now)
      } catch {
        fail(error, at: nil)
      }
    case .noProposalChosen: fail(.refused(.noProposalChosen, in: .ikeSAInit), at: nil)
    case .cookie: fail(.refused(.cookie, in: .ikeSAInit), at: nil)
    case .keyExchangeWanted: fail(.refused(.invalidKEPayload, in: .ikeSAInit), at: nil)
    case .otherVersion(let version): fail(.otherVersion(version), at: nil)
    case .redirect(let gateway):
      emit(.redirected(gateway))
      fail(.redirected, at: nil)
    case .error(let type): fail(.refused(type, in: .ikeSAInit), at: nil)
    case .malformed: fail(.malformed(.ikeSAInit), at: nil)
    }
  }

  private func acceptAnswer(
    _ initiation: Initiation, _ answer: InitAnswer, _ proposal: Proposal,
    _ share: KeyExchangePayload, _ nonce: [UInt8], along path: IKEPath
  ) throws(SessionFailure) {
    let request = initiation.exchange.request
    let payloads = answer.message.payloads
    if let critical = payloads.unsupportedCritical { throw .unsupportedCriticalPayload(critical) }
    let suite = try IKESuite(answer: proposal, to: request.proposals)
    guard share.method == suite.keyExchange, share.method == initiation.share.method else {
      throw .malformed(.ikeSAInit)
    }
    let capabilities = PeerCapabilities(payloads)
    guard
      PPKDecision.afterInit(policy: configuration.ppk, peerSentUsePPK: capabilities.ppk) != .fail
    else { throw .noPPK }
    guard suite.additional.isEmpty || capabilities.intermediate else { throw .noIntermediate }
    let secret = try SessionFailure.of { () throws(KeyExchangeFailure) in
      try initiation.share.complete(share.data)
    }
    try SessionFailure.of { () throws(CryptoError) in
      current = try IKESA(
        first: suite, secret: secret, isInitiator: true, initiatorSPI: request.initiatorSPI,
        responderSPI: answer.responderSPI, nonces: (request.nonce, nonce))
      nat = try NATVerdict(
        payloads, initiatorSPI: request.initiatorSPI, responderSPI: answer.responderSPI, path)
    }
    if nat.isAny || configuration.forcesEncapsulation {
      self.path = self.path.floated(configuration.ports)
    }
    usesFragmentation = configuration.supportsFragmentation && capabilities.fragmentation
    handshake = Handshake(
      initRequest: request.bytes, initResponse: answer.bytes, capabilities: capabilities,
      remaining: suite.additional)
    phase = .negotiating
  }

  func emitNAT() {
    if nat.isAny { emit(.natDetected(local: nat.local, remote: nat.remote)) }
  }

  /// Goes on to the next IKE_INTERMEDIATE, or to IKE_AUTH.
  func proceed(at now: Instant) {
    guard let current, var handshake else { return }
    guard let method = handshake.remaining.first else {
      return start(.authentication, on: current, at: now)
    }
    do throws(CryptoError) {
      handshake.remaining.removeFirst()
      handshake.share = try KeyExchangeInitiator(method)
      self.handshake = handshake
      start(.intermediate, on: current, at: now)
    } catch {
      fail(.crypto(error), at: nil)
    }
  }
}

extension IKESA {
  /// The IKE SA that IKE_SA_INIT makes.
  convenience init(
    first suite: IKESuite, secret: Secret, isInitiator: Bool, initiatorSPI: UInt64,
    responderSPI: UInt64, nonces: (initiator: [UInt8], responder: [UInt8])
  ) throws(CryptoError) {
    let keys = try IKEKeys.initial(
      suite, sharedSecret: secret, initiatorNonce: nonces.initiator,
      responderNonce: nonces.responder, initiatorSPI: initiatorSPI, responderSPI: responderSPI)
    try self.init(
      initiatorSPI: initiatorSPI, responderSPI: responderSPI, isInitiator: isInitiator,
      suite: suite, keys: keys, initiatorNonce: nonces.initiator,
      responderNonce: nonces.responder, isFirst: true)
  }
}

extension IKESuite {
  /// The suite of a responder's choice among `offered`.
  init(answer proposal: Proposal, to offered: [Proposal]) throws(SessionFailure) {
    let accepted: Proposal
    do throws(ProposalSelection.AnswerFault) {
      accepted = try ProposalSelection.verify([proposal], against: offered)
    } catch {
      throw .wrongChoice(error)
    }
    do throws(SuiteFault) {
      self = try IKESuite(accepted)
    } catch {
      throw .unusableSuite(error)
    }
  }
}

extension [Proposal] {
  /// The first key exchange method that this build can complete.
  fileprivate var firstMethod: KeyExchangeMethod? {
    for transform in flatMap(\.transforms) where transform.type == .keyExchange {
      let method = KeyExchangeMethod(rawValue: transform.id)
      if method.support == .complete { return method }
    }
    return nil
  }
}

extension SessionFailure {
  static func of<Value>(
    _ make: () throws(CryptoError) -> Value
  ) throws(SessionFailure) -> Value {
    do throws(CryptoError) {
      return try make()
    } catch {
      throw .crypto(error)
    }
  }

  static func of<Value>(
    _ make: () throws(AuthenticationFailure) -> Value
  ) throws(SessionFailure) -> Value {
    do throws(AuthenticationFailure) {
      return try make()
    } catch {
      throw .authentication(error)
    }
  }

  static func of<Value>(
    _ make: () throws(KeyExchangeFailure) -> Value
  ) throws(SessionFailure) -> Value {
    do throws(KeyExchangeFailure) {
      return try make()
    } catch {
      throw .keyExchange(error)
    }
  }
}
