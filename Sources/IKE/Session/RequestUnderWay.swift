internal import PacketDissector

/// A request of this side's that waits for its answer: what was sent, how often, and when it is sent
/// again (RFC 7296, section 2.1).
struct RequestUnderWay {
  var exchange: Exchange
  let header: IKEHeader
  let payloads: [IKEPayload]
  /// A | P of RFC 9242, the same however the message is cut.
  let authenticated: [UInt8]
  /// One, or all fragments: they are always sent together.
  private(set) var datagrams: [[UInt8]]
  private(set) var transmissions = 0
  private(set) var firstSent: Instant
  private(set) var deadline: Instant
  /// Transmissions since the message was last cut anew.
  private var sentAtThisSize = 0

  init(
    _ exchange: Exchange, header: IKEHeader, payloads: [IKEPayload], datagrams: [[UInt8]],
    authenticated: [UInt8], at now: Instant
  ) {
    self.exchange = exchange
    self.header = header
    self.payloads = payloads
    self.datagrams = datagrams
    self.authenticated = authenticated
    firstSent = now
    deadline = now
  }

  /// Transmissions of one size that stay unanswered before a smaller size is tried.
  private static let transmissionsPerSize = 2

  /// Whether it may be the size of its datagrams that keeps the answer away.
  var deservesSmallerFragments: Bool { sentAtThisSize >= Self.transmissionsPerSize }

  /// Takes the same message in smaller fragments; false if that makes no more of them: a peer drops what
  /// has a smaller total, and what has the same it takes for what it knows (RFC 7383, section 2.6).
  mutating func cut(into fragments: [[UInt8]]) -> Bool {
    guard fragments.count > datagrams.count else { return false }
    datagrams = fragments
    sentAtThisSize = 0
    return true
  }

  mutating func transmit(at now: Instant, _ policy: RetransmissionPolicy) -> [[UInt8]] {
    deadline = now + policy.wait(after: transmissions)
    transmissions += 1
    sentAtThisSize += 1
    return datagrams
  }
}

extension RetransmissionPolicy {
  /// From the first transmission to giving up.
  package var patience: Duration {
    (0..<transmissions).reduce(.zero) { $0 + wait(after: $1) }
  }

  /// One transmission, with all the patience behind it.
  fileprivate var once: RetransmissionPolicy {
    RetransmissionPolicy(firstWait: patience, factor: 1, longestWait: patience, transmissions: 1)
  }
}

extension PeerConfiguration {
  /// How requests are sent: over a stream nothing is lost, and nothing sent again (RFC 9329).
  var requestPolicy: RetransmissionPolicy {
    transport == .stream ? retransmission.once : retransmission
  }
}
