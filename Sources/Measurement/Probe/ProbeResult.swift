package import Diagnosis
internal import Host
package import IKE
package import PacketDissector

/// What probing one address told.
package struct AddressResult: Sendable {
  /// What was asked for: a name, or the address itself.
  package var target: String
  package var address: IPAddress
  /// Where requests left from, as far as this host knows.
  package var own: IPAddress?
  package var started: Timestamp
  /// One for each way that was tried, in the order of trying.
  package var ways: [WayResult] = []
  package var peer: PeerDescription?
  /// IKEv1's phase 1; nil where it was not asked.
  package var ikev1: IKEv1Result?
  package var enumeration: Enumeration?
  /// To the questions that were put, in their order.
  package var answers: [ProposalAnswer] = []
  /// Nil where it was not asked.
  package var postQuantum: PostQuantumAnswers?
  package var traffic = ProbeTraffic()
  package var findings: [Finding] = []

  package init(target: String, address: IPAddress, started: Timestamp) {
    self.target = target
    self.address = address
    self.started = started
  }

  /// Something that speaks IKE answered, whatever it said.
  package var isAlive: Bool { ways.contains { $0.isAnswered } || ikev1?.isAnswered == true }
}

/// How a request travels.
package enum ProbeWay: String, CaseIterable, Sendable {
  case udp500 = "UDP 500"
  /// With the non-ESP marker.
  case udp4500 = "UDP 4500"
  /// RFC 9329.
  case tcp4500 = "TCP 4500"
}

package struct WayResult: Sendable {
  package enum Outcome: Sendable {
    case answered(InitAnswer.Meaning)
    /// Nothing at all came back.
    case silent
    /// An ICMP error, or TCP's refusal: what it said and who sent it.
    case refused(reason: String, by: IPAddress?, isICMP: Bool)
    /// TCP connected, and what answered is not IKE.
    case notIKE
    /// This host could not send: why, in words.
    case local(String)
  }

  package var way: ProbeWay
  package var outcome: Outcome
  package var sent: Int
  package var answered: Int
  /// Of each answered request, from its last transmission to the answer.
  package var roundTrips: [Duration]

  package init(
    _ way: ProbeWay, _ outcome: Outcome, sent: Int, answered: Int, roundTrips: [Duration]
  ) {
    self.way = way
    self.outcome = outcome
    self.sent = sent
    self.answered = answered
    self.roundTrips = roundTrips
  }

  package var isAnswered: Bool { if case .answered = outcome { true } else { false } }
}

extension WayResult.Outcome {
  /// What the error queue said. Who said it stands apart, so that a report can call them otherwise.
  static func refused(_ report: SocketErrorReport) -> WayResult.Outcome {
    var anonymous = report
    anonymous.offender = nil
    return .refused(
      reason: "\(anonymous)", by: report.offender, isICMP: report.origin != .local)
  }
}

/// What a peer said of itself in IKE_SA_INIT.
package struct PeerDescription: Sendable {
  /// Of a broad proposal; nil where it chose none.
  package var chosen: Proposal?
  /// Types of the status notifications in its answers.
  package var notifies: [NotifyType] = []
  /// SIGNATURE_HASH_ALGORITHMS; nil where it was not sent.
  package var signatureHashes: [HashAlgorithm]?
  package var vendorIDs: [[UInt8]] = []
  package var daemon: DaemonGuess?
  package var nat: NATVerdict?
  /// It asked for a cookie, or for another share, before it answered.
  package var askedForCookie = false
  package var askedForMethod: KeyExchangeMethod?
  package var redirect: GatewayIdentity?

  package init() {}
}

package struct DaemonGuess: Equatable, Sendable {
  package var name: String
  package var confidence: Confidence
  /// What speaks for it.
  package var reasons: [String]

  package init(_ name: String, _ confidence: Confidence, reasons: [String]) {
    self.name = name
    self.confidence = confidence
    self.reasons = reasons
  }
}

/// Who is behind NAT, by the hashes of the answer.
package struct NATVerdict: Equatable, Sendable {
  /// Nil where the answer has no hash to tell by.
  package var weAreBehindNAT: Bool?
  package var peerIsBehindNAT: Bool?

  package init(weAreBehindNAT: Bool?, peerIsBehindNAT: Bool?) {
    self.weAreBehindNAT = weAreBehindNAT
    self.peerIsBehindNAT = peerIsBehindNAT
  }
}

/// What IKEv1's main and aggressive mode were answered.
package struct IKEv1Result: Sendable {
  package enum Outcome: Equatable, Sendable {
    /// A transform was chosen.
    case accepted(String)
    /// A notification, by its IKEv1 number.
    case notify(UInt16)
    /// It answers in IKEv2 only.
    case otherVersion
    case silent
    case notTried
  }

  package var mainMode: Outcome
  package var aggressiveMode: Outcome
  /// Aggressive mode with a pre-shared key gave out a hash that can be guessed at offline.
  package var exposesHash: Bool
  package var vendorIDs: [[UInt8]]
  /// RFC 3706's vendor ID was among them.
  package var announcesDPD: Bool

  package init(
    mainMode: Outcome, aggressiveMode: Outcome, exposesHash: Bool, vendorIDs: [[UInt8]],
    announcesDPD: Bool
  ) {
    self.mainMode = mainMode
    self.aggressiveMode = aggressiveMode
    self.exposesHash = exposesHash
    self.vendorIDs = vendorIDs
    self.announcesDPD = announcesDPD
  }

  package var isAnswered: Bool {
    [mainMode, aggressiveMode].contains { $0 != .silent && $0 != .notTried }
  }
}

/// What was sent to an address, and what came back.
package struct ProbeTraffic: Equatable, Sendable {
  package var packetsSent = 0
  package var packetsReceived = 0
  package var retransmitted = 0
  /// Requests without any answer through all transmissions.
  package var unanswered = 0
  /// Datagrams that answered no request: another SPI or address.
  package var strays = 0
  /// UDP payload octets of the largest request.
  package var largestRequest = 0
  package var duration: Duration = .zero

  package init() {}
}
