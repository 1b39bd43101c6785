import Testing

@Suite("mtu --calculate")
struct MTUTests {
  @Test("One suite: the inner MTU, the segment, the sum and what to type")
  func sum() throws {
    let run = try Command(["mtu", "--calculate", "--suite", "aes256-sha256", "--nat-t"])
    #expect(run.exitCode == 0)
    #expect(
      run.text == """
        ENCR_AES_CBC, 256-bit key, AUTH_HMAC_SHA2_256_128
        tunnel mode, path MTU 1500 bytes
          inner MTU  1422 bytes
          TCP MSS    1382 bytes over IPv4, 1362 over IPv6
          why        1500 - 20 IP - 8 UDP - 8 ESP - 16 IV - 16 ICV = 1432
                     in units of 16: 1424 - 2 pad length and next header = 1422
          set        ip route change NETWORK dev DEVICE mtu 1422 advmss 1382
                     nft add rule inet filter forward tcp flags syn \\
                       tcp option maxseg size set 1382

        """)
    #expect(run.lines.allSatisfy { $0.count <= 80 })
  }

  @Test("Without a suite: a table with a row each, over the paths asked for")
  func table() throws {
    let run = try Command(
      ["mtu", "--calculate", "--path-mtu", "1500", "--path-mtu", "1280", "--ipv6"])
    #expect(run.exitCode == 0)
    #expect(run.lines.count == 9)
    #expect(run.text.contains("1426/1386"))
    #expect(run.text.contains("ENCR_CHACHA20_POLY1305"))
  }

  @Test(
    "What makes no sense is refused in one line with a hint: 64",
    arguments: [
      ["mtu", "--local", "--calculate"], ["mtu", "--local", "192.0.2.1"],
      ["mtu", "--calculate", "--suite", "aes128"],
      ["mtu", "--calculate", "--path-mtu", "67"], ["mtu", "--calculate", "--nat-t", "--tcp"],
      ["mtu", "--calculate", "--eesp", "--suite", "aes128-sha1"],
      ["mtu", "--gre", "192.0.2.1"], ["mtu", "-4", "-6", "192.0.2.1"],
      ["mtu", "--quick", "-r", "none.pcap"],
      ["mtu", "--suite", "aes128", "192.0.2.1"], ["mtu", "--port", "0", "192.0.2.1"],
    ])
  func refused(arguments: [String]) throws {
    let run = try Command(arguments)
    #expect(run.exitCode == 64)
    #expect(run.output == [])
    #expect(run.errorText.hasPrefix("Error: "))
  }

  @Test(
    "The JSON fits its schema",
    .enabled(
      if: SchemaTests.isPossible, "python3-jsonschema is missing: run scripts/setup --test"))
  func schema() throws {
    let documents = try [["--eesp"], ["--path-mtu", "68"], ["--transport", "--gre", "--tcp"]].map {
      try TemporaryFile(Command(["mtu", "--calculate", "--json"] + $0).output)
    }
    let run = try Command(
      ["\(Place.root)/Schemas/mtu-1.schema.json"] + documents.map(\.path),
      executable: SchemaTests.validate)
    #expect(run.exitCode == 0, "\(run.text)\(run.errorText)")
  }
}
