import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

/// Inputs whose results were computed with Python's `hmac`, by the formulas of RFC 7296, section 2.15.
enum AuthenticationVectors {
  static func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  static let initiatorNonce = [UInt8](0x00...0x1F)
  static let responderNonce = [UInt8](0x20...0x3F)
  static let message = Array("IKE_SA_INIT request octets".utf8)
  static let response = Array("IKE_SA_INIT response octets".utf8)
  static let identity = Identity(type: .idFQDN, data: Array("peer.example".utf8))
  static let secret = Secret(copying: Array("test-psk".utf8))

  static func context(intermediate: [UInt8] = []) throws -> AuthenticationContext {
    AuthenticationContext(
      prf: try PRF(.hmacSHA2_256), initRequest: message, initResponse: response,
      initiatorNonce: initiatorNonce, responderNonce: responderNonce,
      initiatorKey: Secret(
        copying: bytes("f4d9f877d73606ca959fbdb34f746d24f8939191f8d3af60fc816d7edfca54ae")),
      responderKey: Secret(
        copying: bytes("0e23cdb44dc9e8476619d587774b27a4824b6c47d2e341e57237e03458c7e3e9")),
      intermediate: intermediate)
  }
}

@Suite("What AUTH covers")
struct AuthenticationContextTests {
  private typealias Vectors = AuthenticationVectors

  private func mac(
    _ side: Side, _ identity: Identity, _ secret: Secret, intermediate: [UInt8] = []
  ) throws -> String {
    try Vectors.context(intermediate: intermediate).sharedKeyMAC(of: side, identity, secret)
      .revealed
  }

  @Test("signed octets are the own message, the other's nonce and the MAC of the ID payload's body")
  func signedOctets() throws {
    let macedID = Vectors.bytes("95029001cbbbacee41a1223df33b262213419ceaefee7039cab51782f5ae8a1f")
    let context = try Vectors.context()
    #expect(
      try context.signedOctets(of: .initiator, Vectors.identity)
        == Vectors.message + Vectors.responderNonce + macedID)
    let responder = try context.signedOctets(of: .responder, Vectors.identity)
    #expect(responder.starts(with: Vectors.response + Vectors.initiatorNonce))
    #expect(responder.suffix(32) != macedID[...])
  }

  @Test("the MAC with a pre-shared key is that of an independent computation, for both sides")
  func sharedKey() throws {
    #expect(
      try mac(.initiator, Vectors.identity, Vectors.secret)
        == "b07dac1ddc57aed52ccac2faeb83504c7e47612b68754f7f28a5455684b636a5")
    #expect(
      try mac(.responder, Vectors.identity, Vectors.secret)
        == "e78b480fd51ec296edf21d0d8a92aaaed474eee23471fd13aaba535edc1be61b")
  }

  @Test("what IKE_INTERMEDIATE adds comes last, for both sides")
  func intermediate() throws {
    let added = [UInt8](0..<64) + [0, 0, 0, 2]
    #expect(
      try mac(.initiator, Vectors.identity, Vectors.secret, intermediate: added)
        == "3c305496703b276e04490a136eb60430f619d01e769d8cbd882a2f9ac1fe8ca2")
    #expect(
      try mac(.responder, Vectors.identity, Vectors.secret, intermediate: added)
        == "a2a7af10fc9fc54f6ed0cec6e183131d0d8cbc8e5130373e8a941aa1a6eedc25")
  }

  @Test("NULL authentication is the same with SK_p as the secret")
  func null() throws {
    let key = try Vectors.context().key(of: .responder)
    #expect(
      try mac(.responder, .null, key)
        == "0e82a58a2d5d1b1da43e4bbf09aaad709993a2fe26d545f2e460a95a3aec0542")
  }
}
