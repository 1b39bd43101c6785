import Diagnosis
import Measurement
import PacketDissector
import Testing

@testable import Report

@Suite("probe: JSON, Nagios, Prometheus")
struct ProbeOutputTests {
  private func line(_ result: AddressResult, redacts: Bool = false) -> String {
    var text = TextBuffer()
    ProbeJSON(Naming(redacts: redacts), toolVersion: "1.2.3")
      .writeLine(ProbeReport(result), to: &text)
    return text.string
  }

  @Test("A result has every member, and null where nothing was found")
  func result() throws {
    var result = AddressResult(
      target: "198.51.100.7", address: ProbeSamples.address, started: ProbeSamples.started)
    result.ways = [WayResult(.udp500, .silent, sent: 3, answered: 0, roundTrips: [])]
    #expect(
      line(result) == #"{"schema":"ipsecdiag.probe/1","tool_version":"1.2.3","#
        + #""result":{"target":"198.51.100.7","address":"198.51.100.7","#
        + #""ts":"2026-09-21T14:13:20.000000000Z","state":"down","#
        + #""sent":0,"lost":0,"loss_percent":null,"rtt_ms":null,"rtt_min_ms":null,"rtt_max_ms":null,"#
        + #""ways":[{"way":"UDP 500","outcome":"silent","text":"no answer","icmp_from":null,"#
        + #""sent":3,"answered":0,"rtt_ms":[]}],"peer":null,"ikev1":null,"gaps":[],"#
        + #""traffic":{"packets_sent":0,"packets_received":0,"retransmitted":0,"unanswered":0,"#
        + #""strays":0,"bytes_largest":0,"seconds":0.000000},"findings":[]}}"# + "\n")
  }

  @Test("The matrix is suite by suite, with integrity null beside an AEAD cipher")
  func enumeration() throws {
    var result = try ProbeSamples.healthy()
    result.enumeration = try ProbeSamples.enumeration()
    let text = line(result)
    #expect(text.contains(#""enumeration":{"complete":true,"incomplete_axes":[],"#))
    #expect(
      text.contains(
        #""suites_total":3,"suites":[{"encryption":{"id":20,"name":"ENCR_AES_GCM_16","#
          + #""key_bits":256,"grade":"SHOULD"},"integrity":null,"#
          + #""prf":{"id":6,"name":"PRF_HMAC_SHA2_384","grade":null},"#))
    #expect(text.contains(#""notation":"aes128-sha256-modp2048""#))
    result.enumeration = try ProbeSamples.enumeration(isComplete: false)
    #expect(line(result).contains(#"{"complete":false,"incomplete_axes":["integrity"],"#))
  }

  @Test("Alternatives are multiplied out, up to a limit that is told by the total")
  func products() throws {
    let product = try ProbeSamples.suite("aes256-aes128-sha256-sha1-modp2048-ecp256")
    #expect(product.suiteCount == 16)
    #expect(product.suites(atMost: 100).count == 16)
    #expect(Set(product.suites(atMost: 100).map { "\($0.transforms.map(\.id))" }).count == 8)
    #expect(product.suites(atMost: 3).count == 3)
    #expect(product.suites(atMost: 0).isEmpty)
    var huge = product
    huge.transforms = (1...4).flatMap { type in
      (1...60).map { Transform(TransformType(rawValue: type), id: $0) }
    }
    var result = try ProbeSamples.healthy()
    result.enumeration = try ProbeSamples.enumeration()
    result.enumeration?.suites = Array(repeating: huge, count: 3)
    let text = line(result)
    #expect(text.contains(#""suites_total":38880000,"#))
    #expect(text.utf8.count < 4_000_000)
  }

  @Test("NDJSON is a line a result, a line a failure and one for the summary")
  func lines() throws {
    let json = ProbeJSON(Naming(), toolVersion: "1.2.3")
    var summary = ProbeSummary()
    var text = TextBuffer()
    let failure = ProbeFailure(target: "no.example", reason: "no such name")
    json.writeLine(ProbeReport(try ProbeSamples.full()), to: &text)
    json.writeLine(failure, to: &text)
    summary.add(ProbeReport(try ProbeSamples.full()))
    summary.add(failure)
    json.writeLine(summary, to: &text)
    let lines = text.string.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(
      lines[1]
        == #"{"schema":"ipsecdiag.probe/1","tool_version":"1.2.3","failure":{"target":"no.example","reason":"no such name"}}"#
    )
    #expect(
      lines[2].hasSuffix(
        #""summary":{"addresses":1,"up":1,"down":0,"failures":1,"incomplete":1,"info":0,"warning":1,"critical":0,"interrupted":false}}"#
      ))
  }

  @Test("Nothing but ASCII control-free text leaves in any format, whatever a peer sends")
  func hostile() throws {
    let result = try ProbeSamples.full()
    let report = ProbeReport(
      result, proposals: 3, policy: ProbePolicy.parse(Array(ProbeSamples.policy.utf8)).policy)
    var summary = ProbeSummary()
    summary.add(report)
    var text = TextBuffer()
    let json = ProbeJSON(Naming(), toolVersion: "1.2.3")
    json.open(to: &text)
    json.write(report, isFirst: true, to: &text)
    json.close([ProbeFailure(target: "\u{1B}", reason: "\u{7}")], summary, to: &text)
    ProbeNagios(
      [report], [ProbeFailure(target: "\u{1B}|", reason: "\n")], summary, Naming(), .warning
    )
    .write(to: &text)
    ProbePrometheus([report], Naming()).write(to: &text)
    #expect(
      !text.string.unicodeScalars.contains { $0 != "\n" && ($0.value < 0x20 || $0 == "\u{202E}") })
  }

  private func nagios(
    _ results: [AddressResult], _ state: NagiosReport.State
  ) -> String {
    var summary = ProbeSummary()
    let reports = results.map { ProbeReport($0) }
    for report in reports { summary.add(report) }
    var text = TextBuffer()
    ProbeNagios(reports, [], summary, Naming(), state).write(to: &text)
    return text.string
  }

  @Test("Nagios gets the state, round trip and loss in one line, and the addresses below it")
  func nagios() throws {
    #expect(
      nagios([try ProbeSamples.healthy()], .ok) == """
        IPSEC OK - 1 of 1 address up; no findings | 'rtt'=0.012400s;;;0; 'loss'=0.0%;;;0;100 \
        'up'=1;;;0;1 'critical'=0;;0;0; 'warning'=0;0;;0;
        vpn.example.net 198.51.100.7 UP: IKEv2 on UDP 500 and 4500, 12.4 ms, 0 of 3 lost

        """)
    var silent = AddressResult(
      target: "198.51.100.7", address: ProbeSamples.address, started: ProbeSamples.started)
    silent.ways = [WayResult(.udp500, .silent, sent: 3, answered: 0, roundTrips: [])]
    let text = nagios([silent], .critical)
    #expect(
      text.hasPrefix("IPSEC CRITICAL - 0 of 1 address up; no findings | 'loss'=100.0%;;;0;100"))
    #expect(text.hasSuffix("198.51.100.7 DOWN: no answer on UDP 500\n"))
  }

  @Test("However many addresses there are, Nagios gets at most 4,096 bytes in whole lines")
  func limit() throws {
    let text = nagios(Array(repeating: try ProbeSamples.full(), count: 200), .warning)
    #expect(text.utf8.count <= 4096 && text.utf8.count > 3700)
    #expect(text.split(separator: "\n").last?.hasPrefix("and ") == true)
  }

  @Test("Metrics have help, type, and a label for target and address")
  func prometheus() throws {
    var text = TextBuffer()
    ProbePrometheus([ProbeReport(try ProbeSamples.healthy())], Naming()).write(to: &text)
    #expect(
      text.string.hasPrefix(
        """
        # HELP ipsecdiag_probe_up Whether the address speaks IKE.
        # TYPE ipsecdiag_probe_up gauge
        ipsecdiag_probe_up{target="vpn.example.net",address="198.51.100.7"} 1
        # HELP ipsecdiag_probe_rtt_seconds Median time from an IKE_SA_INIT request to its answer.
        # TYPE ipsecdiag_probe_rtt_seconds gauge
        ipsecdiag_probe_rtt_seconds{target="vpn.example.net",address="198.51.100.7"} 0.012400

        """))
  }
}
