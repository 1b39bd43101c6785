import Diagnosis
import IKE
import PacketDissector
import Testing

@testable import Measurement

/// Results as a probe would have found them.
enum PolicySamples {
  static func suite(_ text: String) throws -> Proposal {
    try #require(ProposalNotation.parse(text, for: .ike).first)
  }

  /// A peer that chose and announced what strongSwan does.
  static func alive() throws -> AddressResult {
    var result = AddressResult(
      target: "192.0.2.7", address: IPAddress(v4: 0xC000_0207), started: Timestamp(nanoseconds: 0))
    let chosen = try suite("aes256gcm16-prfsha384-ecp384")
    let share = KeyExchangePayload(method: .ecp384, data: [])
    result.ways = [
      WayResult(
        .udp500, .answered(.accepted(chosen, share, nonce: [])), sent: 3, answered: 3,
        roundTrips: []),
      WayResult(.udp4500, .silent, sent: 3, answered: 0, roundTrips: []),
    ]
    var peer = PeerDescription()
    peer.chosen = chosen
    peer.notifies = [
      .ikev2FragmentationSupported, .signatureHashAlgorithms, .childlessIKEv2Supported,
    ]
    peer.signatureHashes = [2, 3, 4].map(HashAlgorithm.init(rawValue:))
    result.peer = peer
    return result
  }

  /// The suites that stand alone, with the axes that they make.
  static func enumeration(_ suites: String..., incomplete: TransformType? = nil) throws
    -> Enumeration
  {
    let suites = try suites.map(suite)
    let axes = [TransformType.encryption, .integrity, .prf, .keyExchange].map { type in
      Enumeration.Axis(
        type, accepted: suites.flatMap(\.transforms).filter { $0.type == type },
        isIncomplete: type == incomplete)
    }
    return Enumeration(
      suites: suites, axes: axes, additional: ([], [], []), preference: .responder,
      suitesAreComplete: incomplete == nil)
  }
}
