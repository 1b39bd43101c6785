package import PacketDissector

/// One IKE_SA_INIT exchange on the initiator's side: a request that is sent again until it is answered,
/// with the cookie and the key exchange method that the responder asks for.
///
/// Whoever drives it sends what it returns, and calls it with each datagram and at ``deadline``.
package struct InitExchange: Sendable {
  /// What became of a datagram.
  package enum Reaction: Equatable, Sendable {
    /// It does not answer this request: it is as if it had not come.
    case ignored(Stray)
    /// The request with a cookie, to be sent now.
    case send([UInt8])
    /// The responder wants a share of another method of the request: see ``retry(with:at:)``.
    case wantsShare(KeyExchangeMethod)
    case done(InitAnswer)
  }

  /// Why a datagram is no answer.
  package enum Stray: Equatable, Sendable {
    /// Not IKE, or too short to be.
    case notIKE
    /// Another initiator SPI: an answer to nobody, or a forged one.
    case otherSPI
    /// A request, another exchange or another message ID.
    case notTheResponse
    /// An answer that the request has been changed for already, octet for octet: to a request that was sent
    /// twice, or copied on its way.
    case repeated
    /// The exchange has ended.
    case late
  }

  /// Cookies, and key exchange methods, that one exchange follows before it takes the answer as its end.
  package static let retryLimit = 3

  package private(set) var request: InitRequest
  package private(set) var policy: RetransmissionPolicy
  /// When to call ``handleTimeout(at:)``; nil once the exchange has ended.
  package private(set) var deadline: Instant?
  /// Datagrams sent in all, and those among them that repeated another octet for octet.
  package private(set) var transmissions = 0
  package private(set) var retransmissions = 0
  package private(set) var cookieRounds = 0
  package private(set) var keyExchangeRounds = 0
  /// Datagrams that were no answer.
  package private(set) var strays = 0
  /// When the request as it is now was sent first, and last.
  package private(set) var firstSent: Instant?
  package private(set) var lastSent: Instant?
  /// The largest request so far, in octets of IKE.
  package private(set) var largestRequest = 0
  private var sentSinceChange = 0
  private var bytes: [UInt8]
  /// The answers that the request was changed for, and how often they may come again before whoever sends
  /// them is taken to mean it.
  private var followed: [[UInt8]] = []
  private var repeatsLeft: Int

  package init(_ request: InitRequest, policy: RetransmissionPolicy = .quick) {
    self.request = request
    self.policy = policy
    bytes = request.bytes
    repeatsLeft = min(2, policy.transmissions - 1)
  }

  /// The first transmission.
  package mutating func start(at now: Instant) -> [UInt8] {
    sentSinceChange = 0
    return transmit(at: now)
  }

  /// The next transmission; nil if the responder has been silent through all of them, or there was
  /// nothing to wait for.
  package mutating func handleTimeout(at now: Instant) -> [UInt8]? {
    guard let due = deadline else { return nil }
    guard due <= now else { return nil }
    guard sentSinceChange < policy.transmissions else {
      deadline = nil
      return nil
    }
    retransmissions += 1
    return transmit(at: now)
  }

  /// Takes a datagram, without the non-ESP marker.
  package mutating func handle(_ datagram: [UInt8], at now: Instant) -> Reaction {
    guard deadline != nil else { return stray(.late) }
    var reader = ByteReader(datagram.rawBytes)
    guard let message = try? IKEMessage(from: &reader) else { return stray(.notIKE) }
    let header = message.header
    guard header.initiatorSPI == request.initiatorSPI else { return stray(.otherSPI) }
    // An IKEv1 daemon answers in its own version, and marks no response as such.
    guard
      header.majorVersion != 2
        || header.isResponse && !header.isFromInitiator && header.messageID == 0
          && ExchangeType(rawValue: header.exchangeType) == .ikeSAInit
    else { return stray(.notTheResponse) }
    let answer = InitAnswer(message, bytes: datagram)
    guard !answer.isForgedRedirect(request.nonce) else { return stray(.notTheResponse) }
    if repeatsLeft > 0, followed.contains(datagram) {
      repeatsLeft -= 1
      return stray(.repeated)
    }
    switch answer.meaning {
    case .cookie(let cookie) where cookieRounds < Self.retryLimit:
      cookieRounds += 1
      followed.append(datagram)
      request.cookie = cookie
      return .send(sendChanged(at: now))
    case .keyExchangeWanted(let method)
    where keyExchangeRounds < Self.retryLimit && method != request.keyExchange.method
      && request.proposals.contains(where: { $0.offers(method) }):
      keyExchangeRounds += 1
      followed.append(datagram)
      return .wantsShare(method)
    default:
      deadline = nil
      return .done(answer)
    }
  }

  /// The request with a share of the method that the responder wants; the cookie stays.
  package mutating func retry(
    with share: KeyExchangePayload, at now: Instant
  ) -> [UInt8] {
    request.keyExchange = share
    return sendChanged(at: now)
  }

  private mutating func sendChanged(at now: Instant) -> [UInt8] {
    bytes = request.bytes
    sentSinceChange = 0
    return transmit(at: now)
  }

  private mutating func transmit(at now: Instant) -> [UInt8] {
    if sentSinceChange == 0 { firstSent = now }
    lastSent = now
    deadline = now + policy.wait(after: sentSinceChange)
    sentSinceChange += 1
    transmissions += 1
    largestRequest = max(largestRequest, bytes.count)
    return bytes
  }

  private mutating func stray(_ why: Stray) -> Reaction {
    strays += 1
    return .ignored(why)
  }
}

extension Proposal {
  /// Whether a method is among the proposal's own key exchanges (not the additional ones).
  package func offers(_ method: KeyExchangeMethod) -> Bool {
    transforms.contains { $0.type == .keyExchange && $0.id == method.rawValue }
  }
}
