package import IPsecCrypto
package import PacketDissector

/// The algorithms of an IKE SA: what a chosen proposal comes to.
package struct IKESuite: Hashable, Sendable {
  package let encryption: EncryptionTransform
  /// Nil beside an AEAD cipher.
  package let integrity: IntegrityTransform?
  package let prf: PRF
  package let keyExchange: KeyExchangeMethod
  /// ADDKE1 to ADDKE7 in the order of their types, NONE left out (RFC 9370, section 2.2.1).
  package let additional: [KeyExchangeMethod]

  /// Throws where the proposal does not hold one transform of each type that an IKE SA needs, or one that
  /// cannot be used here. The proposal's SPI is not looked at.
  package init(_ proposal: Proposal) throws(SuiteFault) {
    guard proposal.protocolID == .ike else { throw .wrongProtocol(proposal.protocolID) }
    let choice = try ChosenTransforms(proposal)
    try choice.allow(
      [.encryption, .prf, .integrity, .keyExchange] + TransformType.additionalKeyExchanges)
    guard let encryption = try choice.encryption() else { throw .missing(.encryption) }
    guard !encryption.isForESPOnly else { throw .notForIKE(encryption.id) }
    self.encryption = encryption
    integrity = try choice.integrity(beside: encryption)
    guard let prf = choice.id(.prf) else { throw .missing(.prf) }
    self.prf = try SuiteFault.of { () throws(CryptoError) in
      try PRF(PseudorandomFunction(rawValue: prf))
    }
    guard let method = choice.keyExchange(.keyExchange) else { throw .missing(.keyExchange) }
    keyExchange = method
    additional = try choice.additionalKeyExchanges(beside: method)
  }
}

/// The algorithms of a Child SA, of ESP or AH.
package struct ChildSuite: Hashable, Sendable {
  package let protocolID: ProtocolID
  /// Nil for AH.
  package let encryption: EncryptionTransform?
  /// Nil beside an AEAD cipher, and where both sides agreed on encryption alone.
  package let integrity: IntegrityTransform?
  /// Nil without perfect forward secrecy, and in IKE_AUTH.
  package let keyExchange: KeyExchangeMethod?
  /// ADDKE1 to ADDKE7 in the order of their types, NONE left out.
  package let additional: [KeyExchangeMethod]
  package let sequenceNumbers: SequenceNumbers

  /// Throws where the proposal is none that a Child SA can be made of here. Its SPI is not looked at.
  package init(_ proposal: Proposal) throws(SuiteFault) {
    guard [.esp, .ah].contains(proposal.protocolID) else {
      throw .wrongProtocol(proposal.protocolID)
    }
    protocolID = proposal.protocolID
    let choice = try ChosenTransforms(proposal)
    let common =
      [.integrity, .keyExchange, .sequenceNumbers] + TransformType.additionalKeyExchanges
    if proposal.protocolID == .esp {
      try choice.allow(common + [.encryption])
      guard let encryption = try choice.encryption() else { throw .missing(.encryption) }
      self.encryption = encryption
    } else {
      try choice.allow(common)
      encryption = nil
    }
    integrity = try choice.integrity(beside: encryption, mayEncryptOnly: true)
    guard let numbers = choice.id(.sequenceNumbers) else { throw .missing(.sequenceNumbers) }
    sequenceNumbers = SequenceNumbers(rawValue: numbers)
    keyExchange = choice.keyExchange(.keyExchange)
    additional = try choice.additionalKeyExchanges(beside: keyExchange)
    guard additional.isEmpty || keyExchange != nil else { throw .missing(.keyExchange) }
  }
}
