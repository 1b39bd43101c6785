package import IPsecCrypto
import PacketDissector

/// A candidate key of one direction of an ESP or AH security association. What proves it is the ICV
/// of a packet.
package struct ESPKey: Sendable {
  package enum IPsecProtocol: Hashable, Sendable {
    case esp, ah
  }

  package enum Mode: Hashable, Sendable {
    case tunnel, transport, beet, iptfs
  }

  package enum Encapsulation: Hashable, Sendable {
    case none
    case udp(sourcePort: UInt16, destinationPort: UInt16)
    case tcp(sourcePort: UInt16, destinationPort: UInt16)
  }

  package var ipsecProtocol = IPsecProtocol.esp
  package var source = AddressPattern.any
  package var destination = AddressPattern.any
  /// Nil if the file does not say, or says any.
  package var spi: UInt32?
  /// ENCR_NULL for AH.
  package var cipher: KeyCipher
  /// In the order of KEYMAT: where the cipher takes a salt or a nonce, it ends in it.
  package var cipherKey: Secret
  /// NONE for an AEAD cipher.
  package var integrity: KeyIntegrity
  package var integrityKey: Secret
  /// The length of the ICV where it may differ from what the algorithms say; for
  /// ``KeyIntegrity/unchecked`` always.
  package var icvBytes: Int?
  /// Nil if not known, as the three below.
  package var usesESN: Bool?
  /// The receiver's replay window, in packets, where the file is its own; zero if that has none.
  package var replayWindow: UInt32?
  package var mode: Mode?
  package var encapsulation: Encapsulation?
  package var origin: KeyOrigin

  /// A key for ESP between any addresses; set what else is known.
  package init(
    cipher: KeyCipher, cipherKey: Secret, integrity: KeyIntegrity, integrityKey: Secret,
    origin: KeyOrigin
  ) {
    self.cipher = cipher
    self.cipherKey = cipherKey
    self.integrity = integrity
    self.integrityKey = integrityKey
    self.origin = origin
  }

  /// Addresses and nothing else yet: no encryption, no integrity.
  package init(
    source: AddressPattern, destination: AddressPattern, spi: UInt32? = nil, origin: KeyOrigin
  ) {
    self.init(
      cipher: .algorithm(11), cipherKey: Secret(copying: []), integrity: .algorithm(0),
      integrityKey: Secret(copying: []), origin: origin)
    self.source = source
    self.destination = destination
    self.spi = spi
  }
}
