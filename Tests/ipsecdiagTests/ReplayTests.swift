import Foundation
import Testing

/// `ipsecdiag replay` over what a real kernel received, held against what that kernel counted.
@Suite("replay")
struct ReplayTests {
  static let folder = Place.root + "/Tests/Fixtures/scenarios"

  /// By scenario: the receiver's window, what its kernel dropped for it, and all that came late.
  static let kernels: [(capture: String, window: Int, dropped: Int, late: Int)] = [
    ("reorder-window-32.pcap.gz", 32, 266, 273), ("reorder-window-64.pcap.gz", 64, 245, 279),
    ("reorder-window-1024.pcap.gz", 1024, 0, 214), ("reorder-none.pcap.gz", 64, 0, 0),
    ("reorder-within-window.pcap.gz", 64, 0, 74),
    // Under ESN the kernel counts them as failed ICVs.
    ("reorder-esn-window-64.pcap.gz", 64, 252, 267),
    ("reorder-esn-window-128.pcap.gz", 128, 166, 238),
  ]

  private struct Report: Decodable {
    struct SA: Decodable {
      struct Flow: Decodable {
        struct Drop: Decodable {
          let window: Int
          let packets: Int
        }

        let late: Int
        let window_drops: [Drop]
      }

      let flow: Flow
      let asked_window: Flow.Drop?
      let sufficient_window: Int?
    }

    let sas: [SA]
  }

  private func replay(_ capture: String, _ options: String...) throws -> Command {
    try Command(["replay", "-r", capture] + options, directory: Self.folder)
  }

  @Test("Each window drops what a Linux kernel with that window dropped", arguments: kernels)
  func kernel(_ kernel: (capture: String, window: Int, dropped: Int, late: Int)) throws {
    let run = try replay(kernel.capture, "--json", "--window", "\(kernel.window)")
    let report = try JSONDecoder().decode(Report.self, from: Data(run.output))
    let sa = try #require(report.sas.first)
    #expect(sa.flow.late == kernel.late)
    #expect(sa.flow.window_drops.first { $0.window == kernel.window }?.packets == kernel.dropped)
    #expect((sa.asked_window?.packets ?? 0) == kernel.dropped)
  }

  static let announcedKeys = [
    "--keys", "anti-replay-off.esp_sa", "--keys", "anti-replay-off.ikev2_decryption_table",
  ]

  @Test("What IKE agreed on and told stands with each SA, where keys open it")
  func negotiation() throws {
    let name = "anti-replay-off"
    let run = try Command(
      ["replay", "-r", "\(name).pcap"] + Self.announcedKeys, directory: Self.folder)
    #expect(run.exitCode == 1)
    #expect(run.lines.first == "WARNING  1 finding: replay-off")
    for line in [
      "  agreed      32-bit sequence numbers",
      "  receiver    tells that it does not check for replays, and can follow 64-bit",
      "  sender      tells that it does not check for replays, and can follow 64-bit",
    ] {
      #expect(run.lines.contains(Substring(line)), "\(run.text)")
    }
    #expect(run.lines.allSatisfy { $0.unicodeScalars.count <= 80 })
    let json = try Command(
      ["replay", "-r", "\(name).pcap", "--json"] + Self.announcedKeys, directory: Self.folder)
    let told =
      "{\"notify\":\"REPLAY_PROT_AND_ESN_STATUS\",\"frame\":4,\"protected\":false,"
      + "\"follows_esn_unprotected\":true,\"opened\":true}"
    #expect(json.text.contains("\"receiver_tells\":\(told),\"sender_tells\":null"))
    #expect(json.text.contains("\"receiver_tells\":null,\"sender_tells\":\(told)"))
    let closed = try replay("\(name).pcap")
    #expect(closed.exitCode == 0 && !closed.text.contains("agreed"))
  }

  @Test("The verdict comes first, then the SA, then the finding and what receivers have")
  func text() throws {
    let run = try replay("reorder-window-64.pcap.gz", "--window", "100")
    #expect(run.exitCode == 1 && run.errors.isEmpty)
    #expect(run.lines.first == "WARNING  1 finding: replay-window-too-small")
    for line in [
      "SPI cec4003f  10.1.0.2 → 10.2.0.2",
      "  received    2,042 packets, 0 lost, 279 late, 0 repeated",
      "  window      32: 279 dropped, 64: 245, 128: 195, 256: 22, 512: 0",
      "  enough      512 is the smallest of these that drops nothing",
      "  classes     late: best effort 279; on time: EF 1,600, best effort 163",
      "  asked       100: 197 dropped (9.6 %)", "  OpenBSD     64, fixed",
    ] {
      #expect(run.lines.contains(Substring(line)), "\(line)")
    }
    #expect(run.lines.allSatisfy { $0.unicodeScalars.count <= 80 })
    let finding = try #require(run.text.range(of: "WARNING   replay-window-too-small"))
    let sa = try #require(run.text.range(of: "SPI cec4003f"))
    #expect(sa.lowerBound < finding.lowerBound)
  }

  @Test("Plain ASCII has no other byte, and a bar for each doubling of the distance")
  func ascii() throws {
    let run = try replay("reorder-window-64.pcap.gz", "--ascii")
    #expect(run.output.allSatisfy { $0 < 0x80 })
    #expect(run.text.contains("max 260 packets _____.-#. (1 to 511, doubling)"))
  }

  @Test("An SA in order is one line, and all is well")
  func healthy() throws {
    let run = try replay("reorder-none.pcap.gz")
    #expect(run.exitCode == 0)
    #expect(run.lines.first?.hasPrefix("OK  nothing wrong in 2,042 frames") == true)
    #expect(run.lines.contains("All in order"))
    #expect(!run.text.contains("Windows that receivers have"))
  }

  @Test("Quiet is the verdict alone; --fail-on moves the exit code")
  func quiet() throws {
    #expect(try replay("reorder-window-64.pcap.gz", "-q").lines.count == 1)
    #expect(try replay("reorder-window-64.pcap.gz", "-q", "--fail-on", "critical").exitCode == 0)
    #expect(try replay("copies-two-senders.pcap", "-q").exitCode == 2)
    #expect(try replay("copies-replayed.pcap", "-q").exitCode == 1)
  }

  @Test("A redacted report names none of those who talk")
  func redacted() throws {
    for options in [["--redact"], ["--redact", "--json"], ["--redact", "-v"]] {
      let run = try Command(
        ["replay", "-r", "reorder-window-64.pcap.gz"] + options, directory: Self.folder)
      #expect(!run.text.contains("cec4003f") && !run.text.contains("10.1.0.2"))
      #expect(run.text.contains("a0000001") && run.text.contains("192.0.2."))
    }
  }

  @Test(
    "A window of no size, a missing file and a capture without IPsec have their exit codes",
    arguments: [
      (["-r", "reorder-none.pcap.gz", "--window", "0"], 64), (["--watch", "--json"], 64),
      (["-r", "missing.pcap"], 66), (["-r", "index-kernel.csv"], 65),
      (["-r", "reorder-none.pcap.gz", "--peer", "192.0.2.1"], 3),
    ] as [([String], Int32)])
  func exitCodes(_ options: [String], _ code: Int32) throws {
    #expect(try Command(["replay"] + options, directory: Self.folder).exitCode == code)
  }

  @Test(
    "JSON fits its schema, redacted or not",
    .enabled(
      if: SchemaTests.isPossible, "python3-jsonschema is missing: run scripts/setup --test"))
  func schema() throws {
    var files: [TemporaryFile] = []
    for capture in Self.kernels.map(\.capture) + [
      "copies-replayed.pcap", "copies-two-senders.pcap",
    ] {
      for options in [["--json"], ["--json", "--redact", "--window", "7"]] {
        let run = try Command(["replay", "-r", capture] + options, directory: Self.folder)
        files.append(try TemporaryFile(run.output))
      }
    }
    let announced = try Command(
      ["replay", "-r", "anti-replay-off.pcap", "--json"] + Self.announcedKeys,
      directory: Self.folder)
    files.append(try TemporaryFile(announced.output))
    let schema = "\(Place.root)/Schemas/replay-1.schema.json"
    let run = try Command([schema] + files.map(\.path), executable: SchemaTests.validate)
    #expect(run.exitCode == 0, "\(run.text.prefix(2000))")
    let text = try replay("reorder-window-64.pcap.gz", "--json").text
    let broken = text.replacingOccurrences(of: "\"distance_p50\":", with: "\"distance_p5\":")
    #expect(broken != text)
    let file = try TemporaryFile(Array(broken.utf8))
    #expect(try Command([schema, file.path], executable: SchemaTests.validate).exitCode == 1)
  }
}
