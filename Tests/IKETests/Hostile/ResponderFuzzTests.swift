import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("A responder's answers to those who may have forged their address")
struct AmplificationTests {
  /// Before return routability an answer has at most 1.5 times the octets of its request, and an error
  /// fewer.
  static func complaint(_ request: [UInt8], _ answers: [[UInt8]]) -> String? {
    let octets = answers.reduce(0) { $0 + $1.count }
    guard !answers.isEmpty else { return nil }
    if 2 * octets > 3 * request.count { return "\(octets) octets for \(request.count)" }
    let isError = answers.contains { answer in
      guard let message = try? IKEMessage(answer) else { return false }
      return !message.payloads.contains { $0.type == .securityAssociation }
    }
    return isError && octets >= request.count ? "an error of \(octets) for \(request.count)" : nil
  }

  struct Request: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let isAnswered: Bool
    var configuration = PeerConfiguration.bob
    let bytes: @Sendable () throws -> [UInt8]
  }

  private static func message(
    _ type: ExchangeType, _ payloads: [IKEPayload], flags: UInt8 = 0x08, responderSPI: UInt64 = 0,
    messageID: UInt32 = 0
  ) -> [UInt8] {
    let header = IKEHeader(
      initiatorSPI: 1, responderSPI: responderSPI, nextPayload: 0, exchangeType: type.rawValue,
      flags: flags, messageID: messageID, length: 0)
    var writer = ByteWriter()
    IKEMessage(header: header, payloads: payloads).write(to: &writer)
    return writer.bytes
  }

  static let nonce = IKEPayload.nonce([UInt8](repeating: 1, count: 32))

  static var withManyWords: PeerConfiguration {
    var bob = PeerConfiguration.bob
    bob.vendorIDs = Array(repeating: [UInt8](repeating: 7, count: 200), count: 20)
    return bob
  }

  static var redirecting: PeerConfiguration {
    var bob = PeerConfiguration.bob
    bob.redirectsTo = GatewayIdentity(type: .fqdn, data: [UInt8](repeating: 0x61, count: 250))
    return bob
  }

  static let requests: [Request] = [
    Request(testDescription: "one that it takes", isAnswered: true) {
      try BesiegedResponder.request(1)
    },
    Request(
      testDescription: "one that it takes, with a long answer", isAnswered: true,
      configuration: withManyWords
    ) { try BesiegedResponder.request(1) },
    Request(testDescription: "another method's share", isAnswered: true) {
      try BesiegedResponder.request(1, .ecp256, proposals: [.gcm([.ecp256, .curve25519])])
    },
    Request(testDescription: "nothing acceptable", isAnswered: true) {
      try BesiegedResponder.request(1, proposals: [.cbc()])
    },
    Request(testDescription: "a critical payload", isAnswered: true) {
      try BesiegedResponder.request(
        1, .curve25519, [IKEPayload(PayloadType(rawValue: 200), isCritical: true, .opaque([]))])
    },
    Request(
      testDescription: "one that supports redirection", isAnswered: false,
      configuration: redirecting
    ) {
      try BesiegedResponder.request(1, .curve25519, [.notify(.redirectSupported)])
    },
    Request(testDescription: "no payloads", isAnswered: false) { message(.ikeSAInit, []) },
    Request(testDescription: "a nonce alone", isAnswered: true) { message(.ikeSAInit, [nonce]) },
    Request(testDescription: "IKE_AUTH for an unknown SPI", isAnswered: true) {
      message(.ikeAuth, [nonce], responderSPI: 5, messageID: 1)
    },
    Request(testDescription: "a header for an unknown SPI", isAnswered: false) {
      message(.informational, [], responderSPI: 5, messageID: 1)
    },
    Request(testDescription: "another version", isAnswered: true) {
      var bytes = message(.ikeSAInit, [nonce])
      bytes[17] = 0x30
      return bytes
    },
    Request(testDescription: "IKEv1", isAnswered: true) {
      var bytes = message(.ikeSAInit, [nonce], flags: 0)
      bytes.replaceSubrange(16..<20, with: [1, 0x10, 2, 0])
      return bytes
    },
    Request(testDescription: "a response", isAnswered: false) {
      message(.ikeSAInit, [nonce], flags: 0x20, responderSPI: 5)
    },
  ]

  @Test("are no larger than 1.5 times their request, and errors smaller", arguments: requests)
  func answers(to request: Request) throws {
    for port in [UInt16(500), 4500] {
      let peer = BesiegedResponder(request.configuration)
      let marker: [UInt8] = port == 4500 ? [0, 0, 0, 0] : []
      let bytes = try marker + request.bytes()
      let from = Endpoint(Pair.initiatorAddress.address, port)
      // As it comes again and again, each copy is one request.
      var answered = 0
      for _ in 0..<4 {
        let answers = peer.ask(bytes, from: from)
        answered += answers.count
        #expect(
          Self.complaint(bytes, answers.map { Array($0.dropFirst(marker.count)) }) == nil)
      }
      #expect((answered > 0) == request.isAnswered)
      #expect(answered <= 4)
    }
  }

  @Test("errors are few in a second, however many ask")
  func errorRate() throws {
    let peer = BesiegedResponder()
    let request = Self.message(.ikeAuth, [Self.nonce], responderSPI: 5, messageID: 1)
    var answered = 0
    for number in 0..<5000 { answered += peer.ask(request, from: .flood(number)).count }
    #expect(answered == peer.responder.policy.errorsPerSecond)
  }

  @Test("every prefix of a request is answered with less, if at all, and begins nothing")
  func prefixes() throws {
    let whole = try BesiegedResponder.request(1)
    for hasLength in [false, true] {
      let peer = BesiegedResponder()
      for count in whole.indices {
        var bytes = Array(whole.prefix(count))
        if hasLength, count >= IKEHeader.byteCount {
          bytes.replaceSubrange(24..<28, with: [0, 0, UInt8(count >> 8), UInt8(count & 0xFF)])
        }
        #expect(Self.complaint(bytes, peer.ask(bytes)) == nil)
      }
      #expect(peer.responder.sessions.isEmpty)
    }
  }
}

@Suite("Fuzzed requests to a responder")
struct ResponderFuzzTests {
  @Test("are answered with little, and leave little behind")
  func requests() throws {
    var policy = ResponderPolicy()
    policy.halfOpenLimit = 50
    for seed in Fuzzing.seeds(15) {
      var mutation = Mutation(seed: seed)
      policy.cookieThreshold = mutation.pick([nil, 0, 10])
      let peer = BesiegedResponder(.bob, policy, seed: seed)
      for number in 0..<60 {
        let whole = try BesiegedResponder.request(number)
        let bytes: [UInt8]
        switch mutation.number(4) {
        case 0: bytes = mutation.octets(mutation.number(2000))
        case 1: bytes = spoiledPayloads(&mutation, whole)
        default: bytes = mutation.spoiled(whole)
        }
        for _ in 0..<2 {
          let complaint = AmplificationTests.complaint(bytes, peer.ask(bytes, from: .flood(number)))
          #expect(complaint == nil, "seed \(seed), request \(number)")
        }
      }
      #expect(peer.responder.halfOpenCount <= 50, "seed \(seed)")
      // Of each half-open IKE SA the request is kept, and what was read in it.
      let limit = 50 * 6 * IKEResponder.initLimit
      #expect(Footprint.of(peer.responder) < limit, "seed \(seed)")
      peer.pass(.seconds(120))
      #expect(peer.responder.sessions.isEmpty, "seed \(seed)")
      #expect(peer.responder.deadline == nil, "seed \(seed)")
    }
  }

  private func spoiledPayloads(_ mutation: inout Mutation, _ bytes: [UInt8]) -> [UInt8] {
    guard var message = try? IKEMessage(bytes) else { return bytes }
    message.payloads = mutation.spoiled(message.payloads)
    var writer = ByteWriter()
    message.write(to: &writer)
    return writer.bytes
  }

  @Test("recorded messages of others, whole and spoilt, begin nothing that stays")
  func recordings() throws {
    let names = [
      "certs-rsa4096-ike-fragments", "eap-mschapv2", "ike-sa-rekeys", "mlkem768-intermediate",
    ]
    let messages = try names.flatMap { try RecordedMessage.all(of: $0) }
    try #require(messages.count > 20)
    for seed in Fuzzing.seeds(4) {
      var mutation = Mutation(seed: seed)
      let peer = BesiegedResponder(seed: seed)
      for (number, message) in messages.enumerated() {
        for bytes in [message.bytes, mutation.spoiled(message.bytes)] {
          let complaint = AmplificationTests.complaint(bytes, peer.ask(bytes, from: .flood(number)))
          #expect(complaint == nil, "seed \(seed), message \(number)")
        }
      }
      peer.pass(.seconds(120))
      #expect(peer.responder.sessions.isEmpty)
    }
  }

  @Test("whatever happens to either side's messages, both sides come to an end")
  func pairs() {
    for seed in Fuzzing.seeds(30) {
      var mutation = Mutation(seed: seed)
      let percent = mutation.pick([5, 20, 60])
      let pair = Pair(.alice, .bob, seed: seed)
      pair.tamper = { mutation.happens(percent) ? mutation.spoiled($0.bytes) : $0.bytes }
      pair.start()
      pair.run(for: .seconds(60))
      // What was spoilt was dropped: either side stands only with the other's proof.
      #expect(pair.initiator.isEstablished || pair.initiator.hasEnded, "seed \(seed)")
      #expect(pair.sent.count < 200, "seed \(seed)")
      if pair.initiator.isEstablished {
        #expect(pair.responderEvents.map(\.event).established != nil, "seed \(seed)")
      }
    }
  }
}
