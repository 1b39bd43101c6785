import Diagnosis
import Host
import IKE
import PacketDissector
import Testing

@testable import Measurement

@Suite("Findings of a probe")
struct ProbeFindingsTests {
  private func findings(
    _ notes: ProbeNotes = ProbeNotes(), _ adjust: (inout AddressResult) -> Void
  ) -> [Finding] {
    var result = AddressResult(
      target: "peer.example", address: IPAddress(v4: 0x0A02_0002),
      started: Timestamp(nanoseconds: 0))
    result.ways = [
      WayResult(
        .udp500, .answered(.noProposalChosen), sent: 1, answered: 1,
        roundTrips: [.milliseconds(1)])
    ]
    adjust(&result)
    return ProbeFindings(result, notes, ProbePlan()).all
  }

  private func ids(
    _ notes: ProbeNotes = ProbeNotes(), _ adjust: (inout AddressResult) -> Void
  ) -> [FindingID] {
    findings(notes, adjust).map(\.id)
  }

  private func suite(_ method: KeyExchangeMethod, _ cipher: EncryptionAlgorithm) -> Proposal {
    Proposal(
      number: 1, protocolID: .ike,
      transforms: [
        Transform(.encryption, id: cipher.rawValue),
        Transform(.keyExchange, id: method.rawValue),
      ])
  }

  private func ikev1(
    main: IKEv1Result.Outcome = .silent, aggressive: IKEv1Result.Outcome = .silent,
    exposesHash: Bool = false
  ) -> IKEv1Result {
    IKEv1Result(
      mainMode: main, aggressiveMode: aggressive, exposesHash: exposesHash, vendorIDs: [],
      announcesDPD: false)
  }

  @Test("a peer that answers and chooses well has no findings")
  func healthy() {
    let found = ids { result in
      result.peer = PeerDescription()
      result.peer?.chosen = suite(.ecp256, .aesGCM16)
      result.ikev1 = ikev1(main: .notify(14), aggressive: .notify(14))
    }
    #expect(found.isEmpty)
  }

  @Test("an algorithm that is ruled out is named once, with its grade")
  func weak() throws {
    let found = findings { result in
      result.peer = PeerDescription()
      result.peer?.chosen = suite(.modp1024, .des)
    }
    let finding = try #require(found.first)
    #expect(finding.id == .ikeWeakCrypto)
    #expect(finding.summary.plain.contains("chose"))
    #expect(finding.evidence.map(\.text.plain).contains { $0.contains("RFC 8247") })
    #expect(finding.evidence.count == 2)
  }

  @Test("an enumeration names what is weak among all that is accepted")
  func weakAmongMany() throws {
    let axis = Enumeration.Axis(
      .keyExchange, accepted: suite(.modp1024, .des).transforms.suffix(1), isIncomplete: false)
    let found = findings { result in
      result.enumeration = Enumeration(
        suites: [suite(.modp1024, .aesCBC)], axes: [axis], additional: ([], [], []),
        preference: .unknown, suitesAreComplete: true)
    }
    let finding = try #require(found.first)
    #expect(finding.id == .ikeWeakCrypto)
    #expect(finding.summary.plain.contains("accepts"))
  }

  @Test("IKEv1 beside IKEv2 is worth knowing; IKEv1 alone is another version")
  func versionOne() {
    let accepted = IKEv1Result.Outcome.accepted("AES-CBC-256 / SHA2-256")
    let beside = ids { result in
      result.peer = PeerDescription()
      result.peer?.chosen = suite(.ecp256, .aesGCM16)
      result.ikev1 = ikev1(main: accepted)
    }
    #expect(beside == [.ikeV1])
    var notes = ProbeNotes()
    notes.refusedProposals = BroadProposals.common
    #expect(ids(notes) { $0.ikev1 = ikev1(main: accepted) } == [.ikeVersion, .ikeV1])
    #expect(ids(notes) { $0.ikev1 = ikev1(main: .notify(14)) } == [.ikeProposalMismatch])
  }

  @Test("aggressive mode is a warning only where it gave a hash of a shared secret")
  func aggressive() {
    let accepted = IKEv1Result.Outcome.accepted("AES-CBC-256 / SHA2-256 / Pre-shared key")
    #expect(
      ids { $0.ikev1 = ikev1(aggressive: accepted, exposesHash: true) }.contains(.ikeAggressivePSK))
    #expect(
      !ids { $0.ikev1 = ikev1(aggressive: accepted) }.contains(.ikeAggressivePSK))
  }

  @Test("TCP that answers with something else is a warning, TCP that is closed is none")
  func tcp() {
    #expect(
      ids {
        $0.ways.append(WayResult(.tcp4500, .notIKE, sent: 1, answered: 0, roundTrips: []))
      } == [.tcpNotIKE])
    #expect(
      ids {
        $0.ways.append(
          WayResult(
            .tcp4500, .refused(reason: "connection refused", by: nil, isICMP: false), sent: 1,
            answered: 0, roundTrips: []))
      }.isEmpty)
  }

  @Test("a port that is refused is critical, and only a warning where the other answers")
  func refused() {
    let refused = WayResult(
      .udp4500, .refused(reason: "port unreachable", by: nil, isICMP: true), sent: 1, answered: 0,
      roundTrips: [])
    #expect(findings { $0.ways = [refused] }.map(\.severity) == [.critical])
    #expect(findings { $0.ways.append(refused) }.map(\.severity) == [.warning])
  }

  @Test("many requests sent again are a warning, a single one is not")
  func retransmissions() {
    #expect(
      ids {
        $0.traffic.packetsSent = 40
        $0.traffic.retransmitted = 6
      } == [.ikeRetransmits])
    #expect(
      ids {
        $0.traffic.packetsSent = 40
        $0.traffic.retransmitted = 1
      }.isEmpty)
  }

  @Test("NAT is told by whom it hides")
  func nat() throws {
    let found = findings { result in
      result.peer = PeerDescription()
      result.peer?.nat = NATVerdict(weAreBehindNAT: true, peerIsBehindNAT: false)
    }
    let finding = try #require(found.first)
    #expect(finding.id == .natDetected)
    #expect(finding.summary.plain.hasPrefix("NAT in front of this host"))
  }

  @Test("an answer in another major version is one finding")
  func otherVersion() {
    var notes = ProbeNotes()
    notes.otherVersion = 1
    #expect(ids(notes) { _ in } == [.ikeVersion])
  }

  @Test("a malformed answer tells where it breaks")
  func malformed() throws {
    var notes = ProbeNotes()
    notes.malformed = (
      .udp500,
      DissectionError(
        layer: .ike, offset: 16, reason: .badValue(field: "major version", value: 3))
    )
    let found = findings(notes) { _ in }
    let finding = try #require(found.first)
    #expect(finding.id == .ikeMalformed)
    #expect(finding.evidence[0].text.plain.contains("major version"))
  }

  @Test("every finding has evidence, and every critical one a remedy")
  func complete() {
    var notes = ProbeNotes()
    notes.refusedProposals = BroadProposals.rare
    notes.cookieRounds = 1
    notes.methodsWanted = [.ecp256]
    notes.isMethodLoop = true
    for finding in findings(notes, { _ in }) {
      #expect(!finding.evidence.isEmpty)
      #expect(finding.severity != .critical || !finding.remedies.isEmpty)
    }
  }
}

@Suite("Probing over this host's sockets")
struct ProbeSocketTests {
  /// A port that was free a moment ago; nil without the address.
  private func freePort(at address: IPAddress) -> UInt16? {
    do throws(SocketError) {
      let socket = try UDPSocket(isIPv6: address.isIPv6, source: Endpoint(address, 0))
      return socket.localPort
    } catch {
      return nil
    }
  }

  @Test("a port of this host that nobody has is refused by ICMP, at once", arguments: [4, 6])
  func refused(version: Int) {
    let address = version == 6 ? IPAddress(v6High: 0, low: 1) : IPAddress(v4: 0x7F00_0001)
    guard let port = freePort(at: address) else {
      // A machine without IPv6.
      #expect(version == 6)
      return
    }
    var plan = ProbePlan()
    plan.ikePort = port
    plan.ways = [.udp500]
    var packets: [ProbePacket] = []
    let result = PeerProbe(
      "here", ResolvedAddress(address), plan, pacer: PacketPacer(rate: 1000),
      observer: { packets.append($0) }
    ).run()
    #expect(result.findings.map(\.id) == [.ikeRefusedICMP])
    #expect(result.own == address)
    #expect(result.traffic.packetsSent == 1)
    #expect(packets.count == 1)
    #expect(packets.first?.destination == Endpoint(address, plan.ikePort))
    #expect(packets.first?.payload.count == result.traffic.largestRequest)
  }

  @Test("whoever is told to stop sends nothing more")
  func stopped() {
    var plan = ProbePlan()
    plan.ways = [.udp500]
    let result = PeerProbe(
      "here", ResolvedAddress(IPAddress(v4: 0x7F00_0001)), plan, pacer: PacketPacer(rate: 1000),
      isStopped: { true }
    ).run()
    #expect(result.traffic.packetsSent == 0)
    #expect(!result.isAlive)
  }
}
