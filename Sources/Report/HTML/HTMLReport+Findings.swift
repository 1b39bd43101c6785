internal import Diagnosis
internal import PacketDissector

extension HTMLReport {
  func writeFindings(to text: inout TextBuffer) {
    text.put("<section>\n<h2>Findings</h2>\n")
    if diagnosis.findings.isEmpty {
      text.put("<p>None.</p>\n")
    }
    var counts: [FindingID: Int] = [:]
    var folded: [Finding] = []
    for finding in diagnosis.findings {
      counts[finding.id, default: 0] += 1
      if counts[finding.id] ?? 0 > Self.alikeLimit {
        folded.append(finding)
      } else {
        write(finding, to: &text)
      }
    }
    writeFolded(folded, to: &text)
    text.put("</section>\n")
  }

  /// So many findings of one kind stand open: a fault of every SA would hide all others.
  private static let alikeLimit = 5

  private func writeFolded(_ findings: [Finding], to text: inout TextBuffer) {
    var rest = findings
    while let id = rest.first?.id {
      let alike = rest.filter { $0.id == id }
      rest.removeAll { $0.id == id }
      text.put("<details>\n<summary>")
      text.html("\(Verdict.counted(alike.count, "more finding")): ")
      text.element("code", id.rawValue)
      text.put("</summary>\n")
      for finding in alike { write(finding, to: &text) }
      text.put("</details>\n")
    }
  }

  private func write(_ finding: Finding, to text: inout TextBuffer) {
    let mark = HTMLMark(finding.severity)
    text.put("<article class=\"finding ")
    text.put(mark.style)
    text.put("\">\n<h3><span class=\"badge\"><span aria-hidden=\"true\">")
    text.html(mark.symbol)
    text.put("</span> ")
    text.html(finding.severity.rawValue.uppercased())
    text.put("</span> <code>")
    text.html(finding.id.rawValue)
    text.put("</code> <span class=\"confidence\">")
    text.html(finding.confidence.rawValue)
    text.put("</span></h3>\n")
    write(finding.subject, to: &text)
    text.element("p", class: "summary", naming.text(finding.summary))
    text.put("\n<dl>\n<div><dt>Evidence</dt><dd><ul>\n")
    for evidence in finding.evidence { write(evidence, to: &text) }
    text.put("</ul></dd></div>\n")
    if let meaning = finding.meaning {
      text.put("<div><dt>Meaning</dt><dd>")
      text.html(naming.text(meaning))
      text.put("</dd></div>\n")
    }
    if !finding.remedies.isEmpty {
      text.put("<div><dt>Remedy</dt><dd>\n")
      for remedy in finding.remedies { write(remedy, to: &text) }
      text.put("</dd></div>\n")
    }
    text.put("</dl>\n</article>\n")
  }

  // MARK: Whom it is about

  private func write(_ subject: Finding.Subject, to text: inout TextBuffer) {
    text.put("<p class=\"subject\">")
    if let anchor = anchor(of: subject) {
      text.put("<a href=\"#")
      text.put(anchor)
      text.put("\">")
      text.html(name(of: subject))
      text.put("</a>")
    } else {
      text.html(name(of: subject))
    }
    text.put("</p>\n")
  }

  private func name(of subject: Finding.Subject) -> String {
    switch subject {
    case .ikeSA(let spi, let initiator, let responder):
      "IKE SA \(naming.text(ikeSPI: spi)), \(path(initiator, responder))"
    case .flow(let spi, let source, let destination):
      "SPI \(naming.text(spi: spi)), \(path(source, destination))"
    case .peers(let one, let other):
      "Between \(naming.text(one)) and \(naming.text(other))"
    case .capture: "The capture as a whole"
    case .host: "The machine as a whole"
    case .connection(let name): naming.text("Connection \(identity: name)")
    }
  }

  func path(_ source: IPAddress, _ destination: IPAddress) -> String {
    "\(naming.text(source)) \u{2192} \(naming.text(destination))"
  }

  /// Where the picture of the SA stands; nil where none is drawn.
  private func anchor(of subject: Finding.Subject) -> String? {
    switch subject {
    case .ikeSA:
      drawn.sessions.first { evidence.sessions.sessions[$0].subject == subject }
        .map { "ike-\($0)" }
    case .flow:
      drawn.flows.first { evidence.flows.flows[$0].subject == subject }.map { "flow-\($0)" }
    case .peers, .capture, .host, .connection: nil
    }
  }

  // MARK: Evidence and remedies

  private func write(_ evidence: Finding.Evidence, to text: inout TextBuffer) {
    text.put("<li>")
    text.html(naming.text(evidence.text))
    if !evidence.frames.isEmpty {
      text.put(" <span class=\"frames\">(")
      if let capture = evidence.capture { text.html("\(capture.rawValue) ") }
      text.html(listed(evidence.frames))
      text.put(")</span>")
    }
    text.put("</li>\n")
  }

  /// "frame 812 at 12.345 s", "frames 1 at 0.000 s, 2 at 4.001 s and 40 more"
  private func listed(_ frames: [FrameReference]) -> String {
    let shown = frames.prefix(Self.shownFrames)
      .map { "\($0.number) at \(clock.text($0.time))" }.joined(separator: ", ")
    let rest = frames.count - Self.shownFrames
    return "\(frames.count == 1 ? "frame" : "frames") \(shown)"
      + (rest > 0 ? " and \(Quantity.grouped(Int64(rest))) more" : "")
  }

  private static let shownFrames = 16

  private func write(_ remedy: Finding.Remedy, to text: inout TextBuffer) {
    text.element("p", naming.text(remedy.text))
    text.put("\n")
    var rest = remedy.settings[...]
    while let place = rest.first?.place {
      let lines = rest.prefix { $0.place == place }
      rest = rest.dropFirst(lines.count)
      text.put("<figure class=\"lines\"><figcaption>")
      text.html(place.title)
      text.put("</figcaption>")
      text.put("<pre tabindex=\"0\">")
      for line in lines {
        text.html(naming.text(line.line))
        text.put("\n")
      }
      text.put("</pre></figure>\n")
    }
  }
}
