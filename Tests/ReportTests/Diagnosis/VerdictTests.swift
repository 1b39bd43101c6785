import Diagnosis
import PacketDissector
import Testing

@testable import Report

@Suite("Verdicts")
struct VerdictTests {
  private func finding(_ id: FindingID) -> Finding {
    Finding(id, .certain, about: .capture, "x", evidence: [.init("y")])
  }

  private var capture: SmallCapture {
    var capture = SmallCapture()
    for sequence in 1...3 { capture.esp(1, UInt32(sequence), at: Double(sequence)) }
    capture.ikeRequest(7, at: 4)
    return capture
  }

  private func verdict(_ ids: FindingID...) -> String {
    line(ids.map(finding), capture.evidence)
  }

  private func line(_ findings: [Finding], _ evidence: CaptureEvidence) -> String {
    let verdict = Verdict(findings, in: evidence)
    return "\(verdict.word.rawValue)  \(verdict.phrase)"
  }

  @Test("The worst finding gives the word, and every id stands once with how often it came")
  func words() {
    #expect(
      verdict(.dpdPeerDead, .espLoss, .espLoss)
        == "CRITICAL  3 findings: dpd-peer-dead, esp-loss (2)")
    #expect(verdict(.espLoss) == "WARNING  1 finding: esp-loss")
    #expect(
      verdict(.espLoss, .natDetected)
        == "WARNING  1 finding and 1 note: esp-loss, nat-detected")
  }

  @Test("What is only worth knowing leaves it at OK")
  func notes() {
    #expect(
      verdict(.natDetected, .ikeV1)
        == "OK  nothing wrong, 2 notes: nat-detected, ike-v1")
  }

  @Test("Without a finding it says how much was looked at")
  func nothing() {
    #expect(
      verdict() == "OK  nothing wrong in 4 frames, 3.0 s, 1 IKE SA, 1 ESP flow")
  }

  @Test("Where there is no IPsec, nothing is called healthy")
  func unknown() {
    var capture = SmallCapture()
    capture.other(at: 0)
    #expect(line([], capture.evidence) == "UNKNOWN  no IPsec in 1 frame")
    #expect(line([], CaptureEvidence()) == "UNKNOWN  no IPsec in 0 frames")
  }
}
