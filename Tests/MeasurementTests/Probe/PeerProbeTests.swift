import Diagnosis
import Host
import IKE
import IPsecCrypto
import PacketDissector
import Testing

@testable import Measurement

@Suite("Probing a peer")
struct PeerProbeTests {
  private func proposal(
    _ bits: UInt16, _ methods: [KeyExchangeMethod], prf: [PseudorandomFunction] = [.hmacSHA2_256],
    additional: [KeyExchangeMethod] = []
  ) -> Proposal {
    let transforms =
      [Transform(.encryption, id: EncryptionAlgorithm.aesGCM16.rawValue, keyLength: bits)]
      + prf.map { Transform(.prf, id: $0.rawValue) }
      + methods.map { Transform(.keyExchange, id: $0.rawValue) }
      + additional.map { Transform(.additionalKeyExchange1, id: $0.rawValue) }
    return Proposal(number: 1, protocolID: .ike, transforms: transforms)
  }

  private func responder(
    _ proposals: [Proposal], _ policy: ResponderPolicy = ResponderPolicy()
  ) -> IKEResponder {
    let secret = Secret(copying: Array("a secret for probes in tests".utf8))
    let all = TrafficSelector(.init(start: IPAddress(v4: 0), end: IPAddress(v4: .max)))
    let child = Proposal(
      number: 1, protocolID: .esp,
      transforms: [
        Transform(.encryption, id: EncryptionAlgorithm.aesGCM16.rawValue, keyLength: 128),
        Transform(.sequenceNumbers, id: 0),
      ])
    let configuration = PeerConfiguration(
      ikeProposals: proposals, childProposals: [child],
      localIdentity: Identity(type: .idFQDN, data: Array("peer.example".utf8)),
      credential: .preSharedKey(secret), requirement: .preSharedKey(secret),
      localSelectors: [all], remoteSelectors: [all])
    var policy = policy
    policy.errorsPerSecond = 1_000_000
    return IKEResponder(
      configuration, policy: policy, random: RandomSource(SplitMix64(state: 5)))
  }

  @Test("a responder's suites are found over the wire, and it is left without half-open SAs")
  func enumeration() throws {
    let peer = responder([
      proposal(256, [.ecp256, .curve25519], prf: [.hmacSHA2_384]), proposal(128, [.ecp384]),
    ])
    let carrier = MemoryCarrier.over(peer)
    let result = PeerProbe.run(over: [carrier]) { $0.enumerates = true }
    let enumeration = try #require(result.enumeration)
    let suites = Set(
      enumeration.suites.compactMap { ProposalNotation.strongSwan($0) })
    #expect(
      suites == [
        "aes256gcm16-prfsha384-ecp256", "aes256gcm16-prfsha384-x25519",
        "aes128gcm16-prfsha256-ecp384",
      ])
    #expect(enumeration.isComplete)
    #expect(peer.sessions.isEmpty)
    #expect(result.traffic.packetsSent <= 60)
    #expect(result.traffic.largestRequest < 1200)
    #expect(result.traffic.largestRequest == carrier.sent.map(\.count).max())
  }

  @Test("round trips, capabilities and NAT are told, and the peer keeps no SA")
  func description() throws {
    let peer = responder([proposal(256, [.ecp256])])
    let result = PeerProbe.run(over: [.over(peer), .over(peer, .udp4500)])
    #expect(result.ways.map(\.answered) == [4, 3])
    #expect(result.ways.map(\.roundTrips.count) == [4, 3])
    let description = try #require(result.peer)
    #expect(
      description.chosen.flatMap { ProposalNotation.strongSwan($0) }
        == "aes256gcm16-prfsha256-ecp256")
    #expect(description.askedForMethod == .ecp256)
    #expect(description.notifies.contains(.ikev2FragmentationSupported))
    #expect(description.nat == NATVerdict(weAreBehindNAT: false, peerIsBehindNAT: false))
    #expect(peer.sessions.isEmpty)
    #expect(result.findings.isEmpty)
  }

  @Test("cookies are answered, and a finding says that the peer defends")
  func cookies() {
    var policy = ResponderPolicy()
    policy.cookieThreshold = 0
    let result = PeerProbe.run(over: [.over(responder([proposal(256, [.curve25519])], policy))])
    #expect(result.peer?.chosen != nil)
    #expect(result.peer?.askedForCookie == true)
    #expect(result.findings.map(\.id) == [.ikeCookie])
  }

  @Test("cookies without end stop, and are a finding")
  func cookieLoop() {
    var round: UInt8 = 0
    let carrier = MemoryCarrier { bytes in
      round += 1
      return HandmadeAnswer.notify(.cookie, .data([round, 2, 3]), to: bytes)
    }
    let result = PeerProbe.run(over: [carrier]) { $0.count = 1 }
    #expect(result.findings.map(\.id) == [.ikeCookieLoop])
    #expect(carrier.sent.count == InitExchange.retryLimit + 1)
  }

  @Test("a peer that asks for one method after the other is left after a few")
  func methodLoop() {
    let methods: [KeyExchangeMethod] = [.ecp256, .ecp384, .ecp521, .modp2048, .curve25519]
    var round = 0
    let carrier = MemoryCarrier { bytes in
      round += 1
      return HandmadeAnswer.notify(
        .invalidKEPayload, .keyExchangeMethod(methods[round % methods.count]), to: bytes)
    }
    let result = PeerProbe.run(over: [carrier]) { $0.count = 1 }
    #expect(carrier.sent.count <= 6)
    #expect(result.isAlive)
    #expect(result.peer?.chosen == nil)
  }

  @Test("silence is critical, and says what was tried")
  func silence() throws {
    let carriers = [MemoryCarrier { _ in [] }, MemoryCarrier(.udp4500) { _ in [] }]
    let result = PeerProbe.run(over: carriers)
    #expect(!result.isAlive)
    let finding = try #require(result.findings.first)
    #expect(finding.id == .ikeNoAnswer)
    #expect(finding.severity == .critical)
    #expect(finding.summary.plain.contains("UDP 500 and UDP 4500 (sent 6 times)"))
  }

  @Test("an ICMP error tells who refuses, and ends the waiting where it is the peer")
  func icmp() throws {
    let peer = IPAddress(v4: 0x0A02_0002)
    let report = SocketErrorReport(
      origin: .icmp, code: 111, icmpType: 3, icmpCode: 3, offender: peer,
      destination: Endpoint(peer, 500), time: Timestamp(nanoseconds: 0))
    let carrier = MemoryCarrier { _ in [.error(report)] }
    let result = PeerProbe.run(over: [carrier])
    #expect(carrier.sent.count == 1)
    let finding = try #require(result.findings.first)
    #expect(finding.id == .ikeRefusedICMP)
    #expect(finding.summary.plain.hasPrefix("10.2.0.2 refuses IKE to 10.2.0.2 UDP 500"))
  }

  @Test("a refusal means alive, and is critical only where nothing was accepted")
  func refusal() {
    let result = PeerProbe.run(over: [.over(responder([proposal(256, [.brainpoolP224r1])]))])
    #expect(result.isAlive)
    #expect(result.findings.map(\.id) == [.ikeProposalMismatch])
  }

  @Test("a question is answered as it stands, with the nearest suite where it is refused")
  func questions() throws {
    let peer = responder([proposal(256, [.ecp384]), proposal(128, [.modp2048])])
    let asked = [proposal(256, [.ecp384]), proposal(256, [.modp2048]), proposal(128, [.modp2048])]
    let result = PeerProbe.run(over: [.over(peer)]) { plan in
      plan.enumerates = true
      plan.questions = asked.map { ProposalQuestion([$0]) }
    }
    #expect(result.answers.map(\.isAccepted) == [true, false, true])
    let nearest = try #require(result.answers[1].nearest)
    #expect(nearest.transforms.contains { $0.keyLength == 256 } || nearest.offers(.modp2048))
    #expect(peer.sessions.isEmpty)
  }

  @Test("ML-KEM is asked for behind a key exchange, without its share")
  func postQuantum() throws {
    let peer = responder([proposal(256, [.curve25519], additional: [.mlKEM768])])
    let plain = responder([proposal(256, [.curve25519])])
    let refused = PeerProbe.run(over: [.over(plain)]) { $0.asksPostQuantum = true }
    let answers = try #require(refused.postQuantum)
    #expect(answers.additional.refused == [.mlKEM512, .mlKEM768, .mlKEM1024])
    #expect(answers.alone.refused.count == 3)
    #expect(answers.trials.map(\.outcome) == [.answered, .answered, .answered])
    let found = PeerProbe.run(over: [.over(peer)]) {
      $0.enumerates = true
      $0.asksPostQuantum = true
    }
    #expect(found.enumeration?.requiresAdditional == true)
    #expect(found.postQuantum?.additional.accepted == [.mlKEM768])
    #expect(found.traffic.largestRequest < 2000)
  }

  @Test("padding makes a request of the size that a trial names")
  func trials() throws {
    let carrier = MemoryCarrier.over(responder([proposal(256, [.curve25519])]))
    _ = PeerProbe.run(over: [carrier]) { $0.asksPostQuantum = true }
    // IPv4 and UDP headers are 28 octets.
    #expect(Set([1372, 1472, 1872]).isSubset(of: Set(carrier.sent.map(\.count))))
  }

  @Test("answers of any bytes neither crash nor count as IKE", arguments: 0..<50)
  func hostile(seed: Int) {
    var numbers = SeededNumbers(seed: UInt64(seed))
    let peer = responder([proposal(256, [.curve25519])])
    let whole = MemoryCarrier.over(peer)
    let carrier = MemoryCarrier { message in
      whole.answer(message).map { event in
        guard case .message(var bytes) = event else { return event }
        // The SPI stays, so that the message is looked at.
        for _ in 0..<Int.random(in: 1...8, using: &numbers) where bytes.count > 17 {
          bytes[Int.random(in: 16..<bytes.count, using: &numbers)] = .random(
            in: 0...255, using: &numbers)
        }
        if Bool.random(using: &numbers) {
          bytes.removeLast(Int.random(in: 0..<bytes.count, using: &numbers))
        }
        return .message(bytes)
      } + [.stray, .message([]), .message(Array(repeating: 0, count: 28))]
    }
    let result = PeerProbe.run(over: [carrier]) {
      $0.enumerates = true
      $0.asksPostQuantum = true
    }
    #expect(result.traffic.packetsSent <= 60 + 12 * 5)
  }

  @Test("a flood of strays does not keep a probe from ending")
  func flood() {
    let carrier = MemoryCarrier { _ in [] }
    carrier.flood = .stray
    let result = PeerProbe.run(over: [carrier]) { $0.asksIKEv1 = true }
    #expect(!result.isAlive)
    #expect(carrier.sent.count == 3 + 2 * 3)
    #expect(result.traffic.strays > 0)
  }

  @Test("answers with another SPI are counted, and ignored")
  func forged() {
    let carrier = MemoryCarrier { message in
      var other = message
      other[0] ^= 1
      return HandmadeAnswer.notify(.noProposalChosen, to: other)
    }
    let result = PeerProbe.run(over: [carrier])
    #expect(!result.isAlive)
    #expect(result.traffic.strays == carrier.sent.count)
  }
}
