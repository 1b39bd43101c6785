import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

/// Fixtures/vectors/ikev2-keys.csv: one derivation after the other from the same inputs.
struct KeyVectors {
  private let rows: [[String]]

  init() throws {
    rows = try Fixture.table("vectors/ikev2-keys.csv")
  }

  /// The value of the one item that begins so.
  func value(_ start: String) throws -> String {
    let found = rows.filter { $0.first?.hasPrefix(start) == true }
    try #require(found.count == 1, "\(start)")
    return try #require(found[0].last)
  }

  func bytes(_ start: String) throws -> [UInt8] { try octets(try value(start)) }
  func secret(_ start: String) throws -> Secret { try Secret(hex: try value(start)) }

  var nonces: (initiator: [UInt8], responder: [UInt8]) {
    get throws { (try bytes("input: Ni"), try bytes("input: Nr")) }
  }

  static let initiatorSPI: UInt64 = 0x0102_0304_0506_0708
  static let responderSPI: UInt64 = 0x1112_1314_1516_1718

  /// AES-GCM-16 with 256 bits and PRF_HMAC_SHA2_256, as the table's lengths have it.
  static var suite: IKESuite {
    get throws { try IKESuite(.ike([.aesGCM(256), .prf(5), .method(31)])) }
  }

  func initial() throws -> IKEKeys {
    try IKEKeys.initial(
      Self.suite, sharedSecret: try secret("input: g^ir"), initiatorNonce: try nonces.initiator,
      responderNonce: try nonces.responder, initiatorSPI: Self.initiatorSPI,
      responderSPI: Self.responderSPI)
  }
}

extension IKEKeys {
  /// In the order that prf+ yields them.
  var revealed: String {
    [d, ai, ar, ei, er, pi, pr].map(\.revealed).joined()
  }
}

extension Proposal {
  static func ike(_ transforms: [Transform], spi: [UInt8] = []) -> Proposal {
    Proposal(number: 1, protocolID: .ike, spi: spi, transforms: transforms)
  }

  static func esp(_ transforms: [Transform]) -> Proposal {
    Proposal(number: 1, protocolID: .esp, spi: [0, 0, 1, 0], transforms: transforms)
  }
}

extension Transform {
  static func cipher(_ algorithm: EncryptionAlgorithm, _ bits: UInt16? = nil) -> Transform {
    guard let bits else { return Transform(.encryption, id: algorithm.rawValue) }
    return Transform(.encryption, id: algorithm.rawValue, keyLength: bits)
  }

  static func aesGCM(_ bits: UInt16) -> Transform { cipher(.aesGCM16, bits) }
  static func aesCBC(_ bits: UInt16) -> Transform { cipher(.aesCBC, bits) }
  static func prf(_ id: UInt16) -> Transform { Transform(.prf, id: id) }
  static func mac(_ id: UInt16) -> Transform { Transform(.integrity, id: id) }
  static func method(_ id: UInt16) -> Transform { Transform(.keyExchange, id: id) }

  static let shortNumbers = Transform(.sequenceNumbers, id: 0)
}
