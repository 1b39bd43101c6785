import Glibc
import Testing

/// What the command says and returns where it cannot do what it was asked.
@Suite("Errors and exit codes")
struct FailureTests {
  static let recording = "mlkem768-intermediate.pcap"

  @Test("A file that is no capture: one line, with its first bytes, and 65")
  func notACapture() throws {
    let file = try TemporaryFile(Array("Hello, world\n".utf8))
    try expect(
      65, "is not a capture file: it begins with 48 65 6c 6c 6f 2c 20 77", ["-r", file.path])
  }

  @Test("An empty file: 65")
  func empty() throws {
    let file = try TemporaryFile()
    try expect(65, "is empty (0 bytes)", ["-r", file.path])
    try expect(65, "standard input is empty (0 bytes)", ["-r", "-"])
  }

  @Test("A file that is not there, a folder, an interface that is not there: 66")
  func missing() throws {
    try expect(66, "nowhere.pcap does not exist", ["-r", "nowhere.pcap"])
    try expect(66, "/tmp is a directory, not a capture file", ["-r", "/tmp"])
  }

  @Test("A file that may not be read: 77")
  func unreadable() throws {
    let file = try TemporaryFile(try contents(of: "\(Place.recordings)/\(Self.recording)"))
    unsafe _ = chmod(file.path, 0)
    guard getuid() == 0 else {
      return try expect(77, "no permission to open \(file.path)", ["-r", file.path])
    }
    // Root may read everything; the test becomes nobody, who must reach the binary for that.
    let nobody: UInt32 = 65534
    // Copied by another process: a program that this one has open to write could not be started.
    let binary = "\(file.path)-ipsecdiag"
    defer { unsafe _ = unlink(binary) }
    #expect(
      try Command(["-m", "755", Place.binary, binary], executable: Place.install).exitCode == 0)
    let run = try Command(
      ["decode", "-r", file.path], executable: binary, directory: "/", as: nobody)
    expect(run, 77, "no permission to open \(file.path)")
  }

  @Test(
    "Arguments that make no sense: 64, a line that says why, and how to be used",
    arguments: [
      ["decode"], ["decode", "-r"], ["decode", "-r", "x", "--json", "--ndjson"],
      ["decode", "-r", "x", "-i", "lo"], ["decode", "-r", "x", "--peer", "nobody"],
      ["decode", "-r", "x", "--spi", "xyz"], ["decode", "-r", "x", "--time", "noon"],
      ["decode", "-r", "x", "--time-from", "2026-02-30T00:00:00Z"],
      ["decode", "-r", "x", "--exchange", "IKE_NOTHING"], ["decode", "-r", "x", "-c", "-1"],
      ["decode", "-r", "x", "--summary", "-v"], ["unheard-of"], ["decode", "--unheard-of"],
    ])
  func usage(_ arguments: [String]) throws {
    let run = try Command(arguments)
    #expect(run.exitCode == 64)
    #expect(run.output == [])
    #expect(run.errorText.hasPrefix("Error: "))
    #expect(run.errorText.contains("--help"))
  }

  @Test("A filter that libpcap does not understand: 64, with its reason")
  func badFilter() throws {
    try expect(64, "bad filter 'udp prot 500': ", ["-r", Self.recording, "udp", "prot", "500"])
  }

  @Test("A capture cut inside a packet: all lines before it, one that says where, and 65")
  func cut() throws {
    let whole = try contents(of: "\(Place.recordings)/\(Self.recording)")
    let all = try Command(["decode", "-r", Self.recording])
    let file = try TemporaryFile(Array(whole.dropLast(7)))
    for format in [[], ["--ndjson"], ["--summary"], ["--json"]] {
      let run = try Command(["decode", "-r", file.path] + format)
      #expect(run.exitCode == 65)
      #expect(run.errorLines.count == 1)
      #expect(run.errorText.contains("\(file.path) ends inside packet \(all.lines.count): "))
      if format.isEmpty { #expect(run.lines == all.lines.dropLast()) }
      if format == ["--json"] { #expect(run.text.hasSuffix("\n]}\n")) }
    }
    let header = try TemporaryFile(Array(whole.prefix(24 + 5)))
    try expect(65, "ends inside the header of packet 1", ["-r", header.path])
  }

  @Test("Of several files, a bad one is named and the others are shown")
  func oneOfSeveral() throws {
    let run = try Command(["decode", "-r", "nowhere.pcap", "-r", Self.recording])
    let alone = try Command(["decode", "-r", Self.recording])
    #expect(run.exitCode == 66)
    #expect(run.lines == alone.lines)
    #expect(run.errorText == "error: nowhere.pcap does not exist\n")
  }

  @Test("Output or a file of -w that takes no more: 74; one that cannot be made: 73")
  func output() throws {
    let full = try Command(["decode", "-r", Self.recording], output: "/dev/full")
    expect(full, 74, "cannot write to standard output: No space left on device")
    try expect(
      73, "cannot write /nowhere/x.pcapng: ", ["-r", Self.recording, "-w", "/nowhere/x.pcapng"])
    try expect(
      74, "cannot write /dev/full: No space left on device; it holds 0 packets",
      ["-q", "-r", Self.recording, "-w", "/dev/full"])
  }

  @Test("The file that is read is not written over, under whatever name")
  func sameFile() throws {
    let recording = "\(Place.recordings)/\(Place.recordedCaptures[0])"
    let copy = try TemporaryFile(try contents(of: recording))
    let before = try contents(of: copy.path)
    let folder = copy.path.split(separator: "/").dropLast().joined(separator: "/")
    let name = copy.path.split(separator: "/").last.map(String.init) ?? ""
    for path in [copy.path, "/\(folder)/./\(name)"] {
      let run = try Command(["decode", "-r", copy.path, "-w", path])
      #expect(run.exitCode == 64)
      #expect(run.errorText.contains("which is read"), "\(run.errorText)")
      #expect(try contents(of: copy.path) == before)
    }
  }

  @Test("What -w wrote decodes to the same lines")
  func writtenAgain() throws {
    for recording in Place.recordedCaptures {
      let copy = try TemporaryFile()
      let first = try Command(["decode", "-r", recording, "-w", copy.path])
      let second = try Command(["decode", "-r", copy.path])
      #expect(first.exitCode == 0 && second.exitCode == 0)
      #expect(first.lines.count > 10 && first.output == second.output, "\(recording)")
    }
    let copy = try TemporaryFile()
    let selected = ["decode", "--exchange", "IKE_SA_INIT", "-r", Self.recording]
    let quiet = try Command(selected + ["-q", "-w", copy.path])
    #expect(quiet.output == [] && quiet.exitCode == 0)
    #expect(try Command(selected).output == Command(["decode", "-r", copy.path]).output)
  }

  private func expect(_ code: Int32, _ message: String, _ arguments: [String]) throws {
    expect(try Command(["decode"] + arguments), code, message)
  }

  private func expect(_ run: Command, _ code: Int32, _ message: String) {
    #expect(run.exitCode == code)
    #expect(run.output == [])
    #expect(run.errorLines.count == 1)
    #expect(run.errorText.hasPrefix("error: "))
    #expect(run.errorText.contains(message))
  }
}
