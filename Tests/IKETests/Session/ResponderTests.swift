import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("A responder and those who only ask")
struct ResponderTests {
  private static let start = Instant(nanoseconds: 0)
  private static let local = Endpoint(IPAddress(v4: 0x0A00_0002), 500)

  private static func responder(
    _ policy: ResponderPolicy = ResponderPolicy(),
    _ configuration: PeerConfiguration = .bob
  ) -> IKEResponder {
    IKEResponder(configuration, policy: policy, random: RandomSource(SplitMix64(state: 7)))
  }

  private static func request(
    spi: UInt64 = 1, nonceBytes: Int = 32, notifies: [NotifyPayload] = [], cookie: [UInt8]? = nil
  ) throws -> [UInt8] {
    let share = try KeyExchangeInitiator(.curve25519)
    return InitRequest(
      initiatorSPI: spi, proposals: [.gcm()],
      keyExchange: KeyExchangePayload(method: share.method, data: share.data),
      nonce: [UInt8](repeating: 5, count: nonceBytes), notifies: notifies, cookie: cookie
    ).bytes
  }

  private static func remote(_ host: UInt32) -> Endpoint {
    Endpoint(IPAddress(v4: 0xC612_0000 | host), 500)
  }

  /// What the responder sends for a datagram.
  private static func answers(
    _ responder: IKEResponder, _ bytes: [UInt8], from: Endpoint, at now: Instant = start
  ) -> [[UInt8]] {
    responder.handle(bytes, from: from, to: local, at: now)
    return outputs(responder)
  }

  private static func outputs(_ responder: IKEResponder) -> [[UInt8]] {
    var sent: [[UInt8]] = []
    while let output = responder.nextOutput() {
      if case .send(let bytes, _, _) = output { sent.append(bytes) }
    }
    return sent
  }

  private static func message(_ bytes: [UInt8]) throws -> IKEMessage {
    var reader = ByteReader(bytes.rawBytes)
    return try IKEMessage(from: &reader)
  }

  @Test("a repeated request gets the same answer, octet for octet, and makes no second session")
  func repeatedRequest() throws {
    let responder = Self.responder()
    let request = try Self.request()
    let first = Self.answers(responder, request, from: Self.remote(1))
    #expect(first.count == 1)
    #expect(Self.answers(responder, request, from: Self.remote(1)) == first)
    #expect(responder.halfOpenCount == 1)
    #expect(responder.counters.repeatedInits == 1)
  }

  @Test("from a threshold on requests must show a cookie, and only the address that got it can")
  func cookieThreshold() throws {
    let responder = Self.responder()
    for host in 0..<30 {
      let answer = Self.answers(
        responder, try Self.request(spi: UInt64(host) + 1), from: Self.remote(UInt32(host)))
      #expect(answer.count == 1)
    }
    #expect(responder.halfOpenCount == 30)
    let request = try Self.request(spi: 100)
    let demand = try #require(Self.answers(responder, request, from: Self.remote(100)).first)
    let notify = try #require(try Self.message(demand).payloads.notify(.cookie))
    #expect(responder.halfOpenCount == 30)
    let shown = try Self.request(spi: 100, cookie: notify.data)
    _ = Self.answers(responder, shown, from: Self.remote(101))
    #expect(responder.counters.wrongCookies == 1)
    #expect(responder.halfOpenCount == 30)
    _ = Self.answers(responder, shown, from: Self.remote(100))
    #expect(responder.halfOpenCount == 31)
  }

  @Test("a cookie is good for a minute or two, and not for ever")
  func oldCookies() throws {
    var policy = ResponderPolicy()
    policy.cookieThreshold = 0
    let responder = Self.responder(policy)
    let demand = try #require(
      Self.answers(responder, try Self.request(), from: Self.remote(1)).first)
    let cookie = try #require(try Self.message(demand).payloads.notify(.cookie)).data
    let shown = try Self.request(cookie: cookie)
    let soon = Self.start + .seconds(100)
    _ = Self.answers(responder, shown, from: Self.remote(1), at: soon)
    #expect(responder.halfOpenCount == 1)
    let other = try Self.request(nonceBytes: 33, cookie: cookie)
    _ = Self.answers(responder, other, from: Self.remote(1), at: soon)
    #expect(responder.halfOpenCount == 1)
    let late = soon + .seconds(100)
    responder.handleTimeout(at: late)
    #expect(responder.halfOpenCount == 0)
    _ = Self.answers(responder, shown, from: Self.remote(1), at: late)
    #expect(responder.halfOpenCount == 0)
    #expect(responder.counters.wrongCookies == 2)
  }

  @Test("half-open SAs are bounded: the oldest make room, and all are forgotten in time")
  func halfOpenLimit() throws {
    var policy = ResponderPolicy()
    policy.cookieThreshold = nil
    policy.halfOpenLimit = 50
    let responder = Self.responder(policy)
    for host in 0..<80 {
      _ = Self.answers(
        responder, try Self.request(spi: UInt64(host) + 1), from: Self.remote(UInt32(host)))
    }
    #expect(responder.halfOpenCount == 50)
    #expect(responder.sessions.count == 50)
    #expect(responder.counters.displaced == 30)
    let late = Self.start + policy.halfOpenLifetime
    #expect(responder.deadline == late)
    responder.handleTimeout(at: late)
    #expect(responder.sessions.isEmpty)
    #expect(responder.deadline == nil)
  }

  @Test("past the limit of sessions nobody new is answered")
  func sessionLimit() throws {
    var policy = ResponderPolicy()
    policy.sessionLimit = 3
    let responder = Self.responder(policy)
    for host in 0..<5 {
      _ = Self.answers(
        responder, try Self.request(spi: UInt64(host) + 1), from: Self.remote(UInt32(host)))
    }
    #expect(responder.sessions.count == 3)
    #expect(responder.counters.crowdedOut == 2)
  }

  @Test("who fails to prove itself counts as half-open until it is forgotten")
  func failedProofs() {
    var alice = PeerConfiguration.alice
    alice.credential = .null
    let pair = Pair(alice, .bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.responder.sessions.isEmpty)
    #expect(pair.responder.halfOpenCount == 1)
    pair.run(for: .seconds(60))
    #expect(pair.responder.halfOpenCount == 0)
    let other = Pair(.alice, .bob)
    other.start()
    other.run(for: .seconds(1))
    #expect(other.responder.halfOpenCount == 0)
  }

  @Test(
    "an answer to an address that is not proved has at most 1.5 times the octets of its request")
  func amplification() throws {
    var policy = ResponderPolicy()
    policy.cookieThreshold = nil
    var talkative = PeerConfiguration.bob
    talkative.vendorIDs = [[UInt8](repeating: 1, count: 400)]
    for configuration in [PeerConfiguration.bob, talkative] {
      let responder = Self.responder(policy, configuration)
      for nonceBytes in [16, 32, 256] {
        let request = try Self.request(nonceBytes: nonceBytes)
        for answer in Self.answers(responder, request, from: Self.remote(1)) {
          #expect(2 * answer.count <= 3 * request.count)
        }
      }
    }
    // Who shows a cookie is where it says it is, and gets all of it.
    let responder = Self.responder(policy, talkative)
    let demand = try #require(
      Self.answers(responder, try Self.request(), from: Self.remote(1)).first)
    let cookie = try #require(try Self.message(demand).payloads.notify(.cookie)).data
    let answer = Self.answers(
      responder, try Self.request(cookie: cookie), from: Self.remote(1))
    #expect(answer.first.map { $0.count > 400 } == true)
  }

  @Test("an unknown SPI is answered with INVALID_IKE_SPI, seldom and with fewer octets")
  func unknownSPI() throws {
    let responder = Self.responder()
    let header = IKEHeader(
      initiatorSPI: 3, responderSPI: 4, nextPayload: 46,
      exchangeType: ExchangeType.informational.rawValue, flags: 0x08, messageID: 9, length: 80)
    var writer = ByteWriter()
    header.write(to: &writer)
    writer.zeros(52)
    let answer = try #require(
      Self.answers(responder, writer.bytes, from: Self.remote(1)).first)
    #expect(answer.count < writer.bytes.count)
    let message = try Self.message(answer)
    #expect(message.payloads.notifies.map(\.type) == [.invalidIKESPI])
    #expect(message.header.isResponse)
    #expect(message.header.messageID == 9)
    #expect(message.header.responderSPI == 4)
    var count = 1
    for _ in 0..<100 {
      count += Self.answers(responder, writer.bytes, from: Self.remote(1)).count
    }
    #expect(count == ResponderPolicy().errorsPerSecond)
    let later = Self.start + .seconds(2)
    #expect(
      Self.answers(responder, writer.bytes, from: Self.remote(1), at: later).count == 1)
    #expect(responder.counters.unknownSPIs == 102)
  }

  @Test("a response to nobody is not answered at all")
  func strayResponse() throws {
    let responder = Self.responder()
    var bytes = try Self.request()
    bytes[19] = 0x20
    #expect(Self.answers(responder, bytes, from: Self.remote(1)).isEmpty)
  }

  @Test("another major version is answered with INVALID_MAJOR_VERSION")
  func otherVersion() throws {
    let responder = Self.responder()
    var bytes = try Self.request()
    bytes[17] = 0x30
    let answer = try #require(Self.answers(responder, bytes, from: Self.remote(1)).first)
    #expect(try Self.message(answer).payloads.notifies.map(\.type) == [.invalidMajorVersion])
    #expect(answer.count < bytes.count)
  }

  @Test("a critical payload that nobody knows is named, and makes no session")
  func criticalPayload() throws {
    let responder = Self.responder()
    var message = try Self.message(Self.request())
    message.payloads.append(
      IKEPayload(PayloadType(rawValue: 200), isCritical: true, .opaque([1, 2, 3])))
    var writer = ByteWriter()
    message.write(to: &writer)
    let answer = try #require(
      Self.answers(responder, writer.bytes, from: Self.remote(1)).first)
    let notify = try #require(
      try Self.message(answer).payloads.notify(.unsupportedCriticalPayload))
    #expect(notify.content == .payloadType(PayloadType(rawValue: 200)))
    #expect(responder.sessions.isEmpty)
  }

  @Test("no prefix of a request, and none with a bit turned, does harm")
  func mangledRequests() throws {
    let responder = Self.responder()
    let request = try Self.request()
    for count in 0..<request.count {
      #expect(
        Self.answers(responder, Array(request.prefix(count)), from: Self.remote(1)).isEmpty)
    }
    var random = SplitMix64(state: 99)
    for _ in 0..<500 {
      var bytes = request
      bytes[Int(random.next() % UInt64(bytes.count))] ^= 1 << UInt8(random.next() % 8)
      for answer in Self.answers(responder, bytes, from: Self.remote(2)) {
        #expect(2 * answer.count <= 3 * bytes.count)
      }
    }
    #expect(responder.halfOpenCount <= 31)
  }
}
