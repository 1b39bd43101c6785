import Testing

@Suite("ipsecdiag ping", .timeLimit(.minutes(1)))
struct PingTests {
  static let schema = "\(Place.root)/Schemas/ping-1.schema.json"
  /// Nobody answers on loopback in UDP, unless an IKE daemon runs here: none has ESP echo.
  static let inUDP = ["ping", "127.0.0.1", "--udp", "--timeout", "0.05", "--interval", "0.01"]

  @Test(
    "Options that do not go together are refused as usage",
    arguments: [
      ["--format", "draft03"], ["--inner", "10.0.0.1"], ["--reply-spi", "c0000002"],
      ["--one-way", "--format", "kernel"], ["--interval", "0.001"], ["--size", "70000"],
      ["--size", "1", "--sweep-sizes", "1-2"], ["--sweep-sizes", "9-1"], ["--json", "--nagios"],
      ["--notify", "14"], ["--format", "kernel", "--psk-file", "/dev/null"],
      ["--inner", "10.0.0.1", "--one-way", "--psk-file", "/dev/null"], ["--timeout", "0"],
    ])
  func usage(_ options: [String]) throws {
    let run = try Command(["ping", "127.0.0.1"] + options)
    // A plugin's unknown is 3, usage included.
    #expect(run.exitCode == (options.contains("--nagios") ? 3 : 64), "\(run.errorText)")
  }

  @Test("Silence in clear is unknown, never a failure, and names the other formats")
  func silence() throws {
    let run = try Command(Self.inUDP + ["--count", "2", "--color", "never"])
    #expect(run.exitCode == 3)
    #expect(run.text.hasPrefix("UNKNOWN  no answer to 2 ESP echoes, which alone proves nothing\n"))
    #expect(run.text.contains("experimental"))
    #expect(run.text.contains("--format kernel"))
    #expect(run.lines.allSatisfy { $0.unicodeScalars.count <= 80 })
  }

  @Test("A plugin's line says the same")
  func nagios() throws {
    let run = try Command(Self.inUDP + ["--count", "1", "--nagios"])
    #expect(run.exitCode == 3)
    #expect(run.lines.count == 1)
    #expect(run.text.hasPrefix("IPSEC UNKNOWN - no answer to 1 ESP echo, which alone"))
    #expect(run.text.contains("'loss'=100.0%"))
  }

  @Test(
    "Every format's JSON fits the schema",
    .enabled(if: SchemaTests.isPossible, "python3-jsonschema is missing: run scripts/setup --test"))
  func schema() throws {
    var files: [TemporaryFile] = []
    for format in ["merged", "kernel", "colitti2023"] {
      for form in ["--json", "--ndjson"] {
        let run = try Command(Self.inUDP + ["--count", "2", "--format", format, form])
        files.append(try TemporaryFile(run.output))
      }
    }
    let run = try Command([Self.schema] + files.map(\.path), executable: SchemaTests.validate)
    #expect(run.exitCode == 0, "\(run.text.prefix(2000))\(run.errorText)")
  }

  @Test("Sizes of a sweep are sent one after the other")
  func sweep() throws {
    let run = try Command(Self.inUDP + ["--sweep-sizes", "10-30/10", "--json"])
    for size in [10, 20, 30] { #expect(run.text.contains("{\"bytes\":\(size),\"sent\":1,")) }
    #expect(run.text.contains("\"sent\":3,"))
  }

  @Test("decode shows opened echoes in their formats")
  func opened() throws {
    let vectors = "\(Place.root)/Tests/Fixtures/vectors/esp-echo-packets"
    let keys = try TemporaryFile(try contents(of: "\(vectors).esp_sa"))
    let run = try Command(["decode", "-r", "\(vectors).pcap", "--keys", keys.path])
    #expect(run.exitCode == 0, "\(run.errorText)")
    let opened = run.lines.filter { $0.contains("{") }
    #expect(opened.count == 5)
    for (formats, count) in [("merged or draft -03", 3), ("draft -03", 1), ("merged", 1)] {
      let found = opened.filter { $0.contains("(\(formats), experimental)") }
      #expect(found.count == count, "\(formats)")
    }
  }
}
