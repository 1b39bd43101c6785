import Diagnosis
import IPsecCrypto
import Measurement
import Testing

@Suite("Connections of daemons' configuration files")
struct DaemonConnectionTests {
  private static let swanctl = """
    psk-defaults {
      proposals = aes256-sha256-ecp256, default
      local { auth = psk }
      remote { auth = psk }
    }
    connections {
      net : psk-defaults {
        version = 2
        local_addrs = 192.0.2.1
        remote_addrs = %any, 10.0.0.0/8, gateway.example
        local { id = fqdn:a.example }
        remote { id = fqdn:b.example }
        children {
          first {
            local_ts = 10.1.0.0/16
            remote_ts = 10.2.0.0/16,10.3.0.0/16
            esp_proposals = aes128gcm16
          }
          second { mode = transport }
        }
      }
    }
    secrets { ike-other { id = c.example
      secret = wrong } }
    include conf.d/*.conf
    """

  private static func fixture(_ name: String) throws -> String {
    let here = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let bytes = try ConfigurationFile.read("/\(here)/Fixtures/certificates/\(name)")
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func read(
    _ folder: TemporaryFolder, _ file: String, _ name: String, own: String? = nil
  ) throws -> (settings: Settings, problems: [SettingProblem]) {
    try ConnectionFile(folder.file(file)).connection(name) { $0 == own }
  }

  private static func has(_ setting: Setting?, _ secret: String) -> Bool {
    guard case .secret(let found)? = setting?.value else { return false }
    return found.hasSameBytes(as: Secret(copying: Array(secret.utf8)))
  }

  @Test("swanctl.conf: a connection with its child, what it takes over, and an included secret")
  func preSharedKey() throws {
    let folder = try TemporaryFolder([
      "swanctl.conf": Self.swanctl,
      "conf.d/b.conf": "secrets {\n ike-b {\n  id-1 = b.example\n  secret = \"right # one\"\n } }",
    ])
    let (settings, problems) = try Self.read(folder, "swanctl.conf", "net")
    #expect(problems == [])
    #expect(settings[.remote]?.text == "gateway.example")
    #expect(settings[.remote]?.origin == .file(folder.file("swanctl.conf"), line: 10))
    #expect(settings[.source]?.text == "192.0.2.1")
    #expect(settings[.ike]?.text == "aes256-sha256-ecp256")
    #expect(settings[.localID]?.text == "fqdn:a.example")
    #expect(settings[.remoteID]?.text == "fqdn:b.example")
    #expect(settings[.localTS]?.text == "10.1.0.0/16")
    #expect(settings[.remoteTS]?.text == "10.2.0.0/16,10.3.0.0/16")
    #expect(settings[.esp]?.text == "aes128gcm16")
    #expect(Self.has(settings[.pskFile], "right # one"))
    #expect(settings[.pskFile]?.origin == .file(folder.file("conf.d/b.conf"), line: 4))
    #expect(PeerPlan.read(settings, now: 0).problems == [])
  }

  @Test("A child is chosen behind a slash; without selectors it is between the hosts")
  func child() throws {
    let folder = try TemporaryFolder(["swanctl.conf": Self.swanctl])
    let settings = try Self.read(folder, "swanctl.conf", "net/second").settings
    #expect(settings[.mode]?.text == "transport")
    #expect(settings[.localTS]?.text == "dynamic")
    #expect(settings[.remoteTS]?.text == "dynamic")
    #expect(settings[.esp] == nil)
    #expect(
      throws: SettingProblem(
        .noChild("secnd", known: ["first", "second"], nearest: "second"), at: nil)
    ) {
      try Self.read(folder, "swanctl.conf", "net/secnd")
    }
    #expect(throws: SettingProblem(.noConnection("nets", known: ["net"], nearest: "net"), at: nil))
    {
      try Self.read(folder, "swanctl.conf", "nets")
    }
  }

  @Test("A secret for nobody here is none; without another the connection lacks one")
  func noSecret() throws {
    let folder = try TemporaryFolder(["swanctl.conf": Self.swanctl])
    let (settings, problems) = try Self.read(folder, "swanctl.conf", "net")
    #expect(settings.credentials == [])
    #expect(problems.map(\.reason) == [.noSecret(place: "secrets.ike")])
    #expect(problems.map(\.origin) == [.file(folder.file("swanctl.conf"), line: 3)])
  }

  @Test("swanctl.conf: the key beside a certificate is found, passphrase and intermediate too")
  func certificate() throws {
    let folder = try TemporaryFolder([
      "swanctl.conf": """
      connections { c {
        remote_addrs = 192.0.2.2
        local { certs = own.pem }
        children { c { } }
      } }
      secrets { private-own { file = own.key
        secret = an example passphrase } }
      """,
      "x509/own.pem": try Self.fixture("gateway-p256.pem"),
      "x509ca/root.pem": try Self.fixture("root-rsa.pem"),
      "x509ca/intermediate.pem": try Self.fixture("intermediate.pem"),
      "private/a.key": try Self.fixture("gateway-p384.key.pem"),
      "private/own.key": try Self.fixture("gateway-p256.key.pem"),
    ])
    let (settings, problems) = try Self.read(folder, "swanctl.conf", "c")
    #expect(problems == [])
    let chain = try #require(settings[.cert]?.text).split(separator: ",").map(String.init)
    #expect(chain.first == folder.file("x509/own.pem"))
    #expect(chain.dropFirst().allSatisfy { $0 == folder.file("x509ca/intermediate.pem") })
    #expect(settings[.key]?.text == folder.file("private/own.key"))
    #expect(
      settings[.ca]?.text
        == "\(folder.file("x509ca/intermediate.pem")),\(folder.file("x509ca/root.pem"))")
    #expect(Self.has(settings[.keyPassphraseFile], "an example passphrase"))
    #expect(PeerPlan.read(settings, now: 1_800_000_000).problems.filter { !$0.isWarning } == [])
  }

  @Test("swanctl.conf: EAP with its user and password")
  func eap() throws {
    let folder = try TemporaryFolder([
      "swanctl.conf": """
      connections { home {
        remote_addrs = 192.0.2.2
        vips = 0.0.0.0
        local { auth = eap-mschapv2
          eap_id = alice }
        remote { cacerts = /ca.pem
          id = vpn.example.net }
        children { home { remote_ts = 0.0.0.0/0 } }
      } }
      secrets { eap-a { id = alice
        secret = open sesame } }
      """
    ])
    let (settings, problems) = try Self.read(folder, "swanctl.conf", "home")
    #expect(problems == [])
    #expect(settings[.eapUser]?.text == "alice")
    #expect(Self.has(settings[.eapPasswordFile], "open sesame"))
    #expect(settings[.ca]?.text == "/ca.pem")
    #expect(settings[.virtualIP]?.text == "ipv4")
    #expect(settings[.localTS] == nil)
  }

  @Test(
    "What of a connection cannot be used is said with its line",
    arguments: [
      ("version = 1", "version = 1 is IKEv1; an SA is made by IKEv2"),
      ("local { auth = xauth }", "auth = xauth is not spoken here"),
      (
        "local-2 { auth = psk }\nlocal { auth = psk }",
        "several rounds of authentication; only the first of each side is made"
      ),
      ("children { c { mode = beet } }", "mode = beet makes no SA of tunnel or transport mode"),
      (
        "children { c { ah_proposals = sha256 } }",
        "the child 'c' is of AH, which is not spoken here"
      ),
    ])
  func notUsable(line: String, message: String) throws {
    let folder = try TemporaryFolder([
      "swanctl.conf": "connections { x {\n\(line)\n} }"
    ])
    let problems = try Self.read(folder, "swanctl.conf", "x").problems
    #expect(
      problems.contains { $0.description.hasSuffix(message) && $0.origin != nil }, "\(problems)")
  }

  @Test("A gateway that may be anyone needs a target")
  func anyRemote() throws {
    let folder = try TemporaryFolder(["swanctl.conf": "connections { x {\n} }"])
    let settings = try Self.read(folder, "swanctl.conf", "x").settings
    #expect(settings[.remote]?.text == "%any")
    #expect(settings[.remote]?.origin == .file(folder.file("swanctl.conf"), line: 1))
  }

  // MARK: ipsec.conf

  private static let ipsec = """
    config setup
      logtime=yes

    conn %default
      ikev2=insist
    conn both
      authby=secret
      leftid=@a.example
      rightid=@b.example
    conn net
      also=both
      left=192.0.2.1
      right=192.0.2.2
      leftsubnet=10.1.0.0/16
      rightsubnets={10.2.0.0/16 10.3.0.0/16}
      ike=aes256-sha2_256;dh19
      esp=aes_gcm128-null
    """

  @Test("ipsec.conf: the side whose address this machine has is its own")
  func sides() throws {
    let folder = try TemporaryFolder([
      "ipsec.conf": Self.ipsec,
      "ipsec.secrets": """
      # a comment
      @c.example : PSK "another"
      @a.example @b.example : PSK "the right one"
      : PSK 0x00
      """,
    ])
    let left = try Self.read(folder, "ipsec.conf", "net", own: "192.0.2.1")
    #expect(left.problems == [])
    #expect(left.settings[.remote]?.text == "192.0.2.2")
    #expect(left.settings[.source]?.text == "192.0.2.1")
    #expect(left.settings[.localID]?.text == "@a.example")
    #expect(left.settings[.remoteTS]?.text == "10.2.0.0/16,10.3.0.0/16")
    #expect(Self.has(left.settings[.pskFile], "the right one"))
    #expect(left.settings[.pskFile]?.origin == .file(folder.file("ipsec.secrets"), line: 3))
    #expect(PeerPlan.read(left.settings, now: 0).problems == [])

    let right = try Self.read(folder, "ipsec.conf", "net", own: "192.0.2.2").settings
    #expect(right[.remote]?.text == "192.0.2.1")
    #expect(right[.localID]?.text == "@b.example")
    #expect(right[.localTS]?.text == "10.2.0.0/16,10.3.0.0/16")
  }

  @Test("ipsec.secrets: entries go on below, include others, and quote in two ways")
  func secrets() throws {
    let folder = try TemporaryFolder([
      "ipsec.conf": Self.ipsec, "ipsec.secrets": "include more/*.secrets\ninclude ipsec.secrets",
      "more/a.secrets": "@a.example\n  @b.example: psk 'single quoted'\n",
    ])
    let settings = try Self.read(folder, "ipsec.conf", "net").settings
    #expect(Self.has(settings[.pskFile], "single quoted"))
    #expect(settings[.pskFile]?.origin == .file(folder.file("more/a.secrets"), line: 1))
  }

  @Test("libreswan's certificates are out of reach, and said so; IKEv1 too")
  func outOfReach() throws {
    let folder = try TemporaryFolder([
      "ipsec.conf": "conn x\n  ikev2=no\n  right=192.0.2.2\n  leftcert=own\n  phase2alg=aes256\n"
    ])
    let problems = try Self.read(folder, "ipsec.conf", "x").problems.map(\.description)
    #expect(problems.contains { $0.hasPrefix("\(folder.file("ipsec.conf")):2: it is of IKEv1") })
    #expect(problems.contains { $0.contains("NSS database, which is not read") })
  }

  @Test("strongSwan's ipsec.conf: certificate, key and passphrase of ipsec.d")
  func legacyStarter() throws {
    let folder = try TemporaryFolder([
      "ipsec.conf": """
      conn x
        keyexchange=ikev2
        right=gateway.example
        leftcert=own.pem
        leftsourceip=%config
        leftprotoport=tcp/22
        rightprotoport=17/1701
      """,
      "ipsec.secrets": ": RSA own.key \"a passphrase\"\n",
      "ipsec.d/certs/own.pem": try Self.fixture("gateway-rsa.pem"),
      "ipsec.d/cacerts/root.pem": try Self.fixture("root-rsa.pem"),
      "ipsec.d/private/own.key": try Self.fixture("gateway-rsa.key.pem"),
    ])
    let (settings, problems) = try Self.read(folder, "ipsec.conf", "x")
    #expect(problems == [])
    #expect(settings[.key]?.text == folder.file("ipsec.d/private/own.key"))
    #expect(Self.has(settings[.keyPassphraseFile], "a passphrase"))
    #expect(settings[.virtualIP]?.text == "ipv4")
    #expect(settings[.localTS] == nil)
    #expect(settings[.remoteTS]?.text == "dynamic[17/1701]")
    #expect(PeerPlan.read(settings, now: 1_800_000_000).problems.filter { !$0.isWarning } == [])
  }
}
