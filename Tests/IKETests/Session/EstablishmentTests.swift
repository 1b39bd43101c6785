import IKE
import IPsecCrypto
import PacketDissector
import Testing

@Suite("Sessions that are established, used and deleted")
struct EstablishmentTests {
  @Test("both sides of an exchange with a pre-shared key agree on IKE SA and Child SA")
  func establishes() throws {
    let pair = Pair(.alice, .bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.initiator.isEstablished)
    let session = try #require(pair.session)
    #expect(session.isEstablished)
    let here = try #require(pair.initiatorEvents.established)
    let there = try #require(pair.responderEvents.map(\.event).established)
    #expect(here.peerIdentity.description == "bob.example")
    #expect(there.peerIdentity.description == "alice.example")
    #expect(here.algorithms.responderSPI == there.algorithms.responderSPI)
    let inbound = try #require(pair.initiator.children.first)
    let outbound = try #require(session.children.first)
    #expect(inbound.inboundSPI == outbound.outboundSPI)
    #expect(inbound.outboundSPI == outbound.inboundSPI)
    #expect(inbound.inboundKeys.encryption.hasSameBytes(as: outbound.outboundKeys.encryption))
    #expect(inbound.outboundKeys.encryption.hasSameBytes(as: outbound.inboundKeys.encryption))
    #expect(!inbound.inboundKeys.encryption.hasSameBytes(as: inbound.outboundKeys.encryption))
    #expect(inbound.localSelectors == outbound.remoteSelectors)
    // IKE_SA_INIT and IKE_AUTH, nothing more.
    #expect(pair.sent.count == 4)
  }

  @Test("a peer answers liveness checks of either side")
  func liveness() {
    let pair = Pair(.alice, .bob)
    pair.start()
    pair.run(for: .seconds(1))
    pair.initiate { $0.checkLiveness(at: $1) }
    pair.respond { $0.checkLiveness(at: $1) }
    pair.run(for: .seconds(1))
    #expect(pair.initiatorEvents.roundTrips.count == 1)
    #expect(pair.responderEvents.map(\.event).roundTrips.count == 1)
    #expect(pair.initiatorEvents.roundTrips.allSatisfy { $0 >= .milliseconds(40) })
  }

  @Test("a deleted Child SA is gone on both sides, and the IKE SA stands")
  func deletesChild() throws {
    let pair = Pair(.alice, .bob)
    pair.start()
    pair.run(for: .seconds(1))
    let spi = try #require(pair.initiator.children.first?.inboundSPI)
    pair.initiate { $0.deleteChild(spi, at: $1) }
    pair.run(for: .seconds(1))
    #expect(pair.initiator.children.isEmpty)
    #expect(pair.session?.children.isEmpty == true)
    #expect(pair.initiatorEvents.childDeletions.map(\.party) == [.local])
    #expect(pair.responderEvents.map(\.event).childDeletions.map(\.party) == [.peer])
    #expect(pair.initiator.isEstablished)
  }

  @Test("closing ends the session on both sides", arguments: [true, false])
  func closes(byInitiator: Bool) {
    let pair = Pair(.alice, .bob)
    pair.start()
    pair.run(for: .seconds(1))
    if byInitiator {
      pair.initiate { $0.close(at: $1) }
    } else {
      pair.respond { $0.close(at: $1) }
    }
    pair.run()
    #expect(pair.initiator.hasEnded)
    #expect(pair.responder.sessions.isEmpty)
    #expect(pair.initiatorEvents.deletions == [byInitiator ? .local : .peer])
    #expect(pair.responderEvents.map(\.event).deletions == [byInitiator ? .peer : .local])
  }

  @Test("closing from both sides at once ends the session on both")
  func closesTogether() {
    let pair = Pair(.alice, .bob)
    pair.start()
    pair.run(for: .seconds(1))
    pair.initiate { $0.close(at: $1) }
    pair.respond { $0.close(at: $1) }
    pair.run()
    #expect(pair.initiator.hasEnded)
    #expect(pair.responder.sessions.isEmpty)
    #expect(pair.initiatorEvents.deletions.count == 1)
    #expect(pair.responderEvents.map(\.event).deletions.count == 1)
  }

  @Test("another secret is refused by the responder, and both sides know why")
  func wrongSecret() {
    var alice = PeerConfiguration.alice
    let other = Secret(copying: Array("another secret".utf8))
    alice.credential = .preSharedKey(other)
    let pair = Pair(alice, .bob)
    pair.start()
    pair.run()
    #expect(pair.initiatorEvents.failures == [.refused(.authenticationFailed, in: .ikeAuth)])
    #expect(pair.responderEvents.map(\.event).failures.count == 1)
    #expect(pair.initiatorEvents.established == nil)
    #expect(pair.responderEvents.map(\.event).established == nil)
    #expect(pair.responder.sessions.isEmpty)
  }

  @Test("a responder that cannot prove itself is told so, and both sides end")
  func impostor() {
    var alice = PeerConfiguration.alice
    alice.remoteIdentity = Identity(type: .idFQDN, data: Array("carol.example".utf8))
    let pair = Pair(alice, .bob)
    pair.start()
    pair.run()
    #expect(pair.initiatorEvents.failures.count == 1)
    #expect(
      pair.responderEvents.map(\.event).failures == [
        .refused(.authenticationFailed, in: .informational)
      ])
    #expect(pair.initiator.hasEnded)
    #expect(pair.responder.sessions.isEmpty)
  }

  @Test("traffic that the responder does not take leaves the IKE SA without a Child SA")
  func unacceptableSelectors() {
    var alice = PeerConfiguration.alice
    alice.remoteSelectors = [.network(0x0A03_0000)]
    let pair = Pair(alice, .bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.initiator.isEstablished)
    #expect(pair.session?.isEstablished == true)
    #expect(pair.initiator.children.isEmpty)
    #expect(pair.initiatorEvents.childFaults == [.refused(.tsUnacceptable)])
  }

  @Test("a request is sent again octet for octet, on its schedule, until it is answered")
  func retransmits() throws {
    let pair = Pair(.alice, .bob)
    pair.start()
    pair.run(for: .seconds(1))
    let before = pair.sent.count
    pair.tamper = { $0.from == Pair.responderAddress ? nil : $0.bytes }
    let asked = pair.now
    pair.initiate { $0.checkLiveness(at: $1) }
    pair.run(for: .seconds(1))
    pair.tamper = nil
    pair.run(for: .seconds(10))
    let requests = pair.sent.dropFirst(before).filter { $0.from == Pair.initiatorAddress }
    let answers = pair.sent.dropFirst(before).filter { $0.from == Pair.responderAddress }
    #expect(
      requests.map { $0.arrival - asked } == [.zero, .milliseconds(500), .milliseconds(1500)])
    #expect(Set(requests.map(\.bytes)).count == 1)
    #expect(answers.count == 3)
    #expect(Set(answers.map(\.bytes)).count == 1)
    #expect(pair.initiatorEvents.roundTrips.count == 1)
    #expect(pair.initiator.counters.retransmissions == 2)
    #expect(pair.session?.counters.repeatedAnswers == 2)
  }

  @Test("a silent peer is given up after the whole schedule")
  func silence() {
    let pair = Pair(.alice, .bob)
    pair.link.lossPercent = 100
    pair.start()
    pair.run()
    #expect(pair.initiatorEvents.failures == [.noAnswer(.ikeSAInit)])
    #expect(pair.sent.count == RetransmissionPolicy.quick.transmissions)
    #expect(pair.initiator.deadline == nil)
  }
}

extension [SessionEvent] {
  var childFaults: [ChildFault] {
    compactMap { if case .childRefused(let fault) = $0 { fault } else { nil } }
  }
}
