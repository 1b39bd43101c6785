internal import Diagnosis
internal import PacketDissector

/// Draws a sequence diagram in pieces no taller than a page of paper.
struct SequenceDiagramDrawing {
  private let diagram: SequenceDiagram
  private let start: Timestamp
  /// Who is at the lifelines: a line or two each.
  private let left: [String]
  private let right: [String]

  private static let width = 640.0
  private static let leftLine = 112.0
  private static let rightLine = 624.0
  private static let middle = (leftLine + rightLine) / 2
  private static let lineHeight = 15.0
  private static let pageHeight = 820.0
  /// Characters of a label that fit between the lifelines.
  private static let labelColumns = 72

  init(_ diagram: SequenceDiagram, start: Timestamp, left: [String], right: [String]) {
    self.diagram = diagram
    self.start = start
    self.left = left
    self.right = right
  }

  func write(name: String, to text: inout TextBuffer) {
    var pages: [[SequenceDiagram.Row]] = [[]]
    var height = headHeight
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
      let top = index == 0 ? headHeight : 8
      let height = rows.reduce(top) { $0 + self.height(of: $1) } + 6
      // Its texts are worth reading one by one, so it is a group of them and not one image.
      text.svg(
        width: Self.width, height: height, role: "group",
        title: "Sequence diagram of \(name)\(part)",
        description:
          "Messages in time from top to bottom between the initiator, \(left.joined(separator: ", ")), and the responder, \(right.joined(separator: ", ")). Spacing is not to scale; silence of a second or more is marked."
      ) { write(rows, top: top, height: height, hasHead: index == 0, to: &$0) }
    }
  }

  private func write(
    _ rows: [SequenceDiagram.Row], top: Double, height: Double, hasHead: Bool,
    to text: inout TextBuffer
  ) {
    if hasHead {
      writeHead(to: &text)
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

  // MARK: Head

  /// Side by side, or one below the other where two long IPv6 addresses would meet.
  private var isStacked: Bool {
    let (one, other) = (left.map(\.count).max() ?? 0, right.map(\.count).max() ?? 0)
    return one + other > Self.labelColumns
  }

  private var headHeight: Double {
    let lines = isStacked ? left.count + right.count + 2 : max(left.count, right.count) + 1
    return 16 + Double(lines) * Self.lineHeight
  }

  private func writeHead(to text: inout TextBuffer) {
    func write(
      _ name: String, _ lines: [String], _ x: Double, _ anchor: TextBuffer.Anchor, from line: Int,
      to text: inout TextBuffer
    ) {
      for (index, words) in ([name] + lines).enumerated() {
        text.svgText(
          x, 14 + Double(line + index) * Self.lineHeight, anchor, class: index == 0 ? "title" : "",
          words)
      }
    }
    write("initiator", left, Self.leftLine - 8, .start, from: 0, to: &text)
    write(
      "responder", right, Self.rightLine + 8, .end, from: isStacked ? left.count + 1 : 0, to: &text)
    text.svgText(
      Self.leftLine - 16, headHeight - 16, .end, class: "quiet", "time, frame")
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
