import Glibc
import Testing

/// Standard input that is still being written, readers that go away, and Ctrl-C.
@Suite("Pipes and interruption", .serialized)
struct PipeTests {
  static let arguments = [Place.binary, "decode", "-r", "-"]
  /// A pcap file's header and its first packets, each with its header.
  static let pieces: (header: [UInt8], packets: [[UInt8]]) = {
    let path = "\(Place.recordings)/\(FailureTests.recording)"
    guard let bytes = try? contents(of: path), bytes.count > 24 else { return ([], []) }
    var packets: [[UInt8]] = []
    var at = 24
    while at + 16 <= bytes.count {
      let length = (0..<4).reduce(0) { $0 | Int(bytes[at + 8 + $1]) << (8 * $1) }
      packets.append(Array(bytes[at..<min(at + 16 + length, bytes.count)]))
      at += 16 + length
    }
    return (Array(bytes[..<24]), packets)
  }()

  @Test(
    "Of a pipe that stays open, each packet's line comes at once; Ctrl-C then ends it with 130",
    arguments: [SIGINT, SIGTERM])
  func promptly(signal: Int32) throws {
    let run = try Live(Self.arguments)
    defer { run.close() }
    try #require(writeAll(Self.pieces.header + Self.pieces.packets[0], to: run.input))
    let first = run.text { $0.contains("\n") }
    #expect(first.hasPrefix("    1  0.000000  10.1.0.2:500 "))
    try #require(
      writeAll(Self.pieces.packets[1] + Self.pieces.packets[2].prefix(30), to: run.input))
    #expect(run.text { $0.contains("\n") }.hasPrefix("    2  "))
    run.child.signal(signal)
    #expect(run.child.wait(seconds: 5) == 130)
    #expect(run.errorText == "")
  }

  @Test("Ctrl-C before the first byte ends the wait as well")
  func interruptedBeforeTheFirstByte() throws {
    let run = try Live(Self.arguments + ["--json"])
    defer { run.close() }
    run.child.awaitHandler(of: SIGINT)
    run.child.signal(SIGINT)
    #expect(run.child.wait(seconds: 5) == 130)
    #expect(run.errorText == "")
    #expect(run.text().hasSuffix("\"frames\":[\n\n]}\n"))
  }

  @Test("Ctrl-C shows the table of what came so far")
  func interruptedSummary() throws {
    let run = try Live(Self.arguments + ["--summary"])
    defer { run.close() }
    try #require(writeAll(Self.pieces.header + Self.pieces.packets[0], to: run.input))
    run.child.awaitHandler(of: SIGINT)
    run.child.signal(SIGINT)
    #expect(run.child.wait(seconds: 5) == 130)
    #expect(run.text().hasPrefix("1 frame, "))
  }

  @Test("Ctrl-C ends the wait for a pipe of compressed data")
  func interruptedGzip() throws {
    let run = try Live(Self.arguments)
    defer { run.close() }
    // A gzip header (RFC 1952, section 2.3), and nothing behind it yet.
    try #require(writeAll([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], to: run.input))
    run.child.awaitHandler(of: SIGINT)
    run.child.signal(SIGINT)
    #expect(run.child.wait(seconds: 5) == 130)
    #expect(run.errorText == "")
  }

  @Test("The end of the pipe is the end of the capture: 0")
  func endOfInput() throws {
    let run = try Live(Self.arguments)
    defer { run.close() }
    try #require(writeAll(Self.pieces.header + Self.pieces.packets[0], to: run.input))
    run.closeInput()
    #expect(run.child.wait() == 0)
    #expect(run.text().split(separator: "\n").count == 1)
  }

  @Test("A reader that goes away ends it without a word, with 0")
  func brokenPipe() throws {
    let files = Array(repeating: ["-r", "ike-sa-rekeys.pcap"], count: 40).flatMap { $0 }
    let run = try Live([Place.binary, "decode", "-vv"] + files, input: "/dev/null")
    defer { run.close() }
    #expect(run.text { $0.contains("\n") }.hasPrefix("    1  "))
    run.closeOutput()
    #expect(run.child.wait() == 0)
    #expect(run.errorText == "")
  }
}

/// A child with a pipe at each end.
final class Live {
  let child: Child
  private(set) var input: Int32 = -1
  private var output: Int32
  private let errors: TemporaryFile

  init(_ arguments: [String], input path: String? = nil) throws {
    let toChild = try openPipe()
    let fromChild = try openPipe()
    errors = try TemporaryFile()
    child = try Child(
      arguments, input: path.map { .path($0) } ?? .descriptor(toChild.reading),
      output: .descriptor(fromChild.writing), errors: .path(errors.path))
    input = toChild.writing
    output = fromChild.reading
    _ = Glibc.close(toChild.reading)
    _ = Glibc.close(fromChild.writing)
  }

  var errorText: String {
    String(decoding: (try? contents(of: errors.path)) ?? [], as: UTF8.self)
  }

  func text(until isEnough: (String) -> Bool = { _ in false }) -> String {
    read(output, until: isEnough)
  }

  func closeInput() {
    if input >= 0 { _ = Glibc.close(input) }
    input = -1
  }

  func closeOutput() {
    if output >= 0 { _ = Glibc.close(output) }
    output = -1
  }

  func close() {
    closeInput()
    closeOutput()
  }
}
