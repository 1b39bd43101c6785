import Diagnosis
import Testing

@Suite("Liveness settings in configuration files")
struct LivenessConfigurationTests {
  private static func read(_ text: String, daemon: Daemon? = nil) -> LivenessConfiguration {
    LivenessConfiguration(Array(text.utf8), daemon: daemon)
  }

  @Test(
    "Times have units, and a number alone counts in the key's own",
    arguments: [
      ("30", 30), ("30s", 30), ("2m", 120), ("1h", 3600), ("1d", 86_400), ("500ms", 0.5),
      ("1.5s", 1.5), ("0", 0),
    ])
  func times(text: String, seconds: Double) {
    #expect(ConfigurationDuration.seconds(text) == seconds)
  }

  @Test("A number alone may count milliseconds")
  func milliseconds() {
    #expect(ConfigurationDuration.seconds("500", unit: .milliseconds) == 0.5)
    #expect(ConfigurationDuration.seconds("2s", unit: .milliseconds) == 2)
  }

  @Test(
    "What is no time is none",
    arguments: [
      "", "s", "-1", "+1", "1 s", "1x", "nan", "inf", "1e9", "0x10", ".5", "1.2.3", "١",
      "99999999999999999999999999999999999", "100000d",
    ])
  func noTimes(text: String) {
    #expect(ConfigurationDuration.seconds(text) == nil)
  }

  @Test("swanctl.conf: every connection, with what it takes over from other sections")
  func swanctl() {
    let file = Self.read(
      """
      # comment { with braces }
      conn-defaults {
        dpd_delay = 15s
      }
      connections {
        a : conn-defaults {
          dpd_timeout = "5"   # quoted
          children { x { dpd_action = restart } }
        }
        b
        {
          version = 1
          dpd_delay = 2m }
        c { }
      }
      secrets { ike-1 { secret = "} # { \\" }" } }
      """)
    #expect(file.problems == [])
    #expect(file.connections.map(\.name) == ["a", "b", "c"])
    #expect(file.connections.map(\.line) == [6, 10, 14])
    #expect(file.connections.map(\.settings.delay) == [15, 120, 0])
    #expect(file.connections.map(\.settings.timeout) == [5, nil, nil])
    #expect(file.connections.map(\.settings.version) == [.v2, .v1, .v2])
    #expect(file.connections.allSatisfy { $0.settings.daemon == .strongSwan })
    #expect(file.retransmission == nil)
  }

  @Test("strongswan.conf: charon's retransmissions, in a section or with dots")
  func strongswan() {
    let file = Self.read(
      """
      charon {
        load_modular = yes
        retransmit_tries = 3
        retransmit_timeout = 2.5
        plugins {
          include strongswan.d/charon/*.conf
        }
      }
      charon.retransmit_base = 1.5
      charon.retransmit_limit = 10
      charon.retransmit_jitter = 15
      """)
    #expect(
      file.retransmission == .init(timeout: 2.5, base: 1.5, tries: 3, limit: 10, jitter: 15))
    #expect(
      file.problems == [
        ConfigurationProblem(line: 6, .includeNotFollowed("strongswan.d/charon/*.conf"))
      ])
    #expect(file.connections.isEmpty)
    #expect(Self.read("charon { retransmit_limit = 0 }").retransmission?.limit == nil)
    #expect(Self.read("charon { threads = 16 }").retransmission == nil)
  }

  @Test("ipsec.conf of libreswan: own settings before also= before %default")
  func libreswan() {
    let file = Self.read(
      """
      version 2.0
      config setup
        plutodebug=none
      conn %default
        dpddelay=30
        retransmit-timeout=30s
      conn base
        dpddelay=10s     # comment
        dpdtimeout=1m
      conn a
        also=base
        ikev2=insist
        dpddelay = 3
        retransmit-interval=250
      conn b
        also=base
        ikev2=no
        retransmit-interval=1s
      """)
    #expect(file.problems == [])
    #expect(file.connections.map(\.name) == ["base", "a", "b"])
    #expect(file.connections.map(\.settings.delay) == [10, 3, 10])
    #expect(file.connections.map(\.settings.timeout) == [60, 60, 60])
    #expect(file.connections.map(\.settings.version) == [.v2, .v2, .v1])
    #expect(file.connections.map(\.settings.libreswan.interval) == [0.5, 0.25, 1])
    #expect(file.connections.allSatisfy { $0.settings.libreswan.timeout == 30 })
    #expect(file.connections.allSatisfy { $0.settings.daemon == .libreswan })
  }

  @Test("ipsec.conf of strongSwan: dpdaction=none sends no checks, otherwise 30 s are usual")
  func legacy() {
    let file = Self.read(
      """
      config setup
        charondebug="ike 1"
      conn a
        keyexchange=ikev2
        dpdaction=clear
        dpdtimeout=300s
      conn b
        keyexchange=ikev1
        dpdaction="restart"
        dpddelay=1m
      conn c
        dpddelay=10s
      """)
    #expect(file.problems == [])
    #expect(file.connections.allSatisfy { $0.settings.daemon == .strongSwan })
    #expect(file.connections.map(\.settings.delay) == [30, 60, 0])
    #expect(file.connections.map(\.settings.timeout) == [300, 150, nil])
    #expect(file.connections.map(\.settings.version) == [.v2, .v1, .v2])
  }

  @Test("Whose ipsec.conf it is can be said where its keys don't tell")
  func daemon() {
    let text = "conn a\n dpddelay=5\n dpdaction=restart\n"
    #expect(Self.read(text).connections.first?.settings.daemon == .libreswan)
    #expect(
      Self.read(text, daemon: .strongSwan).connections.first?.settings.daemon == .strongSwan)
  }

  @Test("What is wrong is told with its line, and the rest is read all the same")
  func problems() {
    let sections = Self.read(
      """
      connections {
        a : nowhere {
          dpd_delay = soon
          dpd_timeout = 7
        }
        garbage here
      }
      }
      charon {
        retransmit_tries = many
        retransmit_base = 1.5
      """)
    #expect(
      sections.problems == [
        ConfigurationProblem(line: 2, .unknownReference("nowhere")),
        ConfigurationProblem(line: 3, .badTime(key: "dpd_delay", value: "soon")),
        ConfigurationProblem(line: 6, .unexpected("garbage here")),
        ConfigurationProblem(line: 8, .strayBrace),
        ConfigurationProblem(line: 9, .unclosedSection("charon")),
        ConfigurationProblem(line: 10, .badNumber(key: "retransmit_tries", value: "many")),
      ])
    #expect(sections.connections.first?.settings.timeout == 7)
    #expect(sections.retransmission?.base == 1.5)

    let lines = Self.read(
      "dpddelay=1\nconn a\n also=b\n what is this\n dpddelay=-3\ninclude /etc/ipsec.d/*.conf\n")
    #expect(
      lines.problems == [
        ConfigurationProblem(line: 1, .outsideSection("dpddelay")),
        ConfigurationProblem(line: 3, .unknownReference("b")),
        ConfigurationProblem(line: 4, .unexpected("what is this")),
        ConfigurationProblem(line: 5, .badTime(key: "dpddelay", value: "-3")),
        ConfigurationProblem(line: 6, .includeNotFollowed("/etc/ipsec.d/*.conf")),
      ])
    #expect(lines.problems.first?.description == "line 1: 'dpddelay' stands in no section")
  }

  @Test("A quoted value without an end is told")
  func unclosedQuote() {
    #expect(
      Self.read("charon { a = \"b\nc\n").problems.map(\.reason)
        == [.unclosedQuote, .unclosedSection("charon")])
  }

  @Test("Sections that refer to each other in a circle end")
  func circles() {
    let sections = Self.read("connections { a : connections.b { }\n b : connections.a { } }")
    #expect(sections.connections.map(\.settings.delay) == [0, 0])
    let lines = Self.read("conn a\n also=b\nconn b\n also=a\n also=b\n")
    #expect(lines.connections.map(\.settings.delay) == [0, 0])
  }

  @Test("Deep nesting, long lines and thousands of problems end in time and in bounds")
  func hostile() {
    let deep = Self.read(String(repeating: "a {\n", count: 100_000))
    #expect(deep.problems.contains { $0.reason == .tooDeep })
    let braces = Self.read(String(repeating: "}", count: 100_000))
    #expect(braces.problems.count == 51)
    #expect(braces.problems.last?.reason == .tooManyProblems)
    let name = Self.read(String(repeating: "x", count: 1_000_000) + " {\n}\n")
    #expect(name.problems.count == 2)
    let many = Self.read("connections {\n" + (0..<5000).map { "c\($0) { }\n" }.joined() + "}")
    #expect(many.connections.count == 5000)
    let also = Self.read(
      "conn a\n" + String(repeating: " also=a\n", count: 20_000) + " dpddelay=1\n")
    #expect(also.connections.first?.settings.delay == 1)
    for line in ["a:\n", "a\n:b,\n", "a:b,\n", "a = \"\n", "\"\n", "{\n", "include \n", "x\n"] {
      _ = Self.read(String(repeating: line, count: 50_000))
    }
    let numbers = Self.read(
      "charon { retransmit_tries = 99999999999999999999\n retransmit_timeout = 1\(String(repeating: "0", count: 31))\n}"
    )
    var settings = DetectionTime.Settings(.strongSwan, delay: 1)
    settings.strongSwan = numbers.retransmission ?? .init()
    #expect(DetectionTime(settings).longest.isFinite)
    #expect(DetectionTime(settings).transmissions == 1001)
  }

  @Test("Any bytes, cut anywhere, are read without a trap")
  func cuts() {
    let text = Array(
      "connections { a : b, c {\n dpd_delay = \"3\\\"s\" # x\n } }\nconn d\n also=\"e\"\n=\n".utf8)
    for end in 0...text.count {
      _ = LivenessConfiguration(Array(text[..<end]))
      for byte: UInt8 in [0, 0x0A, 0x22, 0x5C, 0x7B, 0x7D, 0x80, 0xFF] {
        _ = LivenessConfiguration(Array(text[..<end]) + [byte] + Array(text[end...]))
        _ = IPsecConfiguration(Array(text[..<end]) + [byte] + Array(text[end...]))
      }
    }
    #expect(LivenessConfiguration([]).connections.isEmpty)
  }
}
