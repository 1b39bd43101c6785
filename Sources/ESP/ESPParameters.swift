package import IPsecCrypto

/// One direction of an ESP SA: what both of its ends must agree on (RFC 4303, section 2).
package struct ESPParameters: Sendable {
  package var spi: UInt32
  package var encryption: EncryptionTransform
  /// Nil beside an AEAD cipher, and where encryption alone was agreed on.
  package var integrity: IntegrityTransform?
  /// With the salt where the cipher takes one.
  package var encryptionKey: Secret
  /// Empty beside an AEAD cipher.
  package var integrityKey: Secret
  /// Whether sequence numbers have 64 bits, of which 32 are sent.
  package var usesESN: Bool

  package init(
    spi: UInt32, encryption: EncryptionTransform, integrity: IntegrityTransform?,
    encryptionKey: Secret, integrityKey: Secret, usesESN: Bool = false
  ) {
    self.spi = spi
    self.encryption = encryption
    self.integrity = integrity
    self.encryptionKey = encryptionKey
    self.integrityKey = integrityKey
    self.usesESN = usesESN
  }

  /// Octets of ICV in each packet.
  package var icvBytes: Int { layout.icvBytes }

  /// Octets of an ESP packet, from the SPI to the ICV, around `payload` octets, TFC padding included.
  package func packetBytes(payload: Int) -> Int { layout.packetBytes(payload: payload) }

  /// The most octets that have room in an ESP packet of `packet` octets; negative if there is none.
  package func payloadBytes(packet: Int) -> Int { layout.payloadBytes(packet: packet) }

  var layout: PacketLayout { PacketLayout(encryption, integrity) }

  /// The checker of ICVs that the cipher does not make by itself; nil beside an AEAD cipher, and where
  /// there is no integrity transform.
  func integrityChecker() throws(CryptoError) -> IntegrityChecker? {
    guard let integrity, !encryption.isAEAD else { return nil }
    // RFC 4543, section 9: those with an IV are AH's. ESP has ENCR_NULL_AUTH_AES_GMAC.
    guard integrity.ivBytes == 0 else { throw .notImplemented("\(integrity.id) in ESP") }
    return try IntegrityChecker(integrity, keyMaterial: integrityKey)
  }
}
