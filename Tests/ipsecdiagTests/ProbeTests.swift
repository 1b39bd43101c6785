import Testing

/// `ipsecdiag probe` against this tool's own responder on the loopback interface.
@Suite("probe")
struct ProbeTests {
  static let three =
    "aes256-sha256-modp2048,aes128gcm16-prfsha256-ecp256,aes256gcm16-prfsha384-x25519"
  static let schema = "\(Place.root)/Schemas/probe-1.schema.json"

  @Test("A gateway is up, and what it chose, announces and is said in a few lines")
  func up() throws {
    let run = try LoopbackGateway(accepts: Self.three).probe(["127.0.0.1"])
    let lines = run.text.split(separator: "\n")
    #expect(lines.first?.hasPrefix("127.0.0.1  UP  IKEv2 on UDP 500, ") == true, "\(run.text)")
    #expect(lines.first?.hasSuffix(" ms, 0 of 4 lost") == true)
    #expect(run.text.contains("\n              RFC 8247: good\n"))
    #expect(run.text.contains("\n  announces   IKE fragments"))
    #expect(run.text.contains("\n  NAT         none between us\n"))
    #expect(lines.allSatisfy { $0.unicodeScalars.count <= 80 })
    #expect(run.exitCode == 0 && run.errors.isEmpty)
  }

  @Test("--enumerate finds the suites as they are configured, no more and no fewer")
  func enumerate() throws {
    let run = try LoopbackGateway(accepts: Self.three).probe(["--enumerate", "127.0.0.1"])
    for suite in [
      "aes256-sha256-modp2048", "aes128gcm16-prfsha256-ecp256", "aes256gcm16-prfsha384-x25519",
    ] {
      #expect(run.text.contains("  \(suite) "), "\(run.text)")
    }
    #expect(run.text.contains("     3  ") && !run.text.contains("     4  "))
    #expect(run.text.contains("\n  exchange    "))
    #expect(!run.text.contains("INCOMPLETE"))
    #expect(run.exitCode == 0)
  }

  @Test("Proposals are accepted or refused, with the nearest that is taken and exit code 2")
  func proposals() throws {
    let gateway = try LoopbackGateway(accepts: Self.three)
    let accepted = try gateway.probe([
      "--proposal", "aes_gcm128-sha2_256-dh19", "--no-ikev1", "127.0.0.1",
    ])
    #expect(accepted.text.contains("accepted: aes128gcm16-prfsha256-ecp256\n"), "\(accepted.text)")
    #expect(accepted.exitCode == 0)
    let refused = try gateway.probe(["--proposal", "aes128-sha1-modp1024", "127.0.0.1"])
    #expect(refused.text.contains("              refused\n"))
    #expect(refused.text.contains("the nearest that it takes: aes"))
    #expect(refused.exitCode == 2)
    let never = try gateway.probe([
      "--proposal", "aes128-sha1-modp1024", "--fail-on", "never", "127.0.0.1",
    ])
    #expect(never.exitCode == 0)
  }

  @Test("A policy that is met is 0, one that is violated 2 with a diff")
  func policy() throws {
    let gateway = try LoopbackGateway(accepts: Self.three)
    let met = try TemporaryFile(
      Array(
        """
        accept aes256-sha256-modp2048
        refuse 3des
        refuse aes256-sha1-modp1024
        require fragmentation
        refuse ikev1
        """.utf8))
    let good = try gateway.probe(["--policy", met.path, "127.0.0.1"])
    #expect(good.text.contains("\n  policy: met, all of 5 lines\n"), "\(good.text)")
    #expect(good.exitCode == 0)
    let violated = try TemporaryFile(Array("refuse modp2048\nrequire intermediate\n".utf8))
    let bad = try gateway.probe(["--policy", violated.path, "127.0.0.1"])
    #expect(
      bad.text.contains(
        """

          policy: of 2 lines 2 violated
            - refuse modp2048 (line 1)
            + accepted: aes256-sha256-modp2048
            - require intermediate (line 2)
            + not announced

        """), "\(bad.text)")
    #expect(bad.exitCode == 2)
  }

  @Test("A gateway that takes ML-KEM behind another method is ready, one that does not is not")
  func postQuantum() throws {
    let ready = try LoopbackGateway(
      accepts: "aes256gcm16-prfsha384-x25519-ke1_mlkem768-ke1_none", announcesIntermediate: true
    ).probe(["--pq", "127.0.0.1"])
    #expect(ready.text.contains("\n  ML-KEM      ready\n"), "\(ready.text)")
    let not = try LoopbackGateway(accepts: Self.three).probe(["--pq", "127.0.0.1"])
    #expect(not.text.contains("\n  ML-KEM      not ready\n"), "\(not.text)")
  }

  @Test(
    "Every form of JSON fits the schema",
    .enabled(if: SchemaTests.isPossible, "python3-jsonschema is missing: run scripts/setup --test"))
  func schema() throws {
    let gateway = try LoopbackGateway(accepts: Self.three)
    let policy = try TemporaryFile(Array("refuse 3des\nrequire post-quantum\n".utf8))
    let all = [
      "--enumerate", "--policy", policy.path, "--proposal", "aes128-sha1-modp1024", "--pq",
    ]
    let files = try [
      ["--json"] + all, ["--ndjson"] + all, ["--json"], ["--ndjson", "--redact"] + all,
    ].map { options in
      let run = try gateway.probe(options + ["127.0.0.1", "127.0.0.0/30"])
      #expect(run.errors.isEmpty, "\(run.errors)")
      return try TemporaryFile(Array(run.text.utf8))
    }
    let failed = try gateway.probe(["--json", "-6", "127.0.0.1"])
    let silent = try gateway.probe(
      ["--json", "--timeout", "50ms", "--no-ikev1", "127.0.0.1"], isSilent: true)
    let others = try [failed, silent].map { try TemporaryFile(Array($0.text.utf8)) }
    let run = try Command(
      [Self.schema] + (files + others).map(\.path), executable: SchemaTests.validate)
    #expect(run.exitCode == 0, "\(run.text.prefix(2000))\(run.errorText)")
    #expect(run.errorText.hasSuffix(" documents, 0 do not fit\n"))
  }

  @Test("Silence and a closed port are critical, and told apart")
  func down() throws {
    let gateway = try LoopbackGateway(accepts: Self.three)
    let silent = try gateway.probe(["--timeout", "50ms", "127.0.0.1"], isSilent: true)
    #expect(silent.text.hasPrefix("127.0.0.1  DOWN  no answer on UDP 500\n"), "\(silent.text)")
    #expect(silent.text.contains("CRITICAL  ike-no-answer"))
    #expect(silent.exitCode == 2)
    let closed = try gateway.probe(["--timeout", "50ms", "127.0.0.2"])
    #expect(
      closed.text.hasPrefix(
        "127.0.0.2  DOWN  UDP 500: port unreachable (ICMP 3/3), says 127.0.0.2\n"),
      "\(closed.text)")
    #expect(closed.text.contains("CRITICAL  ike-refused-icmp"))
    #expect(closed.exitCode == 2)
  }

  @Test("Of a network those that answer are told, in a line each")
  func network() throws {
    let gateway = try LoopbackGateway(accepts: Self.three)
    let run = try gateway.probe(["--timeout", "100ms", "127.0.0.0/28"])
    let lines = run.text.split(separator: "\n")
    #expect(lines.count == 2, "\(run.text)")
    #expect(lines.first?.hasPrefix("127.0.0.1  UP  IKEv2 on UDP 500, ") == true)
    #expect(lines.last == "OK  1 of 16 addresses up; no findings")
    #expect(run.exitCode == 0)
    let none = try gateway.probe(["--timeout", "50ms", "-q", "127.0.0.8/29"])
    #expect(none.text == "UNKNOWN  0 of 8 addresses up; no findings\n")
    #expect(none.exitCode == 3)
  }

  @Test("Targets come from a file as well, and NDJSON is a line each")
  func targets() throws {
    let gateway = try LoopbackGateway(accepts: Self.three)
    let list = try TemporaryFile(Array("127.0.0.1 # one\n# none\n127.0.0.0/31\n".utf8))
    let run = try gateway.probe(["--targets", list.path, "--ndjson"])
    let lines = run.text.split(separator: "\n")
    #expect(lines.count == 3, "\(run.text)")
    #expect(lines.prefix(2).allSatisfy { $0.contains(#""result":{"target":"127.0.0.1","#) })
    #expect(lines.last?.contains(#""summary":{"addresses":3,"up":2,"down":1,"#) == true)
    #expect(run.exitCode == 0)
  }

  @Test("What is sent and received can be decoded and diagnosed")
  func capture() throws {
    let file = try TemporaryFile()
    let run = try LoopbackGateway(accepts: Self.three).probe(["-q", "-w", file.path, "127.0.0.1"])
    #expect(run.exitCode == 0)
    let decoded = try Command(["decode", "-r", file.path])
    #expect(decoded.exitCode == 0)
    #expect(decoded.lines.count >= 8 && decoded.text.contains("IKE_SA_INIT req 0"))
    #expect(decoded.text.contains("IKEv1 main mode"))
    let numbers = decoded.lines.compactMap { line in
      line.split(separator: " ").dropFirst().first.flatMap { Double($0) }
    }
    #expect(numbers == numbers.sorted())
  }

  @Test("Ctrl-C ends with what there is, and exit code 130")
  func interrupted() throws {
    let gateway = try LoopbackGateway(accepts: Self.three)
    let run = try gateway.probe(
      ["--timeout", "20s", "--json", "127.0.0.1"], isSilent: true, interruptAfter: 700)
    #expect(run.exitCode == 130, "\(run.text) \(run.errors)")
    #expect(run.text.contains(#""interrupted":true}}"#))
  }

  @Test("A monitoring system gets one line and the states of a plugin")
  func nagios() throws {
    let gateway = try LoopbackGateway(accepts: Self.three)
    let good = try gateway.probe(["--nagios", "127.0.0.1"])
    #expect(good.text.hasPrefix("IPSEC OK - 1 of 1 address up; "), "\(good.text)")
    #expect(good.text.contains(" 'loss'=0.0%;;;0;100") && good.exitCode == 0)
    let silent = try gateway.probe(["--nagios", "--timeout", "50ms", "127.0.0.1"], isSilent: true)
    #expect(silent.text.hasPrefix("IPSEC CRITICAL - 0 of 1 address up") && silent.exitCode == 2)
    let unknown = try gateway.probe(["--nagios", "-6", "127.0.0.1"])
    #expect(unknown.text.hasPrefix("IPSEC UNKNOWN - ") && unknown.exitCode == 3, "\(unknown.text)")
    let usage = try Command(["probe", "--nagios"])
    #expect(usage.text.hasPrefix("IPSEC UNKNOWN - ") && usage.exitCode == 3)
  }

  @Test(
    "What makes no sense is refused before anything is sent",
    arguments: [
      ([], "Give a target, or a file of them with --targets."),
      (["x", "--json", "--ndjson"], "Give one of --format, --json, --ndjson and --nagios."),
      (["-4", "-6", "x"], "Give one of -4 and -6."),
      (["192.0.2.300"], "'192.0.2.300': neither a name nor an address nor a network"),
      (["--timeout", "1ms", "x"], "--timeout is 10 ms to 60 s."),
      (["--rate", "0", "x"], "--rate is 1 to 1000000."),
      (["--source", "::1", "-4", "x"], "--source is of the other address family."),
      (["--proposal", "aes128-sha256-modp204", "x"], "modp204: did you mean modp2048?"),
      (
        ["--targets", "-", "--policy", "-"],
        "Only one of --targets and --policy can be standard input."
      ),
    ])
  func usage(arguments: [String], message: String) throws {
    let run = try Command(["probe"] + arguments)
    #expect(run.exitCode == 64)
    #expect(run.errorText.contains(message), "\(run.errorText)")
    #expect(run.output.isEmpty)
  }

  @Test("A policy or list that cannot be read is named with its line")
  func files() throws {
    let policy = try TemporaryFile(Array("accept aes\nallow x\n".utf8))
    let bad = try Command(["probe", "--policy", policy.path, "127.0.0.1"])
    #expect(bad.exitCode == 65)
    #expect(
      bad.errorText
        == "error: \(policy.path), line 2: begins with accept, refuse or require, not with 'allow'\n"
    )
    let missing = try Command(["probe", "--policy", "/nonexistent", "127.0.0.1"])
    #expect(missing.exitCode == 66)
    let list = try TemporaryFile(Array("192.0.2.1/40\n".utf8))
    let targets = try Command(["probe", "--targets", list.path])
    #expect(targets.exitCode == 65)
    #expect(targets.errorText.contains("'192.0.2.1/40': a prefix length is 0 to 32"))
    let empty = try TemporaryFile(Array("# nobody\n".utf8))
    #expect(try Command(["probe", "--targets", empty.path]).exitCode == 65)
  }
}
