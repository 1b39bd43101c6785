package import PacketDissector

/// One peer relationship: an IKE SA from its first message to its last, its successors, and their Child
/// SAs (RFC 7296).
///
/// It does no I/O and has no clock. Whoever drives it passes in each datagram (a UDP payload, with the
/// non-ESP marker where the port demands it), calls ``handleTimeout(at:)`` at ``deadline``, and takes
/// what ``nextOutput()`` yields until that is nil. A class, as a copy would use IVs twice.
package final class IKESession {
  package enum Output: Sendable {
    case send([UInt8], from: Endpoint, to: Endpoint)
    case event(SessionEvent)
  }

  enum Phase {
    case idle
    /// IKE_SA_INIT is under way.
    case initiating(Initiation)
    /// There are keys, but nobody has proved anything yet.
    case negotiating
    case established
    /// This side has said that it ends the IKE SA, and waits for the peer to hear it.
    case closing(SessionEvent?)
    /// Nothing is left but to repeat the last answer for a while.
    case ended
  }

  /// How long an ended session repeats its last answer.
  static let linger = Duration.seconds(30)
  /// RFC 3948, section 4.
  static let keepaliveInterval = Duration.seconds(20)

  /// As it was given, but for what the peer is since assigned.
  package private(set) var configuration: PeerConfiguration
  /// Whether this side sent the first message, whoever initiated the IKE SA in use.
  package let isOriginator: Bool
  package internal(set) var counters = SessionCounters()
  /// The Child SAs that stand, oldest first.
  package internal(set) var children: [ChildSA] = []
  /// The inbound SPIs of Child SAs that have a successor, until whoever made that deletes them.
  var superseded: Set<UInt32> = []
  var phase = Phase.idle
  var random: RandomSource
  /// Where own requests go to, and ESP in UDP.
  package internal(set) var path: IKEPath
  /// The IKE SA in use; nil until there are keys.
  var current: IKESA?
  /// IKE SAs besides ``current``: those that it took over from or that lost a collision, until they are
  /// deleted, and the peer's while it shows whether it takes over.
  var retiring: [IKESA] = []
  /// What is only needed until both sides are authenticated.
  var handshake: Handshake?
  var nat = NATVerdict()
  var usesFragmentation = false
  /// Which of the configuration's sizes own requests have come down to.
  var fragmentSizeIndex = 0
  /// The largest message of the peer's last fragmented request: no better guess at the path there is.
  var peerFragmentBytes: Int?
  /// When the session may be dropped: a responder that hears no more of its initiator, or linger.
  var expiry: Instant?
  var lastSent: Instant?
  private var outputs = OutputQueue<Output>()

  /// A session that this side begins, with ``start(at:)``.
  package init(
    initiatingTo remote: Endpoint, from local: Endpoint, _ configuration: PeerConfiguration,
    random: RandomSource
  ) {
    self.configuration = configuration
    self.random = random
    isOriginator = true
    path = IKEPath(local: local, remote: remote)
  }

  /// A session for a peer's request, of which ``accept(_:bytes:at:)`` makes something.
  init(answering path: IKEPath, _ configuration: PeerConfiguration, random: RandomSource) {
    self.configuration = configuration
    self.random = random
    isOriginator = false
    self.path = path
  }

  package var isEstablished: Bool {
    if case .established = phase { true } else { false }
  }

  /// Whether there are keys, and the peer may have an SA already of which this side does not know yet.
  package var isNegotiating: Bool {
    if case .negotiating = phase { true } else { false }
  }

  /// Whether the peer has proved who it is, at some time.
  package internal(set) var hasProvedPeer = false

  /// Whether nothing comes of the session any more; it may still repeat an answer until ``deadline``.
  package var hasEnded: Bool {
    if case .ended = phase { true } else { false }
  }

  /// From now on the peer's end of Child SAs is what it was given in CP (RFC 7296, section 2.19).
  func confinePeer(to assignment: AddressAssignment) {
    let addresses = [assignment.ipv4, assignment.ipv6].compactMap(\.self)
    guard !addresses.isEmpty else { return }
    configuration.remoteSelectors = addresses.map {
      TrafficSelector(TrafficSelector.AddressRange(start: $0, end: $0))
    }
  }

  package func nextOutput() -> Output? { outputs.next() }

  func emit(_ event: SessionEvent) { outputs.append(.event(event)) }

  /// Sends messages of IKE, with the marker where the path demands it.
  func send(_ messages: [[UInt8]], along path: IKEPath, at now: Instant) {
    let hasMarker = configuration.transport == .datagrams && path.hasMarker(configuration.ports)
    for message in messages {
      let datagram = hasMarker ? NonESPMarker.added(to: message) : message
      outputs.append(.send(datagram, from: path.local, to: path.remote))
      counters.sent += 1
    }
    lastSent = now
  }

  /// Keeps a NAT's mapping alive.
  func sendKeepalive(at now: Instant) {
    outputs.append(.send([0xFF], from: path.local, to: path.remote))
    lastSent = now
  }

  /// All IKE SAs that may still have something to say.
  var securityAssociations: [IKESA] { (current.map { [$0] } ?? []) + retiring }
}

/// What a session saw that changed nothing.
package struct SessionCounters: Hashable, Sendable {
  /// Messages of IKE that were sent, fragments and repetitions included.
  package var sent = 0
  package var retransmissions = 0
  /// Requests that came again and were answered again.
  package var repeatedAnswers = 0
  /// Requests with nothing in them: whether this side lives (RFC 7296, section 2.4).
  package var answeredChecks = 0
  /// ESP, keepalives and other things that are no IKE.
  package var notIKE = 0
  /// Messages of another IKE SA, of another exchange, or outside of the window.
  package var strays = 0
  /// Messages that should have been protected and were not: anyone may have sent them.
  package var unprotected = 0
  /// Messages and fragments whose protection does not hold.
  package var badlyProtected = 0

  package init() {}
}
