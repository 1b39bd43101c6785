import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("Responders that lie in IKE_SA_INIT")
struct LyingInitTests {
  let peer = LyingResponder()

  /// A message that is not taken for an answer: it is counted, and the true one still is.
  func expectStray(_ bytes: [UInt8], from remote: Endpoint = Pair.responderAddress) throws {
    let strays = peer.session.counters.strays
    peer.give(bytes, from: remote)
    #expect(peer.session.counters.strays == strays + 1)
    #expect(peer.events.isEmpty)
    #expect(peer.sent.count == 1)
    try peer.agree()
    #expect(try peer.succeeds())
  }

  /// An answer that ends the session.
  func expect(_ failure: SessionFailure, _ payloads: [IKEPayload]) throws {
    peer.give(try peer.initResponse(payloads))
    #expect(peer.events.failures == [failure])
    #expect(peer.session.hasEnded)
    #expect(peer.session.deadline == nil)
    #expect(peer.sent.count == 1)
  }

  @Test("an answer with another SPI is a stray")
  func otherSPI() throws {
    try expectStray(try peer.initResponse(peer.truth()) { $0.initiatorSPI ^= 1 })
  }

  @Test("an answer from another address is a stray, whatever it says")
  func otherAddress() throws {
    let elsewhere = Endpoint(IPAddress(v4: 0x0A00_0003), 500)
    try expectStray(try peer.initResponse(peer.truth()), from: elsewhere)
  }

  @Test("an answer from another port is a stray")
  func otherPort() throws {
    let elsewhere = Endpoint(Pair.responderAddress.address, 501)
    try expectStray(try peer.initResponse(peer.truth()), from: elsewhere)
  }

  @Test("the request itself, thrown back, is a stray")
  func reflection() throws { try expectStray(peer.sent.last ?? []) }

  @Test(
    "an answer of another message or exchange, or by an initiator, is a stray", arguments: 0..<4)
  func otherMessage(_ which: Int) throws {
    let bytes = try peer.initResponse(peer.truth()) { header in
      switch which {
      case 0: header.messageID = 1
      case 1: header.exchangeType = ExchangeType.ikeAuth.rawValue
      case 2: header.flags |= 0x08
      default: header.flags = 0
      }
    }
    try expectStray(bytes)
  }

  @Test("a redirection that does not know the nonce is a stray; one that does is the end")
  func redirection() throws {
    let gateway = GatewayIdentity(type: .fqdn, data: Array("elsewhere.example".utf8))
    try expectStray(
      try peer.initResponse([
        .notify(.redirect, .redirect(gateway, nonce: [UInt8](repeating: 0, count: 32)))
      ]))
    let other = LyingResponder()
    let nonce = try #require(try other.request.payloads.nonce)
    other.give(try other.initResponse([.notify(.redirect, .redirect(gateway, nonce: nonce))]))
    #expect(other.events.failures == [.redirected])
    #expect(other.sent.count == 1)
  }

  @Test("no part of an answer makes a session, and none harms")
  func everyPrefix() throws {
    let whole = try peer.initResponse(peer.truth())
    for count in whole.indices {
      let other = LyingResponder()
      other.give(Array(whole.prefix(count)))
      #expect(!other.session.isEstablished)
      // Nothing was taken for a choice: no IKE_AUTH.
      #expect(other.sent.count == 1)
      #expect(other.wait() < 100)
      #expect(other.session.hasEnded)
    }
  }

  @Test("a choice that was not offered ends the session")
  func otherProposal() throws {
    var payloads = try peer.truth()
    payloads[0] = .proposals([.cbc()])
    peer.give(try peer.initResponse(payloads))
    let failure = try #require(peer.events.failures.first)
    guard case .wrongChoice = failure else {
      Issue.record("\(failure)")
      return
    }
    #expect(peer.sent.count == 1)
  }

  @Test("two choices, or none, are no answer", arguments: [0, 2, 255])
  func otherCount(_ count: Int) throws {
    var payloads = try peer.truth()
    payloads[0] = .proposals(Array(repeating: .gcm(), count: count))
    try expect(.malformed(.ikeSAInit), payloads)
  }

  @Test("a share of another method, or none, is no answer", arguments: [true, false])
  func otherMethod(_ hasShare: Bool) throws {
    var payloads = try peer.truth()
    payloads[1] = hasShare ? .keyExchange(.ecp256, [UInt8](repeating: 9, count: 64)) : payloads[0]
    try expect(.malformed(.ikeSAInit), payloads)
  }

  @Test("a share that is none ends the session", arguments: [0, 1, 31, 32, 33, 60_000])
  func badShare(_ count: Int) throws {
    var payloads = try peer.truth()
    payloads[1] = .keyExchange(.curve25519, [UInt8](repeating: 0, count: count))
    peer.give(try peer.initResponse(payloads))
    let failure = try #require(peer.events.failures.first)
    guard case .keyExchange = failure else {
      Issue.record("\(failure)")
      return
    }
    #expect(peer.sent.count == 1)
  }

  @Test("a nonce of another length than RFC 7296 allows is none", arguments: [0, 15, 257, 60_000])
  func badNonce(_ count: Int) throws {
    var payloads = try peer.truth()
    payloads[2] = .nonce([UInt8](repeating: 7, count: count))
    try expect(.malformed(.ikeSAInit), payloads)
  }

  @Test("a choice beside an error is an error")
  func contradiction() throws {
    try expect(
      .refused(.noProposalChosen, in: .ikeSAInit), try peer.truth() + [.notify(.noProposalChosen)])
  }

  @Test("a critical payload that nobody knows ends the session")
  func critical() throws {
    let unknown = PayloadType(rawValue: 200)
    try expect(
      .unsupportedCriticalPayload(unknown),
      try peer.truth() + [IKEPayload(unknown, isCritical: true, .opaque([1, 2, 3]))])
  }

  @Test("thousands of payloads that nobody needs change nothing")
  func crowds() throws {
    let crowd: [IKEPayload] = Array(repeating: .notify(.natDetectionSourceIP), count: 3000)
    let vendors = Array(repeating: IKEPayload(.vendorID, .vendorID([1])), count: 3000)
    peer.give(try peer.initResponse(try peer.truth() + crowd + vendors))
    #expect(peer.events.failures.isEmpty)
    #expect(peer.sent.count == 2)
    #expect(peer.largestBurst == 1)
  }
}

@Suite("Responders that ask for ever in IKE_SA_INIT")
struct EndlessInitTests {
  @Test("cookies for ever come to an end")
  func cookies() throws {
    let peer = LyingResponder()
    for number in 0..<100 {
      peer.give(
        try peer.initResponse([
          .notify(.cookie, .data([UInt8](repeating: UInt8(number), count: 64)))
        ]))
    }
    #expect(peer.events.failures == [.refused(.cookie, in: .ikeSAInit)])
    #expect(peer.sent.count == 1 + InitExchange.retryLimit)
    // The largest request has one cookie, not all of them.
    let sizes = peer.sent.map(\.count)
    #expect(sizes.max() == (sizes.first ?? 0) + 8 + 64)
  }

  @Test("key exchange methods to and fro come to an end")
  func methods() throws {
    var alice = PeerConfiguration.alice
    alice.ikeProposals = [.gcm([.curve25519, .ecp256])]
    let peer = LyingResponder(alice)
    for number in 0..<100 {
      let method: KeyExchangeMethod = number.isMultiple(of: 2) ? .ecp256 : .curve25519
      peer.give(
        try peer.initResponse([.notify(.invalidKEPayload, .keyExchangeMethod(method))]))
    }
    #expect(peer.events.failures == [.refused(.invalidKEPayload, in: .ikeSAInit)])
    #expect(peer.sent.count == 1 + InitExchange.retryLimit)
  }

  @Test("a method that was not offered is a refusal", arguments: [1, 14, 31, 65_535])
  func unofferedMethod(_ method: UInt16) throws {
    let peer = LyingResponder()
    let wanted = KeyExchangeMethod(rawValue: method)
    peer.give(try peer.initResponse([.notify(.invalidKEPayload, .keyExchangeMethod(wanted))]))
    #expect(peer.events.failures == [.refused(.invalidKEPayload, in: .ikeSAInit)])
    #expect(peer.sent.count == 1)
  }

  @Test("cookies and methods by turns come to an end, and so does the session")
  func both() throws {
    var alice = PeerConfiguration.alice
    alice.ikeProposals = [.gcm([.curve25519, .ecp256])]
    let peer = LyingResponder(alice)
    for number in 0..<100 where !peer.session.hasEnded {
      let method: KeyExchangeMethod = number % 4 == 1 ? .ecp256 : .curve25519
      let notify: IKEPayload =
        number.isMultiple(of: 2)
        ? .notify(.cookie, .data([UInt8(number)]))
        : .notify(.invalidKEPayload, .keyExchangeMethod(method))
      peer.give(try peer.initResponse([notify]))
    }
    #expect(peer.session.hasEnded)
    #expect(peer.sent.count <= 1 + 2 * InitExchange.retryLimit)
  }

  @Test("whoever says the same for ever is taken to mean it", arguments: [true, false])
  func sameForEver(_ isCookie: Bool) throws {
    var alice = PeerConfiguration.alice
    alice.ikeProposals = [.gcm([.curve25519, .ecp256])]
    let peer = LyingResponder(alice)
    let notify: IKEPayload =
      isCookie
      ? .notify(.cookie, .data([7])) : .notify(.invalidKEPayload, .keyExchangeMethod(.ecp256))
    for _ in 0..<20 where !peer.session.hasEnded {
      let before = peer.sent.count
      peer.give(try peer.initResponse([notify]))
      if peer.sent.count == before { peer.giveUpWaiting() }
    }
    #expect(
      peer.events.failures == [.refused(isCookie ? .cookie : .invalidKEPayload, in: .ikeSAInit)])
    #expect(peer.sent.count < 10)
  }

  @Test("the same answer twice, as a network may make it, changes the request once")
  func duplicates() throws {
    var alice = PeerConfiguration.alice
    alice.ikeProposals = [.gcm([.ecp256, .curve25519])]
    let peer = LyingResponder(alice)
    // The request was sent twice, and so were its answers.
    let wanted = try peer.initResponse([
      .notify(.invalidKEPayload, .keyExchangeMethod(.curve25519))
    ])
    let cookie = try peer.initResponse([.notify(.cookie, .data([1, 2, 3]))])
    for bytes in [cookie, wanted, wanted, cookie] { peer.give(bytes) }
    #expect(peer.events.failures.isEmpty)
    #expect(peer.sent.count == 3)
    #expect(peer.session.counters.strays == 2)
    try peer.agree()
    #expect(try peer.succeeds())
  }
}
