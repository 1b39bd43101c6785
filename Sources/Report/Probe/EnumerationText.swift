internal import Diagnosis
internal import Measurement
internal import PacketDissector

/// What a peer accepts: whole suites with their grades, and the algorithms of each kind.
struct EnumerationText {
  private let found: Enumeration
  private let traffic: ProbeTraffic
  private let page: Page

  init(_ found: Enumeration, _ traffic: ProbeTraffic, _ page: Page) {
    self.found = found
    self.traffic = traffic
    self.page = page
  }

  func write(to text: inout TextBuffer) {
    text.put("\n")
    text.spaces(2)
    page.paragraph(effort, from: 2, indent: 4, to: &text)
    if !found.isComplete { incomplete(to: &text) }
    suites(to: &text)
    caveats(to: &text)
    for axis in found.axes { self.axis(axis, to: &text) }
    additional(to: &text)
  }

  /// "31 requests, 4.1 s, largest 742 bytes, 3 retransmitted, none unanswered"
  private var effort: String {
    func number(_ count: Int) -> String { count == 0 ? "none" : "\(count)" }
    return "\(Verdict.counted(traffic.packetsSent, "request")), \(traffic.duration.words), "
      + "largest \(traffic.largestRequest) bytes, \(number(traffic.retransmitted)) retransmitted, "
      + "\(number(traffic.unanswered)) unanswered"
  }

  private func incomplete(to text: inout TextBuffer) {
    let axes = found.axes.filter(\.isIncomplete).map { Self.name(of: $0.type) }
    var parts = axes
    if !found.suitesAreComplete { parts.append("suites") }
    if !found.additional.unanswered.isEmpty { parts.append("additional key exchanges") }
    text.spaces(2)
    text.put(page.coloured("INCOMPLETE", .yellow))
    text.put("  ")
    page.paragraph(
      "\(parts.joined(separator: ", ")): questions stayed without an answer, so there may be more than is listed",
      from: 14, indent: 14, to: &text)
  }

  private func suites(to text: inout TextBuffer) {
    text.spaces(2)
    guard !found.suites.isEmpty else {
      page.paragraph("no suite was accepted", from: 2, indent: 4, to: &text)
      return
    }
    let order =
      switch found.preference {
      case .responder: "the peer's order decides among them"
      case .initiator: "the order of whoever asks decides among them"
      case .unknown: "whose order decides among them is not known"
      }
    let shown = isCondensed ? found.products : found.suites
    let count =
      isCondensed ? "\(Verdict.counted(found.suites.count, "accepted suite")), as " : "accepted "
    page.paragraph(
      "\(count)\(isCondensed ? "proposals with alternatives" : "suites"); \(order)", from: 2,
      indent: 4,
      to: &text)
    for (index, suite) in shown.enumerated() {
      let number = "\(index + 1)"
      text.spaces(6 - number.count)
      text.put(number)
      text.put("  ")
      let grade = SuiteGrade(suite)
      let words = ProbeText.escaped(ProbeWords.suite(suite))
      let lines = page.lines(words, first: page.width - 16, rest: page.width - 16)
      for (row, line) in lines.enumerated() {
        if row > 0 { text.spaces(8) }
        text.put(line)
        if row == 0 {
          text.spaces(page.width - 8 - line.unicodeScalars.count - 4)
          text.put(page.coloured(grade.word.rawValue, Self.colour(of: grade.word)))
        }
        text.put("\n")
      }
    }
  }

  /// Nobody reads a hundred suites that differ in one algorithm each.
  private var isCondensed: Bool {
    found.suites.count > Self.longestList && !found.products.isEmpty
      && found.products.count < found.suites.count
  }

  static let longestList = 16

  /// What the list of suites does not say.
  private func caveats(to text: inout TextBuffer) {
    if found.inferredSuites > 0 {
      page.fact(
        "inferred",
        "\(found.inferredSuites) of \(found.suites.count) suites were not asked for one by one: they follow "
          + "from algorithms that were accepted with each other",
        to: &text)
    }
    if found.requiresAdditional {
      page.fact("required", "an additional key exchange, with every suite", to: &text)
    }
  }

  static func colour(of word: SuiteGrade.Word) -> Page.Colour {
    switch word {
    case .good: .green
    case .fair: .yellow
    case .weak: .red
    }
  }

  static func name(of type: TransformType) -> String {
    switch type {
    case .encryption: "encryption"
    case .prf: "PRF"
    case .integrity: "integrity"
    case .keyExchange: "exchange"
    default: "\(type)"
    }
  }

  private func axis(_ axis: Enumeration.Axis, to text: inout TextBuffer) {
    var words = axis.accepted.map(Self.words).joined(separator: ", ")
    if axis.accepted.isEmpty { words = "none" }
    if axis.isIncomplete { words += ", and perhaps more" }
    page.fact(Self.name(of: axis.type), ProbeText.escaped(words), to: &text)
  }

  /// "3DES (MAY)": an algorithm, with its level where that is nothing to be proud of.
  private static func words(_ transform: Transform) -> String {
    let name = ProposalNotation.name(of: transform)
    guard let grade = AlgorithmGrade(of: transform.type, id: transform.id, for: .ike),
      SuiteGrade.word(of: grade.level) > .good
    else { return name }
    return "\(name) (\(grade.level.rawValue))"
  }

  private func additional(to text: inout TextBuffer) {
    let all =
      found.additional.accepted.map { "\(ProposalNotation.name(of: $0)) yes" }
      + found.additional.refused.map { "\(ProposalNotation.name(of: $0)) no" }
      + found.additional.unanswered.map { "\(ProposalNotation.name(of: $0)) not answered" }
    guard !all.isEmpty else { return }
    page.fact("additional", all.joined(separator: ", "), to: &text)
  }
}
