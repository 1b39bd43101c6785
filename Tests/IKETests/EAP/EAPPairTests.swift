import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("EAP-MSCHAPv2, peer and authenticator")
struct EAPPairTests {
  private let password = Secret(copying: Array("pässword".utf8))
  private let challenge = [UInt8](0..<16)
  private let peerChallenge = [UInt8](100..<116)

  private func authenticator(_ accounts: [String: Secret]? = nil) -> EAPAuthenticator {
    EAPAuthenticator(
      accounts: accounts ?? ["carol": password, "LAB\\dave": password], challenge: challenge,
      name: "gateway.example", identifier: 255)
  }

  private func peer(_ name: String = "carol", _ password: Secret? = nil) -> EAPPeer {
    EAPPeer(
      EAPCredential(userName: name, password: password ?? self.password),
      peerChallenge: peerChallenge)
  }

  private struct Outcome {
    var peerKey: Secret?
    var peerFailure: EAPFailure?
    var authenticatorKey: Secret?
    var authenticatorFailure: EAPFailure?
    var userName: String?
    var messages = 0
  }

  /// Runs both to their end; `change` may alter each message on its way.
  private func run(
    _ peer: EAPPeer, _ authenticator: EAPAuthenticator,
    _ change: (inout EAPMessage) -> Void = { _ in }
  ) -> Outcome {
    var peer = peer
    var authenticator = authenticator
    var outcome = Outcome()
    var message = authenticator.firstRequest
    while outcome.messages < 50 {
      change(&message)
      outcome.messages += 1
      switch peer.handle(message) {
      case .respond(let response): message = response
      case .succeeded(let key):
        outcome.peerKey = key
        return outcome
      case .failed(let reason):
        outcome.peerFailure = reason
        return outcome
      }
      change(&message)
      outcome.messages += 1
      switch authenticator.handle(message) {
      case .request(let request): message = request
      case .succeeded(let success, let key, let userName):
        (outcome.authenticatorKey, outcome.userName, message) = (key, userName, success)
      case .failed(let failure, let reason):
        (outcome.authenticatorFailure, message) = (reason, failure)
      }
    }
    return outcome
  }

  @Test(
    "both end with the same key, across the wrap of the identifier",
    arguments: [
      "carol", "LAB\\dave",
    ])
  func success(_ name: String) throws {
    let outcome = run(peer(name), authenticator())
    let key = try #require(outcome.peerKey)
    #expect(key.count == 64)
    #expect(outcome.authenticatorKey.map { $0.hasSameBytes(as: key) } == true)
    #expect(outcome.userName == name)
    #expect(outcome.messages == 7)
  }

  @Test("a wrong password or an unknown name is refused, and the peer is told so")
  func refused() {
    for peer in [peer("carol", Secret(copying: [1])), peer("mallory")] {
      let outcome = run(peer, authenticator())
      guard case .wrongPassword(let message)? = outcome.peerFailure else {
        Issue.record("\(String(describing: outcome.peerFailure))")
        continue
      }
      #expect(message.hasPrefix("E=691 R=0 "))
      #expect(outcome.authenticatorFailure == .wrongPassword(message: message))
      #expect(outcome.peerKey == nil && outcome.authenticatorKey == nil)
    }
  }

  @Test("a server that does not know the password is found out")
  func impostor() {
    let outcome = run(peer(), authenticator()) { message in
      guard case .success(let id, var text)? = MSCHAPv2Packet(message.data) else { return }
      text[5] ^= 1
      message.data = MSCHAPv2Packet.success(id: id, message: text).bytes
    }
    #expect(outcome.peerFailure == .serverNotProven)
    #expect(outcome.peerKey == nil && outcome.authenticatorKey == nil)
  }

  @Test("EAP-Success before the server's proof is not believed")
  func early() {
    for rounds in 0...1 {
      var peer = peer()
      var authenticator = authenticator()
      var request = authenticator.firstRequest
      for _ in 0..<rounds {
        guard case .respond(let response) = peer.handle(request),
          case .request(let next) = authenticator.handle(response)
        else { continue }
        request = next
      }
      _ = peer.handle(request)
      guard
        case .failed(.successTooEarly) = peer.handle(EAPMessage(code: .success, identifier: 1))
      else {
        Issue.record("it was, after \(rounds) rounds")
        continue
      }
    }
  }

  @Test("EAP-Failure ends it, whenever it comes")
  func failure() {
    var peer = peer()
    guard case .failed(.refused) = peer.handle(EAPMessage(code: .failure, identifier: 0)) else {
      Issue.record("it did not")
      return
    }
    guard
      case .failed(.unexpected(.request)) = peer.handle(
        EAPMessage(code: .request, identifier: 1, type: .identity))
    else {
      Issue.record("it went on")
      return
    }
  }

  @Test("a notification is acknowledged, another method declined for MSCHAPv2")
  func otherTypes() {
    var peer = peer()
    func answer(_ request: EAPMessage) -> EAPMessage? {
      if case .respond(let response) = peer.handle(request) { response } else { nil }
    }
    #expect(
      answer(EAPMessage(code: .request, identifier: 3, type: .notification, data: [65]))
        == EAPMessage(code: .response, identifier: 3, type: .notification))
    #expect(
      answer(EAPMessage(code: .request, identifier: 4, type: .tls, data: [0x20]))
        == EAPMessage(code: .response, identifier: 4, type: .legacyNak, data: [26]))
    #expect(
      answer(
        EAPMessage(
          code: .request, identifier: 5, type: .expanded,
          expandedType: .init(vendorID: 9, vendorType: 1)))
        == EAPMessage(
          code: .response, identifier: 5, type: .expanded,
          expandedType: .init(vendorID: 0, vendorType: 3), data: [254, 0, 0, 0, 0, 0, 0, 26]))
  }

  @Test("a server that never ends is left")
  func rounds() {
    var peer = peer()
    for round in 1...100 {
      let request = EAPMessage(
        code: .request, identifier: UInt8(truncatingIfNeeded: round), type: .notification)
      guard case .failed(let reason) = peer.handle(request) else { continue }
      #expect(reason == .tooManyRounds)
      #expect(round == EAPPeer.roundLimit + 1)
      return
    }
    Issue.record("it was not")
  }

  @Test("a challenge is answered once")
  func secondChallenge() {
    var peer = peer()
    let packet = MSCHAPv2Packet.challenge(id: 1, challenge, name: [])
    let request = EAPMessage(code: .request, identifier: 1, type: .mschapv2, data: packet.bytes)
    guard case .respond = peer.handle(request), case .failed(.malformed) = peer.handle(request)
    else {
      Issue.record("it was answered twice, or not at all")
      return
    }
  }

  @Test("the authenticator takes nothing but what is due")
  func authenticatorOrder() {
    func failure(_ messages: EAPMessage...) -> EAPFailure? {
      var authenticator = authenticator()
      for message in messages {
        if case .failed(_, let reason) = authenticator.handle(message) { return reason }
      }
      return nil
    }
    let identity = EAPMessage(code: .response, identifier: 255, type: .identity, data: [99])
    let acknowledgement = EAPMessage(
      code: .response, identifier: 0, type: .mschapv2,
      data: MSCHAPv2Packet.successAcknowledged.bytes)
    #expect(failure(identity) == nil)
    #expect(failure(acknowledgement) == .malformed)
    #expect(failure(identity, acknowledgement) == .malformed)
    #expect(failure(identity, identity) == .malformed)
    #expect(
      failure(EAPMessage(code: .response, identifier: 254, type: .identity, data: [99]))
        == .malformed)
    #expect(
      failure(EAPMessage(code: .success, identifier: 255)) == .unexpected(.success))
    #expect(
      failure(identity, EAPMessage(code: .response, identifier: 0, type: .legacyNak, data: [13]))
        == .otherMethod(.tls))
    #expect(
      failure(identity, EAPMessage(code: .response, identifier: 0, type: .legacyNak))
        == .otherMethod(nil))
  }
}

@Suite("MSCHAPv2 packets in EAP")
struct MSCHAPv2PacketTests {
  private let samples: [MSCHAPv2Packet] = [
    .challenge(id: 1, [UInt8](0..<16), name: [65, 66]),
    .challenge(id: 255, [UInt8](0..<16), name: []),
    .response(
      id: 2, peerChallenge: [UInt8](16..<32), ntResponse: [UInt8](32..<56), name: [99]),
    .success(id: 3, message: [83, 61]), .failure(id: 4, message: []), .successAcknowledged,
    .failureAcknowledged,
  ]

  @Test("each is read as it was written")
  func roundTrip() {
    for sample in samples { #expect(MSCHAPv2Packet(sample.bytes) == sample) }
  }

  @Test("no packet that is cut or has octets behind it is taken for a whole one")
  func cut() {
    for sample in samples where sample.bytes.count > 1 {
      for count in 2..<sample.bytes.count {
        #expect(MSCHAPv2Packet(Array(sample.bytes.prefix(count))) == nil)
      }
      #expect(MSCHAPv2Packet(sample.bytes + [0]) == nil)
    }
    #expect(MSCHAPv2Packet([]) == nil)
    #expect(MSCHAPv2Packet([1]) == nil)
  }

  @Test("value sizes and codes other than the known are refused")
  func malformed() {
    for index in [0, 4] {
      for sample in samples.prefix(3) {
        var bytes = sample.bytes
        bytes[index] = 17
        #expect(MSCHAPv2Packet(bytes) == nil)
      }
    }
    #expect(MSCHAPv2Packet([7, 1, 0, 4]) == nil)
  }
}
