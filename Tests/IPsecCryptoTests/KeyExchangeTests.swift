import IPsecCrypto
import PacketDissector
import Testing

@Suite("Key exchange")
struct KeyExchangeTests {
  static let modp: [KeyExchangeMethod] = [1, 2, 5, 14, 15, 16, 17, 18, 22, 23, 24]
  static let curves: [KeyExchangeMethod] = [19, 20, 21, 25, 26, 27, 28, 29, 30]
  static let complete: [KeyExchangeMethod] = modp + curves + [31, 32]

  @Test(
    "Both sides come to the same secret, with shares of the registered length", arguments: complete)
  func agreement(method: KeyExchangeMethod) throws {
    #expect(method.support == .complete)
    let lengths = try #require(method.dataByteCount)
    let initiator = try KeyExchangeInitiator(method)
    #expect(initiator.data.count == lengths.initiator)
    let (data, secret) = try KeyExchangeResponder.respond(to: initiator.data, method: method)
    #expect(data.count == lengths.responder)
    #expect(try initiator.complete(data).hasSameBytes(as: secret))
    // Curves of Weierstrass give one coordinate, everything else as much as a share has.
    #expect(secret.count == (Self.curves.contains(method) ? data.count / 2 : data.count))
  }

  @Test("No two shares are alike", arguments: complete + [35, 36, 37])
  func freshness(method: KeyExchangeMethod) throws {
    #expect(try KeyExchangeInitiator(method).data != KeyExchangeInitiator(method).data)
  }

  @Test("Data of another length is refused by both sides", arguments: complete)
  func lengths(method: KeyExchangeMethod) throws {
    let initiator = try KeyExchangeInitiator(method)
    let count = initiator.data.count
    for wrong in [[], Array(initiator.data.dropLast()), initiator.data + [0]] {
      let failure = KeyExchangeFailure.wrongLength(expected: count, given: wrong.count)
      #expect(throws: failure) { try initiator.complete(wrong) }
      #expect(throws: failure) { try KeyExchangeResponder.respond(to: wrong, method: method) }
    }
  }

  @Test("Methods without an implementation say so")
  func unknown() {
    for method: KeyExchangeMethod in [0, 33, 34, 1035, 1083, 4711] {
      #expect(method.support == .none)
      #expect(throws: CryptoError.notImplemented("\(method)")) { try KeyExchangeInitiator(method) }
      #expect(throws: KeyExchangeFailure.cannotComplete("\(method)")) {
        try KeyExchangeResponder.respond(to: [], method: method)
      }
    }
  }

  @Test("Post-quantum methods are told from the others")
  func postQuantum() {
    for method: KeyExchangeMethod in [35, 36, 37, 1035, 1083] { #expect(method.isPostQuantum) }
    for method in Self.complete { #expect(!method.isPostQuantum) }
  }
}
