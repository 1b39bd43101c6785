package import PacketDissector

/// One way to protect phase 1 of IKEv1, with a pre-shared key (RFC 2409, appendix A).
package struct PhaseOneProposal: Hashable, Sendable {
  package var encryption: IKEv1EncryptionAlgorithm
  /// For ciphers that have a choice of it; 3DES has none.
  package var keyBits: UInt16?
  package var hash: IKEv1HashAlgorithm
  package var group: IKEv1Group

  package init(
    _ encryption: IKEv1EncryptionAlgorithm, keyBits: UInt16? = nil, _ hash: IKEv1HashAlgorithm,
    _ group: IKEv1Group
  ) {
    self.encryption = encryption
    self.keyBits = keyBits
    self.hash = hash
    self.group = group
  }

  /// What a peer out there is most likely to take, strongest first: 23 transforms, which with the rest of
  /// the message stay below 1280 octets.
  package static let usual: [PhaseOneProposal] =
    [IKEv1Group.ecp256, .ecp384, .modp2048, .modp3072, .modp4096].flatMap { group in
      [IKEv1HashAlgorithm.sha2_256, .sha2_384].map { hash in
        PhaseOneProposal(.aesCBC, keyBits: 256, hash, group)
      }
    }
    + [IKEv1Group.modp2048, .ecp256].map { PhaseOneProposal(.aesCBC, keyBits: 256, .sha2_512, $0) }
    + [IKEv1Group.ecp256, .modp2048].map { PhaseOneProposal(.aesCBC, keyBits: 128, .sha2_256, $0) }
    + [IKEv1Group.modp2048, .modp1536, .modp1024].flatMap { group in
      [
        PhaseOneProposal(.aesCBC, keyBits: 256, .sha, group),
        PhaseOneProposal(.aesCBC, keyBits: 128, .sha, group),
        PhaseOneProposal(.tripleDESCBC, .sha, group),
      ]
    }
}

extension PhaseOneProposal {
  /// As a transform of the SA payload. `lifetime` is in seconds.
  func transform(number: UInt8, lifetime: UInt32) -> IKEv1Transform {
    var attributes: [IKEv1Attribute] = []
    func add(_ type: IKEv1AttributeType, _ value: UInt16) {
      attributes.append(IKEv1Attribute(.phase1(type), .basic(value)))
    }
    add(.encryptionAlgorithm, encryption.rawValue)
    if let keyBits { add(.keyLength, keyBits) }
    add(.hashAlgorithm, hash.rawValue)
    add(.groupDescription, group.rawValue)
    add(.authenticationMethod, IKEv1AuthenticationMethod.preSharedKey.rawValue)
    add(.lifeType, IKEv1LifeType.seconds.rawValue)
    if let seconds = UInt16(exactly: lifetime) {
      add(.lifeDuration, seconds)
    } else {
      var writer = ByteWriter()
      writer.u32(lifetime)
      attributes.append(IKEv1Attribute(.phase1(.lifeDuration), .variable(writer.bytes)))
    }
    return IKEv1Transform(
      number: number, id: IKEv1TransformID(1, of: .protoIsakmp), attributes: attributes)
  }

  /// Whether a transform that the peer chose means this, whatever lifetime and number it bears.
  func agrees(with transform: IKEv1Transform) -> Bool {
    transform.number(of: .phase1(.encryptionAlgorithm)) == UInt64(encryption.rawValue)
      && transform.number(of: .phase1(.keyLength)) == keyBits.map(UInt64.init)
      && transform.number(of: .phase1(.hashAlgorithm)) == UInt64(hash.rawValue)
      && transform.number(of: .phase1(.groupDescription)) == UInt64(group.rawValue)
      && transform.number(of: .phase1(.authenticationMethod))
        == UInt64(IKEv1AuthenticationMethod.preSharedKey.rawValue)
  }
}

extension PhaseOneProposal: CustomStringConvertible {
  /// Such as "AES-CBC-256, SHA2-256, group 14".
  package var description: String {
    let key = keyBits.map { "-\($0)" } ?? ""
    return "\(encryption)\(key), \(hash), \(group)"
  }
}
