import Glibc
import Testing

/// `diagnose`, `dpd -r` and `mtu -r` as a shell sees them.
@Suite("diagnose, dpd -r and mtu -r")
struct DiagnoseTests {
  static let scenarios = "\(Place.root)/Tests/Fixtures/scenarios"
  static let dead = "\(scenarios)/dpd-peer-dead-default-schedule.pcap"
  static let healthy = "\(Place.recordings)/mlkem768-intermediate.pcap"
  static let commands = ["diagnose", "dpd", "mtu"]

  /// Every capture of our own: those of the decoder, and those of trouble.
  static let captures =
    Place.recordedCaptures.map { "\(Place.recordings)/\($0)" }
    + Place.files(below: scenarios).filter { $0.hasSuffix(".pcap") }.map { "\(scenarios)/\($0)" }

  private func run(_ arguments: [String]) throws -> Command { try Command(arguments) }

  /// A capture without its last bytes.
  private func cut(_ path: String) throws -> TemporaryFile {
    try TemporaryFile(Array(try contents(of: path).dropLast(3)))
  }

  // MARK: Exit codes

  @Test("A finding at or above the threshold decides the exit code")
  func findings() throws {
    let verdict = try run(["diagnose", "-q", "-r", Self.dead])
    #expect(verdict.exitCode == 2)
    #expect(verdict.text.hasPrefix("CRITICAL  ") && verdict.lines.count == 1)
    #expect(verdict.text.contains("dpd-peer-dead"))
    for (threshold, code) in [("info", 2), ("warning", 2), ("critical", 2), ("never", 0)] {
      let again = try run(["diagnose", "-q", "--fail-on", threshold, "-r", Self.dead])
      #expect(again.exitCode == Int32(code), "\(threshold)")
      #expect(again.text == verdict.text)
    }
    #expect(try run(["dpd", "-q", "-r", Self.dead]).exitCode == 2)
    #expect(try run(["mtu", "-q", "-r", Self.dead]).exitCode == 0)
  }

  @Test("A healthy capture: 0, and one line", arguments: commands)
  func healthy(command: String) throws {
    let run = try run([command, "-q", "-r", Self.healthy])
    #expect(run.exitCode == 0)
    #expect(run.lines.count == 1 && run.text.hasPrefix("OK  no"))
    #expect(run.errors == [])
  }

  @Test("A capture that ends inside a packet: 65 after the report, unless a finding decides")
  func endsInsidePacket() throws {
    let (cutHealthy, cutDead) = (try cut(Self.healthy), try cut(Self.dead))
    let healthy = try run(["diagnose", "-r", cutHealthy.path])
    #expect(healthy.exitCode == 65)
    #expect(healthy.text.hasPrefix("OK  "))
    #expect(healthy.errorLines.count == 1 && healthy.errorText.contains("ends inside packet"))
    let dead = try run(["diagnose", "-q", "-r", cutDead.path])
    #expect(dead.exitCode == 2)
    #expect(dead.errorText.contains("ends inside packet"))
  }

  @Test("Nothing to judge: no report for a missing file, and no health where there is no IPsec")
  func nothing() throws {
    for command in Self.commands {
      let missing = try run([command, "-r", "nowhere.pcap"])
      #expect(missing.exitCode == 66 && missing.output == [])
      #expect(missing.errorText == "error: nowhere.pcap does not exist\n")
      let filtered = try run([command, "-r", Self.healthy, "udp", "port", "9"])
      #expect(filtered.exitCode == 3)
      #expect(filtered.text == "UNKNOWN  no IPsec in 0 frames\n" || command != "diagnose")
      #expect(filtered.text.hasPrefix("UNKNOWN  no IPsec in 0 frames\n"))
    }
    let text = try TemporaryFile(Array("Hello, world\n".utf8))
    #expect(try run(["diagnose", "-r", text.path]).exitCode == 65)
  }

  @Test(
    "Arguments that make no sense: 64, and a line that says why",
    arguments: [
      ["diagnose", "--compare", "x"], ["diagnose", "-r", "x", "--json", "--format", "text"],
      ["diagnose", "-r", "x", "--json", "--ndjson"], ["diagnose", "-r", "x", "-q", "-v"],
      ["diagnose", "-r", "x", "--fail-on", "sometimes"], ["diagnose", "-r", "x", "--color", "red"],
      ["diagnose", "-r", "x", "--keys", "k", "--key-report"],
      ["dpd", "-r", "x", "--calculate"], ["mtu", "-r", "x", "--calculate"],
      ["dpd", "--local", "-r", "x"], ["mtu", "-i"],
      ["dpd", "-r", "x", "--dpd-delay", "3"], ["mtu", "-r", "x", "--nat-t"],
    ])
  func usage(_ arguments: [String]) throws {
    let run = try run(arguments)
    #expect(run.exitCode == 64)
    #expect(run.output == [] && run.errorText.hasPrefix("Error: "))
  }

  @Test("Ctrl-C while a file is read reports what came so far: 130")
  func interrupted() throws {
    let live = try Live([Place.binary, "diagnose", "-r", "-"])
    defer { live.close() }
    try #require(writeAll(try contents(of: Self.healthy), to: live.input))
    usleep(500_000)
    live.child.signal(SIGINT)
    #expect(live.child.wait(seconds: 10) == 130)
    #expect(live.text().hasPrefix("OK  nothing wrong"))
  }

  // MARK: Monitoring

  @Test("For Nagios there is one line of state whatever happens, and an exit code of 0 to 3")
  func nagios() throws {
    let cutHealthy = try cut(Self.healthy)
    for (arguments, code, begin) in [
      (["-r", Self.healthy], 0, "IPSEC OK - nothing wrong, "),
      (["-r", Self.dead], 2, "IPSEC CRITICAL - "),
      (["-r", Self.dead, "--fail-on", "never"], 0, "IPSEC OK - "),
      (["-r", cutHealthy.path], 3, "IPSEC UNKNOWN - \(cutHealthy.path) ends inside packet "),
      (["-r", cutHealthy.path, "--redact"], 3, "IPSEC UNKNOWN - the capture could not be read"),
      (["-r", "nowhere.pcap"], 3, "IPSEC UNKNOWN - nowhere.pcap does not exist\n"),
      (["-r", Self.healthy, "udp port 9"], 3, "IPSEC UNKNOWN - no IPsec in 0 frames |"),
      ([], 3, "IPSEC UNKNOWN - "), (["--unheard-of"], 3, "IPSEC UNKNOWN - "),
      (["-r", Self.healthy, "udp prot 9"], 3, "IPSEC UNKNOWN - bad filter"),
    ] as [([String], Int32, String)] {
      for format in [["--nagios"], ["--format", "nagios"], ["--format=nagios"]] {
        let run = try run(["diagnose"] + arguments + format)
        #expect(run.exitCode == code, "\(arguments) \(format)")
        #expect(run.text.hasPrefix(begin), "\(run.text)")
        #expect(run.output.count <= 4096 && run.text.hasSuffix("\n"))
      }
    }
  }

  // MARK: Form

  @Test("No line of text is wider than 80 columns, and the exit code is one of findings")
  func widths() throws {
    try #require(Self.captures.count > 60)
    for capture in Self.captures {
      for options in [["diagnose"], ["diagnose", "-v"], ["dpd", "-v"], ["mtu", "-v"]] {
        let run = try run(options + ["-r", capture])
        #expect((0...2).contains(run.exitCode), "\(options) \(capture): \(run.errorText)")
        // A line of a configuration file stands as it is to be typed.
        let wide = run.lines.filter { $0.unicodeScalars.count > 80 && !$0.contains(" = ") }
        #expect(wide.isEmpty, "\(options) \(capture): \(wide)")
      }
    }
  }

  @Test(
    "JSON and NDJSON of all captures fit their schemas",
    .enabled(
      if: SchemaTests.isPossible, "python3-jsonschema is missing: run scripts/setup --test"))
  func schemas() throws {
    let schemas = [
      ("diagnosis-1", ["diagnose", "--json"]), ("diagnosis-1", ["diagnose", "--ndjson"]),
      ("dpd-capture-1", ["dpd", "--json"]), ("mtu-capture-1", ["mtu", "--json"]),
    ]
    var arguments: [String] = []
    var files: [TemporaryFile] = []
    for (schema, options) in schemas {
      if !arguments.isEmpty { arguments.append("--") }
      arguments.append("\(Place.root)/Schemas/\(schema).schema.json")
      for capture in Self.captures {
        let file = try TemporaryFile(run(options + ["-r", capture]).output)
        arguments.append(file.path)
        files.append(file)
      }
    }
    let verdict = try Command(arguments, executable: SchemaTests.validate)
    #expect(verdict.exitCode == 0, "\(verdict.text.prefix(2000))\(verdict.errorText)")
    #expect(files.count == 4 * Self.captures.count)
  }

  @Test(
    "The schemas refuse what is not printed",
    .enabled(
      if: SchemaTests.isPossible, "python3-jsonschema is missing: run scripts/setup --test"),
    arguments: [
      ("diagnosis-1", "diagnose", "\"severity\":\"critical\"", "\"severity\":\"bad\""),
      ("diagnosis-1", "diagnose", "\"packets\":", "\"packet\":"),
      ("diagnosis-1", "diagnose", "\"evidence\":[{", "\"evidence\":[{},{"),
      ("dpd-capture-1", "dpd", "\"side\":\"initiator\"", "\"side\":\"left\""),
      ("dpd-capture-1", "dpd", "\"transmissions\":6", "\"transmissions\":0"),
      ("mtu-capture-1", "mtu", "\"directions\":[{", "\"directions\":[{\"x\":1,"),
    ])
  func strict(schema: String, command: String, old: String, new: String) throws {
    let text = try run([command, "--json", "-r", Self.dead]).text
    let parts = text.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
    try #require(parts.count == 2, "the output no longer has \(old)")
    let file = try TemporaryFile(Array((parts[0] + new + parts[1]).utf8))
    let verdict = try Command(
      ["\(Place.root)/Schemas/\(schema).schema.json", file.path],
      executable: SchemaTests.validate)
    #expect(verdict.exitCode == 1)
  }

  @Test("--redact leaves no address, SPI or file name in any format")
  func redaction() throws {
    let shown = try run(["decode", "--summary", "--json", "-r", Self.dead]).text
    let words: [Substring] = shown.split(separator: "\"")
    let spis = words.map(String.init).filter { word in
      [8, 16].contains(word.count) && word.allSatisfy { $0.isHexDigit && !$0.isUppercase }
    }
    try #require(spis.count >= 4)
    let plain = try run(["diagnose", "-v", "-r", Self.dead])
    for format in [
      ["diagnose", "-v"], ["diagnose", "--json"], ["diagnose", "--ndjson"],
      ["diagnose", "--nagios"], ["diagnose", "--format", "html"], ["dpd", "-v"],
      ["dpd", "--json"], ["mtu", "-v"], ["mtu", "--json"],
    ] {
      let run = try run(format + ["--redact", "-r", Self.dead])
      #expect(run.output.count > 50)
      for secret in ["10.1.0.2", "10.2.0.2", "dpd-peer-dead-default"] + spis {
        #expect(!run.text.contains(secret), "\(format): \(secret)")
      }
    }
    #expect(plain.text.contains("10.1.0.2") && spis.contains { plain.text.contains($0) })
  }

  @Test("Colour comes with --color=always and CLICOLOR_FORCE only, and NO_COLOR is obeyed")
  func colour() throws {
    func isColoured(_ variables: [String], _ options: [String] = []) throws -> Bool {
      let arguments = variables + [Place.binary, "diagnose", "-q", "-r", Self.dead] + options
      let run = try Command(arguments, executable: "/usr/bin/env")
      #expect(run.exitCode == 2)
      return run.output.contains(0x1B)
    }
    #expect(try !isColoured([]))
    #expect(try isColoured([], ["--color", "always"]))
    #expect(try isColoured(["CLICOLOR_FORCE=1"]))
    #expect(try !isColoured(["CLICOLOR_FORCE=0"]))
    #expect(try !isColoured(["CLICOLOR_FORCE=1", "NO_COLOR=1"]))
    #expect(try !isColoured(["CLICOLOR_FORCE=1"], ["--color", "never"]))
    #expect(try isColoured(["NO_COLOR=1"], ["--color=always"]))
  }

  @Test("--ascii, and a locale without UTF-8, leave nothing but ASCII", arguments: commands)
  func ascii(command: String) throws {
    let usual = try run([command, "-v", "-r", Self.dead])
    #expect(usual.text.contains("\u{2192}"))
    let plain = try run([command, "-v", "--ascii", "-r", Self.dead])
    #expect(plain.output.allSatisfy { $0 < 0x80 } && plain.text.contains(" -> "))
    let locale = try Command(
      ["LC_ALL=C", Place.binary, command, "-v", "-r", Self.dead], executable: "/usr/bin/env")
    #expect(locale.output == plain.output)
  }

  @Test("A live capture ends with Ctrl-C and is judged then", .enabled(if: getuid() == 0))
  func live() throws {
    let live = try Live([Place.binary, "diagnose", "-i", "lo", "udp port 4500"])
    defer { live.close() }
    usleep(700_000)
    live.child.signal(SIGINT)
    #expect(live.child.wait(seconds: 10) == 3)
    #expect(live.text().hasPrefix("UNKNOWN  no IPsec in 0 frames\n"))
  }
}
