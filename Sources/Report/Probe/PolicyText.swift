internal import Measurement
internal import PacketDissector

/// A policy's lines as a diff: what it demands and is not so behind a minus, what is instead behind a
/// plus, what could not be decided behind a question mark.
struct PolicyText {
  private let check: PolicyCheck
  private let page: Page

  init(_ check: PolicyCheck, _ page: Page) {
    self.check = check
    self.page = page
  }

  func write(to text: inout TextBuffer) {
    text.put("\n")
    text.spaces(2)
    page.paragraph(headline, from: 2, indent: 4, to: &text)
    for line in check.lines {
      switch line.verdict {
      case .met: mark(" ", line.demand.text, nil, to: &text)
      case .violated:
        mark("-", "\(line.demand.text) (line \(line.demand.number))", .red, to: &text)
        mark("+", line.observed, .green, to: &text)
      case .undecided:
        mark(
          "?", "\(line.demand.text) (line \(line.demand.number)): \(line.observed)", .yellow,
          to: &text)
      }
    }
  }

  private var headline: String {
    let total = Verdict.counted(check.lines.count, "line")
    var parts: [String] = []
    if check.count(.violated) > 0 { parts.append("\(check.count(.violated)) violated") }
    if check.count(.undecided) > 0 { parts.append("\(check.count(.undecided)) undecided") }
    return parts.isEmpty
      ? "policy: met, all of \(total)" : "policy: of \(total) \(parts.joined(separator: ", "))"
  }

  private func mark(
    _ mark: String, _ words: String, _ colour: Page.Colour?, to text: inout TextBuffer
  ) {
    text.spaces(4)
    text.put(colour.map { page.coloured(mark, $0) } ?? mark)
    text.put(" ")
    page.paragraph(ProbeText.escaped(words), from: 6, indent: 8, to: &text)
  }
}
