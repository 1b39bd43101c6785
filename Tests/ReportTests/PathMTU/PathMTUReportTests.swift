import Diagnosis
import IKE
import Measurement
import PacketDissector
import Testing

@testable import Report

@Suite("mtu TARGET: reports")
struct PathMTUReportTests {
  /// A search on a path that does what `passes` says, without ICMP and at once.
  private func searched(
    _ kind: PacketKind, _ rungs: [Int], _ passes: (Int) -> Bool
  ) -> KindResult {
    var search = SizeSearch(SizeSearch.Plan(rungs: rungs))
    var now = Instant(nanoseconds: 0)
    while true {
      switch search.step(at: now) {
      case .done: return KindResult(kind, .searched(search.ending ?? .stopped), search)
      case .send(let probe): if passes(probe.size) { search.answered(probe.id, at: now) }
      case .wait(let until): now = until
      }
    }
  }

  private func report(
    redacts: Bool = false, limit: Int = 1400, _ change: (inout PathResult) -> Void = { _ in }
  ) -> PathMTUReport {
    var result = PathResult(
      target: "vpn.example.net", address: IPAddress(v4: 0xC633_6407),
      started: Timestamp(nanoseconds: 1_795_444_800_000_000_000))
    result.own = IPAddress(v4: 0xC000_0202)
    result.local = LocalPath(interface: "eth0", interfaceMTU: 1500, pathMTU: 1500)
    result.duration = .milliseconds(2200)
    for mayBeFragmented in [false, true] {
      for content in PacketKind.Content.allCases {
        result.classes.append(
          searched(
            PacketKind(content, mayBeFragmented: mayBeFragmented), [512, 1280, 1400, 1500]
          ) { mayBeFragmented && content == .icmpEcho || $0 <= limit })
      }
    }
    change(&result)
    let advice = PathAdvice(
      suite: ESPSuite(keywords: "aes256gcm16"), isInUDP: nil, isIPv6: false)
    return PathMTUReport(result, advice, Naming(redacts: redacts))
  }

  private func text(
    _ report: PathMTUReport, _ change: (inout DiagnosisText.Options) -> Void = { _ in }
  ) -> String {
    var options = DiagnosisText.Options()
    change(&options)
    var text = TextBuffer()
    PathMTUText(report, options).write(to: &text)
    return text.string
  }

  private func withFinding(_ result: inout PathResult) {
    result.findings = [
      Finding(
        .mtuBlackhole, .certain, about: .peers(result.address, result.address), "1401–1500 vanish",
        evidence: [Finding.Evidence("1400 bytes 9 of 9")])
    ]
  }

  @Test("The verdict comes first, then the sizes, what fits inside, and what is wrong")
  func whole() {
    #expect(
      text(report(withFinding)) == """
        CRITICAL  vpn.example.net 198.51.100.7: packets of up to 1400 bytes pass; 1
                  finding: mtu-blackhole
        sizes that pass, in bytes  whole (DF set)            cut where needed
          ICMP echo                1400                      1500
          IKE on UDP 500           1400                      lost above 1400
          IKE on UDP 4500          1400                      lost above 1400
          from here to the peer, IP headers included; of the answers only those to
          echoes are as large
        this machine sends by eth0, MTU 1500; the kernel takes that for the path's, too
        inside a tunnel over 1400 bytes fit packets (TCP segments over IPv4) of
          ENCR_AES_GCM_16, 256-bit key: 1346 (1306), in UDP 1338 (1298)
        IKE fragments (RFC 7383) of up to 1400 bytes pass, IP header included
        \(Verdict.counted(report().result.packetsSent, "packet")) in 2.2 s

        CRITICAL  mtu-blackhole  1401–1500 vanish                                certain
          about     198.51.100.7 and 198.51.100.7
          evidence  1400 bytes 9 of 9

        """)
  }

  @Test("-q is one line; all that passes is said to be this machine's")
  func quiet() {
    let line = text(report(limit: 1500)) { $0.isQuiet = true }
    #expect(
      line
        == "OK  vpn.example.net 198.51.100.7: packets of up to 1500 bytes pass, all that this machine's interface sends\n"
    )
  }

  @Test("What could not be sent, or was interrupted, is said and not called OK")
  func partly() {
    let degraded = report(limit: 1500) { result in
      result.classes[0] = KindResult(
        PacketKind(.icmpEcho, mayBeFragmented: false), .impossible("cannot open 10.1.2.3"), nil)
    }
    #expect(degraded.word == .ok)
    #expect(text(degraded).contains("ICMP echo: cannot open 10.1.2.3\n"))
    let interrupted = report(limit: 1500) { $0.isInterrupted = true }
    #expect(interrupted.word == .unknown)
    #expect(text(interrupted).contains("interrupted"))
  }

  @Test("--redact renames whom it names, in every form")
  func redaction() {
    let report = report(redacts: true) { result in
      withFinding(&result)
      result.classes[0] = KindResult(
        PacketKind(.icmpEcho, mayBeFragmented: false), .impossible("cannot open 10.1.2.3"), nil)
    }
    var json = TextBuffer()
    PathMTUJSON(report).write(toolVersion: "1.0.0", to: &json)
    var nagios = TextBuffer()
    PathMTUNagios(report, .critical).write(to: &nagios)
    for output in [text(report), json.string, nagios.string] {
      #expect(!output.contains("vpn.example.net") && !output.contains("198.51.100.7"))
      #expect(!output.contains("10.1.2.3"))
    }
  }

  @Test("A monitoring system gets the state, the words and the numbers")
  func nagios() {
    var text = TextBuffer()
    PathMTUNagios(report(withFinding), .critical).write(to: &text)
    let lines = text.string.split(separator: "\n")
    #expect(
      lines.first?.hasPrefix(
        "IPSEC CRITICAL - vpn.example.net: packets of up to 1400 bytes pass; 1 finding: mtu-blackhole | 'path_mtu'=1400B;;;0; 'packets'="
      ) == true)
    #expect(lines.last == "[CRITICAL] mtu-blackhole: 1401–1500 vanish")
  }
}
