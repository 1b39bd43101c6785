internal import IPsecCrypto
package import PacketDissector

/// An initiator of IKEv1: main mode with a pre-shared key (RFC 2409, section 5.4), NAT traversal
/// (RFC 3947), and over the SA that comes of it dead peer detection (RFC 3706). There is no phase 2.
///
/// It does no I/O and has no clock, and is driven as ``IKESession`` is. What is not authenticated changes
/// nothing but what a failure is called. The commit flag (RFC 2408, section 3.1) is let pass: it holds
/// back an SA's traffic, and here is none.
package final class MainModeSession {
  package enum Output: Sendable {
    case send([UInt8], from: Endpoint, to: Endpoint)
    case event(MainModeEvent)
  }

  enum Phase {
    case idle
    case offering
    /// The peer has chosen; shares and nonces are under way.
    case agreeing(Agreement)
    /// There are keys, but nobody has proved anything yet.
    case proving(Agreement, IKEv1Protection)
    case established(IKEv1Protection)
    case ended
  }

  package let configuration: MainModeConfiguration
  package internal(set) var counters = SessionCounters()
  let initiatorCookie: UInt64
  /// Zero until the peer has one.
  var responderCookie: UInt64 = 0
  var phase = Phase.idle
  var random: RandomSource
  /// Where messages go to.
  package internal(set) var path: IKEPath
  var nat = NATVerdict()
  /// The message of main mode that waits for its answer.
  var transmission: Transmission?
  /// The R-U-THERE that waits for its answer.
  var probe: LivenessProbe?
  /// The number of the next R-U-THERE; the first has its top bit clear (RFC 3706, section 6.2).
  var nextSequence: UInt32
  /// The number of the peer's last R-U-THERE.
  var peerSequence: UInt32?
  var answersLiveness = false
  /// What seems to be amiss, by a message that may be anybody's.
  var suspicion: MainModeFailure?
  /// Types of unprotected notifications that were told.
  var toldTypes: Set<IKEv1NotifyType> = []
  /// Whether the SA is to be deleted as soon as it stands.
  var isClosing = false
  /// The end of the SA's lifetime.
  var expiry: Instant?
  var lastSent: Instant?
  private var outputs = OutputQueue<Output>()

  /// `local` may be a wildcard: where the peer's first answer comes to shows the address.
  package init(
    initiatingTo remote: Endpoint, from local: Endpoint, _ configuration: MainModeConfiguration,
    random: RandomSource
  ) {
    var random = random
    self.configuration = configuration
    path = IKEPath(local: local, remote: remote)
    initiatorCookie = random.ikeSPI()
    nextSequence = random.word() & 0x7FFF_FFFF
    self.random = random
  }

  package var isEstablished: Bool {
    if case .established = phase { true } else { false }
  }

  package var hasEnded: Bool {
    if case .ended = phase { true } else { false }
  }

  package func nextOutput() -> Output? { outputs.next() }

  func emit(_ event: MainModeEvent) { outputs.append(.event(event)) }

  /// Sends a message, with the marker where the path demands it.
  func send(_ message: [UInt8], at now: Instant) {
    let hasMarker = path.hasMarker(configuration.ports)
    let datagram = hasMarker ? NonESPMarker.added(to: message) : message
    outputs.append(.send(datagram, from: path.local, to: path.remote))
    counters.sent += 1
    lastSent = now
  }

  /// Keeps a NAT's mapping alive (RFC 3948, section 2.3).
  func sendKeepalive(at now: Instant) {
    outputs.append(.send([0xFF], from: path.local, to: path.remote))
    lastSent = now
  }

  /// A header with both cookies, of a message that is not encrypted yet.
  func header(_ type: IKEv1ExchangeType, messageID: UInt32) -> IKEHeader {
    IKEHeader(
      initiatorSPI: initiatorCookie, responderSPI: responderCookie, nextPayload: 0, version: 0x10,
      exchangeType: type.rawValue, flags: 0, messageID: messageID, length: 0)
  }

  /// Remembers what may be amiss; the first that seemed so stays.
  func suspect(_ failure: MainModeFailure) { suspicion = suspicion ?? failure }

  func fail(_ failure: MainModeFailure) { end(.failed(failure)) }

  func end(_ event: MainModeEvent) {
    guard !hasEnded else { return }
    phase = .ended
    transmission = nil
    probe = nil
    expiry = nil
    emit(event)
  }
}

extension MainModeSession {
  /// Ends the SA. There is no answer to a Delete (RFC 2408, section 3.15), so that it is not known whether
  /// the peer has heard it.
  ///
  /// While our proof is under way the peer may have an SA already, and its answer is needed to delete that:
  /// the end comes with it, or once all transmissions were in vain.
  package func close(at now: Instant) {
    switch phase {
    case .proving: isClosing = true
    case .established(let protection):
      sendDelete(protection, at: now)
      end(.deleted(by: .local))
    case .idle, .offering, .agreeing, .ended: end(.deleted(by: .local))
    }
  }

  /// The step of main mode that waits for an answer.
  var step: MainModeStep {
    switch phase {
    case .idle, .offering: .offer
    case .agreeing: .keyExchange
    case .proving, .established, .ended: .proof
    }
  }
}

extension MainModeSession {
  /// What main mode has agreed on by its second message.
  struct Agreement {
    let proposal: PhaseOneProposal
    let lifetime: UInt32
    let suite: IKEv1Suite
    let share: KeyExchangeInitiator
    /// Ours.
    let nonce: [UInt8]
    let traversesNAT: Bool
    let vendorIDs: [[UInt8]]
  }

  /// A message of main mode and its transmissions.
  struct Transmission {
    let bytes: [UInt8]
    var count = 0
    var deadline: Instant
  }

  /// An R-U-THERE with the numbers and times of its transmissions. Each has a number of its own: peers
  /// drop one that they have seen (RFC 3706, section 6.2).
  struct LivenessProbe {
    var sent: [(sequence: UInt32, at: Instant)] = []
    var deadline: Instant
  }
}
