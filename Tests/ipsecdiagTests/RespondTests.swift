import Diagnosis
import ESP
import FoundationEssentials
import Glibc
import Host
import IKE
import IPsecCrypto
import Measurement
import PacketDissector
import Testing

/// `ipsecdiag respond` as a process on loopback, asked by a tunnel of this test's.
@Suite("respond", .timeLimit(.minutes(2)))
struct RespondTests {
  private static let schema = "\(Place.root)/Schemas/respond-1.schema.json"
  private static let secret = "loopback secret"
  private static let own = IPAddress(v4: 0x0A01_0001)
  private static let other = IPAddress(v4: 0x0A02_0001)

  /// A running command.
  struct Running {
    let child: Child
    let output: TemporaryFile
    let errors: TemporaryFile
    let port: UInt16
    private let psk: TemporaryFile

    init(_ arguments: [String]) throws {
      psk = try TemporaryFile(Array("\(secret)\n".utf8))
      output = try TemporaryFile()
      errors = try TemporaryFile()
      port = UInt16.random(in: 20_000..<60_000)
      child = try Child(
        [
          Place.binary, "respond", "--psk-file", psk.path, "--listen", "127.0.0.1", "--port",
          "\(port)", "--nat-port", "\(port + 1)", "--id", "gateway.example",
        ] + arguments, input: .path("/dev/null"), output: .path(output.path),
        errors: .path(errors.path))
      child.awaitHandler(of: SIGUSR1)
    }

    var text: String {
      (try? String(contentsOfFile: output.path, encoding: .utf8)) ?? ""
    }

    /// Ends it by Ctrl-C; its exit code.
    func interrupt() -> Int32 {
      child.signal(SIGINT)
      return child.wait(seconds: 20)
    }
  }

  private static func tunnel(
    to running: Running, _ change: (inout PeerConfiguration) -> Void = { _ in }
  ) throws -> Tunnel {
    var configuration = try configuration(for: running)
    change(&configuration)
    return try Tunnel(to: ResolvedAddress(IPAddress(v4: 0x7F00_0001)), configuration)
  }

  static func configuration(for running: Running) throws -> PeerConfiguration {
    let secret = Secret(copying: Array(secret.utf8))
    let everything = try #require(TrafficSelector(text: "0.0.0.0/0"))
    var configuration = PeerConfiguration(
      ikeProposals: try ProposalNotation.parse("aes128gcm16-prfsha256-x25519", for: .ike),
      childProposals: try ProposalNotation.parse("aes128gcm16", for: .esp),
      localIdentity: try #require(Identity(text: "peer.example")),
      credential: .preSharedKey(secret), requirement: .preSharedKey(secret),
      localSelectors: [everything], remoteSelectors: [everything])
    configuration.ports = IKEPorts(plain: running.port, encapsulated: running.port + 1)
    configuration.retransmission = .quick
    return configuration
  }

  /// Sends a ping of `bytes` through the tunnel; the reply's octets.
  private static func ping(_ tunnel: Tunnel, bytes: Int) throws -> Int? {
    let echo = InnerEcho(
      source: own, destination: other, identifier: 1, sequence: 1, bytes: bytes)
    let sent = try tunnel.send(echo.packet(), nextHeader: 4)
    while Instant.now < sent.at + .seconds(5) {
      try tunnel.step(until: sent.at + .seconds(5))
      if let arrival = tunnel.nextArrival() { return InnerEcho(packet: arrival.payload)?.bytes }
    }
    return nil
  }

  @Test("A tunnel is made, pings through it come back, and Ctrl-C deletes it at the peer")
  func throughTunnel() throws {
    let running = try Running([])
    let tunnel = try Self.tunnel(to: running)
    defer { tunnel.close() }
    _ = try tunnel.establish { false }
    for bytes in [28, 84, 1400, 9000] { #expect(try Self.ping(tunnel, bytes: bytes) == bytes) }
    running.child.signal(SIGINT)
    #expect(throws: TunnelFailure.self) {
      while true { try tunnel.step(until: Instant.now + .seconds(5)) }
    }
    #expect(running.child.wait(seconds: 20) == 130)
    let lines = running.text.split(separator: "\n")
    #expect(lines.first?.dropFirst(8).hasPrefix("  listening on 127.0.0.1, UDP ports ") == true)
    let words = running.text.replacing(/\s+/, with: " ")
    #expect(words.contains("IKE SA 1 stands with peer.example"), "\(running.text)")
    #expect(words.contains("deleted by us; answered 4 pings through a tunnel"), "\(running.text)")
    #expect(lines.allSatisfy { $0.unicodeScalars.count <= 80 })
  }

  @Test("--once ends with the first peer's SA, and --ndjson fits its schema")
  func once() throws {
    let running = try Running(["--once", "--ndjson", "--for", "60"])
    let tunnel = try Self.tunnel(to: running)
    _ = try tunnel.establish { false }
    #expect(try Self.ping(tunnel, bytes: 84) == 84)
    tunnel.close()
    #expect(running.child.wait(seconds: 30) == 0)
    let text = running.text
    for event in ["listening", "established", "child_established", "deleted", "summary"] {
      #expect(text.contains("\"event\":\"\(event)\""), "\(text)")
    }
    #expect(text.contains("\"answered\":{\"inner_echoes\":1,"))
    if SchemaTests.isPossible {
      let check = try Command([Self.schema, running.output.path], executable: SchemaTests.validate)
      #expect(check.exitCode == 0, "\(check.text.prefix(2000))\(check.errorText)")
    }
  }

  @Test("Sequence numbers and what is told of replay protection stand in the events")
  func sequenceNumbers() throws {
    let running = try Running([
      "--no-anti-replay", "--esn", "--announce-anti-replay", "--once", "--ndjson", "--for", "60",
    ])
    let tunnel = try Self.tunnel(to: running) { configuration in
      configuration.take([.sequential32, .partiallyTransmitted64])
      configuration.replayStatus.announced = AntiReplayStatus(isProtected: true)
    }
    _ = try tunnel.establish { false }
    #expect(try Self.ping(tunnel, bytes: 84) == 84)
    tunnel.close()
    #expect(running.child.wait(seconds: 30) == 0)
    let text = running.text
    for member in [
      "\"replay_window\":0", "\"esn\":true",
      "\"anti_replay_told\":{\"protected\":false,\"follows_esn_unprotected\":true}",
      "\"anti_replay_heard\":{\"protected\":true,\"follows_esn_unprotected\":false}",
      "{\"id\":1,\"name\":\"Partially Transmitted 64-bit Sequential Numbers\"}",
    ] {
      #expect(text.contains(member), "\(text)")
    }
    if SchemaTests.isPossible {
      let check = try Command([Self.schema, running.output.path], executable: SchemaTests.validate)
      #expect(check.exitCode == 0, "\(check.text.prefix(2000))\(check.errorText)")
    }
  }

  @Test(
    "64-bit numbers are taken by default, and by proposals that say nothing of them 32-bit ones",
    arguments: [([], true), (["--esp", "aes128gcm16"], false)] as [([String], Bool)])
  func usualNumbers(options: [String], is64Bit: Bool) throws {
    let running = try Running(options + ["--once", "--ndjson", "--for", "60"])
    let tunnel = try Self.tunnel(to: running) {
      $0.take([.partiallyTransmitted64, .sequential32])
    }
    _ = try tunnel.establish { false }
    #expect(try Self.ping(tunnel, bytes: 84) == 84)
    tunnel.close()
    #expect(running.child.wait(seconds: 30) == 0)
    #expect(running.text.contains("\"esn\":\(is64Bit)"), "\(running.text)")
  }

  @Test("--no-esn insists on 32-bit numbers, and what is told may be a lie, for people to read")
  func shortNumbers() throws {
    let running = try Running(["--no-esn", "--announce-as", "off-no-esn", "--once", "--for", "60"])
    let tunnel = try Self.tunnel(to: running) {
      $0.take([.partiallyTransmitted64, .sequential32])
    }
    _ = try tunnel.establish { false }
    tunnel.close()
    #expect(running.child.wait(seconds: 30) == 0)
    let words = running.text.replacing(/\s+/, with: " ")
    #expect(
      words.contains(
        "32-bit sequence numbers; told: replay protection off, ESN cannot be followed without"),
      "\(running.text)")
  }

  @Test(
    "What --no-anti-replay and --announce-as do not take is a usage error",
    arguments: [["--no-anti-replay", "--replay-window", "64"], ["--announce-as", "perhaps"]])
  func usage(options: [String]) throws {
    let run = try Command(["respond", "--psk-file", "/dev/null"] + options)
    #expect(run.exitCode == 64)
  }

  @Test(
    "SIGUSR1 silences it, and how the peer finds out is written, for people and within the schema",
    arguments: [false, true])
  func silence(isNDJSON: Bool) throws {
    let running = try Running(["--for", "60"] + (isNDJSON ? ["--ndjson"] : []))
    let tunnel = try Self.tunnel(to: running)
    defer { tunnel.close() }
    _ = try tunnel.establish { false }
    running.child.signal(SIGUSR1)
    usleep(500_000)
    tunnel.session.checkLiveness(at: Instant.now)
    #expect(throws: TunnelFailure.self) {
      while true { try tunnel.step(until: Instant.now + .seconds(5)) }
    }
    // Three transmissions, 0.5 s and 1 s apart, and 2 s until it gives up; four until that shows.
    let sign = isNDJSON ? "\"silence_detected\"" : "gave up"
    for _ in 0..<100 where !running.text.contains(sign) { usleep(100_000) }
    #expect(running.interrupt() == 130)
    let words = running.text.replacing(/\n +/, with: " ")
    let line = try #require(words.split(separator: "\n").first { $0.contains(sign) }, "\(words)")
    let match = try #require(
      isNDJSON
        ? line.firstMatch(of: /"detected_after_first_request_s":([0-9.]+)/)
        : line.firstMatch(of: #/gave up ([0-9.]+) s after its first unanswered request, /#))
    #expect(abs(try #require(Double(match.output.1)) - 3.5) < 0.5)
    #expect(line.contains(isNDJSON ? "\"transmissions\":3," : "; sent 3 times, "), "\(line)")
    if isNDJSON, SchemaTests.isPossible {
      let check = try Command([Self.schema, running.output.path], executable: SchemaTests.validate)
      #expect(check.exitCode == 0, "\(check.text.prefix(2000))\(check.errorText)")
    }
  }

  @Test(
    "Started by root, it is nobody and has no capability once it listens",
    .enabled(if: geteuid() == 0, "giving up root takes root"))
  func privileges() throws {
    let running = try Running([])
    let status = try String(
      contentsOfFile: "/proc/\(running.child.process)/status", encoding: .utf8)
    #expect(status.contains("Uid:\t65534\t65534\t65534\t65534\n"))
    #expect(status.contains("Gid:\t65534\t65534\t65534\t65534\n"))
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
      #expect(status.contains("\(set):\t0000000000000000\n"))
    }
    #expect(status.contains("NoNewPrivs:\t1\n"))
    #expect(running.interrupt() == 130)
  }

  @Test("A port that is taken is named with who has it")
  func portInUse() throws {
    let running = try Running([])
    let psk = try TemporaryFile(Array("x\n".utf8))
    let second = try Command([
      "respond", "--psk-file", psk.path, "--listen", "127.0.0.1", "--port", "\(running.port)",
      "--nat-port", "\(running.port &+ 7)",
    ])
    #expect(second.exitCode == 3)
    #expect(second.errorText.hasPrefix("error: UDP port \(running.port) is taken by "))
    #expect(running.interrupt() == 130)
  }

  @Test(
    "Options that cannot be are refused with exit code 64",
    arguments: [
      [], ["--psk-file", "/dev/null", "--loss", "101"], ["--psk-file", "x", "--port", "0"],
      ["--psk-file", "x", "--go-silent", "0checks"], ["--psk-file", "x", "--go-silent", "soon"],
      ["--psk-file", "x", "--replay-window", "-1"],
    ])
  func usage(arguments: [String]) throws {
    #expect(try Command(["respond"] + arguments).exitCode == 64)
  }
}
