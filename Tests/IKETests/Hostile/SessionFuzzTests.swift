import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("Fuzzed answers to an initiator")
struct SessionFuzzTests {
  /// What a session may hold at most, whatever it is told: a message of 64 KiB, some times over.
  static let footprintLimit = 1 << 20

  /// What must hold of a session when a run is over.
  private func check(_ peer: LyingResponder, _ seed: UInt64) {
    #expect(peer.largestBurst <= 64, "seed \(seed)")
    #expect(peer.sent.count < 200, "seed \(seed)")
    #expect(Footprint.of(peer.session) < Self.footprintLimit, "seed \(seed)")
    guard !peer.session.isEstablished else { return }
    #expect(peer.wait() < 100, "seed \(seed)")
    #expect(peer.session.hasEnded, "seed \(seed)")
    #expect(peer.session.deadline == nil, "seed \(seed)")
    #expect(peer.session.children.isEmpty, "seed \(seed)")
    #expect(peer.events.failures.count <= 1, "seed \(seed)")
  }

  @Test("random octets in IKE_SA_INIT's answer make no session")
  func initOctets() throws {
    for seed in Fuzzing.seeds(100) {
      var mutation = Mutation(seed: seed)
      let peer = LyingResponder(seed: seed)
      for _ in 0..<8 {
        guard let truth = try? peer.initResponse(peer.truth()) else { break }
        peer.give(mutation.spoiled(truth))
        peer.give(mutation.octets(mutation.number(100)))
      }
      // Nobody who lacks SK_p proves anything, whatever became of IKE_SA_INIT.
      #expect(!peer.session.isEstablished, "seed \(seed)")
      check(peer, seed)
    }
  }

  @Test("strange payloads in IKE_SA_INIT's answer make no session")
  func initPayloads() throws {
    for seed in Fuzzing.seeds(60) {
      var mutation = Mutation(seed: seed)
      let peer = LyingResponder(seed: seed)
      for _ in 0..<8 {
        // Behind a choice that it can live with the session goes on to IKE_AUTH.
        guard let truth = try? peer.truth() else { break }
        let payloads = mutation.spoiled(truth)
        peer.give(
          try peer.initResponse(payloads) { header in
            if mutation.happens(10) { header.responderSPI = mutation.word() }
          })
      }
      #expect(!peer.session.isEstablished, "seed \(seed)")
      check(peer, seed)
    }
  }

  @Test("spoilt protected messages are as if they had not come")
  func protectedOctets() throws {
    for seed in Fuzzing.seeds(30) {
      var mutation = Mutation(seed: seed)
      let peer = LyingResponder(seed: seed)
      try peer.agree()
      for _ in 0..<10 {
        let limit = mutation.happens(50) ? 100 + mutation.number(200) : nil
        for datagram in try peer.sealed(peer.proof(), fragmentBytes: limit) {
          let spoiled = mutation.spoiled(datagram)
          if spoiled != datagram { peer.give(spoiled) }
        }
      }
      #expect(peer.events.isEmpty, "seed \(seed)")
      #expect(Footprint.of(peer.session) < Self.footprintLimit, "seed \(seed)")
      #expect(try peer.succeeds(), "seed \(seed)")
    }
  }

  @Test("a peer with the keys that says anything at all ends a session, or lets it stand")
  func protectedPayloads() throws {
    for seed in Fuzzing.seeds(40) {
      var mutation = Mutation(seed: seed)
      let peer = LyingResponder(seed: seed)
      try peer.agree()
      if mutation.happens(50) { _ = try peer.succeeds() }
      for step in 0..<12 { try say(something: &mutation, step, peer) }
      check(peer, seed)
    }
  }

  /// A request or a response, in any exchange.
  private func say(something mutation: inout Mutation, _ step: Int, _ peer: LyingResponder) throws {
    let payloads = mutation.spoiled(try mutation.happens(50) ? peer.proof() : [])
    let isRequest = mutation.happens(60)
    let type = mutation.pick([
      ExchangeType.ikeAuth, .createChildSA, .informational, .ikeIntermediate, .ikeFollowupKE,
    ])
    let next = peer.session.current?.expectedRequest ?? 0
    let limit = mutation.happens(30) ? 120 + mutation.number(1200) : nil
    // What has no room in a datagram, nobody sends.
    let datagrams = try? peer.sealed(payloads, fragmentBytes: limit) { header in
      if isRequest {
        header.flags = 0
        header.messageID = UInt32(truncatingIfNeeded: next)
        header.exchangeType = type.rawValue
      }
    }
    for datagram in datagrams ?? [] { peer.give(datagram) }
    if mutation.happens(20) { peer.session.checkLiveness(at: peer.now) }
    if mutation.happens(10) { peer.session.rekeyIKE(at: peer.now) }
    if mutation.happens(10) { peer.session.createChild(at: peer.now) }
    if mutation.happens(10) { peer.give(mutation.octets(mutation.number(60))) }
  }
}
