internal import IPsecCrypto
package import PacketDissector

extension Transform {
  /// Whether two transforms mean the same algorithm: a key length that the cipher has anyway may be said
  /// or left out. False for one that is not understood, even if both are the same.
  package func agrees(with other: Transform) -> Bool {
    guard type == other.type, id == other.id, isUnderstood, other.isUnderstood else { return false }
    if keyLength == other.keyLength { return true }
    guard type == .encryption, let bits = keyBits, let otherBits = other.keyBits else {
      return false
    }
    return bits == otherBits
  }

  /// Nothing in it but what RFC 7296 section 3.3.5 knows: at most one Key Length of 16 bits, on a cipher
  /// alone, with a value that the cipher can have.
  var isUnderstood: Bool {
    guard undecoded.isEmpty, attributes.count <= 1 else { return false }
    if !attributes.isEmpty { guard type == .encryption, keyLength != nil else { return false } }
    guard type == .encryption else { return true }
    do throws(CryptoError) {
      _ = try EncryptionTransform(
        EncryptionAlgorithm(rawValue: id), keyBits: keyLength.map(Int.init))
      return true
    } catch {
      if case .badKeyLengthAttribute = error { return false }
      // A cipher that is not implemented can still be offered to a peer, and its answer compared.
      return true
    }
  }

  private var keyBits: Int? { cipher?.keyBits }

  private var cipher: EncryptionTransform? {
    try? EncryptionTransform(EncryptionAlgorithm(rawValue: id), keyBits: keyLength.map(Int.init))
  }

  /// Encryption with integrity in one, which takes no INTEG beside it (RFC 7296, section 3.3).
  var isAEAD: Bool { type == .encryption && cipher?.isAEAD == true }

  /// NONE, where the type's registry has it: INTEG, KE and the additional key exchanges.
  package var isNone: Bool { id == 0 && type.hasNone }
}

extension TransformType {
  /// ADDKE1 to ADDKE7, in the order in which they are done (RFC 9370, section 2.2.1).
  package static let additionalKeyExchanges: [TransformType] = (6...12).map(
    TransformType.init(rawValue:))

  /// What may stand in a proposal for IKE, ESP or AH: a proposal with another type is refused whole.
  static let known: [TransformType] = (1...12).map(TransformType.init(rawValue:))

  /// Whether transform 0 of this type means that there is none. Of SN, 0 is a real choice.
  var hasNone: Bool {
    self == .integrity || self == .keyExchange || Self.additionalKeyExchanges.contains(self)
  }
}

extension Proposal {
  package func transforms(of type: TransformType) -> [Transform] {
    transforms.filter { $0.type == type }
  }

  /// The key exchange of an accepted proposal; nil for NONE, and where there is none.
  package var keyExchangeMethod: KeyExchangeMethod? {
    transforms.first { $0.type == .keyExchange && !$0.isNone }
      .map { KeyExchangeMethod(rawValue: $0.id) }
  }

  /// Without key exchanges, as the Child SA of an IKE_AUTH exchange is negotiated: it can have none
  /// (RFC 7296, section 1.2).
  package var withoutKeyExchanges: Proposal {
    var proposal = self
    proposal.transforms.removeAll {
      $0.type == .keyExchange || TransformType.additionalKeyExchanges.contains($0.type)
    }
    return proposal
  }

  /// Types without which a proposal is unacceptable (RFC 7296, section 3.3.3); INTEG depends on ENCR.
  var mandatoryTypes: [TransformType]? {
    switch protocolID {
    case .ike: [.encryption, .prf, .keyExchange]
    case .esp: [.encryption, .sequenceNumbers]
    case .ah: [.integrity, .sequenceNumbers]
    default: nil
    }
  }

  /// Octets of an SPI: none in IKE_SA_INIT, 8 where an IKE SA is rekeyed (RFC 7296, section 3.3.1).
  var hasFittingSPI: Bool {
    protocolID == .ike ? spi.isEmpty || spi.count == 8 : spi.count == 4
  }
}
