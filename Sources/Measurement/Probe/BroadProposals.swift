internal import IKE
internal import IPsecCrypto
internal import PacketDissector

/// What a probe offers where it wants to know who is there, and not what else they take.
enum BroadProposals {
  /// What daemons take by default, those of ten years ago among them.
  static let common: [Proposal] = [
    proposal(
      1,
      sized(.aesGCM16) + [
        Transform(.encryption, id: EncryptionAlgorithm.chaCha20Poly1305.rawValue)
      ],
      [], [.hmacSHA2_256, .hmacSHA2_384, .hmacSHA2_512], modern),
    proposal(
      2, sized(.aesCBC) + [Transform(.encryption, id: EncryptionAlgorithm.tripleDES.rawValue)],
      [.hmacSHA2_256_128, .hmacSHA2_384_192, .hmacSHA2_512_256, .hmacSHA1_96],
      [.hmacSHA2_256, .hmacSHA2_384, .hmacSHA2_512, .hmacSHA1], modern),
  ]

  /// What is left, for those who take none of that.
  static let rare: [Proposal] = {
    let aead: [EncryptionAlgorithm] = [.aesGCM12, .aesGCM8, .aesCCM16, .aesCCM12, .aesCCM8]
    let sizedOnes: [EncryptionAlgorithm] = [.aesCTR, .camelliaCBC, .aesCBC]
    let others: [EncryptionAlgorithm] = [.tripleDES, .des]
    return [
      proposal(
        1, aead.flatMap(sized), [],
        [.hmacSHA2_256, .hmacSHA2_384, .hmacSHA2_512, .aes128XCBC, .hmacSHA1], modern + old),
      proposal(
        2,
        sizedOnes.flatMap(sized) + others.map { Transform(.encryption, id: $0.rawValue) },
        [.aesXCBC96, .aesCMAC96, .hmacSHA2_256_128, .hmacSHA1_96, .hmacMD5_96],
        [.aes128XCBC, .aes128CMAC, .hmacSHA2_256, .hmacSHA1, .hmacMD5], modern + old),
    ]
  }()

  private static let modern: [KeyExchangeMethod] = [
    .curve25519, .ecp256, .ecp384, .ecp521, .modp2048, .modp3072, .modp4096, .modp8192, .curve448,
    .modp1536, .modp1024,
  ]
  private static let old: [KeyExchangeMethod] = [
    .brainpoolP256r1, .brainpoolP384r1, .brainpoolP512r1, .modp6144, .modp2048s256, .modp768,
  ]

  private static func sized(_ cipher: EncryptionAlgorithm) -> [Transform] {
    [256, 128, 192].map { Transform(.encryption, id: cipher.rawValue, keyLength: $0) }
  }

  private static func proposal(
    _ number: UInt8, _ ciphers: [Transform], _ integrity: [IntegrityAlgorithm],
    _ prfs: [PseudorandomFunction], _ methods: [KeyExchangeMethod]
  ) -> Proposal {
    let transforms =
      ciphers + integrity.map { Transform(.integrity, id: $0.rawValue) }
      + prfs.map { Transform(.prf, id: $0.rawValue) }
      + methods.map { Transform(.keyExchange, id: $0.rawValue) }
    return Proposal(number: number, protocolID: .ike, transforms: transforms)
  }
}

extension Proposal {
  /// A responder's choice keeps the number that it had among others; alone it has to be the first.
  var asOffer: Proposal {
    var offer = self
    offer.number = 1
    offer.spi = []
    return offer
  }
}

extension [Proposal] {
  /// The methods of all, in their order.
  var methods: [KeyExchangeMethod] {
    var methods: [KeyExchangeMethod] = []
    for transform in flatMap(\.transforms) where transform.type == .keyExchange {
      let method = KeyExchangeMethod(rawValue: transform.id)
      if !methods.contains(method) { methods.append(method) }
    }
    return methods
  }

  /// Those that offer `method`, with no other.
  func only(_ method: KeyExchangeMethod) -> [Proposal] {
    compactMap { proposal in
      guard proposal.offers(method) else { return nil }
      var proposal = proposal
      proposal.transforms.removeAll { $0.type == .keyExchange && $0.id != method.rawValue }
      return proposal
    }
  }

  /// The same with one method more in each.
  func adding(_ method: KeyExchangeMethod) -> [Proposal] {
    map { proposal in
      var proposal = proposal
      if !proposal.offers(method) {
        proposal.transforms.append(Transform(.keyExchange, id: method.rawValue))
      }
      return proposal
    }
  }

  func adding(_ additional: [KeyExchangeMethod]) -> [Proposal] {
    map { proposal in
      var proposal = proposal
      proposal.transforms += additional.map {
        Transform(.additionalKeyExchange1, id: $0.rawValue)
      }
      return proposal
    }
  }

  /// A method with a small share that none of these has: who takes one of these says so by
  /// INVALID_KE_PAYLOAD, and keeps no SA.
  var decoy: KeyExchangeMethod? {
    let own = methods
    return [KeyExchangeMethod.ecp192, .brainpoolP224r1, .ecp224, .modp768, .curve25519, .ecp256]
      .first { !own.contains($0) && $0.support != .none }
  }

  /// Octets on the wire.
  var byteCount: Int {
    var writer = ByteWriter()
    let payload = SecurityAssociationPayload(proposals: self)
    PayloadChain(payloads: [IKEPayload(.securityAssociation, .securityAssociation(payload))])
      .write(to: &writer)
    return writer.count
  }
}
