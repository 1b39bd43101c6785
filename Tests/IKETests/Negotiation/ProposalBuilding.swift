import PacketDissector

@testable import IKE

/// Proposals in few words, for tests.
extension Proposal {
  static func ike(_ transforms: Transform...) -> Proposal {
    Proposal(number: 1, protocolID: .ike, transforms: transforms)
  }

  static func ike(_ number: UInt8, spi: [UInt8] = [], _ transforms: Transform...) -> Proposal {
    Proposal(number: number, protocolID: .ike, spi: spi, transforms: transforms)
  }

  static func esp(_ transforms: Transform...) -> Proposal {
    Proposal(number: 1, protocolID: .esp, spi: [1, 2, 3, 4], transforms: transforms)
  }

  static func esp(spi: [UInt8], _ transforms: Transform...) -> Proposal {
    Proposal(number: 1, protocolID: .esp, spi: spi, transforms: transforms)
  }
}

extension Transform {
  static let aesGCM256 = Transform(.encryption, id: 20, keyLength: 256)
  static let aesGCM128 = Transform(.encryption, id: 20, keyLength: 128)
  static let aesCBC256 = Transform(.encryption, id: 12, keyLength: 256)
  static let aesCBC128 = Transform(.encryption, id: 12, keyLength: 128)
  static let chaCha20 = Transform(.encryption, id: 28)
  static let prf256 = Transform(.prf, id: 5)
  static let prf384 = Transform(.prf, id: 6)
  static let integrity256 = Transform(.integrity, id: 12)
  static let integritySHA1 = Transform(.integrity, id: 2)
  static let noIntegrity = Transform(.integrity, id: 0)
  static let x25519 = Transform(.keyExchange, id: 31)
  static let ecp256 = Transform(.keyExchange, id: 19)
  static let modp2048 = Transform(.keyExchange, id: 14)
  static let noKeyExchange = Transform(.keyExchange, id: 0)
  static let noESN = Transform(.sequenceNumbers, id: 0)
  static let esn = Transform(.sequenceNumbers, id: 1)

  /// ADDKE number `index`, from 1.
  static func additional(_ index: UInt8, _ method: UInt16) -> Transform {
    Transform(TransformType(rawValue: 5 + index), id: method)
  }
}
