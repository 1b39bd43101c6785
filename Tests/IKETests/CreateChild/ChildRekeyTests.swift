import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("Child SAs by CREATE_CHILD_SA")
struct ChildRekeyTests {
  @Test("either side makes one more Child SA", arguments: [true, false])
  func creates(byInitiator: Bool) throws {
    let pair = try Pair.established()
    pair.act(byInitiator) { $0.createChild(at: $1) }
    pair.run(for: .seconds(1))
    #expect(try pair.disagreements() == [])
    #expect(try pair.side(true).children.count == 2)
    #expect(pair.events(true).children.count == 2 && pair.events(false).children.count == 2)
    let keys = try pair.side(true).children.map(\.inboundKeys.encryption.revealed)
    #expect(Set(keys).count == 2)
  }

  @Test(
    "a rekeyed Child SA gives way to one with other keys and the same traffic",
    arguments: [true, false])
  func rekeys(byInitiator: Bool) throws {
    let pair = try Pair.established()
    let old = try pair.child(byInitiator)
    pair.act(byInitiator) { $0.rekeyChild(old.inboundSPI, at: $1) }
    pair.run(for: .seconds(1))
    #expect(try pair.disagreements() == [])
    let new = try pair.child(byInitiator)
    #expect(try pair.side(byInitiator).children.count == 1)
    #expect(new.inboundSPI != old.inboundSPI && new.outboundSPI != old.outboundSPI)
    #expect(new.localSelectors == old.localSelectors)
    for side in [true, false] {
      #expect(pair.events(side).childRekeyings.count == 1)
      #expect(pair.events(side).childDeletions.count == 1)
    }
    #expect(pair.events(byInitiator).childDeletions.map(\.party) == [.local])
  }

  static let methods: [([KeyExchangeMethod], [KeyExchangeMethod])] = [
    ([.curve25519], []), ([.ecp384], []), ([.modp2048], []), ([.curve25519], [.ecp256]),
    ([.ecp256], [.curve25519, .ecp384]), ([.curve25519], [.ecp256, .ecp384, .ecp521]),
  ]

  @Test("perfect forward secrecy, with as many key exchanges as are agreed on", arguments: methods)
  func secrecy(_ methods: [KeyExchangeMethod], additional: [KeyExchangeMethod]) throws {
    var (alice, bob) = (PeerConfiguration.alice, PeerConfiguration.bob)
    alice.childProposals = [.espCBC(methods, additional: additional)]
    bob.childProposals = alice.childProposals
    for isInitiator in [true, false] {
      let pair = try Pair.established(alice, bob)
      // IKE_AUTH has no key exchange of its own.
      #expect(try pair.child(true).suite.keyExchange == nil)
      let spi = try pair.child(isInitiator).inboundSPI
      pair.act(isInitiator) { $0.rekeyChild(spi, at: $1) }
      pair.run(for: .seconds(2))
      #expect(try pair.disagreements() == [])
      #expect(try pair.child(true).suite.keyExchange == methods.first)
      #expect(try pair.child(true).suite.additional == additional)
      #expect(pair.requests(.createChildSA) == 1)
      #expect(pair.requests(.ikeFollowupKE) == additional.count)
    }
  }

  @Test("a wrong guess at the method is put right by INVALID_KE_PAYLOAD")
  func invalidKeyExchange() throws {
    var (alice, bob) = (PeerConfiguration.alice, PeerConfiguration.bob)
    alice.childProposals = [.espGCM([.curve25519, .ecp256])]
    bob.childProposals = [.espGCM([.ecp256])]
    let pair = try Pair.established(alice, bob)
    let spi = try pair.child(true).inboundSPI
    pair.initiate { $0.rekeyChild(spi, at: $1) }
    pair.run(for: .seconds(1))
    #expect(try pair.disagreements() == [])
    #expect(pair.requests(.createChildSA) == 2)
    #expect(try pair.child(true).suite.keyExchange == .ecp256)
    #expect(try pair.child(true).inboundSPI != spi)
  }

  @Test("without a common key exchange the old Child SA stands")
  func noProposalChosen() throws {
    var (alice, bob) = (PeerConfiguration.alice, PeerConfiguration.bob)
    alice.childProposals = [.espGCM([.curve25519])]
    bob.childProposals = [.espGCM([.ecp256])]
    let pair = try Pair.established(alice, bob)
    let spi = try pair.child(true).inboundSPI
    pair.initiate { $0.rekeyChild(spi, at: $1) }
    pair.run(for: .seconds(1))
    #expect(pair.initiatorEvents.childFaults == [.refused(.noProposalChosen)])
    #expect(try pair.disagreements() == [])
    #expect(try pair.child(true).inboundSPI == spi)
  }

  @Test("traffic that the peer does not take is refused, and the IKE SA stands")
  func selectors() throws {
    let pair = try Pair.established()
    pair.initiate { $0.createChild(remote: [.network(0x0A03_0000)], at: $1) }
    pair.run(for: .seconds(1))
    #expect(pair.initiatorEvents.childFaults == [.refused(.tsUnacceptable)])
    #expect(try pair.disagreements() == [])
    #expect(try pair.side(true).children.count == 1)
  }

  @Test("a Child SA that the peer has lost is made anew from nothing")
  func childNotFound() throws {
    let pair = try Pair.established()
    let spi = try pair.child(true).inboundSPI
    try pair.side(false).children = []
    pair.initiate { $0.rekeyChild(spi, at: $1) }
    pair.run(for: .seconds(1))
    #expect(try pair.disagreements() == [])
    #expect(try pair.child(true).inboundSPI != spi)
    #expect(pair.initiatorEvents.childDeletions.map(\.party) == [.peer])
    #expect(pair.initiatorEvents.childRekeyings.isEmpty)
    #expect(pair.requests(.createChildSA) == 2)
  }

  @Test("there is an end to how many Child SAs a peer may have")
  func limit() throws {
    let pair = try Pair.established()
    for _ in 0..<IKESession.childLimit { pair.initiate { $0.createChild(at: $1) } }
    pair.run(for: .seconds(60))
    #expect(pair.initiatorEvents.childFaults == [.refused(.noAdditionalSas)])
    #expect(try pair.disagreements() == [])
    #expect(try pair.side(true).children.count == IKESession.childLimit)
  }

  @Test("what is deleted is not rekeyed any more, and what is rekeyed twice is rekeyed once")
  func queued() throws {
    let pair = try Pair.established()
    let spi = try pair.child(true).inboundSPI
    pair.initiate {
      $0.rekeyChild(spi, at: $1)
      $0.rekeyChild(spi, at: $1)
    }
    pair.run(for: .seconds(1))
    #expect(pair.requests(.createChildSA) == 1)
    let next = try pair.child(true).inboundSPI
    pair.initiate {
      $0.deleteChild(next, at: $1)
      $0.rekeyChild(next, at: $1)
    }
    pair.run(for: .seconds(1))
    #expect(pair.requests(.createChildSA) == 1)
    #expect(try pair.side(false).children.isEmpty)
    #expect(try pair.disagreements() == [])
  }

  @Test("a Child SA that the peer deletes while this side rekeys it leaves the new one")
  func deletedMeanwhile() throws {
    let pair = try Pair.established()
    let (here, there) = (try pair.child(true).inboundSPI, try pair.child(false).inboundSPI)
    pair.initiate { $0.rekeyChild(here, at: $1) }
    pair.respond { $0.deleteChild(there, at: $1) }
    pair.run(for: .seconds(2))
    // The responder is closing what it is asked to rekey: TEMPORARY_FAILURE.
    #expect(pair.initiatorEvents.childFaults == [.refused(.temporaryFailure)])
    #expect(try pair.disagreements() == [])
    #expect(try pair.side(true).children.isEmpty)
  }

  @Test("a childless IKE SA gets its first Child SA, and transport mode stays what it is")
  func childless() throws {
    var (alice, bob) = (PeerConfiguration.alice, PeerConfiguration.bob)
    alice.isChildless = true
    (alice.isTransportMode, bob.isTransportMode) = (true, true)
    let pair = Pair(alice, bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.initiator.children.isEmpty && pair.initiator.isEstablished)
    pair.initiate { $0.createChild(at: $1) }
    pair.run(for: .seconds(1))
    let first = try pair.child(false)
    #expect(first.isTransportMode)
    pair.respond { $0.rekeyChild(first.inboundSPI, at: $1) }
    pair.run(for: .seconds(1))
    #expect(try pair.disagreements() == [])
    #expect(try pair.child(true).isTransportMode && pair.child(false).isTransportMode)
  }

  @Test("large shares go in fragments, smaller ones where those do not pass")
  func fragments() throws {
    var (alice, bob) = (PeerConfiguration.alice, PeerConfiguration.bob)
    alice.childProposals = [.espCBC([.modp4096])]
    alice.fragmentBytes = [1280, 400]
    (bob.childProposals, bob.fragmentBytes) = (alice.childProposals, alice.fragmentBytes)
    let pair = try Pair.established(alice, bob)
    pair.link.largestProtected = 500
    let spi = try pair.child(true).inboundSPI
    pair.initiate { $0.rekeyChild(spi, at: $1) }
    pair.run(for: .seconds(10))
    #expect(try pair.disagreements() == [])
    #expect(try pair.child(true).inboundSPI != spi)
    #expect(pair.requests(.createChildSA) >= 3)
  }
}
