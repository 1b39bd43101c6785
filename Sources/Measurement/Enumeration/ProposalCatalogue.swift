internal import IPsecCrypto
package import PacketDissector

/// The algorithms that an enumeration asks a peer for, those that one would rather have first.
///
/// AEAD ciphers and the others never stand in one proposal: integrity goes with the latter alone (RFC 7296,
/// section 3.3).
package struct ProposalCatalogue: Sendable {
  /// Ciphers that take the same kinds of transforms beside them.
  package struct Family: Sendable {
    package var encryption: [Transform]
    /// Nil for "none", which is the only one beside an AEAD cipher.
    package var integrity: [Transform?]
    package var prf: [Transform]

    package init(encryption: [Transform], integrity: [Transform?], prf: [Transform]) {
      self.encryption = encryption
      self.integrity = integrity
      self.prf = prf
    }
  }

  package var families: [Family]
  package var methods: [KeyExchangeMethod]

  /// At most 64 of each kind.
  package init(families: [Family], methods: [KeyExchangeMethod]) {
    self.families = families.map { family in
      Family(
        encryption: Array(family.encryption.prefix(64)),
        integrity: Array(family.integrity.prefix(64)), prf: Array(family.prf.prefix(64)))
    }
    self.methods = Array(methods.prefix(64))
  }

  /// What daemons of the field have, or had. Private numbers and the GOST suite are not among it.
  package static let full = ProposalCatalogue(
    families: [
      Family(encryption: aeadCiphers, integrity: [nil], prf: prfs),
      Family(encryption: otherCiphers, integrity: integrity, prf: prfs),
    ],
    methods: [
      .curve25519, .ecp256, .ecp384, .ecp521, .modp2048, .modp3072, .modp4096, .modp6144, .modp8192,
      .curve448, .brainpoolP256r1, .brainpoolP384r1, .brainpoolP512r1, .mlKEM768, .mlKEM1024,
      .mlKEM512, .modp1536, .modp1024, .modp768, .modp2048s256, .modp2048s224, .modp1024s160,
      .ecp224, .brainpoolP224r1, .ecp192,
    ])

  /// Asked for as an additional key exchange (RFC 9370).
  package static let additionalMethods: [KeyExchangeMethod] = [.mlKEM768, .mlKEM1024, .mlKEM512]

  private static let aeadCiphers: [Transform] = {
    let rare: [EncryptionAlgorithm] = [
      .aesGCM12, .aesGCM8, .aesCCM16, .aesCCM12, .aesCCM8, .camelliaCCM16, .camelliaCCM12,
      .camelliaCCM8,
    ]
    return sized(.aesGCM16) + [unsized(.chaCha20Poly1305)] + rare.flatMap(sized)
  }()

  private static let otherCiphers: [Transform] = {
    let common: [EncryptionAlgorithm] = [.aesCBC, .aesCTR, .camelliaCBC, .camelliaCTR]
    let cast = Transform(.encryption, id: EncryptionAlgorithm.cast.rawValue, keyLength: 128)
    return common.flatMap(sized) + [unsized(.tripleDES)] + sized(.blowfish)
      + [cast, unsized(.idea), unsized(.des)]
  }()

  private static func unsized(_ cipher: EncryptionAlgorithm) -> Transform {
    Transform(.encryption, id: cipher.rawValue)
  }

  private static func sized(_ cipher: EncryptionAlgorithm) -> [Transform] {
    [256, 128, 192].map { Transform(.encryption, id: cipher.rawValue, keyLength: $0) }
  }

  private static let integrity: [Transform?] = [
    IntegrityAlgorithm.hmacSHA2_256_128, .hmacSHA2_384_192, .hmacSHA2_512_256, .aesXCBC96,
    .aesCMAC96, .hmacSHA1_96, .hmacSHA1_160, .hmacMD5_96, .hmacMD5_128,
  ].map { Transform(.integrity, id: $0.rawValue) }

  private static let prfs: [Transform] = [
    PseudorandomFunction.hmacSHA2_256, .hmacSHA2_384, .hmacSHA2_512, .aes128XCBC, .aes128CMAC,
    .hmacSHA1, .hmacMD5,
  ].map { Transform(.prf, id: $0.rawValue) }
}

extension ProposalCatalogue {
  /// Octets of this build's share of a method; nil where it can make none.
  func shareBytes(_ index: Int) -> Int? {
    guard methods.indices.contains(index), methods[index].support != .none else { return nil }
    return methods[index].dataByteCount?.initiator
  }

  /// All suites of a family.
  func box(_ family: Int) -> SuiteBox {
    SuiteBox(
      family: family, encryption: .all(families[family].encryption.count),
      integrity: .all(families[family].integrity.count), prf: .all(families[family].prf.count),
      keyExchange: .all(methods.count))
  }

  var everything: [SuiteBox] { families.indices.map(box) }

  /// A transform of a family's axis; nil for integrity "none".
  func transform(_ axis: SuiteAxis, _ index: Int, family: Int) -> Transform? {
    switch axis {
    case .encryption: families[family].encryption[index]
    case .integrity: families[family].integrity[index]
    case .prf: families[family].prf[index]
    case .keyExchange: Transform(.keyExchange, id: methods[index].rawValue)
    }
  }

  /// Octets on the wire of a choice on one axis.
  func bytes(_ axis: SuiteAxis, _ choice: Alternatives, family: Int) -> Int {
    choice.indices.reduce(0) { sum, index in
      guard let transform = transform(axis, index, family: family) else { return sum }
      return sum + (transform.attributes.isEmpty ? 8 : 12)
    }
  }

  /// Octets of the proposal that offers a box.
  func bytes(_ box: SuiteBox) -> Int {
    SuiteAxis.allCases.reduce(8) { $0 + bytes($1, box[$1], family: box.family) }
  }

  /// The proposal that offers a box, with the alternatives of each kind in the catalogue's order, or in the
  /// opposite one.
  func proposal(
    _ box: SuiteBox, number: UInt8, additional: [KeyExchangeMethod] = [],
    isBackwards: Bool = false
  ) -> Proposal {
    var transforms: [Transform] = []
    for axis in SuiteAxis.allCases {
      let indices = isBackwards ? box[axis].indices.reversed() : box[axis].indices
      transforms += indices.compactMap { transform(axis, $0, family: box.family) }
    }
    transforms += additional.map { Transform(.additionalKeyExchange1, id: $0.rawValue) }
    return Proposal(number: number, protocolID: .ike, transforms: transforms)
  }

  /// The suite that a responder chose; nil where it is none of the catalogue.
  func suite(_ proposal: Proposal) -> SuiteBox? {
    for index in families.indices {
      guard let suite = suite(proposal, family: index) else { continue }
      return suite
    }
    return nil
  }

  private func suite(_ proposal: Proposal, family index: Int) -> SuiteBox? {
    let family = families[index]
    func chosen(_ type: TransformType) -> [Transform] {
      // NONE says the same as leaving it out.
      proposal.transforms.filter { $0.type == type && !(type == .integrity && $0.id == 0) }
    }
    let ciphers = chosen(.encryption)
    let prfs = chosen(.prf)
    let integrity = chosen(.integrity)
    let methods = chosen(.keyExchange)
    guard ciphers.count == 1, prfs.count == 1, integrity.count <= 1, methods.count == 1,
      let encryption = family.encryption.firstIndex(where: { $0.isSame(as: ciphers[0]) }),
      let prf = family.prf.firstIndex(where: { $0.isSame(as: prfs[0]) }),
      let check = family.integrity.firstIndex(where: { $0?.id == integrity.first?.id }),
      let method = self.methods.firstIndex(where: { $0.rawValue == methods[0].id })
    else { return nil }
    return SuiteBox(
      family: index, encryption: .one(encryption), integrity: .one(check), prf: .one(prf),
      keyExchange: .one(method))
  }
}

extension Transform {
  fileprivate func isSame(as other: Transform) -> Bool {
    id == other.id && keyLength == other.keyLength
  }
}
