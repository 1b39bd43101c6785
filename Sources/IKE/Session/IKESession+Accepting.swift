internal import IPsecCrypto
internal import PacketDissector

/// What a responder says to an IKE_SA_INIT request instead of a choice; nothing is kept of it.
struct InitRefusal: Error {
  var notify: NotifyPayload

  init(_ type: NotifyType, _ content: NotifyContent = .data([])) {
    notify = NotifyPayload(type, content)
  }
}

extension IKESession {
  /// Answers an IKE_SA_INIT request: the response is returned, not sent.
  ///
  /// `lifetime` is how long the initiator may take to prove who it is.
  func accept(
    _ message: IKEMessage, bytes: [UInt8], lifetime: Duration, at now: Instant
  ) throws(InitRefusal) -> [UInt8] {
    let request = message.payloads
    guard let offered = request.proposals, let share = request.keyExchange,
      let nonce = request.nonce
    else { throw InitRefusal(.invalidSyntax) }
    if let gateway = configuration.redirectsTo, PeerCapabilities(request).redirect {
      throw InitRefusal(.redirect, .redirect(gateway, nonce: nonce))
    }
    let (proposal, suite) = try choice(among: offered, share.method)
    let responderSPI = random.ikeSPI()
    let ownNonce = random.bytes(32)
    do throws(SessionFailure) {
      let answer = try SessionFailure.of { () throws(KeyExchangeFailure) in
        try KeyExchangeResponder.respond(to: share.data, method: share.method)
      }
      let response = try SessionFailure.of { () throws(CryptoError) in
        current = try IKESA(
          first: suite, secret: answer.secret, isInitiator: false,
          initiatorSPI: message.header.initiatorSPI, responderSPI: responderSPI,
          nonces: (nonce, ownNonce))
        nat = try NATVerdict(
          request, initiatorSPI: message.header.initiatorSPI, responderSPI: 0, path)
        return try initResponse(
          to: message, [.proposals([proposal]), .keyExchange(share.method, answer.data)], ownNonce,
          responderSPI: responderSPI)
      }
      enterHandshake(request, bytes, response, suite)
      expiry = now + lifetime
      return response
    } catch {
      throw InitRefusal(.invalidSyntax)
    }
  }

  private func choice(
    among offered: [Proposal], _ method: KeyExchangeMethod
  ) throws(InitRefusal) -> (Proposal, IKESuite) {
    let own = configuration.ikeProposals.numbered(spi: [], withKeyExchange: true)
    let chosen = ProposalSelection.choose(
      from: offered, by: own, preferring: configuration.preference)
    guard let chosen, let suite = try? IKESuite(chosen),
      suite.additional.isEmpty || configuration.announcesIntermediate
    else { throw InitRefusal(.noProposalChosen) }
    if let wanted = ProposalSelection.methodWanted(for: chosen, insteadOf: method) {
      throw InitRefusal(.invalidKEPayload, .keyExchangeMethod(wanted))
    }
    return (chosen, suite)
  }

  private func initResponse(
    to message: IKEMessage, _ choice: [IKEPayload], _ nonce: [UInt8], responderSPI: UInt64
  ) throws(CryptoError) -> [UInt8] {
    let header = IKEHeader(
      initiatorSPI: message.header.initiatorSPI, responderSPI: responderSPI, nextPayload: 0,
      exchangeType: ExchangeType.ikeSAInit.rawValue, flags: 0x20, messageID: 0, length: 0)
    var notifies: [NotifyPayload] = []
    if message.payloads.contains(.natDetectionSourceIP) {
      notifies += try configuration.natDetection(
        initiatorSPI: message.header.initiatorSPI, responderSPI: responderSPI, path)
    }
    notifies += configuration.capabilityNotifies
    notifies.append(NotifyPayload(.childlessIKEv2Supported))
    if usesPPK(message.payloads) { notifies.append(NotifyPayload(.usePPK)) }
    var payloads = choice + [.nonce(nonce)] + ownCertificateRequests
    payloads += notifies.map { IKEPayload(.notify, .notify($0)) } + authenticationAnnouncements
    payloads += configuration.vendorIDs.map { IKEPayload(.vendorID, .vendorID($0)) }
    var writer = ByteWriter()
    IKEMessage(header: header, payloads: payloads).write(to: &writer)
    return writer.bytes
  }

  private func usesPPK(_ request: [IKEPayload]) -> Bool {
    PPKDecision.afterInit(policy: configuration.ppk, peerSentUsePPK: request.contains(.usePPK))
      == .use
  }

  private func enterHandshake(
    _ request: [IKEPayload], _ bytes: [UInt8], _ response: [UInt8], _ suite: IKESuite
  ) {
    let capabilities = PeerCapabilities(request)
    usesFragmentation = configuration.supportsFragmentation && capabilities.fragmentation
    handshake = Handshake(
      initRequest: bytes, initResponse: response, capabilities: capabilities,
      remaining: suite.additional)
    phase = .negotiating
    emitNAT()
  }
}
