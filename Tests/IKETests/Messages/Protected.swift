import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

/// Both ends of an IKE SA whose keys are made up.
struct ProtectedPair {
  let initiator: MessageProtection
  let responder: MessageProtection

  init(_ suite: IKESuite) throws {
    let keys = try IKEKeys.initial(
      suite, sharedSecret: Secret(copying: [1, 2, 3]),
      initiatorNonce: [UInt8](repeating: 4, count: 32),
      responderNonce: [UInt8](repeating: 5, count: 32), initiatorSPI: 6, responderSPI: 7)
    initiator = try MessageProtection(suite: suite, keys: keys, isInitiator: true)
    responder = try MessageProtection(suite: suite, keys: keys, isInitiator: false)
  }

  init() throws {
    try self.init(try IKESuite(.ike([.aesGCM(128), .prf(5), .method(31)])))
  }

  /// A request of the initiator.
  static func header(_ messageID: UInt32 = 1, flags: UInt8 = 0x08) -> IKEHeader {
    IKEHeader(
      initiatorSPI: 6, responderSPI: 7, nextPayload: 0,
      exchangeType: ExchangeType.informational.rawValue, flags: flags, messageID: messageID,
      length: 0)
  }

  /// Vendor IDs of `sizes` octets, in hundreds of ways unlike one another.
  static func payloads(_ sizes: Int...) -> [IKEPayload] {
    sizes.map { size in
      IKEPayload(.vendorID, .vendorID((0..<size).map { UInt8(truncatingIfNeeded: $0 * 7 + size) }))
    }
  }
}

extension IKEMessage {
  init(_ bytes: [UInt8]) throws {
    var reader = ByteReader(bytes.rawBytes)
    try self.init(from: &reader)
  }
}

extension MessageProtection {
  func open(_ bytes: [UInt8]) throws -> Opened {
    try open(try IKEMessage(bytes), in: bytes)
  }

  /// The payloads that the last of these datagrams completes; fails the test if it does not.
  func payloads(_ datagrams: [[UInt8]]) throws -> [IKEPayload] {
    for datagram in datagrams.dropLast() {
      guard case .fragment = try open(datagram) else {
        throw Unexpected(description: "a message is whole before its last fragment")
      }
    }
    guard let last = datagrams.last, case .message(let chain, _) = try open(last) else {
      throw Unexpected(description: "the last datagram completes nothing")
    }
    #expect(chain.firstStop == nil)
    return chain.payloads
  }
}

struct Unexpected: Error, CustomStringConvertible {
  let description: String
}
