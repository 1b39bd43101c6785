import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("Main mode")
struct MainModeTests {
  @Test(
    "Six messages make an SA, with every cipher, hash and kind of group",
    arguments: [
      PhaseOneProposal(.aesCBC, keyBits: 256, .sha2_256, .ecp256),
      PhaseOneProposal(.aesCBC, keyBits: 192, .sha2_384, .ecp384),
      PhaseOneProposal(.aesCBC, keyBits: 128, .sha2_512, .ecp521),
      PhaseOneProposal(.aesCBC, keyBits: 256, .md5, .modp1024),
      PhaseOneProposal(.tripleDESCBC, .sha, .modp1024),
      PhaseOneProposal(.camelliaCBC, keyBits: 256, .sha2_256, .modp1536),
    ])
  func establishes(_ proposal: PhaseOneProposal) throws {
    var configuration = MainModeConfiguration.tests
    configuration.proposals = [proposal]
    let pair = MainModePair(configuration)
    pair.responder.accepted = [proposal]
    try pair.establish()
    let sa = try #require(pair.events.established)
    #expect(sa.proposal == proposal)
    #expect(sa.peerIdentity == pair.responder.identity)
    #expect(sa.answersLiveness && !sa.natLocal && !sa.natRemote)
    #expect(pair.responder.isEstablished && !pair.responder.hasInitialContact)
    #expect(pair.sent.count == 3)
    #expect(pair.sent.allSatisfy { $0.to.port == 500 })
  }

  @Test("The usual proposals fit a datagram of 1280 octets")
  func size() throws {
    var configuration = MainModeConfiguration.tests
    configuration.proposals = PhaseOneProposal.usual
    let pair = MainModePair(configuration)
    try pair.act { $0.start(at: $1) }
    #expect(PhaseOneProposal.usual.count == 23)
    #expect(Set(PhaseOneProposal.usual).count == 23)
    #expect(try #require(pair.sent.first).bytes.count <= 1280 - 48)
  }

  @Test("A NAT is seen by both, and moves the rest to port 4500")
  func nat() throws {
    let pair = MainModePair()
    pair.nat = NAT()
    try pair.establish()
    let sa = try #require(pair.events.established)
    #expect(sa.natLocal && !sa.natRemote)
    let seen = try #require(pair.responder.sawNAT)
    #expect(seen.initiator && !seen.responder)
    #expect(pair.sent.map(\.to.port) == [500, 500, 4500])
    #expect(pair.sent.last?.bytes.prefix(4) == [0, 0, 0, 0])
    // Silence does not let the mapping go.
    try pair.run(for: .seconds(70))
    #expect(pair.sent.filter { $0.bytes == [0xFF] }.count == 3)
  }

  @Test("A peer without NAT traversal is not told about addresses")
  func withoutNATTraversal() throws {
    let pair = MainModePair()
    pair.responder.traversesNAT = false
    pair.nat = NAT()
    try pair.establish()
    #expect(pair.events.established != nil)
    #expect(pair.responder.sawNAT == nil)
    #expect(pair.sent.allSatisfy { $0.to.port == 500 })
  }

  @Test("The shorter lifetime counts, and its end deletes the SA")
  func lifetime() throws {
    let pair = MainModePair()
    pair.responder.answersTransform = { transform in
      var shorter = transform
      shorter.attributes.removeLast()
      shorter.attributes.append(
        IKEv1Attribute(.phase1(.lifeDuration), .variable([0, 0, 0x0E, 0x10])))
      return shorter
    }
    try pair.establish()
    #expect(pair.events.established?.lifetime == 3600)
    try pair.run(for: .seconds(3599))
    #expect(pair.session.isEstablished)
    try pair.run(for: .seconds(2))
    #expect(pair.session.hasEnded && pair.responder.wasDeleted)
    #expect(pair.events.deletions == [.local])
  }

  @Test("Initial contact is told where it is asked for")
  func initialContact() throws {
    var configuration = MainModeConfiguration.tests
    configuration.sendsInitialContact = true
    let pair = MainModePair(configuration)
    try pair.establish()
    #expect(pair.responder.hasInitialContact)
  }

  @Test("Without an identity, the address is it")
  func address() throws {
    var configuration = MainModeConfiguration.tests
    configuration.localIdentity = nil
    let pair = MainModePair(configuration)
    try pair.establish()
    #expect(pair.events.established != nil)
  }

  @Test("Loss, duplicates and reordering are overcome", arguments: UInt64(1)...40)
  func loss(_ seed: UInt64) throws {
    var link = LossyLink(seed: seed)
    link.lossPercent = 20
    link.duplicationPercent = 20
    link.reorderingPercent = 10
    var configuration = MainModeConfiguration.tests
    configuration.retransmission = RetransmissionPolicy(
      firstWait: .milliseconds(500), factor: 1, transmissions: 20)
    let pair = MainModePair(configuration, link: link, seed: seed)
    try pair.establish()
    #expect(pair.events.established != nil, "seed \(seed)")
    try pair.act { $0.checkLiveness(at: $1) }
    try pair.run(for: .seconds(20))
    #expect(pair.events.alive.count == 1, "seed \(seed)")
  }
}

@Suite("Main mode that fails")
struct MainModeFailureTests {
  @Test("Silence is told with the step and the port, after all transmissions")
  func silence() throws {
    var link = LossyLink(seed: 1)
    link.lossPercent = 100
    let pair = MainModePair(link: link)
    try pair.establish()
    #expect(pair.events.failures == [.noAnswer(.offer, port: 500)])
    #expect(pair.sent.count == 3 && pair.session.counters.retransmissions == 2)
    #expect(pair.session.deadline == nil)
  }

  @Test("A refusal names itself, but only once nothing better has come")
  func refusal() throws {
    let pair = MainModePair()
    pair.responder.accepted = []
    try pair.establish()
    #expect(pair.events.failures == [.refused(.noProposalChosen, .offer)])
    #expect(pair.events.notified.count == 1)
    #expect(pair.now >= Instant(nanoseconds: 3_500_000_000))
  }

  @Test("Forged notifications change nothing, however many")
  func forged() throws {
    let pair = MainModePair()
    try pair.act { $0.start(at: $1) }
    let forger = MainModeResponder()
    for type: IKEv1NotifyType in [.noProposalChosen, .invalidCookie, .payloadMalformed] {
      var message = forger.notify(type)
      message.replaceSubrange(0..<8, with: try #require(pair.sent.first).bytes.prefix(8))
      message.replaceSubrange(8..<16, with: [UInt8](repeating: 0, count: 8))
      for _ in 0..<100 { pair.inject(message) }
    }
    #expect(pair.events.notified.map(\.isProtected) == [false, false, false])
    try pair.run(for: .seconds(1))
    #expect(pair.session.isEstablished)
    pair.inject(pair.responder.notify(.invalidSPI))
    #expect(pair.session.isEstablished && pair.session.counters.unprotected == 301)
  }

  @Test(
    "Another secret is told as such, whether the peer complains or is silent",
    arguments: [true, false])
  func wrongSecret(_ complains: Bool) throws {
    let pair = MainModePair()
    pair.responder.preSharedKey = Secret(copying: [1, 2, 3])
    pair.responder.complains = complains
    try pair.establish()
    let failure = try #require(pair.events.failures.first)
    #expect(
      failure == (complains ? .refused(.payloadMalformed, .proof) : .noAnswer(.proof, port: 500)))
    #expect(failure.suggestsWrongSecret)
    #expect(!pair.responder.isEstablished)
  }

  @Test("A refusal under the right keys ends it at once, and is not laid to the secret alone")
  func refusedIdentity() throws {
    let pair = MainModePair()
    pair.responder.refusesIdentity = true
    try pair.establish()
    #expect(pair.events.failures == [.refused(.invalidIDInformation, .proof)])
    #expect(pair.now < Instant(nanoseconds: 500_000_000))
  }

  @Test("A peer that is not who it must be is told so, and its SA deleted")
  func otherIdentity() throws {
    var configuration = MainModeConfiguration.tests
    configuration.remoteIdentity = Identity(type: .idFQDN, data: Array("carol.example".utf8))
    let pair = MainModePair(configuration)
    try pair.establish()
    try pair.run(for: .seconds(1))
    #expect(pair.events.failures == [.otherIdentity(pair.responder.identity)])
    #expect(pair.events.established == nil)
    #expect(pair.responder.wasDeleted)
  }

  @Test("A choice that was not offered is none")
  func wrongChoice() throws {
    let pair = MainModePair()
    pair.responder.answersTransform = { transform in
      var other = transform
      other.attributes[0] = IKEv1Attribute(.phase1(.encryptionAlgorithm), .basic(5))
      return other
    }
    try pair.establish()
    #expect(pair.events.failures == [.wrongChoice])
  }

  @Test("A peer that speaks IKEv2 alone is told as such")
  func otherVersion() throws {
    let pair = MainModePair()
    pair.link.lossPercent = 100
    try pair.act { $0.start(at: $1) }
    var answer = MainModeResponder().notify(.invalidMajorVersion)
    answer.replaceSubrange(0..<8, with: try #require(pair.sent.first).bytes.prefix(8))
    answer[17] = 0x20
    pair.inject(answer)
    try pair.run(for: .seconds(10))
    #expect(pair.events.failures == [.otherVersion(2)])
  }
}
