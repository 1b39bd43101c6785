internal import IPsecCrypto
internal import PacketDissector

/// The transforms of a proposal that leaves no choice: one of a type at most, each understood whole
/// (RFC 7296, section 3.3.6).
struct ChosenTransforms {
  private var byType: [TransformType: Transform] = [:]

  init(_ proposal: Proposal) throws(SuiteFault) {
    for transform in proposal.transforms {
      guard byType.updateValue(transform, forKey: transform.type) == nil else {
        throw .several(transform.type)
      }
      guard transform.isUnderstood else { throw .notUnderstood(transform.type) }
    }
    guard proposal.undecoded.isEmpty else { throw .cut }
  }

  /// Throws for a transform of any other type.
  func allow(_ types: [TransformType]) throws(SuiteFault) {
    let others = byType.keys.filter { !types.contains($0) }
    if let other = others.min(by: { $0.rawValue < $1.rawValue }) { throw .unexpected(other) }
  }

  func id(_ type: TransformType) -> UInt16? { byType[type]?.id }

  func encryption() throws(SuiteFault) -> EncryptionTransform? {
    guard let transform = byType[.encryption] else { return nil }
    return try SuiteFault.of { () throws(CryptoError) in
      try EncryptionTransform(
        EncryptionAlgorithm(rawValue: transform.id), keyBits: transform.keyLength.map(Int.init))
    }
  }

  /// NONE beside an AEAD cipher may be said or left out. `mayEncryptOnly`: beside another cipher it may be
  /// said.
  func integrity(
    beside encryption: EncryptionTransform?, mayEncryptOnly: Bool = false
  ) throws(SuiteFault) -> IntegrityTransform? {
    let algorithm = id(.integrity).map(IntegrityAlgorithm.init(rawValue:))
    if encryption?.isAEAD == true {
      guard let algorithm, algorithm != .none else { return nil }
      throw .integrityBesideAEAD(algorithm)
    }
    guard let algorithm else { throw .missing(.integrity) }
    guard algorithm != .none else {
      guard mayEncryptOnly, let encryption, encryption.id != .null else {
        throw .missing(.integrity)
      }
      return nil
    }
    return try SuiteFault.of { () throws(CryptoError) in try IntegrityTransform(algorithm) }
  }

  /// Nil where there is none, or NONE.
  func keyExchange(_ type: TransformType) -> KeyExchangeMethod? {
    guard let method = id(type), method != KeyExchangeMethod.none.rawValue else { return nil }
    return KeyExchangeMethod(rawValue: method)
  }

  /// RFC 9370, section 2.2.1: no method comes twice.
  func additionalKeyExchanges(
    beside first: KeyExchangeMethod?
  ) throws(SuiteFault) -> [KeyExchangeMethod] {
    var methods: [KeyExchangeMethod] = []
    for type in TransformType.additionalKeyExchanges {
      guard let method = keyExchange(type) else { continue }
      guard method != first, !methods.contains(method) else { throw .repeatedMethod(method) }
      methods.append(method)
    }
    return methods
  }
}
