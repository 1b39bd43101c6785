import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

/// An AUTH payload of a daemon, with all that it covers: Tests/Fixtures/recordings-auth.
struct RecordedAuthentication: Sendable, CustomTestStringConvertible {
  let name: String
  let side: Side
  let prf: UInt16
  let message: [UInt8]
  let nonce: [UInt8]
  let key: [UInt8]
  let identity: [UInt8]
  let authentication: [UInt8]
  let certificates: [[UInt8]]
  let secret: String
  /// The key before the PPK was mixed in; empty where there is none.
  let keyBeforePPK: [UInt8]

  var testDescription: String { "\(name), \(side)" }

  init(_ fields: [Substring]) {
    name = String(fields[0])
    side = fields[1] == "initiator" ? .initiator : .responder
    prf = UInt16(fields[2]) ?? 0
    message = AuthenticationVectors.bytes(String(fields[3]))
    nonce = AuthenticationVectors.bytes(String(fields[4]))
    key = AuthenticationVectors.bytes(String(fields[5]))
    identity = AuthenticationVectors.bytes(String(fields[6]))
    authentication = AuthenticationVectors.bytes(String(fields[7]))
    certificates = fields[8].split(separator: ";").map { AuthenticationVectors.bytes(String($0)) }
    secret = String(fields[9])
    keyBeforePPK = AuthenticationVectors.bytes(String(fields[10]))
  }

  static let all: [RecordedAuthentication] = rows("authentication.csv").map(Self.init)

  static func rows(_ file: String) -> [[Substring]] {
    let text = (try? TestFixture.read("recordings-auth/\(file)")) ?? []
    return String(decoding: text, as: UTF8.self).split(separator: "\n").dropFirst().map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
  }

  /// What the side claims, read back through payloads as they came.
  var claim: PeerClaim? {
    let id: PayloadType = side == .initiator ? .identificationInitiator : .identificationResponder
    let bodies =
      [(id, identity)] + certificates.map { (PayloadType.certificate, [4] + $0) }
      + [(PayloadType.authentication, authentication)]
    var writer = ByteWriter()
    for (index, (_, body)) in bodies.enumerated() {
      writer.u8(index + 1 < bodies.count ? bodies[index + 1].0.rawValue : 0)
      writer.u8(0)
      writer.u16(UInt16(body.count + 4))
      writer.append(body)
    }
    let bytes = writer.bytes
    var reader = ByteReader(bytes.rawBytes)
    return PeerClaim(PayloadChain(first: id, from: &reader).payloads, of: side)
  }

  /// The other side's message and key are not in the row, and play no part in this side's AUTH.
  var context: AuthenticationContext? {
    guard let function = try? PRF(PseudorandomFunction(rawValue: prf)) else { return nil }
    let key = Secret(copying: key)
    return AuthenticationContext(
      prf: function, initRequest: message, initResponse: message, initiatorNonce: nonce,
      responderNonce: nonce, initiatorKey: key, responderKey: key)
  }
}
