import Diagnosis
import Host
import PacketDissector
import Report
import Testing

@Suite("What a machine knows of its SAs, as reported")
struct HostReportTests {
  private let seqError = "XfrmInStateSeqError"

  private var disturbed: HostDiagnosis {
    HostDiagnosis(
      HostSamples.snapshot(
        after: 10, late: 80, packets: 2000,
        counters: [.init(seqError, 95), .init("XfrmInError", 1)]),
      since: HostSamples.snapshot(counters: [.init(seqError, 15), .init("XfrmInError", 1)]))
  }

  private func text(
    _ diagnosis: HostDiagnosis, _ scope: HostReport.Scope = .replay,
    naming: Naming = Naming(), isVerbose: Bool = false
  ) -> String {
    var options = DiagnosisText.Options()
    options.isVerbose = isVerbose
    options.timeStyle = .utc
    var text = TextBuffer(capacity: 4096)
    HostReport(diagnosis, scope, naming).write(options, to: &text)
    return text.string
  }

  @Test("Verdict, SAs with what they refused, the cause of drops, then what to do")
  func report() {
    let words = text(disturbed)
    #expect(
      words.hasPrefix(
        """
        WARNING  2 SAs, 1 finding: replay-window-too-small

        SPI c0eb461a in 10.2.0.2 → 10.1.0.2 (office/net)
          window      64 packets, 61 of them seen; the daemon is configured with 32
          sequence    2,080 the highest received, 32 bits
          carried     2,000 packets, 168,000 bytes in 110 s
          dropped     80 older than the window, 0 repeated, 0 failed their ICV, since it
                      was made
          forecast    numbers of 32 bits last 460 days at 108 packets/s, measured over
                      10.0 s
          limits      ends in 3850 s

        SPI c0eb461b out 10.1.0.2 → 10.2.0.2 (office/net)
          window      none: normal on this side

        """), "\(words)")
    #expect(
      words.contains(
        """

        Dropped in 10.0 s
          XfrmInStateSeqError: 80 packets
            likely: packets overtake each other by more than the window; SAs counted 80
              packets older than their replay window
            SPI c0eb461a from 10.2.0.2 counted 80

        """), "\(words)")
    #expect(words.contains("connections.office.children.net.replay_window = 256"))
    #expect(!words.contains("XfrmInError"))
  }

  @Test("No line is wider than the page, and nothing of it names anybody where that is redacted")
  func layout() {
    for isVerbose in [false, true] {
      let words = text(disturbed, .everything, isVerbose: isVerbose)
      for line in words.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }
    let redacted = text(disturbed, .everything, naming: Naming(redacts: true), isVerbose: true)
    for name in ["10.1.0.2", "10.2.0.2", "c0eb461a", "office"] { #expect(!redacted.contains(name)) }
  }

  @Test("Without SAs nothing is judged, whatever counters say of the past")
  func nothing() {
    var empty = HostSamples.snapshot(counters: [.init("XfrmInNoStates", 500)])
    empty.sas = []
    let report = HostReport(HostDiagnosis(empty), .replay, Naming())
    #expect(report.hasNothing && !report.lacksPermission)
    #expect(report.verdict == Verdict(.unknown, "no SAs of ESP or AH here"))
    empty.missing = [.init(.securityAssociations, "because", isPermission: true)]
    let unread = HostReport(HostDiagnosis(empty), .replay, Naming())
    #expect(unread.lacksPermission)
    #expect(unread.verdict.phrase == "no SAs could be read")
  }

  @Test("Of many SAs those with findings come in full, the others in a line, and no more than fit")
  func many() throws {
    var snapshot = HostSamples.snapshot(late: 80)
    let plain = try #require(snapshot.sas.last)
    snapshot.sas.insert(
      contentsOf: (0..<70).map { number in
        var sa = plain
        sa.spi = 0x1000 + UInt32(number)
        return sa
      }, at: 0)
    let words = text(HostDiagnosis(snapshot))
    #expect(words.contains("\n\nSPI c0eb461a in 10.2.0.2"))
    #expect(words.contains("\n  SPI 00001000 out 10.1.0.2 → 10.2.0.2, no window, normal on this"))
    #expect(words.contains("\nand 22 more SAs: -v shows all\n"))
    #expect(text(HostDiagnosis(snapshot), isVerbose: true).contains("SPI 00001045 out"))
  }

  @Test("No command of a finding has a number with separators in it")
  func settings() {
    var snapshot = HostSamples.snapshot(late: 80, packets: 5000)
    var network = HostNetwork()
    network.interfaces = [
      .init(index: 2, name: "wan", mtu: 1400, isUp: true, isLoopback: false)
    ]
    network.routes = [
      .init(destination: .init(IPAddress(v4: 0), 0))
    ]
    network.routes[0].interface = 2
    network.clamps = [.init(place: "inet filter forward", size: 1460)]
    snapshot.network = network
    let findings = HostDiagnosis(snapshot).findings
    #expect(findings.contains { $0.id == .mtuLocalLimit })
    #expect(findings.contains { $0.id == .mtuOuterFragments })
    let lines = findings.flatMap(\.remedies).flatMap(\.settings).map(\.line.plain)
    #expect(lines.count > 3)
    for line in lines {
      #expect(line.firstMatch(of: #/[0-9],[0-9]/#) == nil, "\(line)")
    }
  }

  @Test("A monitoring system gets one line with counts, and totals that only rise")
  func nagios() {
    var text = TextBuffer(capacity: 1024)
    HostReport(disturbed, .everything, Naming()).writeNagios(.warning, to: &text)
    #expect(
      text.string.hasPrefix(
        "IPSEC WARNING - 2 SAs, 1 finding: replay-window-too-small | 'critical'=0;;0;0; "
          + "'warning'=1;0;;0; 'info'=0;;;0; 'sas'=2;;;0; 'packets'=4000c;;;0; 'late'=80c;;;0; "
          + "'repeated'=0c;;;0; 'integrity_failed'=0c;;;0; 'dropped'=96c;;;0;\n[WARNING] "),
      "\(text.string)")
  }

  @Test("Prometheus gets each SA with its names, in lines that it can read")
  func prometheus() {
    var text = TextBuffer(capacity: 4096)
    HostReport(disturbed, .everything, Naming())
      .writePrometheus(took: Nanoseconds(1_500_000), to: &text)
    let lines = text.string.split(separator: "\n")
    #expect(lines.contains("ipsecdiag_up 1"))
    #expect(lines.contains("ipsecdiag_duration_seconds 0.001500"))
    #expect(lines.contains(#"ipsecdiag_kernel_drops_total{counter="XfrmInStateSeqError"} 95"#))
    let labels =
      #"{spi="c0eb461a",direction="inbound",source="10.2.0.2",destination="10.1.0.2","#
      + #"connection="office",child="net",reason="late"} 80"#
    #expect(lines.contains { $0 == "ipsecdiag_sa_replay_drops_total\(labels)" })
    let form = #/(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+({([a-z]+="[^"]*",?)+})? [0-9.]+)/#
    for line in lines { #expect(line.wholeMatch(of: form) != nil, "\(line)") }
  }

  @Test("A log tells what rose, when and why; else that all is watched still")
  func log() {
    var options = DiagnosisText.Options()
    options.timeStyle = .utc
    let text = HostWatchText(options, Naming())
    #expect(
      text.lines(disturbed) == [
        "2027-01-15T08:00:10  XfrmInStateSeqError +80, likely: packets overtake each other by "
          + "more than the window, SPI c0eb461a from 10.2.0.2"
      ])
    let quiet = HostDiagnosis(HostSamples.snapshot(after: 1), since: HostSamples.snapshot())
    #expect(text.lines(quiet).isEmpty)
    #expect(
      text.heartbeat(quiet, quiet: .seconds(60))
        == "2027-01-15T08:00:01  no drops for 60.0 s, 2 SAs, 0 packets/s")
  }

  @Test("A screen has the drops, then the busiest SAs, and never more than it holds")
  func screen() {
    let text = HostWatchText(DiagnosisText.Options(), Naming())
    let lines = text.screen(disturbed, whole: disturbed, width: 60, height: 3)
    #expect(
      lines == [
        "watched for 10.0 s: 2 SAs, 208 packets/s; Ctrl-C ends",
        "XfrmInStateSeqError +80 (80 now), likely: packets overtake e",
        "SPI c0eb461a in 10.2.0.2 → 10.1.0.2 (office/net): 108 packet",
      ])
  }
}
