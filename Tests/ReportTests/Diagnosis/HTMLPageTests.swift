import Diagnosis
import PacketDissector
import Testing

@testable import Report

@Suite("diagnose: HTML")
struct HTMLPageTests {
  private func page(_ diagnosis: CaptureDiagnosis, redacts: Bool = false) -> String {
    var text = TextBuffer()
    HTMLReport(
      diagnosis: diagnosis, naming: Naming(redacts: redacts), toolVersion: "1.2.3",
      sources: ["a&b.pcap"]
    ).write(to: &text)
    return text.string
  }

  private var small: SmallCapture {
    var capture = SmallCapture()
    for sequence in 1...3 { capture.esp(0xC0EB_461A, UInt32(sequence), at: Double(sequence)) }
    capture.ikeRequest(0x5412_008F_4C68_2429, at: 4)
    return capture
  }

  @Test("Verdict, findings, blind spots, pictures, tables and origin follow one another")
  func order() throws {
    var rest = page(small.diagnosis([.full()]))[...]
    for part in [
      "<strong>CRITICAL</strong>", "<h2>Findings</h2>", "<code>dpd-peer-dead</code>", "certain",
      "10.2.0.2 stopped answering after 41 checks; 10.1.0.2 gave up 165 s later",
      "a liveness check, sent 6 times and never answered",
      "(frames 812 at 29.000 s, 819 at 33.000 s, 825 at 40.200 s)", "Meaning", "Remedy",
      "charon.retransmit_tries = 2\ncharon.retransmit_timeout = 3\n", "CN=gw\\u{1b}[2J.example",
      "<h2>What was not to be seen</h2>", "<h2>IKE SAs, message by message</h2>",
      "\u{2192} IKE_SA_INIT 0, request", "<h2>ESP and AH flows, packet by packet</h2>",
      "<h2>All IKE SAs and flows</h2>", "ipsecdiag 1.2.3", "ipsecdiag.diagnosis/1",
      "2026-09-21T14:13:21.000000000Z (UTC)", "a&amp;b.pcap",
    ] {
      let range = try #require(rest.firstRange(of: part), "no \(part), or not here")
      rest = rest[range.upperBound...]
    }
  }

  @Test("Nothing is loaded: the page has no address but its own anchors")
  func selfContained() {
    let page = page(small.diagnosis([.full()]))
    let addresses = page.replacing("http://www.w3.org/2000/svg", with: "")
    #expect(!addresses.contains("://"))
    #expect(!page.contains("src="))
    #expect(!page.contains("url("))
    #expect(page.split(separator: "href=\"").dropFirst().allSatisfy { $0.hasPrefix("#") })
  }

  @Test("A redacted page names nobody by their own name")
  func redacted() {
    let own = page(small.diagnosis([.full()]))
    let redacted = page(small.diagnosis([.full()]), redacts: true)
    for name in ["10.1.0.2", "10.2.0.2", "c0eb461a", "5412008f4c682429", "CN=gw"] {
      #expect(own.contains(name))
      #expect(!redacted.contains(name), "\(name)")
    }
    #expect(redacted.contains("192.0.2.1"))
  }

  @Test("Without IPsec there is nothing to judge, without findings nothing is wrong")
  func verdicts() {
    var other = SmallCapture()
    other.other(at: 0)
    #expect(page(other.diagnosis()).contains("?</span> <strong>UNKNOWN</strong>"))
    #expect(page(small.diagnosis()).contains("\u{2714}</span> <strong>OK</strong>"))
  }

  @Test("Late packets are told from lost ones, in the plot and in what each window would drop")
  func disorder() {
    var capture = SmallCapture()
    // 41 comes 39 late; 50 and 51 never come.
    let numbers = Array(1...40) + Array(42...49) + Array(52...80) + [41] + Array(81...200)
    for (index, number) in numbers.enumerated() {
      capture.esp(0xC0EB_461A, UInt32(number), at: Double(index) * 0.01)
    }
    let page = page(capture.diagnosis())
    #expect(page.contains("1 \u{D7} numbers lost before this packet, 1 \u{D7} late packet."))
    #expect(page.contains("2 lost, 1 late, 0 repeated."))
    #expect(
      page.contains("A window of 32 packets would drop 1. A window of 64 packets would drop 0."))
    #expect(
      page.contains(
        "<th scope=\"row\" class=\"number\">32</th><td class=\"number\">1</td><td class=\"number\">0.51 %</td>"
      ))
  }

  @Test("Of many findings of one kind five stand open, the others are folded together")
  func folded() {
    let page = page(small.diagnosis(Array(repeating: .full(), count: 9)))
    #expect(page.split(separator: "<article").count - 1 == 9)
    #expect(page.contains("<summary>4 more findings: <code>dpd-peer-dead</code></summary>"))
    let fold = page.firstRange(of: "<summary>4 more")?.lowerBound ?? page.startIndex
    #expect(page[..<fold].split(separator: "<article").count - 1 == 5)
  }

  @Test("Of many flows the twelve with findings or most packets are drawn, all are in the table")
  func bounds() {
    var capture = SmallCapture()
    for spi in 1...20 {
      for sequence in 1...(spi == 1 ? 2 : spi + 2) {
        capture.esp(UInt32(0x1000 + spi), UInt32(sequence), at: Double(spi))
      }
    }
    let flow = Finding(
      .espLoss, .likely,
      about: .flow(spi: 0x1001, source: capture.source, destination: capture.destination),
      "lost", evidence: [Finding.Evidence("it is")])
    let page = page(capture.diagnosis([flow]))
    #expect(page.split(separator: "<details id=\"flow-").count - 1 == 12)
    #expect(page.contains("<h3>ESP 00001001</h3>"))
    #expect(page.contains("href=\"#flow-0\""))
    #expect(!page.contains("<h3>ESP 00001002</h3>"))
    #expect(page.contains("8 more flows not drawn."))
    #expect(page.contains(">00001002</th>"))
  }

  @Test(
    "An axis holds all its values between round ticks",
    arguments: [(0.0, 1.0), (0, 0.0037), (17, 17), (1, 4_294_967_295), (-3, 12), (99_990, 100_003)])
  func axis(low: Double, high: Double) throws {
    let axis = PlotAxis(low...high, on: 10...110, tickCount: 5, isRounded: true)
    #expect(axis.lowest <= low && axis.highest >= high)
    #expect(axis.pixel(axis.lowest) == 10 && axis.pixel(axis.highest) == 110)
    #expect((2...10).contains(axis.ticks.count))
    #expect(Set(axis.ticks.map(axis.label)).count == axis.ticks.count, "two ticks of one label")
  }
}
