import Diagnosis
import PacketDissector
import Testing

@testable import Measurement

@Suite("Policies")
struct PolicyTests {
  static func policy(_ text: String) -> ProbePolicy {
    let (policy, problems) = ProbePolicy.parse(Array(text.utf8))
    #expect(problems.isEmpty, "\(problems)")
    return policy
  }

  /// Each line's verdict, with what was observed.
  static func verdicts(
    _ text: String, _ result: AddressResult, _ outcomes: [ProposalAnswer.Outcome] = [],
    nearest: Proposal? = nil
  ) -> [String] {
    let policy = policy(text)
    let answers = zip(policy.questions, outcomes).map {
      ProposalAnswer($0, $1, nearest: $1 == .refused ? nearest : nil)
    }
    return PolicyCheck(policy, result, answers: answers).lines.map {
      $0.observed.isEmpty ? $0.verdict.rawValue : "\($0.verdict.rawValue): \($0.observed)"
    }
  }

  // MARK: The file

  @Test("Comments, spaces and case do not matter; lines keep their numbers")
  func reading() throws {
    let policy = Self.policy(
      """
      # the gateways of the branch offices

        ACCEPT   aes256gcm16-prfsha384-ecp384, aes128-sha256-modp2048   # both
      refuse 3des
      \trefuse ikev1
      require Fragmentation\r
      """)
    #expect(policy.lines.map(\.number) == [3, 4, 5, 6])
    #expect(policy.lines[0].text == "ACCEPT aes256gcm16-prfsha384-ecp384, aes128-sha256-modp2048")
    let proposals = try ProposalNotation.parse(
      "aes256gcm16-prfsha384-ecp384,aes128-sha256-modp2048", for: .ike)
    #expect(
      policy.lines.map(\.demand) == [
        .accept(proposals), .refuseAlgorithm([Transform(.encryption, id: 3)]), .refuseIKEv1,
        .require(.fragmentation),
      ])
    #expect(policy.questions == [ProposalQuestion(proposals)])
    #expect(policy.needsEnumeration && policy.needsIKEv1)
    #expect(!policy.needsTCP && !policy.needsPostQuantum)
  }

  @Test("A word means whatever either daemon calls so: key lengths, PRF and integrity alike")
  func words() {
    func demand(_ word: String) -> ProbePolicy.Demand? {
      Self.policy("refuse \(word)").lines.first?.demand
    }
    #expect(
      demand("aes")
        == .refuseAlgorithm([
          Transform(.encryption, id: 12, keyLength: 128),
          Transform(.encryption, id: 12, keyLength: 256),
        ]))
    #expect(
      demand("sha1")
        == .refuseAlgorithm([Transform(.integrity, id: 2), Transform(.prf, id: 2)]))
    #expect(demand("dh2") == demand("modp1024"))
    #expect(demand("prfsha1") == .refuseAlgorithm([Transform(.prf, id: 2)]))
  }

  @Test(
    "A line that says nothing is named with its number and reason",
    arguments: [
      ("allow 3des", "line 2: begins with accept, refuse or require, not with 'allow'"),
      ("refuse", "line 2: refuse what?"), ("accept ikev1", "line 2: ikev1 can be refused only"),
      ("refuse 3dse", "line 2: 3dse: did you mean 3des?"),
      (
        "accept aes256gcm16-prfsha384",
        "line 2: no key exchange method, such as ecp256, which IKE needs"
      ),
      ("refuse 3des des", "line 2: 'des' is one word too many; a comment begins with #"),
      (
        "require fragments",
        "line 2: 'fragments' cannot be required; these can: ikev2 udp500 udp4500 tcp4500 fragmentation intermediate childless multiple-auth signature-hashes signature-sha256 signature-sha384 signature-sha512 signature-identity post-quantum"
      ),
      ("accept " + String(repeating: "a", count: 5000), "line 2: longer than 4096 bytes"),
    ])
  func problems(line: String, expected: String) {
    let (policy, problems) = ProbePolicy.parse(Array("require ikev2\n\(line)\n".utf8))
    #expect(problems.map(\.description) == [expected])
    #expect(policy.lines.count == 1)
  }

  @Test("A file that is no policy at all tells at most 50 problems")
  func noise() {
    let noise = (0..<4000).map { UInt8(truncatingIfNeeded: $0 &* 7919) | 0x01 }
    let lines = Array(repeating: noise.filter { $0 != 10 } + [10], count: 200).joined()
    #expect(ProbePolicy.parse(Array(lines)).problems.count == 50)
    #expect(ProbePolicy.parse([]).policy.lines.isEmpty)
  }

  // MARK: The verdict

  @Test("Proposals are met or violated by the answers to their questions, in their order")
  func proposals() throws {
    let text = """
      accept aes256gcm16-prfsha384-ecp384
      refuse aes128-sha1-modp1024
      accept aes128-sha256-modp2048
      refuse 3des-sha1-modp1024
      """
    let result = try PolicySamples.alive()
    let weak = try PolicySamples.suite("3des-sha1-modp1024")
    let nearest = try PolicySamples.suite("aes256-sha256-modp2048")
    let strong = try PolicySamples.suite("aes256gcm16-prfsha384-ecp384")
    #expect(
      Self.verdicts(
        text, result, [.accepted(strong), .refused, .refused, .accepted(weak)], nearest: nearest)
        == [
          "met", "met",
          "violated: refused; the nearest that it takes: aes256-sha256-modp2048",
          "violated: accepted: 3des-sha1-modp1024",
        ])
    #expect(
      Self.verdicts(text, result, [.unanswered, .other("INVALID_SYNTAX"), .wantsShare(.modp2048)])
        == [
          "undecided: no answer", "undecided: INVALID_SYNTAX", "met", "undecided: not asked",
        ])
  }

  @Test(
    "Single algorithms are looked up in what was enumerated; what is incomplete decides nothing")
  func algorithms() throws {
    var result = try PolicySamples.alive()
    let text = "refuse 3des\nrefuse modp1024\naccept ecp384\naccept mlkem768\naccept x25519"
    #expect(Self.verdicts(text, result).allSatisfy { $0 == "undecided: not enumerated" })
    var found = try PolicySamples.enumeration("aes256gcm16-prfsha384-ecp384", "3des-sha1-ecp384")
    found.additional.accepted = [Transform(.additionalKeyExchange1, id: 36)]
    result.enumeration = found
    #expect(
      Self.verdicts(text, result) == [
        "violated: accepted: 3des-sha1-ecp384", "met", "met", "met", "violated: in no suite",
      ])
    result.enumeration = try PolicySamples.enumeration(
      "aes256gcm16-prfsha384-ecp384", incomplete: .encryption)
    #expect(
      Self.verdicts("refuse 3des\naccept ecp384", result) == [
        "undecided: not found, but the enumeration is incomplete", "met",
      ])
  }

  @Test("IKEv1 is refused by silence where IKEv2 is answered, and by nothing else undecided")
  func version1() throws {
    let text = "refuse ikev1\nrefuse aggressive-mode"
    var result = try PolicySamples.alive()
    #expect(Self.verdicts(text, result).allSatisfy { $0 == "undecided: IKEv1 was not asked" })
    result.ikev1 = IKEv1Result(
      mainMode: .silent, aggressiveMode: .notify(14), exposesHash: false, vendorIDs: [],
      announcesDPD: false)
    #expect(Self.verdicts(text, result) == ["met", "met"])
    result.ikev1?.mainMode = .accepted("AES-CBC-128 / SHA")
    #expect(
      Self.verdicts(text, result) == ["violated: main mode accepted: AES-CBC-128 / SHA", "met"])
    result.ikev1?.aggressiveMode = .notTried
    result.ikev1?.mainMode = .silent
    #expect(
      Self.verdicts(text, result)
        == Array(repeating: "undecided: not all modes were tried", count: 2))
    result.ways = []
    result.ikev1?.aggressiveMode = .silent
    #expect(Self.verdicts(text, result) == Array(repeating: "undecided: no answer", count: 2))
  }

  @Test(
    "Features are met where the answer shows them",
    arguments: [
      ("ikev2", "met"), ("udp500", "met"), ("udp4500", "violated: no answer"),
      ("tcp4500", "undecided: not tried"), ("fragmentation", "met"),
      ("intermediate", "violated: not announced"), ("childless", "met"),
      ("multiple-auth", "violated: not announced"), ("signature-hashes", "met"),
      ("signature-sha256", "met"), ("signature-sha384", "met"), ("signature-sha512", "met"),
      ("signature-identity", "violated: not among the signature hashes"),
      ("post-quantum", "undecided: not asked"),
    ])
  func features(feature: String, expected: String) throws {
    #expect(Self.verdicts("require \(feature)", try PolicySamples.alive()) == [expected])
  }

  @Test("Nothing is decided where nothing was answered, but what a path requires")
  func silence() throws {
    var result = AddressResult(
      target: "x", address: IPAddress(v4: 1), started: Timestamp(nanoseconds: 0))
    result.ways = [WayResult(.udp500, .silent, sent: 3, answered: 0, roundTrips: [])]
    for feature in ProbePolicy.Feature.allCases {
      let expected = feature == .udp500 ? "violated" : "undecided"
      let verdict = Self.verdicts("require \(feature.rawValue)", result)
      #expect(verdict.first?.hasPrefix(expected) == true, "\(feature): \(verdict)")
    }
  }

  @Test("The worst line decides")
  func worst() throws {
    let result = try PolicySamples.alive()
    func verdict(_ text: String) -> PolicyCheck.Verdict {
      PolicyCheck(Self.policy(text), result, answers: []).verdict
    }
    #expect(verdict("require ikev2") == .met && verdict("") == .met)
    #expect(verdict("require ikev2\nrefuse ikev1") == .undecided)
    #expect(verdict("refuse ikev1\nrequire intermediate") == .violated)
  }
}
