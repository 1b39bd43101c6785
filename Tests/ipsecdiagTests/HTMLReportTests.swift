import Capture
import Diagnosis
import PacketDissector
import Report
import Testing

/// The page that `diagnose --format html` writes, as a browser shows it.
@Suite(
  "HTML report in a browser", .serialized,
  .enabled(if: Browser.program != nil, "there is no Chromium: scripts/setup --test installs it"))
struct HTMLReportTests {
  static let hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>\u{202E}"

  static let views = [
    Browser.View(name: "a small phone", width: 320),
    Browser.View(name: "a phone in the dark", width: 390, isDark: true),
    Browser.View(name: "a desk", width: 1200),
    Browser.View(name: "paper", width: 720, isPrint: true),
  ]

  /// Several captures in one, so that every kind of picture is on the page.
  static let captures = [
    "scenarios/retransmits-at-a.pcap", "scenarios/refused-port.pcap",
    "scenarios/dpd-answered-at-a.pcap", "scenarios/mtu-exceeded.pcap",
    "recordings/ikev1-main-psk-dpd-answered.pcap", "recordings/ipv6-esp-in-udp.pcap",
    "recordings-kernel/tunnel-ipv6-fragments.pcap",
  ]

  private func evidence() -> CaptureEvidence {
    var evidence = CaptureEvidence(withPlots: true)
    for capture in Self.captures {
      let path = "\(Place.root)/Tests/Fixtures/\(capture)"
      let problems = evidence.read(FrameReader(.files(MergedCapture(paths: [path]))))
      #expect(problems.isEmpty)
    }
    let reordered = [1, 2, 3, 120, 121, 4, 5, 122, 122, 123] + (124...200).map(UInt32.init)
    var frames = HandmadeFrames()
    for sequence in reordered { frames.esp(sequence, to: &evidence) }
    frames.ikeRequest(to: &evidence)
    return evidence
  }

  private func page(_ evidence: CaptureEvidence) -> String {
    let rule = Rule(FindingID.allCases) { evidence in
      guard let session = evidence.sessions.sessions.first, let flow = evidence.flows.flows.first
      else { return [] }
      return [
        Finding(
          .dpdPeerDead, .certain, about: session.subject,
          "\(session.responder.address), \(identity: Self.hostile), stopped answering",
          meaning: "traffic was lost for \(Nanoseconds.seconds(165))",
          evidence: [Finding.Evidence("the request was sent 6 times", [session.first])],
          remedies: [
            Finding.Remedy(
              "for 20 s",
              [
                Finding.Setting(
                  .shell,
                  "nft add rule inet filter forward tcp flags syn tcp option maxseg size set 1298"
                )
              ])
          ]),
        Finding(
          .replayWindowTooSmall, .likely, about: flow.subject, "window 64 would drop 2 packets",
          evidence: [Finding.Evidence("two packets are late", [flow.first])]),
        Finding(
          .natDetected, .possible, about: .peers(flow.source, flow.destination),
          "somebody is behind NAT", evidence: [Finding.Evidence("by its hash", [flow.first])]),
      ]
    }
    var text = TextBuffer()
    HTMLReport(
      diagnosis: CaptureDiagnosis(evidence, by: [rule]), naming: Naming(), toolVersion: "0.0.0",
      sources: ["\(Self.hostile).pcap"]
    ).write(to: &text)
    return text.string
  }

  @Test("Each screen shows all of it, legibly, and nothing but boxes scrolls", arguments: views)
  func shown(_ view: Browser.View) throws {
    let browser = try Browser(page(evidence()), view, probe: Self.probe)
    let seen = browser.seen
    #expect(seen["verdict"] == "CRITICAL")
    #expect(seen["findings"] == "3")
    #expect(seen["severities"] == "\u{2716} CRITICAL, \u{25B2} WARNING, \u{25CF} INFO")
    #expect(browser.number("width") == Double(view.width))
    #expect(seen["dark"] == "\(view.isDark)")
    #expect(browser.number("overflow") == 0, "the page is wider than the screen")
    #expect(try #require(browser.number("contrast")) >= 4.5, "\(seen["palest"] ?? "")")
    #expect(seen["cut"] == "", "text beyond a picture's edge")
    #expect(seen["overlapping"] == "", "text upon text")
    for axis in [
      "time since the flow's first packet (s)", "sequence number", "late packets",
      "packet size (bytes)",
    ] {
      #expect(seen["labels"]?.contains("|\(axis)|") == true, "\(axis)")
    }
    if view.isPrint {
      #expect(browser.number("scrolling") == 0, "a box is cut off on paper")
      #expect(browser.number("hidden") == 0, "a folded part is missing on paper")
    }
  }

  @Test("Text off the wire is text: no script of it runs, none is on the page")
  func hostile() throws {
    let page = page(evidence())
    #expect(!page.contains("<script"))
    #expect(!page.contains("<img"))
    #expect(!page.contains("\u{202E}"))
    #expect(page.contains("default-src 'none'; style-src 'unsafe-inline'; img-src data:"))
    let browser = try Browser(page, Self.views[2], probe: Self.probe)
    #expect(browser.seen["alarms"] == "0")
    #expect(
      browser.seen["first summary"]
        == "10.2.0.2, <script>alert(1)</script><img src=x onerror=alert(2)>\\u{202e}, stopped answering"
    )
  }

  @Test("The probe does see a script that runs")
  func alarm() throws {
    let page = "<!DOCTYPE html><html><head></head><body><script>alert(1)</script></body></html>"
    let browser = try Browser(page, Self.views[2], probe: "tell('alarms', window.alarms);")
    #expect(browser.seen["alarms"] == "1")
  }

  @Test("Who listens to it finds headings in order, names of pictures, heads of tables, live links")
  func accessible() throws {
    let evidence = evidence()
    let browser = try Browser(page(evidence), Self.views[2], probe: Self.probe)
    #expect(browser.seen["skipped headings"] == "0")
    #expect(browser.seen["nameless pictures"] == "0")
    #expect(browser.seen["headless tables"] == "0")
    #expect(browser.seen["dead links"] == "0")
    #expect(browser.seen["links"] == "2")
    // A diagram of each IKE SA at least, and a plot of each flow.
    let least = evidence.sessions.sessions.count + evidence.flows.flows.count
    #expect(try #require(browser.number("pictures")) >= Double(least))
  }

  /// Contrast is that of WCAG 2.1, section 1.4.3.
  private static let probe = """
    const all = s => [...document.querySelectorAll(s)];
    const clean = s => s.replace(/\\s+/g, " ").trim();
    tell("verdict", all(".verdict strong")[0].textContent);
    tell("findings", all("article").length);
    tell("severities", all("article .badge").map(b => clean(b.textContent)).join(", "));
    tell("first summary", clean(all("article .summary")[0].textContent));
    tell("width", innerWidth);
    tell("dark", matchMedia("(prefers-color-scheme: dark)").matches);
    tell("overflow", Math.max(0, document.documentElement.scrollWidth - innerWidth));
    tell("alarms", window.alarms);
    tell("labels", "|" + all("svg text").map(t => t.textContent).join("|") + "|");
    tell("pictures", all("svg").length);
    tell("nameless pictures", all("svg").filter(s =>
      !s.querySelector("title")?.textContent || !s.querySelector("desc")?.textContent).length);
    tell("headless tables", all("table").filter(t => !t.querySelector("thead th")
      || [...t.querySelectorAll("th")].some(h => !h.hasAttribute("scope"))).length);
    tell("links", all("a").length);
    tell("dead links", all("a").filter(a =>
      !document.getElementById(a.getAttribute("href").slice(1))).length);
    const levels = all("h1,h2,h3,h4").map(h => +h.tagName[1]);
    tell("skipped headings", levels.filter((l, i) => l > (i ? levels[i - 1] : 0) + 1).length);
    tell("scrolling", all(".scroll, pre").filter(b => b.scrollWidth > b.clientWidth + 1).length);
    tell("hidden", all("details .figures, details svg").filter(e =>
      !e.checkVisibility({ contentVisibilityAuto: true })).length);
    all("details").forEach(d => { d.open = true; });
    tell("cut", all("svg text").filter(t => {
      const box = t.getBBox(), view = t.ownerSVGElement.viewBox.baseVal;
      return !t.getAttribute("transform") && (box.x < -0.5 || box.y < -0.5
        || box.x + box.width > view.width + 0.5 || box.y + box.height > view.height + 0.5);
    }).map(t => t.textContent).join("|"));
    tell("overlapping", all("svg").flatMap(svg => {
      const texts = [...svg.querySelectorAll("text:not([transform])")];
      const boxes = texts.map(t => t.getBBox());
      return texts.filter((_, i) => boxes.some((b, j) => j < i
        && Math.min(b.x + b.width, boxes[i].x + boxes[i].width) - Math.max(b.x, boxes[i].x) > 1
        && Math.min(b.y + b.height, boxes[i].y + boxes[i].height) - Math.max(b.y, boxes[i].y) > 3));
    }).map(t => t.textContent).join("|"));
    const rgb = c => c.match(/[\\d.]+/g).map(Number);
    const luminance = c => { const [r, g, b] = rgb(c).map(v => v / 255)
      .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const ground = e => { for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor; if (rgb(c)[3] !== 0) return c; }
      return "rgb(255, 255, 255)"; };
    let least = 99, palest = "";
    for (const e of all("body *")) {
      if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
      if (["SCRIPT", "STYLE", "title", "desc"].includes(e.tagName)) continue;
      const style = getComputedStyle(e);
      const one = luminance(e.tagName === "text" ? style.fill : style.color);
      const other = luminance(ground(e));
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      if (ratio < least) { least = ratio; palest = clean(e.textContent).slice(0, 60); }
    }
    tell("contrast", least.toFixed(2));
    tell("palest", palest);
    """
}

/// Frames that no recording has.
private struct HandmadeFrames {
  private let dissector = Dissector()
  private var number: UInt64 = 100_000

  mutating func esp(_ sequence: UInt32, to evidence: inout CaptureEvidence) {
    var writer = ByteWriter()
    IPv4Header(
      trafficClass: 0, totalLength: 120, identification: 0, flagsAndOffset: 0, timeToLive: 64,
      protocol: 50, source: IPAddress(v4: 0x0A01_0002), destination: IPAddress(v4: 0x0A02_0002)
    ).write(to: &writer)
    ESPHeader(spi: 0xC0EB_461A, sequenceNumber: sequence).write(to: &writer)
    for index in 0..<92 { writer.u8(UInt8(truncatingIfNeeded: index &* 7 &+ Int(sequence))) }
    add(writer.bytes, to: &evidence)
  }

  /// An IKE_SA_INIT request between addresses that are as long as they can be.
  mutating func ikeRequest(to evidence: inout CaptureEvidence) {
    var writer = ByteWriter()
    IPv6Header(
      trafficClass: 0, payloadLength: 36, nextHeader: 17, hopLimit: 64,
      source: IPAddress(v6High: 0x2001_1DB8_1111_2222, low: 0x3333_4444_5555_6666),
      destination: IPAddress(v6High: 0x2001_1DB8_7777_8888, low: 0x9999_AAAA_BBBB_CCCC)
    ).write(to: &writer)
    UDPHeader(sourcePort: 50_000, destinationPort: 500, length: 36).write(to: &writer)
    IKEHeader(
      initiatorSPI: 0x5412_008F_4C68_2429, responderSPI: 0, nextPayload: 0, exchangeType: 34,
      flags: 0x08, messageID: 0, length: 28
    ).write(to: &writer)
    add(writer.bytes, to: &evidence)
  }

  private mutating func add(_ bytes: [UInt8], to evidence: inout CaptureEvidence) {
    number += 1
    let time = Timestamp(
      nanoseconds: 1_795_460_000_000_000_000 + Int64(number) * 10_000_000)
    dissector.dissect(bytes.rawBytes, linkType: .raw, timestamp: time)
    evidence.add(
      dissector, bytes.rawBytes, FrameReference(number, time), originalLength: bytes.count,
      isCut: false)
  }
}
