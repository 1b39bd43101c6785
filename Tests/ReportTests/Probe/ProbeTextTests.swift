import Diagnosis
import IKE
import Measurement
import PacketDissector
import Testing

@testable import Report

@Suite("probe: text")
struct ProbeTextTests {
  static func text(
    _ result: AddressResult, redacts: Bool = false, proposals: Int = 0, policy: String? = nil,
    _ change: (inout DiagnosisText.Options) -> Void = { _ in }
  ) -> String {
    var options = DiagnosisText.Options()
    change(&options)
    let policy = policy.map { ProbePolicy.parse(Array($0.utf8)).policy }
    let report = ProbeReport(result, proposals: proposals, policy: policy)
    var text = TextBuffer()
    ProbeText(report, Naming(redacts: redacts), options).write(to: &text)
    return text.string
  }

  @Test("Whether it is there comes first, then who it is, what it chose and what it can do")
  func healthy() throws {
    #expect(
      Self.text(try ProbeSamples.healthy()) == """
        vpn.example.net  198.51.100.7  UP  IKEv2 on UDP 500 and 4500, 12.4 ms, 0 of 3
                      lost
          daemon      strongSwan (likely: no vendor ID; its order of notifies)
          chose       AES_GCM_16-256 / HMAC_SHA2_384 / 384-bit random ECP group
                      RFC 8247: good
          announces   IKE fragments, childless IKE SAs, several authentications,
                      signature hashes SHA2-256 SHA2-384 SHA2-512 Identity
          NAT         we are behind NAT; the peer is not
          IKEv1       main and aggressive mode: no answer

        """)
  }

  @Test("-q is the first line, however long")
  func quiet() throws {
    #expect(
      Self.text(try ProbeSamples.healthy()) { $0.isQuiet = true }
        == "vpn.example.net  198.51.100.7  UP  IKEv2 on UDP 500 and 4500, 12.4 ms, 0 of 3 lost\n")
  }

  @Test("The matrix has numbered suites with grades, then each axis, then what was not answered")
  func enumeration() throws {
    var result = AddressResult(
      target: "198.51.100.7", address: ProbeSamples.address, started: ProbeSamples.started)
    result.ways = [
      WayResult(
        .udp500, ProbeSamples.accepted(try ProbeSamples.suite("3des-sha1-modp1024")), sent: 1,
        answered: 1, roundTrips: [.milliseconds(5)])
    ]
    result.enumeration = try ProbeSamples.enumeration(isComplete: false)
    result.traffic.packetsSent = 31
    result.traffic.retransmitted = 3
    result.traffic.unanswered = 1
    result.traffic.largestRequest = 742
    result.traffic.duration = .milliseconds(4120)
    #expect(
      Self.text(result) == """
        198.51.100.7  UP  IKEv2 on UDP 500, 5.0 ms, 0 of 1 lost

          31 requests, 4.1 s, largest 742 bytes, 3 retransmitted, 1 unanswered
          INCOMPLETE  integrity, suites, additional key exchanges: questions stayed
                      without an answer, so there may be more than is listed
          accepted suites; the peer's order decides among them
             1  aes256gcm16-prfsha384-ecp384                                        good
             2  aes128-sha256-modp2048                                              good
             3  3des-sha1-modp1024                                                  weak
          encryption  AES_GCM_16-256, AES_CBC-128, 3DES (MAY)
          integrity   HMAC_SHA2_256_128, HMAC_SHA1_96 (MUST-), and perhaps more
          PRF         HMAC_SHA2_384, HMAC_SHA2_256, HMAC_SHA1 (MUST-)
          exchange    384-bit random ECP group, 2048-bit MODP Group, 1024-bit MODP Group
                      (SHOULD NOT)
          additional  ml-kem-768 yes, ml-kem-1024 no, ml-kem-512 not answered

        """)
  }

  @Test("A policy is a diff: what is demanded and not so, what is instead, what is open")
  func policy() throws {
    var result = try ProbeSamples.healthy()
    result.enumeration = try ProbeSamples.enumeration()
    result.answers = [
      ProposalAnswer(
        ProposalQuestion([try ProbeSamples.suite("aes256gcm16-prfsha384-ecp384")]), .unanswered)
    ]
    let text = Self.text(result, policy: ProbeSamples.policy + "\nrequire intermediate")
    #expect(
      text.hasSuffix(
        """

          policy: of 6 lines 2 violated, 1 undecided
            ? accept aes256gcm16-prfsha384-ecp384 (line 1): no answer
            - refuse 3des (line 2)
            + accepted: 3des-sha1-modp1024
              refuse ikev1
              require fragmentation
              require childless
            - require intermediate (line 6)
            + not announced

        """), "\(text)")
    let met = Self.text(result, policy: "require ikev2")
    #expect(met.hasSuffix("\n  policy: met, all of 1 line\n      require ikev2\n"), "\(met)")
  }

  @Test("A proposal that was asked for stands with its answer, and the nearest that is taken")
  func proposals() throws {
    let text = Self.text(try ProbeSamples.full(), proposals: 5)
    #expect(text.contains("  proposal    aes128-sha256-modp2048\n              refused\n"))
    #expect(text.contains("              the nearest that it takes: 3des-sha1-modp1024\n"))
    #expect(text.contains("              accepted: aes128-sha256-modp2048\n"))
    #expect(text.contains("              no answer: nothing can be said\n"))
    #expect(text.contains("  ML-KEM      partly ready\n"))
    #expect(
      text.contains("ml-kem-768: IKE_SA_INIT alone 1420 bytes, IKE_INTERMEDIATE 1281\n"))
  }

  @Test("Silence, refusals and what this host could not send are told apart")
  func down() throws {
    var result = AddressResult(
      target: "198.51.100.7", address: ProbeSamples.address, started: ProbeSamples.started)
    func line(_ ways: [WayResult]) -> String {
      result.ways = ways
      return Self.text(result) { $0.isQuiet = true }
    }
    func way(_ way: ProbeWay, _ outcome: WayResult.Outcome) -> WayResult {
      WayResult(way, outcome, sent: 3, answered: 0, roundTrips: [])
    }
    #expect(
      line([way(.udp500, .silent), way(.udp4500, .silent)])
        == "198.51.100.7  DOWN  no answer on UDP 500 and 4500\n")
    #expect(
      line([
        way(.udp500, .refused(reason: "port unreachable", by: ProbeSamples.own, isICMP: true)),
        way(.udp4500, .silent), way(.tcp4500, .refused(reason: "refused", by: nil, isICMP: false)),
      ])
        == "198.51.100.7  DOWN  UDP 500: port unreachable, says 10.9.9.9; no answer on UDP 4500; "
        + "refused on TCP 4500\n")
    #expect(
      line([way(.udp500, .local("network is unreachable"))])
        == "198.51.100.7  UNKNOWN  UDP 500: not asked (network is unreachable)\n")
    #expect(
      line([
        WayResult(
          .udp500, .answered(.noProposalChosen), sent: 1, answered: 1,
          roundTrips: [.milliseconds(1)])
      ]) == "198.51.100.7  UP  IKEv2 on UDP 500, 1.0 ms, 0 of 1 lost\n")
    #expect(
      line([
        WayResult(
          .udp500, .answered(.otherVersion(1)), sent: 1, answered: 1,
          roundTrips: [.milliseconds(1)])
      ]) == "198.51.100.7  UP  IKEv1 on UDP 500, 1.0 ms, 0 of 1 lost\n")
  }

  @Test("80 columns hold everything, and nothing off the wire reaches the terminal")
  func hostile() throws {
    for ascii in [false, true] {
      for verbose in [false, true] {
        let text = Self.text(try ProbeSamples.full(), proposals: 3, policy: ProbeSamples.policy) {
          $0.page.ascii = ascii
          $0.isVerbose = verbose
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for line in lines { #expect(line.unicodeScalars.count <= 80, "\(line)") }
        #expect(
          !text.unicodeScalars.contains { $0 != "\n" && ($0.value < 0x20 || $0 == "\u{202E}") })
        #expect(text.contains("\\u{1b}[2J\\u{202e}"))
        if ascii { #expect(text.utf8.allSatisfy { $0 < 0x80 }) }
        #expect(text.contains("WARNING   ike-weak-crypto"))
      }
    }
  }

  @Test("A made-up name stands for each name, address and identity under --redact")
  func redaction() throws {
    var result = try ProbeSamples.full()
    result.target = "gate.example.org"
    result.peer?.redirect = GatewayIdentity(type: .fqdn, data: Array("other.example.org".utf8))
    let text = Self.text(result, redacts: true, proposals: 3, policy: ProbeSamples.policy)
    for secret in ["example.org", "198.51.100.7", "10.9.9.9"] {
      #expect(!text.contains(secret), "\(secret)")
    }
    #expect(text.hasPrefix("identity-1  192.0.2.1  UP"))
  }

  @Test("Colour is around words, and only where it is wanted")
  func colour() throws {
    let coloured = Self.text(try ProbeSamples.full()) { $0.page.isColoured = true }
    #expect(coloured.contains("\u{1B}[1;33mUP\u{1B}[0m"))
    #expect(coloured.contains("\u{1B}[1;33mINCOMPLETE\u{1B}[0m"))
    #expect(coloured.contains("\u{1B}[1;31mweak\u{1B}[0m"))
  }

  @Test("The closing line adds all addresses up")
  func summary() throws {
    var summary = ProbeSummary()
    #expect(summary.word == .unknown)
    summary.add(ProbeReport(try ProbeSamples.healthy()))
    #expect(summary.word == .ok)
    #expect(summary.phrase == "1 of 1 address up; no findings")
    summary.add(ProbeFailure(target: "x", reason: "no such name"))
    #expect(summary.word == .unknown)
    summary.add(ProbeReport(try ProbeSamples.full(), proposals: 1))
    #expect(
      summary.phrase
        == "2 of 2 addresses up, 1 target could not be asked, 1 incomplete, 1 with other algorithms than asked for; 1 finding: ike-weak-crypto"
    )
    #expect(summary.word == .critical)
  }

  @Test("What stays open is named, so that an exit code can tell")
  func gaps() throws {
    #expect(ProbeReport(try ProbeSamples.healthy()).gaps.isEmpty)
    let policy = ProbePolicy.parse(Array("accept aes128-sha256-ecp256".utf8)).policy
    #expect(
      ProbeReport(try ProbeSamples.full(), proposals: 5, policy: policy).gaps == [
        "the enumeration is incomplete", "whether the proposal is accepted", "1 line of the policy",
      ])
  }
}
