import Testing

/// `ipsecdiag handshake` as a person or a script calls it.
@Suite("handshake")
struct HandshakeTests {
  private static let schemas = "\(Place.root)/Schemas"
  private static let model = [
    "handshake", "--loss-model", "--ike", "aes256-sha256-x25519,aes256-sha256-ecp256", "--runs",
    "50", "--seed", "1", "--cpu", "1ms",
  ]

  @Test("The model tells the verdict first, keeps to 80 columns, and repeats itself by its seed")
  func text() throws {
    let run = try Command(Self.model + ["--loss", "10"])
    #expect(run.exitCode == 0)
    // Two round trips of 40 ms, and a millisecond at each of five steps.
    #expect(run.text.hasPrefix("OK  A takes 85.0 ms in the median"))
    #expect(run.text.contains("10.0 % of the packets lost each way"))
    #expect(run.lines.allSatisfy { $0.unicodeScalars.count <= 80 })
    #expect(try Command(Self.model + ["--loss", "10"]).text == run.text)
    let ascii = try Command(Self.model + ["--loss", "10", "--ascii"])
    #expect(ascii.output.allSatisfy { $0 < 0x80 })
    let quiet = try Command(Self.model + ["-q"])
    #expect(quiet.lines.count == 1)
  }

  @Test(
    "The JSON of both fits its schema",
    .enabled(if: SchemaTests.isPossible, "python3-jsonschema is missing: run scripts/setup --test"))
  func json() throws {
    let secret = try TemporaryFile(Array("a secret\n".utf8))
    // Nobody answers there, or nobody who knows the secret.
    let live = try Command([
      "handshake", "127.0.0.1", "--psk-file", secret.path, "--retransmit", "0.05,1,1", "--json",
    ])
    #expect(live.exitCode == 2)
    #expect(live.text.contains("\"state\":\"critical\""))
    let modelled = try TemporaryFile(try Command(Self.model + ["--loss", "50", "--json"]).output)
    let measured = try TemporaryFile(live.output)
    let run = try Command(
      [
        "\(Self.schemas)/handshake-model-1.schema.json", modelled.path, "--",
        "\(Self.schemas)/handshake-1.schema.json", measured.path,
      ], executable: SchemaTests.validate)
    #expect(run.exitCode == 0, "\(run.text)\(run.errorText)")
  }

  @Test("A monitoring system gets one line with the state")
  func nagios() throws {
    let secret = try TemporaryFile(Array("a secret\n".utf8))
    let run = try Command([
      "handshake", "127.0.0.1", "--psk-file", secret.path, "--retransmit", "0.05,1,1", "--nagios",
    ])
    #expect(run.exitCode == 2)
    #expect(run.text.hasPrefix("IPSEC CRITICAL - no tunnel with 127.0.0.1: "))
    #expect(run.text.contains(" | 'failed'=1;;;0;1 "))
  }

  @Test(
    "What makes no sense is a usage error",
    arguments: [
      ["handshake"], ["handshake", "192.0.2.1"], ["handshake", "--loss-model", "192.0.2.1"],
      ["handshake", "--loss-model", "--loss", "101"],
      ["handshake", "--loss-model", "--mtu", "67"], ["handshake", "--loss-model", "--runs", "0"],
      ["handshake", "--loss-model", "--retransmit", "4,1.8"],
      ["handshake", "--psk-file", "x", "--rtt", "1ms", "192.0.2.1"],
    ])
  func usage(arguments: [String]) throws {
    #expect(try Command(arguments).exitCode == 64)
  }
}
