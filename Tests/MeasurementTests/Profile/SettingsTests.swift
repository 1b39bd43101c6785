import Diagnosis
import Host
import IKE
import IPsecCrypto
import Measurement
import PacketDissector
import Testing

@Suite("Settings of a peer")
struct SettingsTests {
  private static func settings(_ values: [SettingKey: String]) -> Settings {
    var settings = Settings()
    for (key, value) in values { settings[key] = Setting(.text(value), .option(key.option)) }
    return settings
  }

  private static func fixture(_ name: String) -> String {
    let here = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return "/\(here)/Fixtures/certificates/\(name)"
  }

  /// What keeps a peer with these and a pre-shared key from being used.
  private static func problems(_ values: [SettingKey: String]) throws -> [SettingProblem.Reason] {
    let folder = try TemporaryFolder(["psk": "secret\n"])
    return PeerPlan.read(
      settings([.pskFile: folder.file("psk")].merging(values) { $1 }), now: 1_800_000_000
    ).problems.map(\.reason)
  }

  @Test("The environment has a variable for every key; an empty one counts as none")
  func environment() {
    #expect(SettingKey.pskFile.variable == "IPSECDIAG_PSK_FILE")
    let variables = ["IPSECDIAG_REMOTE": "192.0.2.1", "IPSECDIAG_IKE": ""]
    let settings = Settings { variables[$0] }
    #expect(settings[.remote]?.text == "192.0.2.1")
    #expect(settings[.remote]?.origin == .environment("IPSECDIAG_REMOTE"))
    #expect(settings[.ike] == nil)
  }

  @Test("A credential goes before one of another kind, and takes over the rest of its own")
  func credentials() {
    let profile = Self.settings([.cert: "a.pem", .key: "a.key", .ca: "ca.pem"])
    let psk = profile.overridden(by: Self.settings([.pskFile: "psk"]))
    #expect(psk.credentials == [.preSharedKey])
    #expect(psk[.cert] == nil)
    #expect(psk[.ca]?.text == "ca.pem")
    let key = profile.overridden(by: Self.settings([.key: "b.key"]))
    #expect(key[.cert]?.text == "a.pem")
    #expect(key[.key]?.text == "b.key")
  }

  @Test("A pre-shared key is enough; all else is usual")
  func usual() throws {
    let folder = try TemporaryFolder(["psk": "0x01ff\n"])
    let (plan, problems) = PeerPlan.read(
      Self.settings([.pskFile: folder.file("psk"), .remote: "127.0.0.1"]), now: 7)
    #expect(problems == [])
    let peer = try LivePeer(
      #require(plan), name: "x", at: try #require(plan).resolved(), now: 7)
    #expect(peer.address.address == IPAddress(text: "127.0.0.1"))
    #expect(peer.configuration.localIdentity == Identity(text: "127.0.0.1"))
    #expect(peer.configuration.remoteIdentity == nil)
    #expect(peer.configuration.localSelectors == [TrafficSelector(text: "0.0.0.0/0")])
    #expect(peer.configuration.remoteSelectors == [TrafficSelector(text: "0.0.0.0/0")])
    #expect(peer.configuration.certificateTime == 7)
    guard case .preSharedKey(let secret) = peer.configuration.credential else {
      Issue.record("no pre-shared key")
      return
    }
    #expect(secret.hasSameBytes(as: Secret(copying: [0x01, 0xFF])))
  }

  @Test("Transport mode is between the two hosts; dynamic is a host with what stands behind it")
  func selectors() throws {
    let folder = try TemporaryFolder(["psk": "secret"])
    func peer(_ values: [SettingKey: String]) throws -> PeerConfiguration {
      let settings = Self.settings(
        [.pskFile: folder.file("psk"), .remote: "127.0.0.2", .source: "127.0.0.1"]
          .merging(values) { $1 })
      let plan = try #require(PeerPlan.read(settings, now: 0).plan)
      return try LivePeer(plan, name: "x", at: try plan.resolved(), now: 0).configuration
    }
    let transport = try peer([.mode: "transport"])
    #expect(transport.isTransportMode)
    #expect(transport.localSelectors == [TrafficSelector(text: "127.0.0.1")])
    #expect(transport.remoteSelectors == [TrafficSelector(text: "127.0.0.2")])
    let listed = try peer([.localTS: "dynamic[tcp/22]", .remoteTS: "10.1.0.0/16, 10.2.0.0/16"])
    #expect(listed.localSelectors == [TrafficSelector(text: "127.0.0.1[tcp/22]")])
    #expect(
      listed.remoteSelectors
        == [TrafficSelector(text: "10.1.0.0/16"), TrafficSelector(text: "10.2.0.0/16")])
    let virtual = try peer([.virtualIP: "ipv6"])
    #expect(virtual.requestedAttributes == [.internalIP6Address])
    #expect(virtual.localSelectors == [TrafficSelector(text: "::/0")])
  }

  @Test("A certificate with its key: the subject is who this side is")
  func certificate() throws {
    let (plan, problems) = PeerPlan.read(
      Self.settings([
        .cert: "\(Self.fixture("gateway-p256.pem")),\(Self.fixture("intermediate.pem"))",
        .key: Self.fixture("gateway-p256.key.pem"), .ca: Self.fixture("root-rsa.pem"),
      ]), now: 1_800_000_000)
    #expect(problems.filter { !$0.isWarning } == [])
    #expect(plan?.localIdentity?.type == .idDERASN1DN)
    guard case .signature(_, let chain)? = plan?.credential else {
      Issue.record("no signature")
      return
    }
    #expect(chain.count == 2)
  }

  @Test("What does not go together is said")
  func faults() throws {
    let own = Self.fixture("gateway-p256.pem")
    let key = Self.fixture("gateway-p256.key.pem")
    let other = Self.fixture("gateway-p384.key.pem")
    let ca = Self.fixture("root-rsa.pem")
    func reasons(_ values: [SettingKey: String]) -> [SettingProblem.Reason] {
      PeerPlan.read(Self.settings(values), now: 1_800_000_000).problems.filter { !$0.isWarning }
        .map(\.reason)
    }
    #expect(reasons([:]) == [.noCredential])
    #expect(reasons([.cert: own, .ca: ca]) == [.missing(.key, with: .cert)])
    #expect(reasons([.key: key, .ca: ca]) == [.missing(.cert, with: .key)])
    #expect(reasons([.cert: own, .key: key]) == [.missing(.ca, with: .cert)])
    #expect(
      reasons([.cert: own, .key: other, .ca: ca]) == [.keyOfAnother(key: other, certificate: own)])
    #expect(reasons([.eapUser: "alice", .ca: ca]) == [.missing(.eapPasswordFile, with: .eapUser)])
    #expect(
      reasons([.pskFile: "/dev/null", .eapUser: "alice"])
        == [.severalCredentials([.preSharedKey, .eap])])
    #expect(reasons([.pskFile: "/dev/null"]) == [.emptySecret(path: "/dev/null")])
    #expect(
      reasons([.pskFile: "/nonexistent"]) == [.unreadable(.missing(path: "/nonexistent"))])
    let encrypted = Self.fixture("gateway-p256-encrypted.key.pem")
    #expect(
      reasons([.cert: own, .key: encrypted, .ca: ca])
        == [.certificate(path: encrypted, .passphraseNeeded)])
  }

  @Test(
    "A value that a key does not take is said",
    arguments: [
      (SettingKey.localTS, "10.1.0.0/33"), (.remoteTS, ""), (.mode, "beet"), (.virtualIP, "maybe"),
      (.source, "here"), (.interface, "a-name-of-more-than-15"), (.port, "0"), (.natPort, "65536"),
      (.fragmentation, "perhaps"), (.fragmentSize, "575"), (.replayWindow, "-1"),
      (.localID, "ip:nowhere"),
    ])
  func badValues(key: SettingKey, text: String) throws {
    #expect(try Self.problems([key: text]) == [.badValue(key, text)])
  }

  @Test("A proposal that no daemon would take is said in the words of the notation")
  func badProposal() throws {
    let reasons = try Self.problems([.ike: "aes256-sha256-modp204"])
    #expect(
      reasons.map(\.description) == ["ike: modp204: did you mean modp2048?"])
  }

  @Test("A secret that others can read is a warning, and used")
  func openSecret() throws {
    let folder = try TemporaryFolder([:])
    try folder.write("psk", "secret", mode: 0o640)
    let (plan, problems) = PeerPlan.read(Self.settings([.pskFile: folder.file("psk")]), now: 0)
    #expect(plan != nil)
    #expect(problems.map(\.reason) == [.openSecret(path: folder.file("psk"), mode: 0o640)])
  }

  @Test("A gateway that is no single one needs a target")
  func remotes() throws {
    let folder = try TemporaryFolder(["psk": "secret"])
    for text in ["%any", "10.0.0.0/8", "10.0.0.1-10.0.0.9"] {
      let plan = try #require(
        PeerPlan.read(
          Self.settings([.pskFile: folder.file("psk"), .remote: text]), now: 0
        ).plan)
      #expect(throws: SettingProblem(.anyRemote(text), at: .option("--remote"))) {
        try plan.resolved()
      }
    }
  }

  @Test(
    "Secrets are taken as they are, as hexadecimal or as base64",
    arguments: [
      ("abc", [0x61, 0x62, 0x63]), ("0x0aFF", [0x0A, 0xFF]), ("0sAAEC", [0, 1, 2]),
      ("0sAAE=", [0, 1]), ("0sAA==", [0]), ("0x", nil), ("0x123", nil), ("0xzz", nil), ("0s", nil),
      ("0sA", nil), ("0s!!", nil), ("0sAA=A", nil),
    ] as [(String, [UInt8]?)])
  func secretTexts(text: String, octets: [UInt8]?) {
    #expect(SecretText.decode(Array(text.utf8)) == octets)
  }
}
