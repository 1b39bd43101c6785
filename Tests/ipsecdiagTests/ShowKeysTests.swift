import Testing

@Suite("Keys in the key report")
struct ShowKeysTests {
  static let key = "3a1aa2b4648fb16fc25f0897eb4b24af556e78d4"

  private func report(_ more: String...) throws -> Command {
    try Command(
      ["decode", "-q", "-r", "esp-aes128gcm16.pcap", "--keys", "esp-aes128gcm16.esp_sa"]
        + ["--keys", "esp-aes128gcm16.ikev2_decryption_table", "--key-report"] + more)
  }

  @Test("No key is in it unless asked for", arguments: ["--ascii", "--json", "--ndjson"])
  func hidden(_ format: String) throws {
    let run = try report(format)
    #expect(run.exitCode == 0)
    #expect(run.text.contains("01e9fd3c"))
    #expect(!run.text.contains(Self.key) && !run.text.contains("secret"))
    #expect(!run.errorText.contains("the key report holds keys"))
  }

  @Test("--show-keys puts them there by name, and warns")
  func shown() throws {
    let text = try report("--show-keys")
    #expect(text.exitCode == 0)
    #expect(text.text.contains("\n    encryption 0x\(Self.key)\n"))
    #expect(text.text.contains("\n    SK_ei 0x") && text.text.contains("\n    SK_er 0x"))
    #expect(text.errorText.contains("warning: the key report holds keys"))
    let json = try report("--show-keys", "--ndjson")
    #expect(json.text.contains("\"secrets\":[{\"name\":\"encryption\",\"key\":\"\(Self.key)\"}]"))
  }

  @Test("It goes with --key-report, which goes with --keys: 64 otherwise")
  func usage() throws {
    let keys = ["--keys", "esp-aes128gcm16.esp_sa"]
    for arguments in [["--show-keys"], ["--show-keys"] + keys, ["--show-keys", "--key-report"]] {
      let run = try Command(["decode", "-r", "esp-aes128gcm16.pcap"] + arguments)
      #expect(run.exitCode == 64)
      #expect(run.output == [])
    }
  }
}
