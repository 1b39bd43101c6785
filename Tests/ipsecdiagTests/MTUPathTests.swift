import Testing

@Suite("mtu TARGET, over loopback")
struct MTUPathTests {
  private func gateway() throws -> LoopbackGateway {
    try LoopbackGateway(accepts: "aes256-sha256-ecp256")
  }

  @Test("A responder answers all sizes, and none of them leaves a half-open SA")
  func measured() throws {
    let gateway = try gateway()
    let run = try gateway.run(["mtu", "--port", "\(gateway.port)", "127.0.0.1"])
    #expect(run.exitCode == 0, "\(run.text)\(run.errors)")
    #expect(run.text.hasPrefix("OK  127.0.0.1: packets of up to 8192 bytes pass, the largest"))
    #expect(run.text.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test("One line for a monitoring system")
  func nagios() throws {
    let gateway = try gateway()
    let run = try gateway.run(
      ["mtu", "--nagios", "--quick", "--port", "\(gateway.port)", "127.0.0.1"])
    #expect(run.exitCode == 0)
    #expect(run.text.hasPrefix("IPSEC OK - 127.0.0.1: packets of up to 8192 bytes pass"))
    #expect(run.text.contains("| 'path_mtu'=8192B;;;0;"))
  }

  @Test("Nobody there is critical, or whatever --fail-on makes of it")
  func silent() throws {
    let gateway = try gateway()
    let arguments = ["mtu", "--timeout", "100ms", "--port", "\(gateway.port)", "127.0.0.1"]
    let run = try gateway.run(arguments, isSilent: true)
    #expect([1, 2].contains(run.exitCode))
    #expect(run.text.contains("ike-no-answer"))
  }

  @Test("Ctrl-C prints what was found, and ends with 130")
  func interrupted() throws {
    let gateway = try gateway()
    let run = try gateway.run(
      ["mtu", "--timeout", "10", "--port", "\(gateway.port)", "127.0.0.1"], isSilent: true,
      interruptAfter: 1500)
    #expect(run.exitCode == 130)
    #expect(run.text.hasPrefix("UNKNOWN  127.0.0.1: "))
    #expect(run.text.contains("interrupted"))
  }

  @Test(
    "The JSON fits its schema, and the schema refuses what is not printed",
    .enabled(
      if: SchemaTests.isPossible, "python3-jsonschema is missing: run scripts/setup --test"))
  func schema() throws {
    let gateway = try gateway()
    let arguments = ["mtu", "--json", "--timeout", "100ms", "--port", "\(gateway.port)"]
    let answered = try gateway.run(arguments + ["127.0.0.1"])
    let silent = try gateway.run(arguments + ["127.0.0.1"], isSilent: true)
    let schema = "\(Place.root)/Schemas/mtu-path-1.schema.json"
    let files = try [answered, silent].map { try TemporaryFile(Array($0.text.utf8)) }
    let run = try Command([schema] + files.map(\.path), executable: SchemaTests.validate)
    #expect(run.exitCode == 0, "\(run.text.prefix(2000))\(run.errorText)")
    let parts = answered.text.split(separator: "\"limit_bytes\":", maxSplits: 1)
    try #require(parts.count == 2)
    let wrong = try TemporaryFile(Array("\(parts[0])\"limit\":\(parts[1])".utf8))
    #expect(try Command([schema, wrong.path], executable: SchemaTests.validate).exitCode == 1)
  }
}
