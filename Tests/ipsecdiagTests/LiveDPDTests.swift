import Testing

@Suite("dpd against a live peer")
struct LiveDPDTests {
  private static func gateway() throws -> LoopbackGateway {
    try LoopbackGateway(accepts: "aes256gcm16-prfsha384-ecp384")
  }

  private static func dpd(_ gateway: LoopbackGateway, _ words: [String]) -> [String] {
    ["dpd", "--port", "\(gateway.port)", "--interval", "50ms", "--timeout", "200ms"] + words
      + ["127.0.0.1"]
  }

  @Test("A peer that answers: exit code 0, its round trips, no loss")
  func answers() throws {
    let gateway = try Self.gateway()
    let run = try gateway.run(Self.dpd(gateway, ["-c", "5"]))
    #expect(run.exitCode == 0)
    #expect(run.text.hasPrefix("OK  127.0.0.1 answers: 5 of 5 checks, median "))
    #expect(run.text.contains("\n  loss        0 of 5 requests (0 %)\n"))
    #expect(run.errors.isEmpty)
  }

  @Test("A peer that falls silent: down, critical, and when")
  func fallsSilent() throws {
    let gateway = try Self.gateway()
    let run = try gateway.run(
      Self.dpd(gateway, ["-c", "30", "--ndjson"]), answering: .seconds(1))
    #expect(run.exitCode == 2)
    let lines = run.text.split(separator: "\n")
    #expect(lines.first?.contains("\"outcome\":\"answered\"") == true)
    #expect(lines.dropLast().last?.contains("\"state\":\"down\"") == true)
    #expect(lines.last?.contains("\"id\":\"dpd-peer-dead\"") == true)
  }

  @Test("A peer that never answers is critical, in one line for monitoring, too")
  func silent() throws {
    let gateway = try Self.gateway()
    let run = try gateway.run(
      Self.dpd(gateway, ["-c", "3", "--nagios", "--warning", "50ms,5%"]), isSilent: true)
    #expect(run.exitCode == 2)
    #expect(
      run.text.hasPrefix(
        "IPSEC CRITICAL - 127.0.0.1 does not answer: 0 of 3 checks | 'loss'=100.0%;5.0;;0;100 'outages'=0;;;0;\n"
      ))
  }

  @Test("Ctrl-C prints what there is, and ends with 130")
  func interrupted() throws {
    let gateway = try Self.gateway()
    let run = try gateway.run(Self.dpd(gateway, ["-c", "1000"]), interruptAfter: 1500)
    #expect(run.exitCode == 130)
    #expect(run.text.contains("(interrupted)"))
  }

  @Test("A limit that is reached is a warning")
  func limit() throws {
    let gateway = try Self.gateway()
    let run = try gateway.run(Self.dpd(gateway, ["-c", "3", "--warning", "0.001ms"]))
    #expect(run.exitCode == 1)
  }

  @Test("Without NAT there is no mapping to time")
  func noNAT() throws {
    let gateway = try Self.gateway()
    let run = try gateway.run(
      ["dpd", "--port", "\(gateway.port)", "--idle", "5s", "127.0.0.1"])
    #expect(run.exitCode == 0)
    #expect(run.text == "OK  no NAT towards 127.0.0.1: there is no mapping to keep alive\n")
  }

  @Test("Metrics, one document, and a line a check fit what they promise")
  func forms() throws {
    let gateway = try Self.gateway()
    let metrics = try gateway.run(Self.dpd(gateway, ["-c", "3", "--prometheus"]))
    #expect(
      metrics.text.contains(
        "ipsecdiag_dpd_up{target=\"127.0.0.1\",address=\"127.0.0.1\"} 1\n"))
    guard SchemaTests.isPossible else { return }
    var documents: [TemporaryFile] = []
    for (words, isSilent) in [(["--json"], false), (["--ndjson"], false), (["--json"], true)] {
      let run = try gateway.run(Self.dpd(gateway, ["-c", "3"] + words), isSilent: isSilent)
      documents.append(try TemporaryFile(Array(run.text.utf8)))
    }
    let idle = try gateway.run(
      ["dpd", "--port", "\(gateway.port)", "--idle", "5s", "--json", "127.0.0.1"])
    let idleFile = try TemporaryFile(Array(idle.text.utf8))
    let check = try Command(
      ["\(Place.root)/Schemas/dpd-1.schema.json"] + documents.map(\.path)
        + ["--", "\(Place.root)/Schemas/dpd-idle-1.schema.json", idleFile.path],
      executable: SchemaTests.validate)
    #expect(check.exitCode == 0, "\(check.text.prefix(2000))\(check.errorText)")
  }

  @Test("What does not go together is refused")
  func usage() throws {
    for words in [
      ["dpd", "--watch", "-r", "x.pcap"], ["dpd", "--idle", "5m", "--watch", "192.0.2.1"],
      ["dpd", "--outside", "192.0.2.9", "192.0.2.1"], ["dpd", "--warning", "5", "--calculate"],
      ["dpd", "192.0.2.1", "192.0.2.2"], ["dpd", "--warning", "fast", "192.0.2.1"],
    ] {
      #expect(try Command(words).exitCode == 64, "\(words)")
    }
  }
}
