import Diagnosis
import PacketDissector
import Testing

@testable import Report

@Suite("diagnose: text")
struct DiagnosisTextTests {
  private func text(
    _ diagnosis: CaptureDiagnosis, redacts: Bool = false,
    _ change: (inout DiagnosisText.Options) -> Void = { _ in }
  ) -> String {
    var options = DiagnosisText.Options()
    options.timeStyle = .utc
    change(&options)
    var text = TextBuffer()
    DiagnosisText(diagnosis, Naming(redacts: redacts), options).write(to: &text)
    return text.string
  }

  private func widest(_ text: String) -> Int {
    text.split(separator: "\n").map { $0.unicodeScalars.count }.max() ?? 0
  }

  private var small: SmallCapture {
    var capture = SmallCapture()
    for (index, sequence) in [1, 2, 3, 5, 4].enumerated() {
      capture.esp(0xC0EB_461A, UInt32(sequence), at: Double(index) * 0.5)
    }
    capture.ikeRequest(0x5412_008F_4C68_2429, at: 3)
    return capture
  }

  @Test(
    "Verdict first, then evidence, meaning and remedy, then what was not to be seen, then the SAs")
  func whole() {
    #expect(
      text(small.diagnosis([.full()])) == """
        CRITICAL  1 finding: dpd-peer-dead
                  6 frames, 3.0 s, 1 IKE SA, 1 ESP flow, from
                  2026-09-21T14:13:20.000000000Z on

        CRITICAL  dpd-peer-dead  10.2.0.2 stopped answering after 41 checks;     certain
                  10.1.0.2 gave up 165 s later
          about     IKE SA 5412008f4c682429, 10.1.0.2 → 10.2.0.2
          evidence  a liveness check, sent 6 times and never answered (frames 812 819
                      825, 30.000 s to 41.200 s)
                    the last ESP packet of 10.2.0.2, SPI c0eb461a (frame 805, 29.567 s)
                    no ICMP error came
          meaning   traffic was lost for 165 s: strongSwan's default schedule, not
                    dpd_delay, decides this
          remedy    to notice a dead peer within 20 s, send again sooner and less often
                      strongswan.conf:
                        charon.retransmit_tries = 2
                        charon.retransmit_timeout = 3
                      in a shell:
                        nft add rule inet filter forward ip daddr 10.2.0.2 tcp flags \\
                          syn tcp option maxseg size set 1298
                    ask CN=gw\\u{1b}[2J.example whether it restarted

        IKE SAs
          5412008f4c682429 IKEv2, no answer to 1 request
            10.1.0.2:500 → 10.2.0.2:500
            1 message: IKE_SA_INIT; none sent again

        ESP and AH, one direction each
          SPI           packets      lost      late  repeated       rate  IP packets
          c0eb461a            5         0         1         0      2.0/s  100 B
            10.1.0.2 → 10.2.0.2, frames 1 to 5, 2.0 s

        """)
  }

  @Test("-q is the verdict's line alone")
  func quiet() {
    #expect(
      text(small.diagnosis([.full()])) { $0.isQuiet = true }
        == "CRITICAL  1 finding: dpd-peer-dead\n")
    #expect(
      text(small.diagnosis()) { $0.isQuiet = true }
        == "OK  nothing wrong in 6 frames, 3.0 s, 1 IKE SA, 1 ESP flow\n")
  }

  @Test("-v gives every frame its time, every exchange and every window")
  func verbose() {
    let text = text(small.diagnosis([.full()])) { $0.isVerbose = true }
    #expect(
      text.contains("(frames 812 at\n              30.000 s, 819 at 34.000 s, 825 at 41.200 s)"))
    #expect(text.contains("      IKE_SA_INIT 0 of the initiator: frame 6, no answer\n"))
    #expect(text.contains("      sequence numbers 1 to 5\n"))
    #expect(text.contains("      a replay window would drop, by its size: 32: 0, 64: 0,"))
    #expect(widest(text) <= 80)
  }

  @Test("The longest IPv6 addresses leave no line wider than 80 columns, and none is cut off")
  func ipv6() throws {
    let source = try #require(IPAddress(text: "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1111"))
    let destination = try #require(IPAddress(text: "2001:db8:aaaa:bbbb:cccc:dddd:eeee:2222"))
    var capture = SmallCapture(from: source, to: destination)
    for sequence in 1...4 {
      capture.esp(0xFFFF_FFF0, UInt32(sequence), at: Double(sequence), bytes: 1400)
    }
    capture.ikeRequest(.max, at: 9)
    let diagnosis = capture.diagnosis([.full(source, destination)])
    for isVerbose in [false, true] {
      let text = text(diagnosis) { $0.isVerbose = isVerbose }
      #expect(widest(text) == 80)
      for line in text.split(separator: "\n") where line.contains("2001:") {
        #expect(line.contains("dddd:eeee:1111") || line.contains("dddd:eeee:2222"), "\(line)")
      }
    }
  }

  @Test("Of more than 20 SAs those of findings and the busiest are shown, and how many are not")
  func rows() {
    var capture = SmallCapture()
    for spi in 1...30 {
      for sequence in 1...(spi == 30 ? 1 : spi + 1) {
        capture.esp(UInt32(256 + spi), UInt32(sequence), at: Double(spi))
      }
      capture.ikeRequest(UInt64(spi), at: Double(spi))
    }
    let finding = Finding(
      .espLoss, .likely,
      about: .flow(spi: 286, source: capture.source, destination: capture.destination), "x",
      evidence: [.init("y")])
    let short = text(capture.diagnosis([finding]))
    #expect(short.contains("\n  and 10 more IKE SAs: -v shows all\n"))
    #expect(short.contains("\n  and 10 more flows: -v shows all\n"))
    #expect(short.contains("\n  0000011e "))
    #expect(short.contains("\n  0000011d "))
    #expect(!short.contains("\n  0000010a "))
    let long = text(capture.diagnosis([finding])) { $0.isVerbose = true }
    #expect(long.contains("\n  0000010a ") && !long.contains("more flows"))
  }

  @Test("Of one kind five findings are shown, and how many more there are; with -v all")
  func manyFindings() {
    let loss = Finding(.espLoss, .likely, about: .capture, "lost", evidence: [.init("y")])
    let diagnosis = small.diagnosis([.full()] + Array(repeating: loss, count: 8))
    func shown(_ text: String) -> Int {
      text.split(separator: "\n").count { $0.hasPrefix("WARNING   esp-loss  lost") }
    }
    let short = text(diagnosis)
    #expect(shown(short) == 5)
    #expect(short.contains("\n\nand 3 more findings of esp-loss: -v shows all\n"))
    #expect(short.hasPrefix("CRITICAL  9 findings: dpd-peer-dead, esp-loss (8)\n"))
    let long = text(diagnosis) { $0.isVerbose = true }
    #expect(shown(long) == 8 && !long.contains("more findings"))
  }

  @Test("--ascii leaves nothing but ASCII")
  func ascii() {
    let text = text(small.diagnosis([.full()])) { $0.page = Page(ascii: true) }
    #expect(text.utf8.allSatisfy { $0 < 0x80 })
    #expect(text.contains("10.1.0.2 -> 10.2.0.2"))
  }

  @Test("Colour changes nothing but the colour")
  func colour() {
    let plain = text(small.diagnosis([.full()]))
    let coloured = text(small.diagnosis([.full()])) { $0.page = Page(isColoured: true) }
    #expect(coloured.contains("\u{1B}[1;31mCRITICAL\u{1B}[0m  dpd-peer-dead"))
    let parts = coloured.split(separator: "\u{1B}", omittingEmptySubsequences: false)
    let stripped = parts.dropFirst().map { $0.drop { $0 != "m" }.dropFirst() }
    #expect((parts.prefix(1) + stripped).joined() == plain)
  }
}
