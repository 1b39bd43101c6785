import Testing

@Suite("dpd --calculate")
struct DPDTests {
  private static let libreswan = """
    conn vpn_1
        ikev2=insist
        dpddelay=3
        dpdtimeout=5
        dpdaction=restart
        retransmit-timeout=60

    """

  private static func file(_ text: String) throws -> TemporaryFile {
    try TemporaryFile(Array(text.utf8))
  }

  @Test("strongSwan: the verdict, why, the schedule, and the lines that reach the target")
  func strongSwan() throws {
    let run = try Command([
      "dpd", "--calculate", "--daemon", "strongswan", "--dpd-delay", "3", "--dpd-timeout", "5s",
      "--target", "10s",
    ])
    #expect(run.exitCode == 1)
    #expect(
      run.text == """
        WARNING  dpd-detection-time  a dead peer is noticed after up to 168 s, not 10 s
          settings    strongSwan, IKEv2, dpd_delay 3 s
          why         IKEv2 ignores dpd_timeout (5 s); detection = delay +
                      retransmission schedule = 3 + 165 s
          at most     168 s, where traffic came in until the peer died
          on average  167 s, where the tunnel was idle: half the delay
          schedule    sent after     then waits
                      0.00 s         4.00 s
                      4.00 s         7.20 s
                      11.20 s        12.96 s
                      24.16 s        23.33 s
                      47.49 s        41.99 s
                      89.48 s        75.58 s
                      gives up after 165.06 s
          outage      shorter than 89.5 s never looks like a death (6 transmissions)
          for 10 s    delay   tries  timeout  base   noticed in   survives under
                      2 s     2      1.5 s    1.5    9.1 s        3.8 s
                      2 s     3      0.9 s    1.5    9.3 s        4.3 s
                      2 s     4      0.6 s    1.5    9.9 s        4.9 s
                      2 s     5      0.3 s    1.5    8.2 s        4 s
          set         in swanctl.conf, section connections.NAME:
                        dpd_delay = 2s
                      in strongswan.conf, section charon:
                        retransmit_tries = 2
                        retransmit_timeout = 1.5
                        retransmit_base = 1.5
          note        the retransmit settings hold for every connection's logins and
                      rekeys, too: a peer that answers more slowly fails them

        """)
    #expect(run.errors == [])
  }

  @Test("libreswan's own file: dpdtimeout is ignored, and 5 s cannot be had safely")
  func libreswan() throws {
    let file = try Self.file(Self.libreswan)
    let run = try Command(["dpd", "--calculate", "--daemon-config", file.path])
    #expect(run.exitCode == 1)
    #expect(
      run.text.hasPrefix(
        """
        WARNING  dpd-detection-time  vpn_1: a dead peer is noticed after up to 67 s, not
          5 s
          settings    libreswan, IKEv2, dpddelay 3 s
        """))
    for part in [
      """
        why         IKEv2 ignores dpdtimeout (5 s); detection = delay + retransmission
                    schedule = 3 + 64 s, 63.5 s of them after the first retransmission
      """,
      "CAUTION: would take a 3 s outage for a death",
      "No setting reaches 5 s without that",
      "the shortest that survives a 3 s outage is 7 s:",
      """
        set         in ipsec.conf, conn vpn_1:
                      dpddelay=1s
                      retransmit-interval=750ms
                      retransmit-timeout=6s
      """,
    ] {
      #expect(run.text.contains(part), "\(part)")
    }
    #expect(run.lines.allSatisfy { $0.count <= 80 || $0.contains(file.path) })
  }

  @Test("Settings that hold what they promise are fine: 0")
  func fine() throws {
    let run = try Command([
      "dpd", "--calculate", "--daemon", "strongswan", "--target", "200s",
    ])
    #expect(run.exitCode == 0)
    #expect(run.text.hasPrefix("OK  a dead peer is noticed after up to 195 s\n"))
    #expect(!run.text.contains("for 200 s"))
  }

  @Test("Options win over the file, and charon's settings hold for connections of another file")
  func files() throws {
    let swanctl = try Self.file("connections { a { dpd_delay = 5s }\n b { dpd_delay = 7s } }")
    let strongswan = try Self.file(
      "charon {\n retransmit_tries = 3\n}\ninclude conf.d/*.conf\n")
    let run = try Command([
      "dpd", "--calculate", "--daemon-config", swanctl.path, "--daemon-config", strongswan.path,
      "--retransmit-base", "1.5",
    ])
    #expect(run.exitCode == 0)
    #expect(run.text.contains("OK  a: a dead peer is noticed after up to 37.5 s"))
    #expect(run.text.contains("OK  b: a dead peer is noticed after up to 39.5 s"))
    #expect(
      run.errorText
        == "warning: \(strongswan.path): line 4: include conf.d/*.conf is not followed\n")
  }

  @Test("A connection that sends no checks is told, with the lines that switch them on")
  func off() throws {
    let file = try Self.file("connections { a { version = 1\n } }")
    let run = try Command(["dpd", "--calculate", "--daemon-config", file.path])
    #expect(run.exitCode == 1)
    #expect(
      run.text.hasPrefix(
        "WARNING  dpd-detection-time  a: a dead peer goes unnoticed: no checks are sent\n"))
    #expect(run.text.contains("  dpd_delay = 30s\n"))
    #expect(run.text.contains("  dpd_timeout = 120s\n"))
    #expect(run.text.contains("noticed after up to 150 s"))
  }

  @Test("Without a daemon: a table of all of them")
  func table() throws {
    let run = try Command(["dpd", "--calculate", "--dpd-timeout", "120"])
    #expect(run.exitCode == 0)
    #expect(
      run.text == """
        Time until a dead peer is noticed, with a check every 30 s, daemons as installed

                          at most   on average  of it after the first unanswered check
        strongSwan IKEv2  195 s     180 s       165 s, sent 6 times
        strongSwan IKEv1  150 s     135 s       120 s, sent 4 times
        libreswan  IKEv2  94 s      79 s        64 s, sent 8 times
        libreswan  IKEv1  180 s     135 s       120 s, sent 4 times
        OpenIKED   IKEv2  186 s     171 s       126 s, sent 6 times

        """)
    #expect(run.lines.allSatisfy { $0.count <= 80 })
  }

  @Test("A connection's name cannot reach the terminal as control characters")
  func escaped() throws {
    let file = try Self.file("connections { a\u{1B}[31m { dpd_delay = 5s\n } }")
    let run = try Command(["dpd", "--calculate", "--daemon-config", file.path])
    #expect(!run.text.unicodeScalars.contains("\u{1B}"))
  }

  @Test(
    "What follows the columns stays within 80 of them", arguments: ["1", "2", "9", "33", "250"])
  func width(target: String) throws {
    for daemon in ["strongswan", "libreswan", "iked"] {
      for version in daemon == "iked" ? ["2"] : ["1", "2"] {
        let run = try Command([
          "dpd", "--calculate", "--daemon", daemon, "--ike-version", version, "--target", target,
          "--dpd-timeout", "3600", "--dpd-delay", "600",
        ])
        #expect(run.exitCode == 1, "\(daemon) \(version)")
        #expect(run.lines.allSatisfy { $0.count <= 80 }, "\(run.text)")
      }
    }
  }

  @Test(
    "What makes no sense is refused in one line with a hint: 64",
    arguments: [
      ["dpd", "--count", "3"], ["dpd", "--calculate", "--daemon", "racoon"],
      ["dpd", "--calculate", "--daemon", "iked", "--ike-version", "1"],
      ["dpd", "--calculate", "--ike-version", "3"], ["dpd", "--calculate", "--target", "10"],
      ["dpd", "--calculate", "--daemon", "strongswan", "--target", "0"],
      ["dpd", "--calculate", "--daemon", "strongswan", "--dpd-delay", "soon"],
      ["dpd", "--calculate", "--daemon", "libreswan", "--retransmit-tries", "2"],
      ["dpd", "--calculate", "--daemon", "strongswan", "--retransmit-interval", "1"],
      ["dpd", "--calculate", "--daemon", "strongswan", "--retransmit-jitter", "21"],
      ["dpd", "--calculate", "--daemon", "strongswan", "--retransmit-base", "nan"],
    ])
  func refused(arguments: [String]) throws {
    let run = try Command(arguments)
    #expect(run.exitCode == 64)
    #expect(run.output == [])
    #expect(run.errorText.hasPrefix("Error: "))
  }

  @Test("A file that is missing, a folder, or without a word about checks has its exit code")
  func badFiles() throws {
    let missing = try Command(["dpd", "--calculate", "--daemon-config", "/nonexistent.conf"])
    #expect(missing.exitCode == 66)
    #expect(missing.errorText == "error: /nonexistent.conf does not exist\n")
    #expect(try Command(["dpd", "--calculate", "--daemon-config", "/tmp"]).exitCode == 66)
    let empty = try Command(["dpd", "--calculate", "--daemon-config", "/dev/null"])
    #expect(empty.exitCode == 65)
    #expect(empty.output == [])
  }

  @Test(
    "The JSON fits its schema",
    .enabled(
      if: SchemaTests.isPossible, "python3-jsonschema is missing: run scripts/setup --test"))
  func schema() throws {
    let libreswan = try Self.file(Self.libreswan + "garbage\n")
    let swanctl = try Self.file("connections { a { version = 1\n } }")
    let documents = try [
      [], ["--daemon", "iked", "--target", "10"],
      ["--daemon", "strongswan", "--target", "10", "--retransmit-jitter", "20"],
      ["--daemon-config", libreswan.path], ["--daemon-config", swanctl.path, "--target", "20"],
    ].map {
      try TemporaryFile(Command(["dpd", "--calculate", "--json"] + $0).output)
    }
    let run = try Command(
      ["\(Place.root)/Schemas/dpd-calculate-1.schema.json"] + documents.map(\.path),
      executable: SchemaTests.validate)
    #expect(run.exitCode == 0, "\(run.text)\(run.errorText)")
  }

  @Test("JSON has the numbers as they are")
  func numbers() throws {
    let run = try Command(["dpd", "--calculate", "--daemon", "strongswan", "--json"])
    #expect(run.exitCode == 0)
    #expect(run.text.contains("\"detection_max_s\":195.061,"))
    #expect(run.text.contains("\"gaps_s\":[4.000,7.200,12.960,23.328,41.990,75.583],"))
    #expect(run.text.contains("\"finding\":null"))
  }
}
