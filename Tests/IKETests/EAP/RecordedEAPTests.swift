import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

/// A run of EAP-MSCHAPv2 between two strongSwan daemons: Tests/Fixtures/recordings-auth.
enum RecordedEAP {
  static let credential = EAPCredential(
    userName: "carol", password: Secret(copying: Array("an-example-password".utf8)))

  static var messages: [(side: Side, message: EAPMessage)] {
    get throws {
      try RecordedAuthentication.rows("eap-mschapv2.csv").map { row in
        (
          row[0] == "initiator" ? .initiator : .responder,
          try message(AuthenticationVectors.bytes(String(row[1])))
        )
      }
    }
  }

  /// Reads an EAP payload's body as a message's.
  private static func message(_ body: [UInt8]) throws -> EAPMessage {
    var writer = ByteWriter()
    writer.u8(0)
    writer.u8(0)
    writer.u16(UInt16(body.count + 4))
    writer.append(body)
    let bytes = writer.bytes
    var reader = ByteReader(bytes.rawBytes)
    let payload = try #require(PayloadChain(first: .eap, from: &reader).payloads.first)
    guard case .eap(let message) = payload.body, payload.stop == nil else {
      throw RecordingFault()
    }
    return message
  }

  struct RecordingFault: Error {}

  /// The challenge that strongSwan's peer sent.
  static var peerChallenge: [UInt8] {
    get throws {
      for (_, message) in try messages {
        if case .response(_, let challenge, _, _)? = MSCHAPv2Packet(message.data) {
          return challenge
        }
      }
      throw RecordingFault()
    }
  }

  /// What the run yields.
  static var masterKey: Secret {
    get throws {
      var peer = EAPPeer(credential, peerChallenge: try peerChallenge)
      for (side, message) in try messages where side == .responder {
        if case .succeeded(let key) = peer.handle(message) { return key }
      }
      throw RecordingFault()
    }
  }
}

@Suite("EAP of strongSwan")
struct RecordedEAPTests {
  @Test("our peer answers its server as its own peer did, octet for octet, to the end")
  func peer() throws {
    var peer = EAPPeer(RecordedEAP.credential, peerChallenge: try RecordedEAP.peerChallenge)
    var due: EAPMessage?
    var hasSucceeded = false
    for (side, message) in try RecordedEAP.messages {
      guard side == .responder else {
        #expect(due == message)
        continue
      }
      switch peer.handle(message) {
      case .respond(let response): due = response
      case .succeeded(let key):
        hasSucceeded = true
        #expect(key.count == 64)
      case .failed(let failure): Issue.record("\(failure)")
      }
    }
    #expect(hasSucceeded)
  }

  @Test("our peer finds out that the server does not know the password")
  func wrongPassword() throws {
    let other = EAPCredential(userName: "carol", password: Secret(copying: [1]))
    var peer = EAPPeer(other, peerChallenge: try RecordedEAP.peerChallenge)
    var failure: EAPFailure?
    for (side, message) in try RecordedEAP.messages where side == .responder {
      if case .failed(let reason) = peer.handle(message) { failure = failure ?? reason }
    }
    #expect(failure == .serverNotProven)
  }
}
