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
  package var icvBytes: Int { encryption.isAEAD ? encryption.icvBytes : integrity?.icvBytes ?? 0 }

  /// Octets of an ESP packet, from the SPI to the ICV, around `payload` octets, TFC padding included.
  package func packetBytes(payload: Int) -> Int {
    let alignment = encryption.espAlignment
    let padded = (payload + 2 + alignment - 1) / alignment * alignment
    return 8 + encryption.explicitIVBytes + padded + icvBytes
  }

  /// The most octets that have room in an ESP packet of `packet` octets; negative if there is none.
  package func payloadBytes(packet: Int) -> Int {
    let alignment = encryption.espAlignment
    let room = packet - 8 - encryption.explicitIVBytes - icvBytes
    guard room >= alignment else { return -1 }
    return room / alignment * alignment - 2
  }
}
