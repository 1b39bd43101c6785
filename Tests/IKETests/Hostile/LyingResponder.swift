import IPsecCrypto
import PacketDissector

@testable import IKE

/// An initiator's session, and a responder that knows the keys and says whatever a test makes it say.
final class LyingResponder {
  let session: IKESession
  private(set) var now = Instant(nanoseconds: 0)
  private(set) var events: [SessionEvent] = []
  /// What the session has sent, without markers.
  private(set) var sent: [[UInt8]] = []
  /// The most datagrams that anything given made the session send at once.
  private(set) var largestBurst = 0
  /// The responder's end of the IKE SA; nil before ``agree(spoiling:)``.
  private(set) var protection: MessageProtection?
  private var random: SplitMix64

  /// What the responder has worked out from IKE_SA_INIT.
  struct Agreement {
    let request: IKEMessage
    let requestBytes: [UInt8]
    let response: [UInt8]
    let suite: IKESuite
    let keys: IKEKeys
    let nonces: (initiator: [UInt8], responder: [UInt8])
  }

  private(set) var agreement: Agreement?

  static let spi: UInt64 = 0xBAD0_BAD0_BAD0_BAD0

  init(_ configuration: PeerConfiguration = .alice, seed: UInt64 = 1) {
    random = SplitMix64(state: seed)
    session = IKESession(
      initiatingTo: Pair.responderAddress, from: Pair.initiatorAddress, configuration,
      random: RandomSource(SplitMix64(state: seed)))
    session.start(at: now)
    collect()
  }

  // MARK: What the session gets

  func give(_ bytes: [UInt8], from remote: Endpoint = Pair.responderAddress) {
    session.handle(bytes, from: remote, to: Pair.initiatorAddress, at: now)
    collect()
  }

  /// Lets time pass until the session waits for nothing more; the number of deadlines that took, at most
  /// `limit`.
  func wait(limit: Int = 100) -> Int {
    for step in 0..<limit {
      guard let deadline = session.deadline else { return step }
      now = max(now, deadline)
      session.handleTimeout(at: now)
      collect()
    }
    return limit
  }

  /// Lets time pass until the session sends its request again.
  func giveUpWaiting() { _ = wait(limit: 1) }

  private func collect() {
    var burst = 0
    while let output = session.nextOutput() {
      switch output {
      case .send(let bytes, _, let remote):
        burst += 1
        sent.append(remote.port == 4500 ? Array(bytes.dropFirst(4)) : bytes)
      case .event(let event): events.append(event)
      }
    }
    largestBurst = max(largestBurst, burst)
  }

  // MARK: IKE_SA_INIT

  /// The session's last message.
  var request: IKEMessage {
    get throws { try IKEMessage(sent.last ?? []) }
  }

  /// A truthful IKE_SA_INIT response's payloads, and what follows from them.
  private func choose() throws -> (payloads: [IKEPayload], secret: Secret, Proposal, [UInt8]) {
    let payloads = try request.payloads
    guard let share = payloads.keyExchange, let own = PeerConfiguration.bob.ikeProposals.first,
      let answer = try? KeyExchangeResponder.respond(to: share.data, method: share.method)
    else { throw Unexpected(description: "no share to answer") }
    let nonce = (0..<32).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    return (
      [
        .proposals([own]), .keyExchange(share.method, answer.data), .nonce(nonce),
        .notify(.ikev2FragmentationSupported), .notify(.childlessIKEv2Supported),
      ], answer.secret, own, nonce
    )
  }

  /// A truthful IKE_SA_INIT response's payloads.
  func truth() throws -> [IKEPayload] { try choose().payloads }

  /// An IKE_SA_INIT message with these payloads.
  func initResponse(
    _ payloads: [IKEPayload], _ change: (inout IKEHeader) -> Void = { _ in }
  ) throws -> [UInt8] {
    var header = try request.header
    header.responderSPI = Self.spi
    header.flags = 0x20
    change(&header)
    var writer = ByteWriter()
    IKEMessage(header: header, payloads: payloads).write(to: &writer)
    return writer.bytes
  }

  /// Gives the session a truthful IKE_SA_INIT response, and keeps the keys.
  func agree() throws {
    let requestBytes = sent.last ?? []
    let request = try request
    let (payloads, secret, proposal, nonce) = try choose()
    guard let initiatorNonce = request.payloads.nonce else {
      throw Unexpected(description: "a request without a nonce")
    }
    let response = try initResponse(payloads)
    let suite = try IKESuite(proposal)
    let keys = try IKEKeys.initial(
      suite, sharedSecret: secret, initiatorNonce: initiatorNonce, responderNonce: nonce,
      initiatorSPI: request.header.initiatorSPI, responderSPI: Self.spi)
    protection = try MessageProtection(suite: suite, keys: keys, isInitiator: false)
    agreement = Agreement(
      request: request, requestBytes: requestBytes, response: response, suite: suite, keys: keys,
      nonces: (initiatorNonce, nonce))
    give(response)
  }

  // MARK: Behind it

  /// The payloads of an IKE_AUTH response that proves this responder to be bob, and agrees to the Child SA.
  func proof() throws -> [IKEPayload] {
    guard let agreement else { throw Unexpected(description: "no keys yet") }
    let context = AuthenticationContext(
      prf: agreement.suite.prf, initRequest: agreement.requestBytes,
      initResponse: agreement.response, initiatorNonce: agreement.nonces.initiator,
      responderNonce: agreement.nonces.responder, initiatorKey: agreement.keys.pi,
      responderKey: agreement.keys.pr)
    let bob = PeerConfiguration.bob
    let proof = try context.prove(
      .responder, bob.localIdentity, by: bob.credential, to: VerifierAbilities())
    return [
      IKEPayload(.identificationResponder, .identification(bob.localIdentity.payload)),
      .authentication(proof),
      .proposals(bob.childProposals.numbered(spi: [0xBA, 0xD0, 0, 1], withKeyExchange: false)),
      .selectors(.trafficSelectorInitiator, bob.remoteSelectors),
      .selectors(.trafficSelectorResponder, bob.localSelectors),
    ]
  }

  /// Seals a message in the IKE SA, by default a response to the session's last request.
  func sealed(
    _ payloads: [IKEPayload], fragmentBytes: Int? = nil,
    _ change: (inout IKEHeader) -> Void = { _ in }
  ) throws -> [[UInt8]] {
    guard let protection else { throw Unexpected(description: "no keys yet") }
    var header = try request.header
    header.flags = 0x20
    change(&header)
    return try protection.seal(header, payloads, fragmentBytes: fragmentBytes).datagrams
  }

  /// Gives a response in the IKE SA.
  func answer(_ payloads: [IKEPayload]) throws {
    for datagram in try sealed(payloads) { give(datagram) }
  }

  /// Proves itself and says nothing wrong: does the session still take it?
  func succeeds() throws -> Bool {
    try answer(proof())
    return session.isEstablished
  }
}
