internal import Diagnosis
internal import PacketDissector

extension HTMLReport {
  /// So many IKE SAs are drawn: those that findings are about first, then the first ones.
  static let diagramLimit = 24

  /// Their places among the evidence's sessions, in the order of the page.
  var drawnSessions: [Int] {
    let sessions = evidence.sessions.sessions
    let subjects = Set(diagnosis.findings.map(\.subject))
    let (found, others) = (
      sessions.indices.filter { subjects.contains(sessions[$0].subject) },
      sessions.indices.filter { !subjects.contains(sessions[$0].subject) }
    )
    return Array((found + others).prefix(Self.diagramLimit))
  }

  func writeSequenceDiagrams(to text: inout TextBuffer) {
    let sessions = evidence.sessions.sessions
    text.put("<section>\n<h2>IKE SAs, message by message</h2>\n")
    if sessions.isEmpty {
      text.put("<p>No IKE message is in the capture.</p>\n")
    }
    let subjects = Set(diagnosis.findings.map(\.subject))
    let drawn = drawnSessions
    for place in drawn {
      let isOpen = subjects.contains(sessions[place].subject) || drawn.count <= Self.openLimit
      write(sessions[place], place, isOpen: isOpen, to: &text)
    }
    let rest = sessions.count - drawn.count
    if rest > 0 {
      text.element("p", "\(Verdict.counted(rest, "more IKE SA")) not drawn.")
      text.put("\n")
    }
    text.put("</section>\n")
  }

  /// As many pictures stand open; of more, those only that a finding is about.
  static let openLimit = 4

  private func write(
    _ session: IKESession, _ place: Int, isOpen: Bool, to text: inout TextBuffer
  ) {
    let name = "IKE SA \(naming.text(ikeSPI: session.initiatorSPI))"
    let icmp = evidence.icmp.entries.filter {
      $0.quoted == .ike(initiatorSPI: session.initiatorSPI)
    }
    let diagram = SequenceDiagram(session, icmp: icmp, end: evidence.quality.end, naming)
    text.put("<details id=\"ike-\(place)\"\(isOpen ? " open" : "")>\n<summary><h3>")
    text.html(name)
    text.put("</h3> <span>")
    text.html(path(session.initiator.address, session.responder.address))
    text.put("</span></summary>\n")
    text.element("p", class: "figures", figures(of: session))
    text.put("\n")
    let drawing = SequenceDiagramDrawing(
      diagram, start: session.first.time, left: ends(session).initiator,
      right: ends(session).responder)
    text.scrollBox("Sequence diagram of \(name)") { drawing.write(name: name, to: &$0) }
    if diagram.leftOut > 0 {
      text.element(
        "p", "\(Verdict.counted(diagram.leftOut, "arrow")) in the middle left out of the picture.")
    }
    if session.forgotten > 0 {
      text.element(
        "p",
        "\(Verdict.counted(session.forgotten, "exchange")) without incident not kept."
      )
    }
    text.put("</details>\n")
  }

  private func figures(of session: IKESession) -> String {
    [
      "IKEv\(session.majorVersion)\(session.usesTCP ? " over TCP" : "")",
      Verdict.counted(session.messages, "message"),
      "begins \(clock.text(session.first.time)) into the capture, lasts \(session.duration)",
      "initiator SPI \(naming.text(ikeSPI: session.initiatorSPI))",
      session.responderSPI == 0
        ? "no responder SPI yet" : "responder SPI \(naming.text(ikeSPI: session.responderSPI))",
    ].joined(separator: ", ") + ". Times in the picture count from the SA's first message."
  }

  private func ends(_ session: IKESession) -> (initiator: String, responder: String) {
    func end(_ first: Endpoint, _ last: Endpoint) -> String {
      let start = "\(naming.text(first.address)) port \(first.port)"
      if first.address != last.address {
        return "\(start), later \(naming.text(last.address)) port \(last.port)"
      }
      return first.port == last.port ? start : "\(start), later \(last.port)"
    }
    return (
      end(session.initiator, session.latestInitiator),
      end(session.responder, session.latestResponder)
    )
  }
}

/// Draws a sequence diagram in pieces no taller than a page of paper.
struct SequenceDiagramDrawing {
  private let diagram: SequenceDiagram
  private let start: Timestamp
  private let left: String
  private let right: String

  private static let width = 640.0
  private static let leftLine = 112.0
  private static let rightLine = 624.0
  private static let middle = (leftLine + rightLine) / 2
  private static let headHeight = 46.0
  private static let lineHeight = 15.0
  private static let pageHeight = 820.0
  /// Characters of a label that fit between the lifelines.
  private static let labelColumns = 72

  init(_ diagram: SequenceDiagram, start: Timestamp, left: String, right: String) {
    self.diagram = diagram
    self.start = start
    self.left = left
    self.right = right
  }

  func write(name: String, to text: inout TextBuffer) {
    var pages: [[SequenceDiagram.Row]] = [[]]
    var height = Self.headHeight
    for row in diagram.rows {
      if height + self.height(of: row) > Self.pageHeight {
        pages.append([])
        height = 8
      }
      height += self.height(of: row)
      pages[pages.count - 1].append(row)
    }
    for (index, rows) in pages.enumerated() {
      let part = pages.count > 1 ? ", part \(index + 1) of \(pages.count)" : ""
      let top = index == 0 ? Self.headHeight : 8
      let height = rows.reduce(top) { $0 + self.height(of: $1) } + 6
      // Its texts are worth reading one by one, so it is a group of them and not one image.
      text.svg(
        width: Self.width, height: height, role: "group",
        title: "Sequence diagram of \(name)\(part)",
        description:
          "Messages in time from top to bottom between the initiator, \(left), and the responder, \(right). Spacing is not to scale; silence of a second or more is marked."
      ) { write(rows, top: top, height: height, hasHead: index == 0, to: &$0) }
    }
  }

  private func write(
    _ rows: [SequenceDiagram.Row], top: Double, height: Double, hasHead: Bool,
    to text: inout TextBuffer
  ) {
    if hasHead {
      text.svgText(Self.leftLine - 8, 14, class: "name", "initiator")
      text.svgText(Self.leftLine - 8, 30, .start, left)
      text.svgText(Self.rightLine + 8, 14, .end, class: "name", "responder")
      text.svgText(Self.rightLine + 8, 30, .end, right)
      text.svgText(Self.leftLine - 16, 30, .end, class: "quiet", "time, frame")
    }
    for x in [Self.leftLine, Self.rightLine] {
      text.svgLine(x, hasHead ? top - 8 : 0, x, height, class: "life")
    }
    var y = top
    for row in rows {
      let height = self.height(of: row)
      switch row {
      case .arrow(let arrow): write(arrow, y: y, to: &text)
      case .gap(let silence): writeBreak("\(silence) without a message", y: y, height, to: &text)
      case .leftOut(let count):
        writeBreak("\(count) arrows left out", y: y, height, to: &text)
      }
      y += height
    }
  }

  private func height(of row: SequenceDiagram.Row) -> Double {
    switch row {
    case .gap, .leftOut: 30
    case .arrow(let arrow): 34 + Double(lines(of: arrow).count) * Self.lineHeight
    }
  }

  /// The detail below an arrow, broken at spaces.
  private func lines(of arrow: SequenceDiagram.Arrow) -> [String] {
    var lines: [String] = []
    for word in arrow.detail.split(separator: " ") {
      if let last = lines.last, last.count + word.count < Self.labelColumns {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  // MARK: Rows

  private func write(
    _ arrow: SequenceDiagram.Arrow, y: Double, to text: inout TextBuffer
  ) {
    let line = y + 24
    if let frame = arrow.frame {
      let time = CaptureClock.seconds(Nanoseconds(from: start, to: arrow.time))
      text.svgText(Self.leftLine - 16, line - 2, .end, class: "time", time)
      text.svgText(Self.leftLine - 16, line + 12, .end, class: "quiet", "frame \(frame)")
    }
    // Labels begin at the left, where a narrow screen shows them, and so say the direction themselves.
    let label = Self.leftLine + 16
    let direction =
      arrow.shape == .exchanges ? "\u{2194}" : arrow.isFromInitiator ? "\u{2192}" : "\u{2190}"
    text.svgText(
      label, line - 6, .start, class: arrow.isRefusal ? "title bad" : "title",
      "\(direction) \(arrow.title)")
    for (index, detail) in lines(of: arrow).enumerated() {
      text.svgText(
        label, line + 15 + Double(index) * Self.lineHeight, .start,
        class: arrow.isRefusal ? "detail bad" : "detail", detail)
    }
    shaft(of: arrow, line, to: &text)
  }

  private func shaft(
    of arrow: SequenceDiagram.Arrow, _ y: Double, to text: inout TextBuffer
  ) {
    let (from, to) =
      arrow.isFromInitiator
      ? (Self.leftLine, Self.rightLine) : (Self.rightLine, Self.leftLine)
    switch arrow.shape {
    case .message:
      let style: StaticString = arrow.isRefusal ? "arrow bad" : "arrow"
      text.svgLine(from, y, to, y, class: style)
      head(at: to, y, comesFrom: from, class: arrow.isRefusal ? "head bad" : "head", to: &text)
    case .retransmission:
      text.svgLine(from, y, to, y, class: "arrow again")
      head(at: to, y, comesFrom: from, class: "head again", to: &text)
    case .exchanges:
      text.svgLine(from, y, to, y, class: "arrow")
      head(at: to, y, comesFrom: from, class: "head", to: &text)
      head(at: from, y, comesFrom: to, class: "head", to: &text)
    case .error:
      // Wherever it comes from, it is neither end.
      text.svgLine(Self.middle, y, to, y, class: "arrow bad")
      text.svgRectangle(Self.middle - 4, y - 4, width: 8, height: 8, class: "head bad")
      head(at: to, y, comesFrom: from, class: "head bad", to: &text)
    case .absent:
      text.svgLine(from, y, Self.middle, y, class: "arrow bad absent")
      cross(at: Self.middle, y, to: &text)
    }
  }

  private func head(
    at x: Double, _ y: Double, comesFrom: Double, class style: StaticString,
    to text: inout TextBuffer
  ) {
    let back = x > comesFrom ? x - 10 : x + 10
    text.svgPath([(x, y), (back, y - 4.5), (back, y + 4.5)], closed: true, class: style)
  }

  private func cross(at x: Double, _ y: Double, to text: inout TextBuffer) {
    text.svgLine(x - 5, y - 5, x + 5, y + 5, class: "arrow bad")
    text.svgLine(x - 5, y + 5, x + 5, y - 5, class: "arrow bad")
  }

  /// Time that was left out: both lifelines are interrupted.
  private func writeBreak(
    _ words: String, y: Double, _ height: Double, to text: inout TextBuffer
  ) {
    for x in [Self.leftLine, Self.rightLine] {
      text.svgRectangle(x - 3, y + 9, width: 6, height: height - 18, class: "interruption")
      for edge in [y + 9, y + height - 9] {
        text.svgLine(x - 6, edge + 3, x + 6, edge - 3, class: "life")
      }
    }
    text.svgText(Self.leftLine + 16, y + height / 2 + 4, .start, class: "quiet", words)
  }
}
