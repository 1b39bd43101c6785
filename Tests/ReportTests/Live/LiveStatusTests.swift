import Capture
import Diagnosis
import PacketDissector
import Report
import Testing

@Suite("How a live capture goes, in words")
struct LiveStatusTests {
  /// ESP of one SA in IPv4, a millisecond apart, 100 bytes each.
  private func evidence(_ numbers: [UInt32], _ scope: CaptureEvidence.Scope) -> CaptureEvidence {
    var evidence = CaptureEvidence(scope)
    let dissector = Dissector()
    for (index, number) in numbers.enumerated() {
      var frame: [UInt8] = [0x45, 0, 0, 100, 0, 0, 0, 0, 64, 50, 0, 0, 10, 2, 0, 2, 10, 1, 0, 2]
      for word in [0xC0EB_461A, number] {
        frame += (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * UInt32($0))) }
      }
      frame += [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 100 - frame.count)
      let time = Timestamp(nanoseconds: Int64(index) * 1_000_000)
      dissector.dissect(frame.rawBytes, linkType: .raw, timestamp: time)
      evidence.add(
        dissector, frame.rawBytes, FrameReference(UInt64(index + 1), time),
        originalLength: frame.count, isCut: false)
    }
    return evidence
  }

  private func status(_ numbers: [UInt32], _ scope: CaptureEvidence.Scope) -> LiveStatus {
    var evidence = evidence(numbers, scope)
    let before = LiveStatus.Mark(evidence, elapsed: .seconds(82))
    let more = self.evidence(numbers + (5000..<6000), scope)
    evidence = more
    evidence.note(.init(received: 2000, droppedByKernel: 3, droppedByInterface: 4))
    return LiveStatus(evidence, elapsed: .seconds(84), before: before)
  }

  private let disordered = Array(UInt32(1)...100) + [103, 102] + Array(105...200)

  @Test("Rates are those of the last interval; the worst SA is told with what it lost")
  func lines() {
    let text = LiveStatusText(Naming(), ascii: false)
    #expect(
      text.lines(status(disordered, .everything), written: "wan.pcapng: 9 packets", width: 100) == [
        "84 s  1,198 packets, 500/s, 400.0 kbit/s",
        "1 ESP flow, 0 IKE SAs, 7 lost by the capture",
        "worst: SPI c0eb461a 10.2.0.2 → 10.1.0.2, 1 late, 4,801 lost of 5,999",
        "wan.pcapng: 9 packets",
      ])
  }

  @Test(
    "One line has the same, in ASCII where that is asked for, and IKE only where it is looked at")
  func line() {
    let text = LiveStatusText(Naming(), ascii: true)
    #expect(
      text.line(status(disordered, .flows), written: nil)
        == "84 s: 1,198 packets, 500/s, 1 ESP flow, 7 lost by the capture, worst: SPI c0eb461a "
        + "10.2.0.2 -> 10.1.0.2, 1 late, 4,801 lost of 5,999")
    #expect(!text.line(status([4999], .flows), written: nil).contains("worst"))
  }

  @Test("No line is wider than the terminal, and a redacted one names nobody")
  func width() {
    let text = LiveStatusText(Naming(redacts: true), ascii: false)
    let lines = text.lines(status(disordered, .everything), written: nil, width: 30)
    #expect(lines.map(\.unicodeScalars.count).max() == 30)
    let wide = text.lines(status(disordered, .everything), written: nil, width: 100)
    #expect(wide.contains { $0.contains("SPI a0000001 192.0.2.1 → 192.0.2.2") })
  }

  @Test("A finding is told on one line, with when it was first found")
  func finding() {
    let finding = Finding(
      .espLoss, .likely, about: .capture, "2 % of the packets never came",
      evidence: [Finding.Evidence("gaps")])
    #expect(
      LiveStatusText(Naming(), ascii: false).line(finding, elapsed: .seconds(1234.6))
        == "1,234 s: WARNING esp-loss: 2 % of the packets never came")
  }
}
