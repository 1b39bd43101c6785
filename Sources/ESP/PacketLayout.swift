internal import IPsecCrypto

/// The sizes of what an ESP packet has around its payload (RFC 4303, section 2).
///
///     +- SPI 4 -+- number 4 -+- IV -+- payload, TFC padding, padding, 1, 1 -+- ICV -+
struct PacketLayout: Sendable {
  /// The most octets of an ESP packet: what IPv4 can carry behind its header.
  static let longest = 65_515
  /// SPI and sequence number.
  static let headerBytes = 8
  /// Pad length and next header.
  static let trailerBytes = 2

  let explicitIVBytes: Int
  /// What is encrypted comes in multiples of this.
  let alignment: Int
  let icvBytes: Int

  init(_ encryption: EncryptionTransform, _ integrity: IntegrityTransform?) {
    explicitIVBytes = encryption.explicitIVBytes
    alignment = encryption.espAlignment
    icvBytes = encryption.isAEAD ? encryption.icvBytes : integrity?.icvBytes ?? 0
  }

  /// Where the ciphertext begins.
  var bodyStart: Int { Self.headerBytes + explicitIVBytes }

  /// Octets of padding behind `payload` octets.
  func padding(payload: Int) -> Int {
    let over = (payload + Self.trailerBytes) % alignment
    return over == 0 ? 0 : alignment - over
  }

  func packetBytes(payload: Int) -> Int {
    bodyStart + payload + padding(payload: payload) + Self.trailerBytes + icvBytes
  }

  func payloadBytes(packet: Int) -> Int {
    let room = packet - bodyStart - icvBytes
    guard room >= alignment else { return -1 }
    return room / alignment * alignment - Self.trailerBytes
  }
}
