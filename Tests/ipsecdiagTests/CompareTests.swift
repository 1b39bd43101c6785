import Testing

/// `diagnose --compare` over recordings of both ends.
@Suite("diagnose --compare")
struct CompareTests {
  static let folder = "\(Place.root)/Tests/Fixtures/scenarios"

  private func compare(_ name: String, _ options: [String] = []) throws -> Command {
    try Command(
      ["diagnose", "-r", "\(name)-at-a.pcap", "--compare", "\(name)-at-b.pcap"] + options,
      directory: Self.folder)
  }

  @Test("The finding, the table of both directions and the clocks stand in one report")
  func text() throws {
    let run = try compare("esp-one-way")
    #expect(run.exitCode == 2)
    #expect(run.errors.isEmpty)
    #expect(run.lines.first?.hasPrefix("CRITICAL  1 finding and 1 note: esp-one-way") == true)
    #expect(run.text.contains("\nBetween the two captures\n  the clocks agree, \u{00B1} 0.01 ms\n"))
    #expect(
      run.lines.contains {
        $0.hasPrefix("  ESP below 256 B     A \u{2192} B        25       25          0 %")
      })
    #expect(
      run.lines.contains {
        $0.hasPrefix("  ESP below 256 B     B \u{2192} A        50        0        100 %")
      })
    #expect(run.text.contains("(B frames "))
    #expect(run.lines.allSatisfy { $0.unicodeScalars.count <= 80 })
  }

  @Test("A redacted report names no host, and a plain one is ASCII")
  func redacted() throws {
    let run = try compare("cookie-loop", ["--redact", "--ascii"])
    #expect(run.text.contains("NAT: "))
    #expect(!run.text.contains("10.1.0.") && !run.text.contains("10.2.0."))
    #expect(run.output.allSatisfy { $0 < 0x80 })
  }

  @Test(
    "JSON fits its schema, and only comparisons say which capture frames are of",
    .enabled(if: SchemaTests.isPossible, "python3-jsonschema is missing: run scripts/setup --test"))
  func json() throws {
    let schema = "\(Place.root)/Schemas/diagnosis-1.schema.json"
    var files: [TemporaryFile] = []
    for name in ["esp-one-way", "mtu-blackhole", "cookie-loop", "ip-fragments-later-lost"] {
      for format in ["--json", "--ndjson"] {
        let run = try compare(name, [format])
        #expect(run.text.contains(#""capture":"A""#))
        #expect(run.text.contains(#","comparison":{"clock":{"basis":"both_ways""#))
        files.append(try TemporaryFile(run.output))
      }
    }
    let alone = try Command(
      ["diagnose", "-r", "esp-one-way-at-a.pcap", "--json"], directory: Self.folder)
    #expect(!alone.text.contains(#""capture":"A""#) && !alone.text.contains("comparison"))
    files.append(try TemporaryFile(alone.output))
    let run = try Command([schema] + files.map(\.path), executable: SchemaTests.validate)
    #expect(run.exitCode == 0, "\(run.text.prefix(2000))\(run.errorText)")
  }

  @Test("What makes no sense is refused")
  func usage() throws {
    let live = try Command(["diagnose", "-i", "lo", "--compare", "b.pcap"])
    #expect(live.exitCode == 64)
    let twice = try Command(["diagnose", "-r", "-", "--compare", "-"])
    #expect(twice.exitCode == 64)
    let missing = try Command(
      ["diagnose", "-r", "esp-one-way-at-a.pcap", "--compare", "no-such.pcap"],
      directory: Self.folder)
    #expect(missing.exitCode == 66)
    #expect(missing.output.isEmpty)
  }
}
