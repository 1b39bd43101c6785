import Glibc
import Testing

/// What `decode --keys` says, and what it keeps to itself.
@Suite("Keys on the command line")
struct KeyTests {
  static let name = "esp-aes128gcm16"

  /// The arguments that give a recording's tables.
  static func keys(_ name: String) -> [String] {
    Place.files(below: Place.recordings)
      .filter { $0.hasPrefix("\(name).") && !$0.hasSuffix(".pcap") }
      .flatMap { ["--keys", $0] }
  }

  static func decode(_ name: String, _ options: [String] = []) throws -> Command {
    try Command(["decode", "-r", "\(name).pcap"] + keys(name) + options)
  }

  @Test("What is inside stands on the lines, and the report names each key")
  func lines() throws {
    let run = try Self.decode(Self.name, ["--key-report"])
    #expect(run.exitCode == 0)
    #expect(run.text.contains(" IKE_AUTH req 1  SK{IDi "))
    #expect(run.text.contains("{ 10.98.0.1 → 10.99.0.1 ICMP echo request"))
    #expect(run.text.contains("line 1 of \(Self.name).esp_sa (Wireshark esp_sa)\n    ESP 01e9fd3c"))
    #expect(run.text.hasSuffix("Everything that is encrypted was opened.\n"))
  }

  @Test("Where nothing opens for want of a key, the report says so")
  func noKey() throws {
    let name = "esp-aes128ccm16"
    let run = try Self.decode(name, ["--key-report", "-q"])
    #expect(run.exitCode == 0)
    #expect(run.text.contains("Not opened\n  ESP "))
    #expect(run.text.hasSuffix(" packets: no key\n"))
    for name in ["esp-chacha20poly1305", "esp-aes128-aescmac", "esp-aes128-aesxcbc"] {
      let run = try Self.decode(name, ["--key-report"])
      #expect(run.exitCode == 65 && run.output == [])
      #expect(run.errorLines.last == "error: no key could be read")
    }
    // One key of another recording is a key: then all that is encrypted has none.
    let other = ["--keys", "\(Self.name).esp_sa", "--key-report", "-q", "--ndjson"]
    let without = try Command(["decode", "-r", "esp-chacha20poly1305.pcap"] + other)
    #expect(without.exitCode == 0)
    #expect(without.text.contains("\"opened\":0,") && !without.text.contains("\"opened\":1"))
    #expect(without.text.contains("\"reason\":\"no key\""))
    #expect(!without.text.contains("\"reason\":\"does not verify\""))
  }

  @Test("A malformed line is told with file, line and reason; the others serve")
  func malformed() throws {
    let table = try text("\(Self.name).esp_sa")
    let lines = table.split(separator: "\n").map(String.init)
    let bad =
      "\"IPv4\",\"10.1.0.2\",\"10.2.0.2\",\"0x1\",\"AES-GCM [RFC4106]\",\"0xabcd\",\"NULL\",\"\""
    let file = try TemporaryFile(
      Array(([bad, "IPv4,10.1.0.2,x"] + lines).joined(separator: "\n").utf8))
    let run = try Command(["decode", "-r", "\(Self.name).pcap", "--keys", file.path])
    #expect(run.exitCode == 0)
    #expect(run.errorLines.count == 2)
    #expect(run.errorLines.first?.hasPrefix("warning: \(file.path), line 1: ") == true)
    #expect(run.errorLines.last?.hasPrefix("warning: \(file.path), line 2: ") == true)
    #expect(!run.errorText.contains("abcd"))
    #expect(run.text.contains("ICMP echo request"))
    let alone = try TemporaryFile(Array(bad.utf8))
    let none = try Command(["decode", "-r", "\(Self.name).pcap", "--keys", alone.path])
    #expect(none.exitCode == 65 && none.output == [])
    #expect(none.errorLines.count == 2)
    #expect(none.errorLines.last == "error: no key could be read")
  }

  @Test("A key file that others may read draws one warning")
  func permissions() throws {
    let file = try TemporaryFile(Array(try text("\(Self.name).esp_sa").utf8))
    let arguments = ["decode", "-q", "-r", "\(Self.name).pcap", "--keys", file.path]
    for (mode, warns) in [(0o600, false), (0o640, true), (0o604, true), (0o400, false)] {
      unsafe _ = chmod(file.path, mode_t(mode))
      let run = try Command(arguments)
      #expect(run.exitCode == 0)
      #expect(run.errorLines.count == (warns ? 1 : 0))
      #expect(
        !warns || run.errorText.hasPrefix("warning: others may read the keys in \(file.path)"))
    }
  }

  @Test("A key file that is missing or a folder: 66")
  func missing() throws {
    for path in ["nowhere.keys", "/tmp"] {
      let run = try Command(["decode", "-r", "\(Self.name).pcap", "--keys", path])
      #expect(run.exitCode == 66 && run.output == [] && run.errorLines.count == 1)
    }
    #expect(try Command(["decode", "-r", "\(Self.name).pcap", "--key-report"]).exitCode == 64)
  }

  @Test("No byte of a key is in any output, in any form of it")
  func secrecy() throws {
    for capture in Place.recordedCaptures {
      let name = String(capture.dropLast(5))
      let secrets = try secrets(name)
      // What is in the tables must be what is looked for.
      #expect(secrets.isEmpty == Self.keyless.contains(name), "\(name)")
      let copy = try TemporaryFile()
      for options in [
        ["--key-report"], ["-vv", "--key-report"], ["--ndjson", "-v", "--key-report"], ["--json"],
        ["--summary"], ["-q", "-w", copy.path],
      ] {
        let run = try Self.decode(name, options)
        let output = (run.text + run.errorText).lowercased().filter { $0 != " " && $0 != ":" }
        for secret in secrets { #expect(!output.contains(secret), "\(name) \(options)") }
      }
    }
    // Nor of keys that cannot be read: one digit too few or too many, in any field.
    for extra in [-1, 1] {
      let table = try text("\(Self.name).esp_sa")
      let broken = table.split(separator: "\n").map { line in
        line.split(separator: ",", omittingEmptySubsequences: false).enumerated().map {
          $0 == 5 ? (extra < 0 ? $1.dropLast(2) + "\"" : $1.dropLast() + "a\"") : $1
        }.joined(separator: ",")
      }
      let file = try TemporaryFile(Array(broken.joined(separator: "\n").utf8))
      let run = try Command(["decode", "-r", "\(Self.name).pcap", "--keys", file.path])
      #expect(run.exitCode == 65)
      for secret in try secrets(Self.name) where secret.count > 12 {
        #expect(!(run.text + run.errorText).contains(secret.prefix(12)))
      }
    }
  }

  static let keyless = ["esp-chacha20poly1305", "esp-aes128-aescmac", "esp-aes128-aesxcbc"]

  /// The hexadecimal digits of every key in a recording's tables: fields that are no SPIs.
  private func secrets(_ name: String) throws -> [String] {
    var found: [String] = []
    for path in Self.keys(name) where path != "--keys" {
      for line in try text(path).split(separator: "\n") {
        let fields = line.split(separator: ",").map { $0.filter { $0 != "\"" } }
        let isESP = path.hasSuffix(".esp_sa")
        for (index, field) in fields.enumerated() {
          let digits = field.hasPrefix("0x") ? field.dropFirst(2) : field[...]
          let isSPI = isESP ? index == 3 : index < (path.contains("ikev1") ? 1 : 2)
          guard !isSPI, digits.count >= 16, digits.allSatisfy(\.isHexDigit) else { continue }
          found.append(digits.lowercased())
        }
      }
    }
    return found
  }

  private func text(_ name: String) throws -> String {
    String(decoding: try contents(of: "\(Place.recordings)/\(name)"), as: UTF8.self)
  }
}

/// What `decode --keys -w` writes: the packets inside.
@Suite("Decrypted packets in a capture")
struct DecryptedCaptureTests {
  static let names = Place.recordedCaptures.map { String($0.dropLast(5)) }
    .filter { !["esp-chacha20poly1305", "esp-aes128-aescmac", "esp-aes128-aesxcbc"].contains($0) }

  @Test("They are read back as plain IP: the echoes that crossed the tunnel", arguments: names)
  func readBack(_ name: String) throws {
    let copy = try TemporaryFile()
    let run = try KeyTests.decode(name, ["-w", copy.path])
    #expect(run.exitCode == 0)
    let inside = run.lines.count { $0.contains(" { ") && $0.contains("ICMP") }
    #expect(inside >= 4 || ["esp-aes128ccm16", "esp-aes256ccm8"].contains(name))
    let again = try Command(["decode", "-r", copy.path])
    #expect(again.exitCode == 0 || inside == 0)
    #expect(again.lines.count == inside)
    #expect(again.lines.allSatisfy { $0.contains("ICMP") && !$0.contains("malformed") })
  }

  @Test(
    "tshark finds every checksum right",
    .enabled(if: Place.program("tshark") != nil, "tshark is missing: run scripts/setup --test"))
  func tshark() throws {
    for name in ["esp-aes128gcm16", "esp-aes256-sha256", "ipv6-esp-in-udp"] {
      let copy = try TemporaryFile()
      #expect(try KeyTests.decode(name, ["-q", "-w", copy.path]).exitCode == 0)
      let run = try Command(
        ["-n", "-r", copy.path, "-o", "ip.check_checksum:TRUE", "-T", "fields"]
          + ["-e", "ip.checksum.status", "-e", "icmp.checksum.status"]
          + ["-e", "icmpv6.checksum.status"],
        executable: "/usr/bin/tshark")
      #expect(run.exitCode == 0)
      #expect(run.lines.count >= 4)
      for line in run.lines {
        let states = line.split(separator: "\t").filter { !$0.isEmpty }
        #expect(!states.isEmpty && states.allSatisfy { $0 == "1" || $0 == "Good" }, "\(name)")
      }
    }
  }

  @Test("Of transport mode the outer header comes before what ESP carried, mended")
  func transport() throws {
    // ENCR_NULL, no ICV; inside, UDP whose checksum counts with the outer addresses.
    let esp: [UInt8] = [
      0, 0, 0x10, 1, 0, 0, 0, 1,
      0x13, 0x89, 0x13, 0x8A, 0, 12, 0x50, 0xB9, 1, 2, 3, 4,
      1, 2, 2, 17,
    ]
    let internet: [UInt8] = [
      0x45, 0, 0, 44, 0, 0, 0x40, 0, 64, 50, 0xB6, 0x9C, 192, 0, 2, 1, 192, 0, 2, 2,
    ]
    let header: [UInt8] = [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    let more: [UInt8] = [
      0xFF, 0xFF, 0, 0, 101, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 44, 0, 0, 0, 44, 0, 0, 0,
    ]
    let capture = try TemporaryFile(header + more + internet + esp)
    let keys = try TemporaryFile(
      Array("\"IPv4\",\"*\",\"*\",\"0x1001\",\"NULL\",\"\",\"NULL\",\"\"".utf8))
    let copy = try TemporaryFile()
    let run = try Command(
      ["decode", "-q", "-r", capture.path, "--keys", keys.path, "-w", copy.path])
    #expect(run.exitCode == 0 && run.errors == [])
    let again = try Command(["decode", "-r", copy.path])
    #expect(again.lines.count == 1)
    #expect(again.text.contains(" 192.0.2.1:5001 → 192.0.2.2:5002  UDP  4 B"))
    guard Place.program("tshark") != nil else { return }
    let check = try Command(
      ["-n", "-r", copy.path, "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
        + ["-T", "fields", "-e", "ip.checksum.status", "-e", "udp.checksum.status"],
      executable: "/usr/bin/tshark")
    #expect(check.text == "1\t1\n")
  }
}
