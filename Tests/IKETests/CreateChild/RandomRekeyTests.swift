import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("Rekeying at random over links that lose, repeat and reorder")
struct RandomRekeyTests {
  /// A run of some minutes: what both sides are told to do, and when, comes from the seed.
  private func run(_ seed: UInt64) throws -> Pair {
    var random = SplitMix64(state: seed)
    var (alice, bob) = (PeerConfiguration.alice, PeerConfiguration.bob)
    // Patient enough that a session hardly ever ends for want of an answer.
    let patience = RetransmissionPolicy(
      firstWait: .seconds(1), factor: 1.3, longestWait: .seconds(5), transmissions: 20)
    (alice.retransmission, bob.retransmission) = (patience, patience)
    if seed % 3 == 1 {
      alice.childProposals = [.espCBC([.curve25519], additional: [.ecp256])]
      alice.ikeProposals = [.gcm([.ecp256], additional: [[.curve25519]])]
    }
    (bob.childProposals, bob.ikeProposals) = (alice.childProposals, alice.ikeProposals)
    let pair = try Pair.established(alice, bob, seed: seed)
    pair.link = LossyLink(seed: seed)
    pair.link.lossPercent = Int(seed % 4) * 10
    pair.link.duplicationPercent = Int(seed % 5) * 6
    pair.link.reorderingPercent = Int(seed % 7) * 5
    for _ in 0..<30 {
      try act(pair, &random)
      pair.run(for: .milliseconds(Int(random.next() % (random.next() % 4 == 0 ? 8000 : 80))))
    }
    pair.run(for: .seconds(900))
    return pair
  }

  private func act(_ pair: Pair, _ random: inout SplitMix64) throws {
    let isInitiator = random.next() % 2 == 0
    guard let side = try? pair.side(isInitiator) else { return }
    let spis = side.children.map(\.inboundSPI)
    let spi = spis.isEmpty ? 0 : spis[Int(random.next() % UInt64(spis.count))]
    let choice = random.next() % 16
    pair.act(isInitiator) { session, now in
      switch choice {
      case 0...4: session.rekeyChild(spi, at: now)
      case 5...8: session.rekeyIKE(at: now)
      case 9...11: session.checkLiveness(at: now)
      case 12, 13: session.createChild(at: now)
      default: session.deleteChild(spi, at: now)
      }
    }
  }

  /// A fifth of what `make pairs` asks for, as a run is five times as long as one of those.
  private static let runs = UInt64(LossyPairTests.runs.map { max(1, $0 / 5) } ?? 60)

  @Test("both sides end with the same SAs and keys, or have both given up")
  func agree() throws {
    let runs = Self.runs
    var gaveUp = 0
    for seed in 1...runs {
      let pair = try run(seed)
      guard !pair.initiator.hasEnded, pair.session != nil else {
        gaveUp += 1
        // Whoever has not given up itself finds out by the next check of the peer.
        pair.initiate { $0.checkLiveness(at: $1) }
        pair.respond { $0.checkLiveness(at: $1) }
        pair.run(for: .seconds(900))
        #expect(pair.initiator.hasEnded && pair.session == nil, "seed \(seed)")
        continue
      }
      let found = try pair.disagreements()
      #expect(found == [], "seed \(seed): \(found)")
      let before = (pair.events(true).roundTrips.count, pair.events(false).roundTrips.count)
      pair.link = .perfect()
      pair.initiate { $0.checkLiveness(at: $1) }
      pair.respond { $0.checkLiveness(at: $1) }
      pair.run(for: .seconds(5))
      #expect(pair.events(true).roundTrips.count == before.0 + 1, "seed \(seed)")
      #expect(pair.events(false).roundTrips.count == before.1 + 1, "seed \(seed)")
    }
    #expect(gaveUp * 20 <= runs, "\(gaveUp) of \(runs) runs gave up")
  }
}
