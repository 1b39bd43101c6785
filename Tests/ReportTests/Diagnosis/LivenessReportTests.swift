import Capture
import Diagnosis
import PacketDissector
import Testing

@testable import Report

/// What `dpd -r` and `mtu -r` show of our own recordings.
@Suite("dpd -r and mtu -r")
struct LivenessReportTests {
  private static let fixtures =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Fixtures"

  private func diagnosis(_ name: String, findings: [Finding] = []) -> CaptureDiagnosis {
    let reader = FrameReader(
      .files(
        MergedCapture(
          paths: ["\(Self.fixtures)/\(name)"], onWait: {}, isStopped: { false })))
    var evidence = CaptureEvidence()
    let problems = evidence.read(reader)
    #expect(problems.isEmpty)
    return CaptureDiagnosis(
      evidence, by: [Rule(findings.map(\.id)) { @Sendable _ in findings }])
  }

  private func liveness(_ diagnosis: CaptureDiagnosis, isQuiet: Bool = false) -> String {
    var options = DiagnosisText.Options()
    options.isQuiet = isQuiet
    var text = TextBuffer()
    LivenessReport(diagnosis, Naming()).writeText(options, to: &text)
    return text.string
  }

  private func paths(_ diagnosis: CaptureDiagnosis) -> String {
    var text = TextBuffer()
    PathReport(diagnosis, Naming()).writeText(DiagnosisText.Options(), to: &text)
    return text.string
  }

  @Test("Answered checks: how often, how many, how fast, and the last")
  func answered() {
    #expect(
      liveness(diagnosis("scenarios/dpd-answered-at-a.pcap")) == """
        OK  no trouble with liveness checks in 26 frames, 24.1 s, 1 IKE SA, 2 ESP flows

        IKE SA dfc9f191c6e1f644, 10.1.0.2 → 10.2.0.2, IKEv2
          initiator  checks every 5.0 s; 3 of 3 answered, median 0.38 ms, last in frame
                       20 at 19.007 s

        """)
  }

  @Test("A peer that fell silent: since when, how often it was asked, by whose schedule")
  func silent() {
    #expect(
      liveness(diagnosis("scenarios/dpd-peer-dead-default-schedule.pcap")) == """
        OK  no trouble with liveness checks in 35 frames, 98.4 s, 1 IKE SA, 2 ESP flows

        IKE SA 6115b7243f91a23b, 10.1.0.2 → 10.2.0.2, IKEv2
          initiator  checks; 0 of 1 answered
                     no answer to frame 19 at 9.006 s, sent 6 times, last at 98.486 s
                     last sign of life: frame 14 at 4.262 s
                     sends again by strongSwan's default schedule, 4.0 s × 1.8ⁿ (likely)
                     89.4 s went by until the capture ends

        """)
  }

  @Test("ESP that kept coming is told, in the place of a last sign of life")
  func falseDeath() {
    let text = liveness(diagnosis("scenarios/dpd-false-death-default-schedule.pcap"))
    #expect(text.contains("but its ESP kept coming: "))
    #expect(text.contains("waited 165 s, by that schedule\n"))
    #expect(!text.contains("last sign of life"))
  }

  @Test("Only findings of liveness are shown, and others are counted")
  func others() {
    let loss = Finding(.espLoss, .certain, about: .capture, "lost", evidence: [.init("x")])
    let found = diagnosis("scenarios/dpd-answered-at-a.pcap", findings: [.full(), loss])
    let text = liveness(found)
    #expect(
      text.hasPrefix(
        "CRITICAL  1 finding: dpd-peer-dead\nbesides, 1 finding of other kinds: "))
    #expect(!text.contains("esp-loss"))
    #expect(liveness(found, isQuiet: true) == "CRITICAL  1 finding: dpd-peer-dead\n")
    #expect(paths(found).contains("\nbesides, 2 findings of other kinds: "))
  }

  @Test("Sizes each way, and what ICMP says of them")
  func sizes() {
    let text = paths(diagnosis("scenarios/mtu-exceeded.pcap"))
    #expect(
      text.contains("\n10.1.0.2 → 10.2.0.2\n  largest ESP or AH   1,464 bytes, of 10 packets\n"))
    #expect(
      text.contains(
        "\n  ICMP too big        MTU 1,300 bytes, from 10.1.0.1, about 1,464 bytes, 4 times\n"))
    #expect(text.contains("Without keys (--keys) what is inside the tunnel is not to be seen."))
  }

  @Test("Packets that came in IP fragments are told from whole ones")
  func fragments() {
    let text = paths(diagnosis("scenarios/mtu-outer-fragments-at-b.pcap"))
    #expect(text.contains(" came in IP fragments"))
    #expect(text.split(separator: "\n").allSatisfy { $0.unicodeScalars.count <= 80 })
  }
}
