import IKE
import IPsecCrypto
import PacketDissector

extension Proposal {
  /// AES-128-GCM, SHA-256 and these key exchange methods, any of them.
  static func gcm(
    _ methods: [KeyExchangeMethod] = [.curve25519], additional: [[KeyExchangeMethod]] = []
  ) -> Proposal {
    var transforms = [
      Transform(.encryption, id: EncryptionAlgorithm.aesGCM16.rawValue, keyLength: 128),
      Transform(.prf, id: PseudorandomFunction.hmacSHA2_256.rawValue),
    ]
    transforms += methods.map { Transform(.keyExchange, id: $0.rawValue) }
    for (index, options) in additional.enumerated() {
      let type = TransformType.additionalKeyExchanges[index]
      transforms += options.map { Transform(type, id: $0.rawValue) }
    }
    return Proposal(number: 1, protocolID: .ike, transforms: transforms)
  }

  /// AES-256-CBC with HMAC-SHA-256, in the old manner.
  static func cbc(_ methods: [KeyExchangeMethod] = [.curve25519]) -> Proposal {
    let transforms =
      [
        Transform(.encryption, id: EncryptionAlgorithm.aesCBC.rawValue, keyLength: 256),
        Transform(.prf, id: PseudorandomFunction.hmacSHA2_256.rawValue),
        Transform(.integrity, id: IntegrityAlgorithm.hmacSHA2_256_128.rawValue),
      ] + methods.map { Transform(.keyExchange, id: $0.rawValue) }
    return Proposal(number: 1, protocolID: .ike, transforms: transforms)
  }

  /// AES-128-GCM, without extended sequence numbers unless they are asked for.
  static func espGCM(
    _ methods: [KeyExchangeMethod] = [], numbers: [SequenceNumbers] = [.sequential32]
  ) -> Proposal {
    let transforms =
      [Transform(.encryption, id: EncryptionAlgorithm.aesGCM16.rawValue, keyLength: 128)]
      + numbers.map { Transform(.sequenceNumbers, id: $0.rawValue) }
      + methods.map { Transform(.keyExchange, id: $0.rawValue) }
    return Proposal(number: 1, protocolID: .esp, transforms: transforms)
  }
}

extension PeerConfiguration {
  static let psk = Secret(copying: Array("a secret for pairs in tests".utf8))

  /// A side that proves itself with a pre-shared key.
  static func side(_ name: String, _ local: UInt32, _ remote: UInt32) -> PeerConfiguration {
    var configuration = PeerConfiguration(
      ikeProposals: [.gcm()], childProposals: [.espGCM()],
      localIdentity: Identity(type: .idFQDN, data: Array(name.utf8)),
      credential: .preSharedKey(psk), requirement: .preSharedKey(psk),
      localSelectors: [.network(local)], remoteSelectors: [.network(remote)])
    configuration.retransmission = RetransmissionPolicy.quick
    return configuration
  }

  static var alice: PeerConfiguration { side("alice.example", 0x0A01_0000, 0x0A02_0000) }
  static var bob: PeerConfiguration { side("bob.example", 0x0A02_0000, 0x0A01_0000) }
}

extension TrafficSelector {
  /// The /16 that an address begins.
  static func network(_ address: UInt32) -> TrafficSelector {
    TrafficSelector(
      AddressRange(start: IPAddress(v4: address), end: IPAddress(v4: address | 0xFFFF)))
  }
}

extension [SessionEvent] {
  var established: EstablishedSA? {
    for case .established(let sa) in self { return sa }
    return nil
  }

  var children: [ChildSA] {
    compactMap { if case .childEstablished(let child) = $0 { child } else { nil } }
  }

  var failures: [SessionFailure] {
    compactMap { if case .failed(let failure) = $0 { failure } else { nil } }
  }

  var deletions: [Party] {
    compactMap { if case .deleted(let party) = $0 { party } else { nil } }
  }

  var childDeletions: [(child: ChildSA, party: Party)] {
    compactMap { if case .childDeleted(let child, let party) = $0 { (child, party) } else { nil } }
  }

  var roundTrips: [Duration] {
    compactMap { if case .alive(let roundTrip, _) = $0 { roundTrip } else { nil } }
  }
}
