import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("What CREATE_CHILD_SA is answered, and what is made of answers")
struct CreateChildAnswerTests {
  let pair: Pair
  /// The responder's session and its IKE SA.
  let session: IKESession
  let sa: IKESA

  init() throws {
    var (alice, bob) = (PeerConfiguration.alice, PeerConfiguration.bob)
    alice.ikeProposals = [.gcm(additional: [[.ecp256]])]
    bob.ikeProposals = alice.ikeProposals
    pair = try Pair.established(alice, bob)
    session = try #require(pair.session)
    sa = try #require(session.current)
  }

  /// A request for an IKE SA.
  func rekeyRequest(_ method: KeyExchangeMethod = .curve25519, data: [UInt8]? = nil) throws
    -> [IKEPayload]
  {
    let share = try KeyExchangeInitiator(method)
    let proposals = session.configuration.ikeProposals.numbered(
      spi: [1, 2, 3, 4, 5, 6, 7, 8], withKeyExchange: true)
    return [
      .proposals(proposals), .nonce([UInt8](repeating: 7, count: 32)),
      .keyExchange(method, data ?? share.data),
    ]
  }

  /// A request for a Child SA, which may replace one.
  func childRequest(replacing spi: [UInt8]? = nil) -> [IKEPayload] {
    let configuration = session.configuration
    let proposals = configuration.childProposals.numbered(
      spi: [0, 1, 2, 3], withKeyExchange: true)
    let rekey = spi.map {
      IKEPayload(.notify, .notify(NotifyPayload(.rekeySA, protocolID: .esp, spi: $0)))
    }
    return [rekey].compactMap(\.self) + [
      .proposals(proposals), .nonce([UInt8](repeating: 7, count: 32)),
      .selectors(.trafficSelectorInitiator, configuration.remoteSelectors),
      .selectors(.trafficSelectorResponder, configuration.localSelectors),
    ]
  }

  func answer(_ request: [IKEPayload]) -> Answer {
    session.answerCreateChild(request, on: sa, at: pair.now)
  }

  func expectEnd(_ answer: Answer) {
    #expect(answer.payloads.errorNotify?.type == .invalidSyntax)
    guard case .end(.failed) = answer.consequence else {
      Issue.record("the IKE SA goes on")
      return
    }
  }

  @Test("an unknown SPI is named in CHILD_SA_NOT_FOUND")
  func unknown() throws {
    let error = try #require(answer(childRequest(replacing: [9, 9, 9, 9])).payloads.errorNotify)
    #expect(error.type == .childSANotFound)
    #expect(error.protocolID == .esp && error.spi == [9, 9, 9, 9])
    #expect(session.children.count == 1)
  }

  @Test("a Child SA that has a successor is not replaced again")
  func superseded() throws {
    let old = try #require(session.children.first)
    let request = childRequest(replacing: old.outboundSPI.octets)
    #expect(answer(request).payloads.errorNotify == nil)
    #expect(answer(request).payloads.errorNotify?.type == .temporaryFailure)
    #expect(session.children.count == 2)
  }

  @Test("while a Child SA is deleted here, neither it nor the IKE SA is rekeyed")
  func deleting() throws {
    let old = try #require(session.children.first)
    session.deleteChild(old.inboundSPI, at: pair.now)
    let child = answer(childRequest(replacing: old.outboundSPI.octets))
    #expect(child.payloads.errorNotify?.type == .temporaryFailure)
    #expect(answer(try rekeyRequest()).payloads.errorNotify?.type == .temporaryFailure)
    #expect(answer(childRequest()).payloads.errorNotify == nil)
  }

  @Test("an IKE SA that has a successor makes nothing new")
  func retired() throws {
    pair.respond { $0.rekeyIKE(at: $1) }
    pair.run(for: .seconds(1))
    #expect(session.current !== sa)
    #expect(answer(childRequest()).payloads.errorNotify?.type == .temporaryFailure)
    #expect(answer(try rekeyRequest()).payloads.errorNotify?.type == .temporaryFailure)
  }

  @Test("a request without nonce or proposals ends the IKE SA, and so does a false share")
  func malformed() throws {
    expectEnd(answer([]))
    expectEnd(answer(childRequest().filter { $0.type != .nonce }))
    expectEnd(answer(childRequest().filter { $0.type != .trafficSelectorResponder }))
    expectEnd(answer(try rekeyRequest(data: [1, 2, 3])))
    expectEnd(answer(try rekeyRequest(data: [UInt8](repeating: 0, count: 32))))
  }

  @Test("a request without a share, or of another method, is told the method")
  func shares() throws {
    let request = try rekeyRequest(.ecp384)
    for request in [request, request.filter { $0.type != .keyExchange }] {
      let error = try #require(answer(request).payloads.errorNotify)
      #expect(error.type == .invalidKEPayload)
      #expect(error.content == .keyExchangeMethod(.curve25519))
    }
  }

  @Test("IKE_FOLLOWUP_KE without the link that was given finds no state, and changes none")
  func links() throws {
    let first = answer(try rekeyRequest())
    let link = try #require(first.payloads.notify(.additionalKeyExchange)).data
    let share = try KeyExchangeInitiator(.ecp256)
    func follow(_ link: [UInt8]) -> Answer {
      session.answerFollowup(
        [.keyExchange(.ecp256, share.data), .notify(.additionalKeyExchange, .data(link))], on: sa,
        at: pair.now)
    }
    for wrong in [[], [1], link + [0], link.map { ~$0 }] {
      #expect(follow(wrong).payloads.errorNotify?.type == .stateNotFound)
    }
    #expect(session.current === sa)
    let last = follow(link)
    #expect(last.payloads.errorNotify == nil && !last.payloads.contains(.additionalKeyExchange))
    #expect(session.current !== sa)
    // A link serves once.
    #expect(follow(link).payloads.errorNotify?.type == .temporaryFailure)
  }

  @Test("IKE_FOLLOWUP_KE with another method than was agreed on ends the IKE SA")
  func wrongFollowup() throws {
    let link = try #require(answer(try rekeyRequest()).payloads.notify(.additionalKeyExchange)).data
    let share = try KeyExchangeInitiator(.ecp384)
    expectEnd(
      session.answerFollowup(
        [.keyExchange(.ecp384, share.data), .notify(.additionalKeyExchange, .data(link))], on: sa,
        at: pair.now))
  }

  /// The request under way on the responder's IKE SA, taken for answered.
  func takeRequest() throws -> CreateChildExchange {
    guard case .createChild(let exchange)? = sa.underWay?.exchange else {
      throw Unexpected(description: "no CREATE_CHILD_SA under way")
    }
    sa.underWay = nil
    return exchange
  }

  @Test("an answer that was not offered makes no Child SA, and the peer is told to delete its own")
  func wrongChoice() throws {
    session.createChild(at: pair.now)
    let exchange = try takeRequest()
    guard case .offered(let offer) = exchange.stage, case .child(let child) = offer.product else {
      throw Unexpected(description: "nothing offered")
    }
    var wrong = child.proposals
    wrong[0].transforms[0] = .aesCBC(256)
    session.finish(
      exchange,
      with: [.proposals(wrong), .nonce([UInt8](repeating: 1, count: 32))] + child.selectorPayloads,
      on: sa, at: pair.now)
    #expect(session.children.count == 1)
    guard case .discardChild(.esp, child.spi)? = sa.underWay?.exchange else {
      throw Unexpected(description: "the peer is not told")
    }
    // To the peer that is an SPI it may not know: the answer is empty, and all goes on.
    pair.respond { $0.checkLiveness(at: $1) }
    pair.run(for: .seconds(1))
    #expect(pair.responderEvents.map(\.event).roundTrips.count == 1)
    #expect(pair.responderEvents.map(\.event).childFaults.count == 1)
  }

  @Test("selectors beyond those offered are no agreement")
  func widened() throws {
    session.createChild(at: pair.now)
    let exchange = try takeRequest()
    guard case .offered(let offer) = exchange.stage, case .child(let child) = offer.product else {
      throw Unexpected(description: "nothing offered")
    }
    let wider = [child.proposals[0]]
    session.finish(
      exchange,
      with: [
        .proposals(wider), .nonce([UInt8](repeating: 1, count: 32)),
        .selectors(.trafficSelectorInitiator, [.network(0x0A00_0000), .network(0x0A05_0000)]),
        .selectors(.trafficSelectorResponder, child.responderSelectors),
      ], on: sa, at: pair.now)
    pair.respond { _, _ in }
    #expect(pair.responderEvents.map(\.event).childFaults == [.otherTerms])
  }

  @Test("INVALID_KE_PAYLOAD for a method that was not offered, or was sent, is a refusal")
  func invalidKeyExchange() throws {
    for method in [KeyExchangeMethod.ecp521, .curve25519] {
      session.rekeyIKE(at: pair.now)
      let exchange = try takeRequest()
      session.finish(
        exchange, with: [.notify(.invalidKEPayload, .keyExchangeMethod(method))], on: sa,
        at: pair.now)
      #expect(sa.waiting.isEmpty && sa.underWay == nil)
    }
    pair.respond { _, _ in }
    #expect(
      pair.responderEvents.map(\.event).rekeyFaults
        == [.refused(.invalidKEPayload), .refused(.invalidKEPayload)])
  }

  @Test("a peer that takes over with an IKE SA that cannot be had costs the session")
  func impossibleSuccessor() throws {
    session.rekeyIKE(at: pair.now)
    let exchange = try takeRequest()
    session.finish(
      exchange, with: [.nonce([UInt8](repeating: 1, count: 32))], on: sa, at: pair.now)
    pair.respond { _, _ in }
    pair.run()
    #expect(
      pair.responderEvents.map(\.event).failures
        == [.missing(.securityAssociation, in: .createChildSA)])
    #expect(pair.initiator.hasEnded && pair.responder.sessions.isEmpty)
  }
}
