import Diagnosis
import IKE
import Measurement
import PacketDissector
import Testing

/// Results as a probe finds them, made by hand.
enum ProbeSamples {
  static let address = IPAddress(v4: 0xC633_6407)
  static let own = IPAddress(v4: 0x0A09_0909)
  static let started = Timestamp(nanoseconds: 1_790_000_000_000_000_000)

  static func suite(_ text: String) throws -> Proposal {
    try #require(ProposalNotation.parse(text, for: .ike).first)
  }

  static func accepted(_ chosen: Proposal) -> WayResult.Outcome {
    .answered(.accepted(chosen, KeyExchangePayload(method: .ecp384, data: []), nonce: []))
  }

  /// A gateway that is well.
  static func healthy() throws -> AddressResult {
    var result = AddressResult(target: "vpn.example.net", address: address, started: started)
    let chosen = try suite("aes256gcm16-prfsha384-ecp384")
    result.ways = [
      WayResult(
        .udp500, accepted(chosen), sent: 2, answered: 2,
        roundTrips: [.microseconds(12_400), .microseconds(12_100)]),
      WayResult(
        .udp4500, accepted(chosen), sent: 1, answered: 1, roundTrips: [.microseconds(13_000)]),
    ]
    var peer = PeerDescription()
    peer.chosen = chosen
    peer.notifies = [
      .natDetectionSourceIP, .natDetectionDestinationIP, .ikev2FragmentationSupported,
      .signatureHashAlgorithms, .childlessIKEv2Supported, .multipleAuthSupported,
    ]
    peer.signatureHashes = [2, 3, 4, 5].map(HashAlgorithm.init(rawValue:))
    peer.daemon = DaemonGuess(
      "strongSwan", .likely, reasons: ["no vendor ID", "its order of notifies"])
    peer.nat = NATVerdict(weAreBehindNAT: true, peerIsBehindNAT: false)
    result.peer = peer
    result.ikev1 = IKEv1Result(
      mainMode: .silent, aggressiveMode: .silent, exposesHash: false, vendorIDs: [],
      announcesDPD: false)
    result.traffic.packetsSent = 5
    result.traffic.packetsReceived = 3
    result.traffic.largestRequest = 612
    result.traffic.duration = .milliseconds(1250)
    return result
  }

  static func enumeration(isComplete: Bool = true) throws -> Enumeration {
    let suites = [
      try suite("aes256gcm16-prfsha384-ecp384"), try suite("aes128-sha256-modp2048"),
      try suite("3des-sha1-modp1024"),
    ]
    let axes = [TransformType.encryption, .integrity, .prf, .keyExchange].map { type in
      Enumeration.Axis(
        type, accepted: suites.flatMap(\.transforms).filter { $0.type == type },
        isIncomplete: !isComplete && type == .integrity)
    }
    func method(_ id: UInt16) -> Transform { Transform(.additionalKeyExchange1, id: id) }
    return Enumeration(
      suites: suites, axes: axes,
      additional: ([method(36)], [method(37)], isComplete ? [] : [method(35)]),
      preference: .responder, suitesAreComplete: isComplete)
  }

  /// One that was asked everything, and says whatever an attacker would.
  static func full() throws -> AddressResult {
    let hostile = "\u{1B}[2J\u{202E}|'\"\\\n"
    var result = try healthy()
    result.target = "gate\(hostile)way"
    let chosen = try suite("3des-sha1-modp1024")
    result.ways = [
      WayResult(
        .udp500, accepted(chosen), sent: 3, answered: 2,
        roundTrips: [.milliseconds(9), .milliseconds(31)]),
      WayResult(
        .udp4500, .refused(reason: "port unreachable", by: own, isICMP: true), sent: 3, answered: 0,
        roundTrips: []),
      WayResult(.tcp4500, .notIKE, sent: 1, answered: 0, roundTrips: []),
    ]
    result.peer?.chosen = chosen
    result.peer?.notifies.append(NotifyType(rawValue: 50_001))
    result.peer?.vendorIDs = [Array(hostile.utf8), Array(repeating: 0xAB, count: 300), []]
    result.peer?.daemon = DaemonGuess("d\(hostile)", .possible, reasons: ["r\(hostile)"])
    result.peer?.nat = NATVerdict(weAreBehindNAT: nil, peerIsBehindNAT: true)
    result.peer?.askedForCookie = true
    result.peer?.askedForMethod = .modp2048
    result.peer?.redirect = GatewayIdentity(type: .fqdn, data: Array(hostile.utf8))
    result.ikev1 = IKEv1Result(
      mainMode: .notify(14), aggressiveMode: .accepted("x\(hostile)"), exposesHash: true,
      vendorIDs: [[1, 2, 3]], announcesDPD: true)
    result.enumeration = try enumeration(isComplete: false)
    let question = ProposalQuestion([try suite("aes128-sha256-modp2048")])
    result.answers = [
      ProposalAnswer(question, .refused, nearest: try suite("3des-sha1-modp1024")),
      ProposalAnswer(question, .accepted(try suite("aes128-sha256-modp2048"))),
      ProposalAnswer(question, .wantsShare(.modp8192)), ProposalAnswer(question, .unanswered),
      ProposalAnswer(question, .other("INVALID_SYNTAX \(hostile)")),
    ]
    result.postQuantum = PostQuantumAnswers(
      additional: .init(accepted: [.mlKEM768], refused: [.mlKEM1024], unanswered: [.mlKEM512]),
      alone: .init(refused: [.mlKEM768]),
      trials: [.init(bytes: 1420, mayFragment: false, .silent)])
    result.findings = [
      Finding(
        .ikeWeakCrypto, .certain, about: .peers(own, address),
        "it takes 3DES \(identity: hostile)", evidence: [.init("request 12 of 31")],
        remedies: [.init("leave it out:", [.init(.swanctl, "proposals = aes256gcm16-ecp384")])])
    ]
    return result
  }

  static let policy = """
    accept aes256gcm16-prfsha384-ecp384
    refuse 3des
    refuse ikev1
    require fragmentation
    require childless
    """
}
