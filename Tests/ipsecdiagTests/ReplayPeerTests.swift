import Diagnosis
import Host
import IKE
import Measurement
import PacketDissector
import Report
import Testing

@testable import ipsecdiag

/// `ipsecdiag replay TARGET`, against this tool's own responder as a process on loopback.
@Suite("replay TARGET", .timeLimit(.minutes(2)))
struct ReplayPeerTests {
  private static func measure(
    _ arguments: [String], esn: Bool = false
  ) throws -> ReplayMeasurementResult {
    let running = try RespondTests.Running(arguments)
    defer { _ = running.interrupt() }
    var configuration = try RespondTests.configuration(for: running)
    configuration.take([esn ? .partiallyTransmitted64 : .sequential32])
    configuration.replayStatus = ProtocolNumbers().replayStatus(
      announcing: AntiReplayStatus(isProtected: true))
    let peer = LivePeer(
      name: "gateway", address: ResolvedAddress(IPAddress(v4: 0x7F00_0001)),
      configuration: configuration)
    return try ReplayMeasurement(peer, destination: nil, isStopped: { false }).run()
  }

  private static func text(_ result: ReplayMeasurementResult, _ naming: Naming = Naming()) -> String
  {
    var text = TextBuffer(capacity: 2048)
    ReplayPeerText(result, naming, DiagnosisText.Options()).write(to: &text)
    return text.string
  }

  @Test("The window that is found is the one configured", arguments: [32, 1024], [false, true])
  func window(_ size: Int, _ esn: Bool) throws {
    let result = try Self.measure(["--replay-window", "\(size)"], esn: esn)
    #expect(result.behaviour?.kind == .window(size))
    #expect(result.child?.usesESN == esn)
    #expect(result.findings.isEmpty && result.isComplete)
    #expect(result.means == .espEcho)
    let text = Self.text(result)
    #expect(text.hasPrefix("OK  127.0.0.1 has a replay window of \(size == 32 ? "32" : "1,024")\n"))
    #expect(text.contains("peer tells    nothing"))
    #expect(text.contains(esn ? "Partially Transmitted 64-bit" : "32-bit Sequential Numbers (0)"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test("Protection that is off is a warning; that the peer tells otherwise, another")
  func off() throws {
    let honest = try Self.measure(["--replay-window", "0", "--announce-anti-replay"])
    #expect(honest.behaviour?.kind == .off)
    #expect(honest.findings.map(\.id) == [.replayOff])
    #expect(honest.told?.isProtected == false)
    let lying = try Self.measure(["--replay-window", "0", "--announce-as", "on"])
    #expect(lying.findings.map(\.id) == [.replayOff, .replayStatusWrong])
    #expect(Self.text(lying).hasPrefix("WARNING  replay-off: 127.0.0.1 takes packets again"))
    let modest = try Self.measure(["--replay-window", "64", "--announce-as", "off"])
    #expect(modest.findings.map(\.id) == [.replayStatusWrong])
  }

  @Test(
    "JSON fits its schema, redacted or not, measured or not",
    .enabled(if: SchemaTests.isPossible, "python3-jsonschema is missing: run scripts/setup --test"))
  func schema() throws {
    let nothing = ReplayMeasurementResult(
      from: IPAddress(v4: 1), to: IPAddress(v4: 2))
    var files: [TemporaryFile] = []
    var last = ""
    for result in [
      nothing, try Self.measure(["--replay-window", "64"]),
      try Self.measure(["--replay-window", "0", "--announce-as", "on"], esn: true),
    ] {
      for naming in [Naming(), Naming(redacts: true)] {
        var text = TextBuffer(capacity: 2048)
        ReplayPeerJSON(result, naming).write("gateway", toolVersion: "0.0.0", to: &text)
        last = text.string
        files.append(try TemporaryFile(Array(last.utf8)))
      }
    }
    #expect(!last.contains("127.0.0.1") && !last.contains("gateway"))
    let schema = "\(Place.root)/Schemas/replay-peer-1.schema.json"
    let run = try Command([schema] + files.map(\.path), executable: SchemaTests.validate)
    #expect(run.exitCode == 0, "\(run.text.prefix(2000))")
    let broken = try TemporaryFile(Array(last.dropLast(2).utf8) + Array(",\"more\":1}".utf8))
    #expect(try Command([schema, broken.path], executable: SchemaTests.validate).exitCode == 1)
  }

  @Test("Without an answer nothing is said of the peer, and what to try is")
  func unknown() {
    var result = ReplayMeasurementResult(
      from: IPAddress(v4: 0x0A01_0002), to: IPAddress(v4: 0x0A02_0002))
    #expect(Self.text(result).hasPrefix("UNKNOWN  no address behind the peer is known to ask"))
    result.failure = .ended(by: .peer)
    #expect(Self.text(result).hasPrefix("UNKNOWN  the peer deleted the SA"))
    #expect(result.isProtected == nil && result.findings.isEmpty)
  }

  @Test(
    "What makes no sense together is refused with a word",
    arguments: [
      (["vpn.example"], "takes credentials"), (["--inner", "10.0.0.1"], "go with a target"),
      (["--esn"], "go with a target"), (["-r", "x", "--nagios"], "goes with a target"),
      (["vpn.example", "--psk-file", "x", "--watch"], "takes none of"),
      (["vpn.example", "--psk-file", "x", "--count", "3"], "takes none of"),
    ])
  func usage(_ arguments: [String], _ words: String) throws {
    let run = try Command(["replay"] + arguments)
    // A plugin's unknown is 3, usage included.
    #expect(run.exitCode == (arguments.contains("--nagios") ? 3 : 64))
    #expect((run.errorText + run.text).contains(words), "\(run.errorText)")
  }
}
