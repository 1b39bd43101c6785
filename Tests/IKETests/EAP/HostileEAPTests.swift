import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("Hostile EAP")
struct HostileEAPTests {
  @Test(
    "a conversation that is damaged somewhere yields its own key or none",
    arguments: 0..<20 as Range<UInt64>)
  func damaged(_ seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    let messages = try RecordedEAP.messages
    let challenge = try RecordedEAP.peerChallenge
    let key = try RecordedEAP.masterKey
    for _ in 0..<50 {
      var peer = EAPPeer(RecordedEAP.credential, peerChallenge: challenge)
      let victim = Int.random(in: 0..<messages.count, using: &random)
      var isOver = false
      for (index, (side, message)) in messages.enumerated() where side == .responder && !isOver {
        switch peer.handle(index == victim ? damage(message, &random) : message) {
        case .respond: continue
        case .succeeded(let found): #expect(found.hasSameBytes(as: key))
        case .failed: break
        }
        isOver = true
      }
    }
  }

  @Test(
    "an authenticator ends with no key on messages that nobody sent",
    arguments: 0..<20 as Range<UInt64>)
  func invented(_ seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    let responses = try RecordedEAP.messages.filter { $0.side == .initiator }.map(\.message)
    for _ in 0..<50 {
      var authenticator = EAPAuthenticator(
        accounts: ["carol": RecordedEAP.credential.password], challenge: [UInt8](0..<16),
        name: "gateway", identifier: 1)
      var identifier: UInt8 = 1
      for _ in 0..<8 {
        guard var message = responses.randomElement(using: &random) else { return }
        if Bool.random(using: &random) { message = damage(message, &random) }
        message.identifier = identifier
        switch authenticator.handle(message) {
        case .request(let request): identifier = request.identifier
        // The recorded response answers another challenge.
        case .succeeded: Issue.record("a key out of nothing, seed \(seed)")
        case .failed: break
        }
      }
    }
  }

  private func damage(_ message: EAPMessage, _ random: inout SplitMix64) -> EAPMessage {
    var message = message
    switch Int.random(in: 0..<4, using: &random) {
    case 0: message.type = EAPType(rawValue: UInt8.random(in: 0...255, using: &random))
    case 1: message.data = Array(message.data.dropLast(Int.random(in: 1...80, using: &random)))
    case 2: message.data.append(UInt8.random(in: 0...255, using: &random))
    default:
      guard let index = message.data.indices.randomElement(using: &random) else { return message }
      message.data[index] ^= UInt8.random(in: 1...255, using: &random)
    }
    return message
  }
}
