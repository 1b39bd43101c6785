import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

/// A responder that anyone may ask anything, and what it sends.
final class BesiegedResponder {
  let responder: IKEResponder
  private(set) var now = Instant(nanoseconds: 0)
  private(set) var events: [SessionEvent] = []

  init(
    _ configuration: PeerConfiguration = .bob, _ policy: ResponderPolicy = ResponderPolicy(),
    seed: UInt64 = 1
  ) {
    responder = IKEResponder(
      configuration, policy: policy, random: RandomSource(SplitMix64(state: seed)))
  }

  /// What the responder sends for one datagram.
  func ask(_ bytes: [UInt8], from remote: Endpoint = Pair.initiatorAddress) -> [[UInt8]] {
    let local = Endpoint(Pair.responderAddress.address, remote.port == 4500 ? 4500 : 500)
    responder.handle(bytes, from: remote, to: local, at: now)
    return answers()
  }

  func answers() -> [[UInt8]] {
    var answers: [[UInt8]] = []
    while let output = responder.nextOutput() {
      switch output {
      case .send(let bytes, _, _): answers.append(bytes)
      case .event(let event, _): events.append(event)
      }
    }
    return answers
  }

  func pass(_ span: Duration) {
    now = now + span
    responder.handleTimeout(at: now)
  }

  /// An address that nobody has used before, of some 16 million.
  static func address(_ number: Int) -> Endpoint {
    Endpoint(IPAddress(v4: 0x0B00_0000 &+ UInt32(number)), 500)
  }

  /// A request that bob would take, with a nonce and SPI of its own.
  static func request(
    _ number: Int, _ method: KeyExchangeMethod = .curve25519, _ extra: [IKEPayload] = [],
    proposals: [Proposal] = [.gcm()]
  ) throws -> [UInt8] {
    let share = try KeyExchangeInitiator(method)
    var message = InitRequest(
      initiatorSPI: UInt64(number) + 1, proposals: proposals,
      keyExchange: KeyExchangePayload(method: share.method, data: share.data),
      nonce: (0..<32).map { UInt8(truncatingIfNeeded: number >> ($0 % 4 * 8)) },
      notifies: [NotifyPayload(.ikev2FragmentationSupported)]
    ).message
    message.payloads += extra
    var writer = ByteWriter()
    message.write(to: &writer)
    return writer.bytes
  }
}

@Suite("A responder that is flooded")
struct ResponderFloodTests {
  @Test("requests from many addresses get cookies past the threshold, and nothing is kept of them")
  func manyAddresses() throws {
    let peer = BesiegedResponder()
    let one = try BesiegedResponder.request(0)
    for number in 0..<40 { _ = peer.ask(try Self.numbered(one, number), from: .flood(number)) }
    let before = Footprint.of(peer.responder)
    for number in 40..<4000 {
      #expect(peer.ask(try Self.numbered(one, number), from: .flood(number)).count == 1)
    }
    #expect(peer.responder.halfOpenCount == ResponderPolicy().cookieThreshold)
    #expect(peer.responder.counters.cookiesSent == 4000 - 30)
    #expect(Footprint.of(peer.responder) == before)
    peer.pass(.seconds(61))
    #expect(peer.responder.halfOpenCount == 0)
    #expect(peer.responder.deadline == nil)
  }

  /// The same request with another SPI.
  static func numbered(_ request: [UInt8], _ number: Int) throws -> [UInt8] {
    var writer = ByteWriter()
    writer.u64(UInt64(number) + 1)
    return writer.bytes + request.dropFirst(8)
  }

  @Test("past the limit of half-open IKE SAs the oldest goes, with all that was kept of it")
  func halfOpenLimit() throws {
    var policy = ResponderPolicy()
    policy.cookieThreshold = nil
    policy.halfOpenLimit = 20
    let peer = BesiegedResponder(.bob, policy)
    let one = try BesiegedResponder.request(0)
    var footprints: [Int] = []
    for number in 0..<200 {
      _ = peer.ask(try Self.numbered(one, number), from: .flood(number))
      if number % 50 == 49 { footprints.append(Footprint.of(peer.responder)) }
    }
    #expect(peer.responder.halfOpenCount == 20)
    #expect(peer.responder.sessions.count == 20)
    #expect(peer.responder.counters.displaced == 180)
    // Deadlines that are no longer true make up the difference.
    let (least, most) = (footprints.min() ?? 0, footprints.max() ?? 0)
    #expect(most < least + 1000, "\(footprints)")
  }

  @Test(
    "a flood of peers that prove the wrong thing is bounded like one of those that prove nothing")
  func failedProofs() throws {
    var policy = ResponderPolicy()
    policy.cookieThreshold = nil
    policy.halfOpenLimit = 10
    let peer = BesiegedResponder(.bob, policy)
    var alice = PeerConfiguration.alice
    alice.credential = .preSharedKey(Secret(copying: Array("another".utf8)))
    for number in 0..<40 {
      let session = IKESession(
        initiatingTo: Pair.responderAddress, from: .flood(number), alice,
        random: RandomSource(SplitMix64(state: UInt64(number))))
      session.start(at: peer.now)
      while case .send(let bytes, let from, _)? = session.nextOutput() {
        for answer in peer.ask(bytes, from: from) {
          session.handle(answer, from: Pair.responderAddress, to: from, at: peer.now)
        }
      }
    }
    #expect(peer.events.failures.count == 40)
    #expect(peer.responder.heldCount <= 10)
  }

  @Test("requests of 64 KiB are not read, and those that are make no half-open IKE SA large")
  func largeRequests() throws {
    var policy = ResponderPolicy()
    policy.cookieThreshold = nil
    let peer = BesiegedResponder(.bob, policy)
    for (number, count) in [12_000, 1_590, 12_000, 1_590].enumerated() {
      let vendors = Array(repeating: IKEPayload(.vendorID, .vendorID([1])), count: count)
      let request = try BesiegedResponder.request(number, .curve25519, vendors)
      let answers = peer.ask(request, from: .flood(number))
      #expect(answers.isEmpty == (request.count > IKEResponder.initLimit))
    }
    #expect(peer.responder.halfOpenCount == 2)
    #expect(peer.responder.counters.notIKE == 2)
    #expect(Footprint.of(peer.responder) < 2 * 6 * IKEResponder.initLimit)
  }

  @Test("cookies of others, of yesterday or made up are not taken")
  func forgedCookies() throws {
    var policy = ResponderPolicy()
    policy.cookieThreshold = 0
    let peer = BesiegedResponder(.bob, policy)
    let request = try BesiegedResponder.request(7)
    let answer = try IKEMessage(try #require(peer.ask(request).first))
    let cookie = try #require(answer.payloads.notify(.cookie)?.data)
    func with(_ cookie: [UInt8]) throws -> [UInt8] {
      var message = try IKEMessage(request)
      message.payloads.insert(.notify(.cookie, .data(cookie)), at: 0)
      var writer = ByteWriter()
      message.write(to: &writer)
      return writer.bytes
    }
    for index in cookie.indices {
      var forged = cookie
      forged[index] ^= 1
      _ = peer.ask(try with(forged))
    }
    for forged in [[], [UInt8](repeating: 0, count: 64), cookie + [0], cookie.dropLast()] {
      _ = peer.ask(try with(forged))
    }
    _ = peer.ask(try with(cookie), from: .flood(1))
    #expect(peer.responder.halfOpenCount == 0)
    _ = peer.ask(try with(cookie))
    #expect(peer.responder.halfOpenCount == 1)
    // Two lifetimes of the secret later nothing of it is good any more.
    peer.pass(CookieSecret.lifetime * 2)
    _ = peer.ask(try with(cookie), from: Pair.initiatorAddress)
    #expect(peer.responder.halfOpenCount == 0)
  }
}

extension Endpoint {
  static func flood(_ number: Int) -> Endpoint { BesiegedResponder.address(number) }
}
