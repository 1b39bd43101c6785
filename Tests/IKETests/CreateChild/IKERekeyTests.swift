import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("IKE SAs by CREATE_CHILD_SA")
struct IKERekeyTests {
  /// Both sides find that the IKE SA in use works.
  func expectAlive(_ pair: Pair) {
    let before = (pair.events(true).roundTrips.count, pair.events(false).roundTrips.count)
    pair.initiate { $0.checkLiveness(at: $1) }
    pair.respond { $0.checkLiveness(at: $1) }
    pair.run(for: .seconds(1))
    #expect(pair.events(true).roundTrips.count == before.0 + 1)
    #expect(pair.events(false).roundTrips.count == before.1 + 1)
  }

  @Test(
    "a rekeyed IKE SA has other SPIs and keys, and inherits the Child SAs",
    arguments: [true, false])
  func rekeys(byInitiator: Bool) throws {
    let pair = try Pair.established()
    let (old, child) = (try #require(pair.initiator.current), try pair.child(true))
    pair.act(byInitiator) { $0.rekeyIKE(at: $1) }
    pair.run(for: .seconds(1))
    #expect(try pair.disagreements() == [])
    let new = try #require(pair.initiator.current)
    #expect(new.isInitiator == byInitiator)
    #expect(new.initiatorSPI != old.initiatorSPI && new.responderSPI != old.responderSPI)
    #expect(!new.keys.ei.hasSameBytes(as: old.keys.ei))
    #expect(try pair.child(true).inboundSPI == child.inboundSPI)
    #expect(pair.events(true).rekeyings.count == 1 && pair.events(false).rekeyings.count == 1)
    expectAlive(pair)
    // Message IDs start over (RFC 7296, section 2.18): two liveness checks have been the first requests.
    #expect(new.nextRequest == 1 && new.expectedRequest == 1)
  }

  @Test("rekeyed again and again by either side, all exchanges go on working")
  func chain() throws {
    let pair = try Pair.established()
    for round in 0..<8 {
      pair.act(round % 3 == 0) { $0.rekeyIKE(at: $1) }
      pair.run(for: .seconds(1))
      let isInitiator = round % 2 == 0
      let spi = try pair.child(isInitiator).inboundSPI
      pair.act(isInitiator) { $0.rekeyChild(spi, at: $1) }
      pair.run(for: .seconds(1))
      #expect(try pair.disagreements() == [])
      expectAlive(pair)
    }
    #expect(pair.events(true).rekeyings.count == 8 && pair.events(false).childRekeyings.count == 8)
    // Old IKE SAs are forgotten on both sides.
    #expect(try pair.side(true).retiring.count <= 3 && pair.side(false).retiring.count <= 3)
    pair.respond { $0.close(at: $1) }
    pair.run()
    #expect(pair.initiator.hasEnded && pair.responder.sessions.isEmpty)
  }

  @Test("additional key exchanges follow CREATE_CHILD_SA", arguments: [1, 2, 3])
  func additional(_ count: Int) throws {
    let methods: [KeyExchangeMethod] = [.ecp256, .ecp384, .ecp521]
    var (alice, bob) = (PeerConfiguration.alice, PeerConfiguration.bob)
    alice.ikeProposals = [.gcm(additional: methods.prefix(count).map { [$0] })]
    bob.ikeProposals = alice.ikeProposals
    for isInitiator in [true, false] {
      let pair = try Pair.established(alice, bob)
      pair.act(isInitiator) { $0.rekeyIKE(at: $1) }
      pair.run(for: .seconds(2))
      #expect(try pair.disagreements() == [])
      #expect(pair.events(true).rekeyings.map(\.suite.additional) == [Array(methods.prefix(count))])
      #expect(pair.requests(.ikeFollowupKE) == count)
      expectAlive(pair)
    }
  }

  @Test(
    "ML-KEM-768 follows X25519, in the first IKE SA and in the next",
    .enabled(if: KeyExchangeMethod.mlKEM768.support == .complete))
  func hybrid() throws {
    var (alice, bob) = (PeerConfiguration.alice, PeerConfiguration.bob)
    alice.ikeProposals = [.gcm(additional: [[.mlKEM768]])]
    bob.ikeProposals = alice.ikeProposals
    let pair = try Pair.established(alice, bob)
    pair.respond { $0.rekeyIKE(at: $1) }
    pair.run(for: .seconds(2))
    #expect(try pair.disagreements() == [])
    #expect(pair.events(true).rekeyings.map(\.suite.additional) == [[.mlKEM768]])
    expectAlive(pair)
  }

  @Test("a responder that prefers another method now asks for its share")
  func invalidKeyExchange() throws {
    var (alice, bob) = (PeerConfiguration.alice, PeerConfiguration.bob)
    alice.ikeProposals = [.gcm([.ecp256, .curve25519])]
    bob.ikeProposals = [.gcm([.curve25519, .ecp256])]
    let pair = try Pair.established(alice, bob)
    let suite = try #require(pair.initiator.current).suite
    #expect(suite.keyExchange == .curve25519)
    // This side's own order decides what it sends a share of; the suite in use comes first.
    pair.initiate { $0.rekeyIKE(at: $1) }
    pair.run(for: .seconds(1))
    #expect(pair.requests(.createChildSA) == 1)
    // The responder's first choice is its own first method, of which the initiator has sent none.
    pair.respond { $0.rekeyIKE(at: $1) }
    pair.run(for: .seconds(1))
    #expect(try pair.disagreements() == [])
    #expect(pair.requests(.createChildSA) == 3)
    #expect(try #require(pair.initiator.current).suite.keyExchange == .ecp256)
    expectAlive(pair)
  }

  @Test("closing amid a rekeying ends everything on both sides", arguments: 0..<12)
  func closes(_ step: Int) throws {
    for (rekeyer, closer) in [(true, true), (true, false), (false, true), (false, false)] {
      let pair = try Pair.established()
      pair.act(rekeyer) { $0.rekeyIKE(at: $1) }
      pair.run(for: .milliseconds(10 * step))
      pair.act(closer) { $0.close(at: $1) }
      pair.run()
      #expect(pair.initiator.hasEnded && pair.responder.sessions.isEmpty)
      #expect(pair.events(true).failures == [] && pair.events(false).failures == [])
    }
  }

  @Test(
    "while the IKE SA is rekeyed Child SAs are not, and the other way round",
    arguments: [true, false])
  func temporaryFailure(isInitiator: Bool) throws {
    let pair = try Pair.established()
    let spi = try pair.child(!isInitiator).inboundSPI
    pair.act(isInitiator) { $0.rekeyIKE(at: $1) }
    pair.act(!isInitiator) { $0.rekeyChild(spi, at: $1) }
    pair.run(for: .seconds(1))
    #expect(pair.events(isInitiator).rekeyFaults == [.refused(.temporaryFailure)])
    #expect(pair.events(!isInitiator).childFaults == [.refused(.temporaryFailure)])
    #expect(try pair.disagreements() == [])
    #expect(try pair.child(!isInitiator).inboundSPI == spi)
    expectAlive(pair)
  }
}
