package import IPsecCrypto

/// The keys of a Child SA, both directions (RFC 7296, section 2.17).
package struct ChildKeys: Sendable {
  /// The keys of one direction, as ``PacketSealer`` and ``IntegrityChecker`` take them.
  package struct Direction: Sendable {
    /// With the salt where the cipher takes one; empty for AH.
    package let encryption: Secret
    /// Empty beside an AEAD cipher.
    package let integrity: Secret
  }

  package let initiatorToResponder: Direction
  package let responderToInitiator: Direction

  /// KEYMAT = prf+(SK_d, [SK(0) |] Ni | Nr [| SK(1) | ... | SK(n)]).
  ///
  /// SK_d and the PRF are the IKE SA's. `encryption` is nil for AH, `integrity` beside an AEAD cipher.
  /// `secrets` are those of CREATE_CHILD_SA and of IKE_FOLLOWUP_KE behind it (RFC 9370, section 2.2.4);
  /// there are none without perfect forward secrecy. The nonces are those of the exchange that made the
  /// Child SA, IKE_SA_INIT's for IKE_AUTH's, and its initiator is the SA's.
  package init(
    skD: Secret, prf: PRF, encryption: EncryptionTransform?, integrity: IntegrityTransform?,
    secrets: [Secret] = [], initiatorNonce: [UInt8], responderNonce: [UInt8]
  ) throws(CryptoError) {
    let cipher = encryption?.keyMaterialBytes ?? 0
    let mac = integrity?.keyMaterialBytes ?? 0
    let input = KeyInput.joined(secrets, nonces: initiatorNonce + responderNonce)
    let material = try prf.expand(key: skD, .secret(input), count: 2 * (cipher + mac))
    var parts = KeyMaterial(material)
    initiatorToResponder = Direction(
      encryption: try parts.next(cipher), integrity: try parts.next(mac))
    responderToInitiator = Direction(
      encryption: try parts.next(cipher), integrity: try parts.next(mac))
  }

  package init(
    skD: Secret, prf: PRF, suite: ChildSuite, secrets: [Secret] = [], initiatorNonce: [UInt8],
    responderNonce: [UInt8]
  ) throws(CryptoError) {
    try self.init(
      skD: skD, prf: prf, encryption: suite.encryption, integrity: suite.integrity,
      secrets: secrets, initiatorNonce: initiatorNonce, responderNonce: responderNonce)
  }
}
