import ESP
import IPsecCrypto
import PacketDissector
import Testing

/// Transforms that one SA has together, with made-up keys.
struct Suite: CustomTestStringConvertible {
  let encryption: EncryptionTransform
  let integrity: IntegrityTransform?

  var testDescription: String {
    "\(encryption.name)\(integrity.map { " \($0.id)" } ?? "")"
  }

  init(
    _ encryption: EncryptionAlgorithm, _ keyBits: Int? = nil, _ integrity: IntegrityAlgorithm? = nil
  ) throws {
    self.encryption = try EncryptionTransform(encryption, keyBits: keyBits)
    self.integrity = try integrity.map { try IntegrityTransform($0) }
  }

  func parameters(esn: Bool = false, spi: UInt32 = 0xC0DE_0001) -> ESPParameters {
    ESPParameters(
      spi: spi, encryption: encryption, integrity: integrity,
      encryptionKey: Secret(copying: pattern(encryption.keyMaterialBytes, 9)),
      integrityKey: Secret(copying: pattern(integrity?.keyMaterialBytes ?? 0, 5)), usesESN: esn)
  }

  static func gcm() throws -> Suite { try Suite(.aesGCM16, 128) }
  /// Nothing is hidden, so that a packet can be written by hand.
  static func null() throws -> Suite { try Suite(.null) }

  static let ciphers: [(EncryptionAlgorithm, Int?)] = [
    (.null, nil), (.desIV64, nil), (.des, nil), (.desIV32, nil), (.tripleDES, nil), (.cast, 128),
    (.blowfish, 128), (.blowfish, 448), (.aesCBC, 128), (.aesCBC, 192), (.aesCBC, 256),
    (.aesCTR, 128), (.aesCTR, 192), (.aesCTR, 256), (.camelliaCBC, 128), (.camelliaCBC, 192),
    (.camelliaCBC, 256), (.camelliaCTR, 128), (.camelliaCTR, 192), (.camelliaCTR, 256),
  ]

  static let aeads: [(EncryptionAlgorithm, Int?)] =
    [.aesGCM8, .aesGCM12, .aesGCM16, .aesGCM16ImplicitIV, .nullAuthAESGMAC, .aesCCM8, .aesCCM12]
    .flatMap { id in [128, 192, 256].map { (id, $0) } }
    + [.aesCCM16, .aesCCM8ImplicitIV, .camelliaCCM8, .camelliaCCM12, .camelliaCCM16]
    .flatMap { id in [128, 192, 256].map { (id, $0) } }
    + [(.chaCha20Poly1305, nil), (.chaCha20Poly1305ImplicitIV, nil)]

  static let integrities: [IntegrityAlgorithm] = [
    .hmacMD5_96, .hmacMD5_128, .hmacSHA1_96, .hmacSHA1_160, .hmacSHA2_256_128, .hmacSHA2_384_192,
    .hmacSHA2_512_256, .aesCMAC96, .aesXCBC96, .experimentalHMACSHA3_256, .experimentalHMACSHA3_384,
    .experimentalHMACSHA3_512, .experimentalKMAC128, .experimentalKMAC256,
  ]

  /// All that go together: ciphers with each integrity algorithm and with none, and AEADs alone.
  static let all: [Suite] = {
    var suites = aeads.compactMap { try? Suite($0.0, $0.1) }
    for (id, bits) in ciphers {
      suites += (integrities.map(Optional.some) + [nil]).compactMap { try? Suite(id, bits, $0) }
    }
    return suites
  }()

  /// Each cipher and each integrity algorithm once.
  static let each: [Suite] =
    aeads.compactMap { try? Suite($0.0, $0.1) }
    + ciphers.compactMap { try? Suite($0.0, $0.1, .hmacSHA2_256_128) }
    + integrities.compactMap { try? Suite(.aesCBC, 128, $0) }
}

/// Bytes that differ from their neighbours, for contents that do not matter.
func pattern(_ count: Int, _ first: Int = 0) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: first &+ $0 &* 7 &+ $0 >> 8) }
}

extension OutboundSA {
  mutating func sealed(
    _ payload: [UInt8], nextHeader: UInt8 = 4, trafficPadding: Int = 0
  ) throws -> [UInt8] {
    let room = parameters.packetBytes(payload: payload.count + trafficPadding)
    var packet = [UInt8](repeating: 0xA5, count: room)
    let count = try seal(
      payload.rawBytes, nextHeader: nextHeader, trafficPadding: trafficPadding, into: &packet)
    #expect(count == room)
    return packet
  }
}

/// What a packet had inside, or why it stayed closed.
struct Opening: Equatable {
  var content: InboundSA.Content?
  var payload: [UInt8] = []
  var failure: ESPFailure?
}

extension InboundSA {
  mutating func opened(_ packet: [UInt8]) -> Opening {
    var output = [UInt8](repeating: 0xA5, count: packet.count)
    do throws(ESPFailure) {
      let content = try open(packet.rawBytes, into: &output)
      return Opening(content: content, payload: Array(output.prefix(content.payloadBytes)))
    } catch {
      return Opening(failure: error)
    }
  }
}
