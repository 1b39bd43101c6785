import Diagnosis
import Host
import PacketDissector
import Testing

@testable import Report

@Suite("daemon: reports")
struct DaemonReportTests {
  /// Three tunnels: one that stands, one that waits for traffic, and one of which a test says more.
  private static func state(
    _ change: (inout DaemonState.ConfiguredChild) -> Void = { _ in }
  ) -> DaemonState {
    var state = DaemonState(.strongSwan)
    state.version = "5.9.8"
    for name in ["net", "trap", "last"] {
      var connection = DaemonState.Connection(name: name)
      connection.localAddresses = ["192.0.2.5"]
      connection.remoteAddresses = [name == "last" ? "gw.example" : "192.0.2.9"]
      var child = DaemonState.ConfiguredChild(name: name)
      child.localSelectors = ["10.98.0.0/24"]
      child.isTrapped = name == "trap"
      child.isWanted = name == "last" ? nil : true
      if name == "last" { change(&child) }
      connection.children = [child]
      state.connections.append(connection)
    }
    var sa = DaemonState.IKESA(name: "net", state: "ESTABLISHED")
    sa.remoteAddress = "192.0.2.9"
    sa.uniqueID = "7"
    var child = DaemonState.ChildSA(name: "net", state: "INSTALLED")
    child.carriesTraffic = true
    child.inboundSPI = 0x1E
    child.bytesIn = 18_446_744_073_709_551_615
    child.packetsIn = 1
    child.rekeyIn = -4
    sa.children = [child]
    state.ikeSAs = [sa]
    state.counters = [.init("invalid", 0), .init("invalid-spi", 12)]
    return state
  }

  private static func report(_ state: DaemonState, vici: VICIAnswers? = nil) -> DaemonReport {
    DaemonReport(
      [.init(state, vici: vici)], missing: [], at: Timestamp(nanoseconds: 1_795_444_800_000_000_000)
    )
  }

  private static func text(_ report: DaemonReport, redacts: Bool = false) -> String {
    var text = TextBuffer()
    DaemonText(report, Naming(redacts: redacts), DiagnosisText.Options()).write(to: &text)
    return text.string
  }

  private static func json(_ report: DaemonReport, redacts: Bool = false) -> String {
    var text = TextBuffer()
    DaemonJSON(Naming(redacts: redacts), toolVersion: "1").write(report, to: &text)
    return text.string
  }

  @Test("A tunnel is amiss only where it is wanted, and traffic alone does not bring it up")
  func verdicts() {
    let fine = Self.report(Self.state())
    #expect(fine.severity == nil)
    #expect(
      fine.verdict
        == Verdict(
          .ok, "1 of 3 configured tunnels are up, 1 more as soon as there is traffic"))
    let down = Self.report(Self.state { $0.isWanted = true })
    #expect(down.severity == .critical)
    #expect(down.verdict == Verdict(.critical, "1 of 3 wanted tunnels is not up"))
    var state = Self.state { $0.isWanted = true }
    var sa = DaemonState.IKESA(name: "last", state: "CONNECTING")
    sa.isBeingSetUp = true
    state.ikeSAs.append(sa)
    #expect(Self.report(state).verdict.word == .warning)
    #expect(DaemonReport([], missing: [], at: .now).verdict.word == .unknown)
  }

  @Test("People read states, counters with units, and what to type")
  func people() {
    let text = Self.text(Self.report(Self.state { $0.isWanted = true }))
    for line in [
      "    last: down, wanted; 10.98.0.0/24 to any",
      "    trap: waits for traffic, wanted; 10.98.0.0/24 to any",
      "    swanctl --initiate --ike last --child last",
      "    net: INSTALLED, SPI in 0000001e, new keys since 4 s overdue",
      "      in 18446744073709551615 bytes in 1 packet", "  invalid-spi 12",
    ] {
      #expect(text.split(separator: "\n").contains(Substring(line)), "\(line)\n\(text)")
    }
    #expect(text.split(separator: "\n").allSatisfy { $0.unicodeScalars.count <= 80 })
  }

  @Test("A command is offered only for names that a shell takes as they are")
  func quoting() {
    for name in ["a;reboot", "-x", "$(x)", "a b", "ä", "a'"] {
      let child = DaemonState.ConfiguredChild(name: name)
      let tunnel = DaemonReport.Tunnel(connection: "net", child: child, standing: .down)
      #expect(tunnel.command(of: .strongSwan) == nil, "\(name)")
    }
    let child = DaemonState.ConfiguredChild(name: "net-1.a_B/2")
    let tunnel = DaemonReport.Tunnel(connection: "net-1.a_B/2", child: child, standing: .down)
    #expect(tunnel.command(of: .libreswan) == "ipsec auto --up net-1.a_B/2")
  }

  @Test("What a daemon writes does no harm to a terminal")
  func hostile() {
    var state = Self.state()
    state.connections[0].name = "\u{1B}[2J\n"
    state.ikeSAs[0].state = "\u{9B}x"
    let text = Self.text(Self.report(state))
    #expect(text.contains("\\u{1b}[2J\\u{a}"))
    #expect(!text.contains("\u{1B}") && !text.contains("\u{9B}"))
  }

  @Test("JSON has VICI's own words whole, with numbers to names that stand twice")
  func faithful() {
    var answers = VICIAnswers()
    answers.version = VICIMessage([.init("version", .text("5.9.8"))])
    let child = VICIMessage.Entry("net", .section(VICIMessage([.init("k", .list(["a", "\""]))])))
    answers.sas = [VICIMessage([.init("net", .section(VICIMessage([child, child])))])]
    let json = Self.json(Self.report(Self.state(), vici: answers))
    #expect(
      json.contains(
        """
        "vici":{"version":{"version":"5.9.8"},"stats":{},"counters":{},"conns":[],\
        "sas":[{"net":{"net":{"k":["a","\\""]},"net#2":{"k":["a","\\""]}}}],"policies":[]}
        """))
    #expect(json.contains("\"inbound_spi\":\"0000001e\",\"outbound_spi\":null"))
    #expect(json.contains("\"bytes_in\":18446744073709551615"))
    #expect(json.contains("\"rekey_in_s\":-4"))
  }

  @Test("A redacted report has no name or address of the machine's")
  func redacted() {
    var answers = VICIAnswers()
    answers.version = VICIMessage([.init("secret", .text("10.98.0.1"))])
    let report = Self.report(Self.state { $0.isWanted = true }, vici: answers)
    let both = Self.text(report, redacts: true) + Self.json(report, redacts: true)
    for name in ["192.0.2.5", "gw.example", "10.98", "\"net\"", "0000001e", "secret", "initiate"] {
      // 192.0.2.0/24 is where made-up addresses come from; the fifth of them is not reached.
      #expect(!both.contains(name), "\(name)")
    }
    #expect(both.contains("\"vici\":null"))
  }

  @Test("Events are a line each")
  func events() throws {
    func line(_ name: String, _ entries: [VICIMessage.Entry]) throws -> String {
      let packet = VICIPacket(.event, name, VICIMessage(entries))
      return DaemonEventText.words(try #require(VICIEvent(packet, at: .now)), Naming())
    }
    let child = VICIMessage([.init("spi-in", .text("0000000a"))])
    let children = VICIMessage.Entry(
      "child-sas", .section(VICIMessage([.init("c", .section(child))])))
    let net = VICIMessage.Entry(
      "net", .section(VICIMessage([.init("remote-host", .text("192.0.2.1")), children])))
    let up = VICIMessage.Entry("up", .text("yes"))
    #expect(try line("ike-updown", [up, net]) == "net: IKE SA up, peer 192.0.2.1")
    #expect(try line("child-updown", [net]) == "net: Child SA c down, SPI in 0000000a out unknown")
    #expect(
      try line("log", [.init("group", .text("IKE")), .init("msg", .text("x"))]) == "log IKE: x")
    #expect(
      try line("child-rekey", [])
        == "unnamed: Child SA unnamed has new keys, unknown, before unknown")
  }
}
