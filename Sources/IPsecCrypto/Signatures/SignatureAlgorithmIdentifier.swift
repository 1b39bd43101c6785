internal import PacketDissector

extension SignatureScheme {
  /// The DER AlgorithmIdentifier in front of a signature of AUTH method 14, as RFC 7427 appendix A
  /// writes it. Nil for what method 14 does not carry; EdDSA has two, one for each type of key.
  package func algorithmIdentifier(for type: PublicKeyType) -> [UInt8]? {
    guard type.allows(self) else { return nil }
    switch (self, type) {
    case (.eddsa, .ed25519): return DER.sequence(DER.object(ObjectIdentifier.ed25519))
    case (.eddsa, .ed448): return DER.sequence(DER.object(ObjectIdentifier.ed448))
    default: return algorithmIdentifier
    }
  }

  /// The same, where the scheme alone tells it: nil for EdDSA and for r|s.
  package var algorithmIdentifier: [UInt8]? {
    switch self {
    case .rsaPKCS1(let hash):
      // RFC 8017 appendix A.2.4: the parameters are NULL.
      guard let object = ObjectIdentifier.rsaPKCS1[hash] else { return nil }
      return DER.sequence(DER.object(object) + DER.null)
    case .ecdsaDER(let hash):
      // RFC 5758 section 3.2: the parameters are absent.
      guard let object = ObjectIdentifier.ecdsa[hash] else { return nil }
      return DER.sequence(DER.object(object))
    case .rsaPSS(let hash):
      guard let object = ObjectIdentifier.hash[hash], let function = hash.function else {
        return nil
      }
      let digest = DER.sequence(DER.object(object) + DER.null)
      let mask = DER.sequence(DER.object(ObjectIdentifier.mgf1) + digest)
      let parameters =
        DER.element(0xA0, digest) + DER.element(0xA1, mask)
        + DER.element(0xA2, [2, 1, UInt8(function.byteCount)])
        + DER.element(0xA3, [2, 1, 1])
      return DER.sequence(DER.object(ObjectIdentifier.rsaPSS) + DER.sequence(parameters))
    case .ecdsaRaw, .eddsa: return nil
    }
  }

  /// The scheme of an AlgorithmIdentifier; nil for those that this does not know.
  ///
  /// Parameters that are absent and those that are NULL mean the same: daemons send either.
  package init?(algorithmIdentifier: [UInt8]) {
    var octets = algorithmIdentifier[...]
    guard let (object, parameters) = DER.algorithm(&octets), octets.isEmpty else { return nil }
    if object == ObjectIdentifier.rsaPSS {
      guard let hash = Self.hash(ofPSS: parameters) else { return nil }
      self = .rsaPSS(hash)
      return
    }
    guard parameters.isEmpty || Array(parameters) == DER.null else { return nil }
    if let hash = ObjectIdentifier.rsaPKCS1.key(object) {
      self = .rsaPKCS1(hash)
    } else if let hash = ObjectIdentifier.ecdsa.key(object) {
      self = .ecdsaDER(hash)
    } else if object == ObjectIdentifier.ed25519 || object == ObjectIdentifier.ed448 {
      self = .eddsa
    } else {
      return nil
    }
  }

  /// RSASSA-PSS-params, RFC 8017 appendix A.2.3. Every field has a default, all of them SHA-1's;
  /// nil for a mask or a salt that does not go with the hash.
  private static func hash(ofPSS parameters: ArraySlice<UInt8>) -> SignatureHash? {
    var octets = parameters
    guard var fields = DER.content(DERElement.sequence, of: &octets), octets.isEmpty else {
      return nil
    }
    var hash = SignatureHash.sha1
    var maskHash = SignatureHash.sha1
    var saltBytes = 20
    var lastTag: UInt8 = 0
    while !fields.isEmpty {
      guard let field = DERElement(from: &fields), field.tag > lastTag else { return nil }
      lastTag = field.tag
      var content = field.content
      switch field.tag {
      case 0xA0:
        guard let value = DER.hash(&content) else { return nil }
        hash = value
      case 0xA1:
        guard let mask = DER.algorithm(&content), mask.object == ObjectIdentifier.mgf1 else {
          return nil
        }
        var parameters = mask.parameters
        guard let value = DER.hash(&parameters), parameters.isEmpty else { return nil }
        maskHash = value
      case 0xA2:
        guard let value = DER.smallInteger(&content) else { return nil }
        saltBytes = value
      case 0xA3:
        guard DER.smallInteger(&content) == 1 else { return nil }
      default: return nil
      }
      guard content.isEmpty else { return nil }
    }
    return hash == maskHash && saltBytes == hash.function?.byteCount ? hash : nil
  }
}

/// The octets of object identifiers, without tag and length.
private enum ObjectIdentifier {
  static let rsaPSS = pkcs1 + [10]
  static let mgf1 = pkcs1 + [8]
  static let ed25519: [UInt8] = [0x2B, 0x65, 0x70]
  static let ed448: [UInt8] = [0x2B, 0x65, 0x71]

  static let rsaPKCS1: [SignatureHash: [UInt8]] = [
    .sha1: pkcs1 + [5], .sha2_256: pkcs1 + [11], .sha2_384: pkcs1 + [12], .sha2_512: pkcs1 + [13],
  ]
  static let ecdsa: [SignatureHash: [UInt8]] = [
    .sha1: x962 + [1], .sha2_256: x962 + [3, 2], .sha2_384: x962 + [3, 3],
    .sha2_512: x962 + [3, 4],
  ]
  static let hash: [SignatureHash: [UInt8]] = [
    .sha1: [0x2B, 0x0E, 0x03, 0x02, 0x1A], .sha2_256: nist + [1], .sha2_384: nist + [2],
    .sha2_512: nist + [3],
  ]

  /// 1.2.840.113549.1.1
  private static let pkcs1: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01]
  /// 1.2.840.10045.4
  private static let x962: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04]
  /// 2.16.840.1.101.3.4.2
  private static let nist: [UInt8] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02]
}

extension [SignatureHash: [UInt8]] {
  fileprivate func key(_ value: [UInt8]) -> SignatureHash? {
    first { $0.value == value }?.key
  }
}

/// As much of DER as algorithm identifiers are made of. None of them is longer than 127 octets.
private enum DER {
  static let null: [UInt8] = [5, 0]

  static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    precondition(content.count < 128)
    return [tag, UInt8(content.count)] + content
  }

  static func sequence(_ content: [UInt8]) -> [UInt8] { element(DERElement.sequence, content) }
  static func object(_ octets: [UInt8]) -> [UInt8] {
    element(DERElement.objectIdentifier, octets)
  }

  static func content(_ tag: UInt8, of octets: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    DERElement.content(tag, from: &octets)
  }

  /// SEQUENCE { OID, parameters }: the OID's octets, and whatever follows.
  static func algorithm(
    _ octets: inout ArraySlice<UInt8>
  ) -> (object: [UInt8], parameters: ArraySlice<UInt8>)? {
    guard var fields = content(DERElement.sequence, of: &octets),
      let object = content(DERElement.objectIdentifier, of: &fields)
    else { return nil }
    return (Array(object), fields)
  }

  static func hash(_ octets: inout ArraySlice<UInt8>) -> SignatureHash? {
    guard let (object, parameters) = algorithm(&octets),
      parameters.isEmpty || Array(parameters) == null
    else { return nil }
    return ObjectIdentifier.hash.key(object)
  }

  /// An INTEGER of one octet, below 128.
  static func smallInteger(_ octets: inout ArraySlice<UInt8>) -> Int? {
    guard let content = content(2, of: &octets), content.count == 1, let value = content.first,
      value < 128
    else { return nil }
    return Int(value)
  }
}
