import Diagnosis
import PacketDissector
import Testing

@testable import Report

@Suite("diagnose: JSON and Nagios")
struct DiagnosisJSONTests {
  private var small: SmallCapture {
    var capture = SmallCapture()
    for sequence in 1...3 { capture.esp(0xC0EB_461A, UInt32(sequence), at: Double(sequence)) }
    return capture
  }

  @Test("A finding has every field, and control characters are escaped once")
  func finding() {
    var text = TextBuffer()
    var finding = Finding.full()
    finding.evidence = [finding.evidence[1]]
    finding.remedies = [
      Finding.Remedy("ask \(identity: "gw\u{1B}\\"):", [Finding.Setting(.shell, "ip link")])
    ]
    text.json(finding, Naming())
    #expect(
      text.string == #"{"id":"dpd-peer-dead","severity":"critical","confidence":"certain","#
        + #""subject":{"kind":"ike_sa","initiator_spi":"5412008f4c682429","#
        + #""initiator":"10.1.0.2","responder":"10.2.0.2"},"#
        + #""summary":"10.2.0.2 stopped answering after 41 checks; 10.1.0.2 gave up 165 s later","#
        + #""meaning":"traffic was lost for 165 s: strongSwan's default schedule, not dpd_delay, decides this","#
        + #""remedy":[{"text":"ask gw\u001b\\:","settings":[{"place":"shell","line":"ip link"}]}],"#
        + #""evidence":[{"text":"the last ESP packet of 10.2.0.2, SPI c0eb461a","#
        + #""frames":[{"number":805,"ts":"2026-09-21T14:13:49.567000000Z"}]}]}"#)
  }

  @Test(
    "NDJSON is a line a finding and one for the rest; together they hold what the document holds")
  func lines() {
    let diagnosis = small.diagnosis([.full(), .full()])
    let json = DiagnosisJSON(diagnosis, Naming(), toolVersion: "1.2.3")
    var document = TextBuffer()
    json.writeDocument(to: &document)
    var lines = TextBuffer()
    json.writeLines(to: &lines)
    let split = lines.string.split(separator: "\n")
    #expect(split.count == 3)
    let opening = #"{"schema":"ipsecdiag.diagnosis/1","tool_version":"1.2.3","#
    #expect(split.allSatisfy { $0.hasPrefix(opening) })
    let rest = split[2].dropFirst(opening.count)
    #expect(document.string.hasSuffix("],\(rest)\n"))
    #expect(document.string.split(separator: "\n").count == 1)
    #expect(
      rest.hasPrefix(#""verdict":{"status":"critical","text":"2 findings: dpd-peer-dead (2)","#))
  }

  private func nagios(_ diagnosis: CaptureDiagnosis, _ state: NagiosReport.State) -> String {
    var text = TextBuffer()
    NagiosReport(diagnosis, Naming(), state).write(to: &text)
    return text.string
  }

  @Test("Nagios gets one line with state and numbers, and the findings below it")
  func nagios() {
    #expect(
      nagios(small.diagnosis([.full()]), .critical) == """
        IPSEC CRITICAL - 1 finding: dpd-peer-dead | 'critical'=1;;0;0; 'warning'=0;0;;0; \
        'info'=0;;;0; 'frames'=3;;;0; 'ike_sas'=0;;;0; 'flows'=1;;;0; 'packets'=3;;;0; \
        'lost'=0.000%;;;0; 'late'=0;;;0;
        [CRITICAL] dpd-peer-dead: 10.2.0.2 stopped answering after 41 checks; 10.1.0.2 gave up 165 s later

        """)
  }

  @Test("However much there is to say, Nagios gets at most 4,096 bytes, in whole lines")
  func limit() {
    let text = nagios(small.diagnosis(Array(repeating: .full(), count: 200)), .critical)
    #expect(text.utf8.count <= 4096)
    #expect(text.utf8.count > 3900)
    let lines = text.split(separator: "\n")
    #expect(lines.last == "and \(200 - (lines.count - 2)) more")
    var unknown = TextBuffer()
    NagiosReport.unknown(String(repeating: "x", count: 9000), to: &unknown)
    #expect(unknown.count == 4096)
  }

  @Test("A bar from the wire begins no numbers, a line feed no line")
  func bars() {
    let finding = Finding(
      .espLoss, .likely, about: .capture, "\(identity: "a|'x'=1\nb") lost", evidence: [.init("y")])
    let text = nagios(small.diagnosis([finding]), .warning)
    #expect(text.hasSuffix("\n[WARNING] esp-loss: a/'x'=1\\u{a}b lost\n"))
  }

  @Test("No address, SPI, identity or network survives redaction in any format")
  func redaction() throws {
    let source = try #require(IPAddress(text: "10.11.12.13"))
    let destination = try #require(IPAddress(text: "fd77::99"))
    var capture = SmallCapture(from: source, to: IPAddress(v4: 0x0E0F_1011))
    for sequence in 1...3 { capture.esp(0xC0EB_461A, UInt32(sequence), at: Double(sequence)) }
    capture.ikeRequest(0x5412_008F_4C68_2429, at: 4)
    var finding = Finding.full(source, destination)
    finding.summary +=
      " \(spi: 0xC0EB_461A) \(ikeSPI: 0x5412_008F_4C68_2429) \(network: "10.9.0.0/16")"
    finding.summary += " \(identity: "CN=gw\u{1B}[2J.example")"
    var flow = finding
    flow = Finding(
      .espLoss, .likely, about: .flow(spi: 0xC0EB_461A, source: source, destination: destination),
      finding.summary, evidence: finding.evidence, remedies: finding.remedies)
    let peers = Finding(
      .natDetected, .likely, about: .peers(source, destination), finding.summary,
      evidence: finding.evidence)
    let diagnosis = capture.diagnosis([finding, flow, peers])
    let secrets = [
      "10.11.12.13", "14.15.16.17", "fd77::99", "c0eb461a", "5412008f4c682429", "10.9.0.0", "CN=gw",
    ]
    let formats = [true, false].map { redacts in
      var text = TextBuffer()
      let naming = Naming(redacts: redacts)
      var options = DiagnosisText.Options()
      options.isVerbose = true
      DiagnosisText(diagnosis, naming, options).write(to: &text)
      let json = DiagnosisJSON(diagnosis, naming, toolVersion: "1.2.3")
      json.writeDocument(to: &text)
      json.writeLines(to: &text)
      NagiosReport(diagnosis, naming, .critical).write(to: &text)
      return text.string
    }
    for secret in secrets {
      #expect(!formats[0].contains(secret), "\(secret)")
      #expect(formats[1].contains(secret), "\(secret) should be there without redaction")
    }
    #expect(formats[0].contains("192.0.2.") && formats[0].contains("a0000001"))
    #expect(formats[0].contains("identity-1") && formats[0].contains("network-1"))
  }
}
