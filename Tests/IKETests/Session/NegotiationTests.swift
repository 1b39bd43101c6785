import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("Sessions that negotiate more than the least")
struct NegotiationTests {
  @Test("a cookie is shown when it is asked for, and nothing is kept until then")
  func cookie() {
    var policy = ResponderPolicy()
    policy.cookieThreshold = 0
    let pair = Pair(.alice, .bob, policy: policy)
    pair.start()
    let isAsked = pair.run { pair.responder.counters.cookiesSent == 1 }
    #expect(isAsked)
    #expect(pair.responder.halfOpenCount == 0)
    pair.run(for: .seconds(1))
    #expect(pair.initiator.isEstablished)
    #expect(pair.sent.count == 6)
  }

  @Test("cookies for ever are shown three times, and then no more")
  func cookiesForEver() {
    var policy = ResponderPolicy()
    policy.cookieThreshold = 0
    let pair = Pair(.alice, .bob, policy: policy)
    pair.tamper = { flight in
      guard flight.from == Pair.responderAddress else { return flight.bytes }
      // Another cookie than the responder's, each time.
      return flight.bytes.dropLast() + [UInt8(truncatingIfNeeded: flight.order)]
    }
    pair.start()
    pair.run()
    #expect(pair.initiatorEvents.failures == [.refused(.cookie, in: .ikeSAInit)])
    #expect(pair.sent.count == 8)
    #expect(pair.responder.counters.wrongCookies == 3)
  }

  @Test("the responder's preferred method is used when the share was of another")
  func invalidKE() {
    var alice = PeerConfiguration.alice
    alice.ikeProposals = [.gcm([.ecp384, .ecp256, .curve25519])]
    let pair = Pair(alice, .bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(
      pair.initiatorEvents.established?.algorithms.suite.keyExchange == .curve25519)
    #expect(pair.sent.count == 6)
  }

  @Test("without a common proposal both sides end at once")
  func noProposal() {
    var alice = PeerConfiguration.alice
    alice.ikeProposals = [.cbc()]
    let pair = Pair(alice, .bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.initiatorEvents.failures == [.refused(.noProposalChosen, in: .ikeSAInit)])
    #expect(pair.responder.sessions.isEmpty)
    #expect(pair.responder.counters.refusals == 1)
  }

  @Test("additional key exchanges change the keys, one IKE_INTERMEDIATE each")
  func additionalKeyExchanges() throws {
    let proposal = Proposal.gcm(additional: [[.ecp256], [.ecp384, .none], [.curve448]])
    var alice = PeerConfiguration.alice
    var bob = PeerConfiguration.bob
    alice.ikeProposals = [proposal]
    bob.ikeProposals = [proposal]
    let pair = Pair(alice, bob)
    pair.start()
    pair.run(for: .seconds(1))
    let suite = try #require(pair.initiatorEvents.established?.algorithms.suite)
    #expect(suite.additional == [.ecp256, .ecp384, .curve448])
    #expect(pair.sent.count == 4 + 2 * 3)
    try expectSameChildKeys(pair)
  }

  @Test("additional key exchanges chosen by a peer without IKE_INTERMEDIATE are no basis")
  func noIntermediate() {
    let proposal = Proposal.gcm(additional: [[.ecp256]])
    var alice = PeerConfiguration.alice
    var bob = PeerConfiguration.bob
    alice.ikeProposals = [proposal]
    bob.ikeProposals = [proposal]
    bob.announcesIntermediate = false
    let pair = Pair(alice, bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.initiatorEvents.failures == [.refused(.noProposalChosen, in: .ikeSAInit)])
  }

  @Test("an IKE SA without a Child SA is made where both sides can")
  func childless() {
    var alice = PeerConfiguration.alice
    alice.isChildless = true
    let pair = Pair(alice, .bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.initiator.isEstablished)
    #expect(pair.session?.isEstablished == true)
    #expect(pair.initiator.children.isEmpty)
    #expect(pair.initiatorEvents.childFaults.isEmpty)
  }

  @Test("transport mode is used if both sides want it, and tunnel mode otherwise")
  func transportMode() {
    var alice = PeerConfiguration.alice
    var bob = PeerConfiguration.bob
    alice.isTransportMode = true
    let refused = Pair(alice, bob)
    refused.start()
    refused.run(for: .seconds(1))
    #expect(refused.initiator.children.map(\.isTransportMode) == [false])
    bob.isTransportMode = true
    let agreed = Pair(alice, bob)
    agreed.start()
    agreed.run(for: .seconds(1))
    #expect(agreed.initiator.children.map(\.isTransportMode) == [true])
    #expect(agreed.session?.children.map(\.isTransportMode) == [true])
  }

  @Test("a responder gives the address that an initiator asks for")
  func address() {
    var alice = PeerConfiguration.alice
    var bob = PeerConfiguration.bob
    let given = ConfigurationAttribute(type: .internalIP4Address, value: [10, 9, 8, 7])
    alice.requestedAttributes = [.internalIP4Address, .internalIP4DNS]
    bob.assignedAttributes = [given]
    let pair = Pair(alice, bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.initiatorEvents.established?.attributes == [given])
  }

  @Test("who is given an address has its end of Child SAs there, and there alone")
  func addressedChild() throws {
    var alice = PeerConfiguration.alice
    var bob = PeerConfiguration.bob
    let anywhere = try #require(TrafficSelector(text: "0.0.0.0/0"))
    let given = try #require(TrafficSelector(text: "10.9.8.7"))
    alice.requestedAttributes = AddressAssignment.requestedTypes
    alice.localSelectors = [anywhere]
    bob.assignedAttributes =
      AddressAssignment(
        ipv4: IPAddress(text: "10.9.8.7"), nameServers: [IPAddress(v4: 0x0A09_0801)]
      ).attributes
    let pair = Pair(alice, bob)
    pair.start()
    pair.run(for: .seconds(1))
    let child = try #require(pair.initiator.children.first)
    #expect(child.localSelectors == [given])
    #expect(pair.session?.children.first?.remoteSelectors == [given])
    pair.initiate { $0.rekeyChild(child.inboundSPI, at: $1) }
    pair.run(for: .seconds(1))
    #expect(pair.initiator.children.map(\.localSelectors) == [[given]])
    #expect(pair.initiator.children.first?.inboundSPI != child.inboundSPI)
  }

  @Test("INITIAL_CONTACT is sent only if wanted, and told")
  func initialContact() {
    var alice = PeerConfiguration.alice
    let without = Pair(alice, .bob)
    without.start()
    without.run(for: .seconds(1))
    #expect(!without.responderEvents.map(\.event).hasInitialContact)
    alice.sendsInitialContact = true
    let with = Pair(alice, .bob)
    with.start()
    with.run(for: .seconds(1))
    #expect(with.responderEvents.map(\.event).hasInitialContact)
  }

  @Test("a redirection in IKE_SA_INIT is told, and ends the session")
  func redirect() {
    var bob = PeerConfiguration.bob
    let gateway = GatewayIdentity(type: .ipv4, data: [192, 0, 2, 9])
    bob.redirectsTo = gateway
    let pair = Pair(.alice, bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.initiatorEvents.gateways == [gateway])
    #expect(pair.initiatorEvents.failures == [.redirected])
    #expect(pair.responder.sessions.isEmpty)
  }

  @Test("redirections are followed five times in five minutes, and then no more")
  func redirectLoop() {
    var limit = RedirectLimit()
    let start = Instant(nanoseconds: 0)
    for second in 0..<5 {
      let isAllowed = limit.allows(at: start + .seconds(second))
      #expect(isAllowed)
    }
    let isSixthAllowed = limit.allows(at: start + .seconds(299))
    #expect(!isSixthAllowed)
    let isLaterAllowed = limit.allows(at: start + .seconds(300))
    #expect(isLaterAllowed)
  }

  @Test("a redirection with another nonce is nobody's")
  func forgedRedirect() {
    var bob = PeerConfiguration.bob
    bob.redirectsTo = GatewayIdentity(type: .ipv4, data: [192, 0, 2, 9])
    let pair = Pair(.alice, bob)
    pair.tamper = { flight in
      guard flight.from == Pair.responderAddress else { return flight.bytes }
      // The nonce stands at the end.
      return flight.bytes.dropLast() + [flight.bytes.last.map { ~$0 } ?? 0]
    }
    pair.start()
    pair.run()
    #expect(pair.initiatorEvents.gateways.isEmpty)
    #expect(pair.initiatorEvents.failures == [.noAnswer(.ikeSAInit)])
  }
}

@Suite("Sessions with a post-quantum preshared key")
struct PPKSessionTests {
  static func policy(_ key: String, isMandatory: Bool) -> PPKPolicy {
    PPKPolicy(
      identity: PPKIdentity(type: 2, data: Array("example".utf8)),
      secret: Secret(copying: Array(key.utf8)), isMandatory: isMandatory)
  }

  @Test("a key that both sides have is used")
  func used() throws {
    var alice = PeerConfiguration.alice
    var bob = PeerConfiguration.bob
    alice.ppk = Self.policy("one", isMandatory: true)
    bob.ppk = Self.policy("one", isMandatory: true)
    let pair = Pair(alice, bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.initiatorEvents.established?.usesPPK == true)
    #expect(pair.responderEvents.map(\.event).established?.usesPPK == true)
    try expectSameChildKeys(pair)
  }

  @Test(
    "a key that the responder lacks is done without, unless it is mandatory",
    arguments: [true, false])
  func lacking(isMandatory: Bool) throws {
    var alice = PeerConfiguration.alice
    alice.ppk = Self.policy("one", isMandatory: isMandatory)
    let pair = Pair(alice, .bob)
    pair.start()
    pair.run(for: .seconds(1))
    if isMandatory {
      #expect(pair.initiatorEvents.failures == [.noPPK])
      #expect(pair.initiatorEvents.established == nil)
    } else {
      #expect(pair.initiatorEvents.established?.usesPPK == false)
      try expectSameChildKeys(pair)
    }
  }

  @Test("another key under a name that the responder does not know is done without")
  func otherName() throws {
    var alice = PeerConfiguration.alice
    var bob = PeerConfiguration.bob
    alice.ppk = Self.policy("one", isMandatory: false)
    bob.ppk = Self.policy("one", isMandatory: false)
    bob.ppk?.identity.data = [1]
    let pair = Pair(alice, bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.initiatorEvents.established?.usesPPK == false)
    #expect(pair.responderEvents.map(\.event).established?.usesPPK == false)
    try expectSameChildKeys(pair)
  }

  @Test("two keys of one name make no SA")
  func wrongKey() {
    var alice = PeerConfiguration.alice
    var bob = PeerConfiguration.bob
    alice.ppk = Self.policy("one", isMandatory: true)
    bob.ppk = Self.policy("two", isMandatory: true)
    let pair = Pair(alice, bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.initiatorEvents.failures == [.refused(.authenticationFailed, in: .ikeAuth)])
  }
}

/// The one Child SA of both sides has the same keys, the other way round.
func expectSameChildKeys(_ pair: Pair, _ location: SourceLocation = #_sourceLocation) throws {
  let here = try #require(pair.initiator.children.first, sourceLocation: location)
  let there = try #require(pair.session?.children.first, sourceLocation: location)
  #expect(
    here.inboundKeys.encryption.hasSameBytes(as: there.outboundKeys.encryption)
      && here.outboundKeys.encryption.hasSameBytes(as: there.inboundKeys.encryption),
    sourceLocation: location)
}

extension [SessionEvent] {
  fileprivate var hasInitialContact: Bool {
    contains { if case .initialContact = $0 { true } else { false } }
  }

  fileprivate var gateways: [GatewayIdentity] {
    compactMap { if case .redirected(let gateway) = $0 { gateway } else { nil } }
  }
}
