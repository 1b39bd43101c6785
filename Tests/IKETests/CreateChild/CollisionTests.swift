import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("Both sides rekey at once, RFC 7296 section 2.8")
struct CollisionTests {
  @Test("the lowest of four nonces loses, octet by octet, and a beginning is lower than the whole")
  func lowest() {
    let collision = RekeyCollision(nonces: [[5, 0], [9, 9]])
    #expect(collision.wins(against: [[4, 255, 255], [200]]))
    #expect(collision.wins(against: [[200], [5]]))
    #expect(!collision.wins(against: [[5, 0, 0], [6]]))
    #expect(!collision.wins(against: [[200], [6]]))
  }

  @Test("of two rekeyed Child SAs one stands, the same on both sides", arguments: 1...24)
  func children(seed: UInt64) throws {
    let pair = try Pair.established(seed: seed)
    let (here, there) = (try pair.child(true), try pair.child(false))
    pair.initiate { $0.rekeyChild(here.inboundSPI, at: $1) }
    pair.respond { $0.rekeyChild(there.inboundSPI, at: $1) }
    pair.run(for: .seconds(2))
    #expect(try pair.disagreements() == [])
    #expect(try pair.side(true).children.count == 1)
    #expect(try pair.child(true).inboundSPI != here.inboundSPI)
    // The old one and the redundant one.
    #expect(pair.events(true).childDeletions.count == 2)
    #expect(pair.events(false).childDeletions.count == 2)
    // Each by whoever made the other exchange: one here, one there.
    let parties = pair.events(true).childDeletions.map(\.party)
    #expect(Set(parties) == [.local, .peer])
  }

  @Test("of two rekeyed IKE SAs one stands, the same on both sides", arguments: 1...24)
  func ikeSAs(seed: UInt64) throws {
    let pair = try Pair.established(seed: seed)
    let child = try pair.child(true)
    pair.initiate { $0.rekeyIKE(at: $1) }
    pair.respond { $0.rekeyIKE(at: $1) }
    pair.run(for: .seconds(2))
    #expect(try pair.disagreements() == [])
    #expect(pair.events(true).rekeyings.count == 1 && pair.events(false).rekeyings.count == 1)
    #expect(try pair.child(true).inboundSPI == child.inboundSPI)
    pair.initiate { $0.checkLiveness(at: $1) }
    pair.respond { $0.checkLiveness(at: $1) }
    pair.run(for: .seconds(1))
    #expect(pair.events(true).roundTrips.count == 1 && pair.events(false).roundTrips.count == 1)
  }

  @Test("either side wins in some runs")
  func fair() throws {
    var wins = (initiator: 0, responder: 0)
    for seed in 1...24 as ClosedRange<UInt64> {
      let pair = try Pair.established(seed: seed)
      pair.initiate { $0.rekeyIKE(at: $1) }
      pair.respond { $0.rekeyIKE(at: $1) }
      pair.run(for: .seconds(2))
      if try #require(pair.initiator.current).isInitiator {
        wins.initiator += 1
      } else {
        wins.responder += 1
      }
    }
    #expect(wins.initiator > 3 && wins.responder > 3)
  }

  @Test("with additional key exchanges, too", arguments: 1...16)
  func additional(seed: UInt64) throws {
    var (alice, bob) = (PeerConfiguration.alice, PeerConfiguration.bob)
    alice.ikeProposals = [.gcm(additional: [[.ecp256]])]
    alice.childProposals = [.espCBC([.curve25519], additional: [.ecp256, .ecp384])]
    (bob.ikeProposals, bob.childProposals) = (alice.ikeProposals, alice.childProposals)
    let pair = try Pair.established(alice, bob, seed: seed)
    let (here, there) = (try pair.child(true), try pair.child(false))
    pair.initiate { $0.rekeyChild(here.inboundSPI, at: $1) }
    pair.respond { $0.rekeyChild(there.inboundSPI, at: $1) }
    pair.run(for: .seconds(3))
    #expect(try pair.disagreements() == [])
    #expect(try pair.side(true).children.count == 1)
    pair.initiate { $0.rekeyIKE(at: $1) }
    pair.respond { $0.rekeyIKE(at: $1) }
    pair.run(for: .seconds(3))
    #expect(try pair.disagreements() == [])
  }

  /// The side that starts later sends its request at some point of the other's exchange.
  @Test("whenever the second side starts, both end with the same", arguments: 0..<20)
  func staggered(_ step: Int) throws {
    for isInitiator in [true, false] {
      let pair = try Pair.established(seed: UInt64(step + 1))
      let spis = (try pair.child(isInitiator).inboundSPI, try pair.child(!isInitiator).inboundSPI)
      pair.act(isInitiator) { $0.rekeyChild(spis.0, at: $1) }
      pair.run(for: .milliseconds(6 * step))
      pair.act(!isInitiator) { $0.rekeyChild(spis.1, at: $1) }
      pair.run(for: .seconds(2))
      #expect(try pair.disagreements() == [])
      #expect(try pair.side(true).children.count == 1)
      pair.act(isInitiator) { $0.rekeyIKE(at: $1) }
      pair.run(for: .milliseconds(6 * step))
      pair.act(!isInitiator) { $0.rekeyIKE(at: $1) }
      pair.run(for: .seconds(2))
      #expect(try pair.disagreements() == [])
    }
  }
}
