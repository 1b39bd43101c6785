import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("Responders that have the keys, and lie")
struct LyingPeerTests {
  let peer: LyingResponder

  init() throws {
    peer = LyingResponder()
    try peer.agree()
  }

  // MARK: What anyone may have sent

  @Test("unprotected errors are counted and change nothing, whatever they say")
  func unprotectedErrors() throws {
    for type in [
      NotifyType.authenticationFailed, .invalidSyntax, .invalidIKESPI, .noProposalChosen,
    ] {
      let before = peer.session.counters.unprotected
      peer.give(try peer.initResponse([.notify(type)]))
      #expect(peer.session.counters.unprotected == before + 1)
    }
    #expect(peer.events.failures.isEmpty)
    #expect(try peer.succeeds())
  }

  @Test("IKE_SA_INIT's answer, again or another, changes nothing")
  func lateInitAnswers() throws {
    let again = try #require(peer.agreement?.response)
    let refusal = try peer.initResponse([.notify(.noProposalChosen)]) {
      $0.exchangeType = ExchangeType.ikeSAInit.rawValue
      $0.messageID = 0
    }
    for bytes in [again, refusal] { peer.give(bytes) }
    #expect(peer.session.counters.strays == 2)
    #expect(try peer.succeeds())
  }

  @Test("no part of a protected message is taken for it, and the whole still is")
  func everyPrefix() throws {
    let whole = try #require(try peer.sealed(peer.proof()).first)
    for count in whole.indices { peer.give(Array(whole.prefix(count))) }
    #expect(peer.events.failures.isEmpty)
    #expect(!peer.session.isEstablished)
    peer.give(whole)
    #expect(peer.session.isEstablished)
  }

  @Test("nor is a message of which any octet is wrong")
  func everyOctet() throws {
    let whole = try #require(try peer.sealed(peer.proof()).first)
    for index in whole.indices {
      var bytes = whole
      bytes[index] ^= 0x41
      peer.give(bytes)
      #expect(!peer.session.isEstablished, "octet \(index)")
    }
    #expect(peer.events.failures.isEmpty)
    peer.give(whole)
    #expect(peer.session.isEstablished)
  }

  @Test("responses to other requests are strays", arguments: 0..<4)
  func otherMessages(_ which: Int) throws {
    let datagrams = try peer.sealed(peer.proof()) { header in
      switch which {
      case 0: header.messageID = 0
      case 1: header.messageID = .max
      case 2: header.exchangeType = ExchangeType.informational.rawValue
      default: header.responderSPI ^= 1
      }
    }
    for datagram in datagrams { peer.give(datagram) }
    #expect(peer.session.counters.strays == 1)
    #expect(peer.events.failures.isEmpty)
    #expect(try peer.succeeds())
  }

  // MARK: Fragments

  @Test("a fragment of 65,535 is dropped, and nothing is kept for the others")
  func hugeTotal() throws {
    let piece = try #require(try peer.sealed(peer.proof(), fragmentBytes: 150).first)
    for (number, total) in [(1, 65_535), (65_535, 65_535), (0, 2), (3, 2), (1, 257)] {
      var bytes = piece
      var writer = ByteWriter()
      writer.u16(UInt16(number))
      writer.u16(UInt16(total))
      bytes.replaceSubrange(32..<36, with: writer.bytes)
      peer.give(bytes)
    }
    #expect(peer.session.counters.badlyProtected == 5)
    #expect(try peer.succeeds())
  }

  @Test("fragments that never end are given up like silence, and hold no more than 256 KiB")
  func endlessFragments() throws {
    let current = try #require(peer.session.current)
    for _ in 0..<20 {
      // Every one but the last; each time one more of them, so that all that came before is dropped.
      let payloads = [IKEPayload(.vendorID, .vendorID([UInt8](repeating: 1, count: 60_000)))]
      for limit in [1400, 1200, 900, 700, 400] {
        for datagram in try peer.sealed(payloads, fragmentBytes: limit).dropLast() {
          peer.give(datagram)
        }
        #expect(current.protection.heldFragmentBytes <= FragmentCollector.byteLimit)
      }
    }
    #expect(peer.events.isEmpty)
    #expect(peer.wait() < 20)
    #expect(peer.events.failures == [.noAnswer(.ikeAuth)])
  }

  @Test("fragments of more than 256 KiB are dropped together")
  func fragmentBomb() throws {
    let current = try #require(peer.session.current)
    // Eight pieces of 60,000 octets, each of another message's size, as one message.
    let payloads = [IKEPayload(.vendorID, .vendorID([UInt8](repeating: 1, count: 65_000)))]
    for limit in [40_000, 35_000, 30_000] {
      for datagram in try peer.sealed(payloads + payloads + payloads, fragmentBytes: limit)
        .dropLast()
      {
        peer.give(datagram)
        #expect(current.protection.heldFragmentBytes <= FragmentCollector.byteLimit)
      }
    }
    #expect(peer.events.isEmpty)
    #expect(peer.wait() < 20)
  }

  @Test("totals that grow start over, and totals that shrink are dropped")
  func changingTotals() throws {
    let proof = try peer.proof()
    let large = try peer.sealed(proof, fragmentBytes: 180)
    let small = try peer.sealed(proof, fragmentBytes: 110)
    try #require(large.count > 1 && small.count > large.count)
    for datagram in [large[0], small[0], large[1], large[0]] { peer.give(datagram) }
    #expect(peer.session.counters.badlyProtected == 2)
    for datagram in small.dropFirst() { peer.give(datagram) }
    #expect(peer.session.isEstablished)
  }

  // MARK: What only the peer can have said

  @Test(
    "a proof by another secret, of another identity, or none, ends the session", arguments: 0..<4)
  func wrongProof(_ which: Int) throws {
    var payloads = try peer.proof()
    switch which {
    case 0: payloads.remove(at: 1)
    case 1:
      let carol = Identity(type: .idFQDN, data: Array("carol.example".utf8))
      payloads[0] = IKEPayload(.identificationResponder, .identification(carol.payload))
    case 2:
      payloads[1] = .authentication(
        AuthenticationPayload(
          method: .sharedKeyMessageIntegrityCode, data: [UInt8](repeating: 0, count: 32)))
    default:
      payloads[1] = .authentication(AuthenticationPayload(method: .nullAuthentication, data: []))
    }
    try peer.answer(payloads)
    #expect(peer.events.failures.count == 1)
    #expect(peer.events.established == nil)
    #expect(peer.session.children.isEmpty)
    #expect(peer.wait() < 20)
    #expect(peer.session.hasEnded)
  }

  @Test("a Child SA that was not offered is not made, and the IKE SA stands", arguments: 0..<9)
  func wrongChild(_ which: Int) throws {
    var payloads = try peer.proof()
    let own = [Proposal.espGCM()]
    switch which {
    case 0: payloads[2] = .proposals([.cbc()])
    case 1: payloads[2] = .proposals(own + own)
    case 2: payloads[2] = .proposals([])
    case 3: payloads[2] = .proposals(own.numbered(spi: [0, 0, 0, 0], withKeyExchange: false))
    case 4: payloads[2] = .proposals(own.numbered(spi: [1, 2, 3], withKeyExchange: false))
    case 5: payloads[3] = .selectors(.trafficSelectorInitiator, [])
    case 6: payloads[4] = .selectors(.trafficSelectorResponder, [.network(0)])
    case 7:
      let wide = TrafficSelector.AddressRange(start: IPAddress(v4: 0), end: IPAddress(v4: .max))
      payloads[3] = .selectors(.trafficSelectorInitiator, [TrafficSelector(wide)])
    default: payloads.append(.notify(.useTransportMode))
    }
    try peer.answer(payloads)
    #expect(peer.session.isEstablished)
    #expect(peer.session.children.isEmpty)
    #expect(peer.events.childFaults.count == 1)
  }

  @Test("thousands of payloads and entries in IKE_AUTH make one session or none", arguments: 0..<6)
  func crowds(_ which: Int) throws {
    var payloads = try peer.proof()
    switch which {
    case 0: payloads += Array(repeating: .notify(.initialContact), count: 7000)
    case 1: payloads += Array(repeating: IKEPayload(.vendorID, .vendorID([1])), count: 10_000)
    case 2:
      payloads[3] = .selectors(
        .trafficSelectorInitiator, Array(repeating: .network(0x0A01_0000), count: 255))
    case 3:
      payloads += Array(repeating: IKEPayload(.certificate, .opaque([4, 0x30, 0x80])), count: 8000)
    case 4:
      payloads.append(IKEPayload(.vendorID, .vendorID([UInt8](repeating: 0, count: 60_000))))
    default: payloads += Array(repeating: payloads[1], count: 1000)
    }
    try peer.answer(payloads)
    #expect(peer.session.isEstablished)
    #expect(peer.session.children.count <= 1)
    #expect(peer.largestBurst <= 2)
  }

  @Test("a peer that answers even the farewell with nonsense is left all the same, and once")
  func nonsenseForEver() throws {
    let nonsense = [IKEPayload(.notify, .opaque([1, 2]))]
    for _ in 0..<50 { try peer.answer(nonsense) }
    #expect(peer.events.failures == [.malformed(.ikeAuth)])
    #expect(peer.session.hasEnded)
    // IKE_SA_INIT, IKE_AUTH and one farewell.
    #expect(peer.sent.count == 3)
  }

  @Test("what a peer asks for while it is being left is no second reason for leaving it")
  func nonsenseWhileLeaving() throws {
    try peer.answer([IKEPayload(.notify, .opaque([1, 2]))])
    for datagram in try peer.sealed(
      [IKEPayload(.notify, .opaque([1, 2]))],
      {
        $0.flags = 0
        $0.messageID = 0
      })
    { peer.give(datagram) }
    #expect(peer.events.failures == [.malformed(.ikeAuth)])
    #expect(peer.session.hasEnded)
  }

  @Test("requests of a peer that has proved nothing come to nothing")
  func earlyRequests() throws {
    for (number, type) in [ExchangeType.createChildSA, .ikeAuth, .ikeFollowupKE].enumerated() {
      let other = LyingResponder()
      try other.agree()
      for datagram in try other.sealed(
        [.nonce([UInt8](repeating: 1, count: 32))],
        {
          $0.flags = 0
          $0.messageID = 0
          $0.exchangeType = type.rawValue
        })
      { other.give(datagram) }
      #expect(!other.session.isEstablished, "\(number)")
      #expect(other.session.children.isEmpty)
      #expect(other.largestBurst <= 1)
      #expect(other.wait() < 20)
    }
  }

  @Test("an established peer that asks for ever gets no more than it may have")
  func endlessRequests() throws {
    #expect(try peer.succeeds())
    let child: [IKEPayload] = [
      .proposals([Proposal.espGCM()].numbered(spi: [9, 9, 9, 9], withKeyExchange: true)),
      .nonce([UInt8](repeating: 3, count: 32)),
      .selectors(.trafficSelectorInitiator, PeerConfiguration.bob.localSelectors),
      .selectors(.trafficSelectorResponder, PeerConfiguration.bob.remoteSelectors),
    ]
    for number in 0..<500 {
      for datagram in try peer.sealed(
        child,
        {
          $0.flags = 0
          $0.messageID = UInt32(number)
          $0.exchangeType = ExchangeType.createChildSA.rawValue
        })
      { peer.give(datagram) }
    }
    #expect(peer.session.children.count == IKESession.childLimit)
    #expect(peer.session.isEstablished)
    #expect(peer.largestBurst == 1)
  }
}
