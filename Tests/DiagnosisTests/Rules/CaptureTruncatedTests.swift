import Diagnosis
import PacketDissector
import Testing

@Suite("Captures that lack something")
struct CaptureTruncatedTests {
  private func evidence(cutTo length: Int?, problem: String? = nil) -> CaptureEvidence {
    let ends = SyntheticIKE()
    let dissector = Dissector()
    var evidence = CaptureEvidence()
    for number in UInt32(1)...5 {
      let whole = SyntheticPacket.esp(
        1, number, bytes: 200, from: ends.plainInitiator, to: ends.plainResponder
      ).bytes
      let kept = Array(whole.prefix(length ?? whole.count))
      let frame = FrameReference(UInt64(number), SyntheticCapture.time(Double(number)))
      dissector.dissect(kept.rawBytes, linkType: .raw, timestamp: frame.time)
      evidence.add(
        dissector, kept.rawBytes, frame, originalLength: whole.count,
        isCut: kept.count < whole.count)
    }
    if let problem { evidence.note(problem: problem) }
    return evidence
  }

  @Test("Cut frames and a file that ends early are noted, whole ones are not")
  func truncated() throws {
    #expect(SyntheticCapture.judge(evidence(cutTo: nil)).isEmpty)
    let cut = SyntheticCapture.judge(evidence(cutTo: 68))
    #expect(cut.map(\.id) == [.captureTruncated])
    #expect(cut.first?.severity == .info)
    #expect(cut.first?.summary.plain.hasPrefix("5 IPsec frames") == true)
    let ended = SyntheticCapture.judge(evidence(cutTo: nil, problem: "ends inside packet 6"))
    #expect(ended.map(\.id) == [.captureTruncated])
  }

  @Test("A file that could not be read is no capture that ends early")
  func unreadable() {
    var evidence = CaptureEvidence()
    evidence.note(problem: "no such file")
    #expect(SyntheticCapture.judge(evidence).isEmpty)
  }
}
