package import Diagnosis
package import PacketDissector

/// One finding for people: how bad, what, how sure; then who, how one knows, what it means and what to
/// type.
package struct FindingText {
  private let page: Page
  private let naming: Naming
  /// Frames are timed from here, those of a second capture from its own start.
  private let start: Timestamp?
  private let startOfB: Timestamp?
  /// All frames of the evidence with their times, instead of the first few.
  private let isVerbose: Bool
  private static let frameLimit = 8
  /// Where the blocks' words stand.
  private static let column = 12

  package init(
    _ page: Page, _ naming: Naming, start: Timestamp?, startOfB: Timestamp? = nil, isVerbose: Bool
  ) {
    self.page = page
    self.naming = naming
    self.start = start
    self.startOfB = startOfB
    self.isVerbose = isVerbose
  }

  /// Of one kind as many as a reader takes in; a gateway with many tunnels may have hundreds.
  private static let sameLimit = 5

  /// Writes them with a blank line before each; of many of a kind the first few, and how many there are more.
  package func write(_ findings: [Finding], to text: inout TextBuffer) {
    var counts: [FindingID: Int] = [:]
    for finding in findings {
      counts[finding.id, default: 0] += 1
      guard isVerbose || counts[finding.id, default: 0] <= Self.sameLimit else { continue }
      text.put("\n")
      write(finding, to: &text)
    }
    guard !isVerbose else { return }
    for (id, count) in counts.sorted(by: { $0.key.rawValue < $1.key.rawValue })
    where count > Self.sameLimit {
      text.put("\n")
      let more = Verdict.counted(count - Self.sameLimit, "more finding")
      page.paragraph("and \(more) of \(id.rawValue): -v shows all", from: 0, indent: 2, to: &text)
    }
  }

  package func write(_ finding: Finding, to text: inout TextBuffer) {
    headline(finding, to: &text)
    let about = subject(finding.subject)
    if !about.isEmpty { page.line("about", about, column: Self.column, to: &text) }
    for (index, evidence) in finding.evidence.enumerated() {
      page.line(
        index == 0 ? "evidence" : "", words(evidence), column: Self.column,
        indent: Self.column + 2, to: &text)
    }
    if let meaning = finding.meaning {
      page.line("meaning", naming.text(meaning), column: Self.column, to: &text)
    }
    for (index, remedy) in finding.remedies.enumerated() {
      page.line(
        index == 0 ? "remedy" : "", naming.text(remedy.text), column: Self.column,
        indent: Self.column + 2, to: &text)
      settings(remedy.settings, to: &text)
    }
  }

  /// `CRITICAL  esp-loss  3.1 % of the packets are lost                      certain`
  private func headline(_ finding: Finding, to text: inout TextBuffer) {
    let word = finding.severity.rawValue.uppercased()
    let prefix = "\(word)\(String(repeating: " ", count: max(2, 10 - word.count)))"
    let confidence = finding.confidence.rawValue
    let column = prefix.count + finding.id.rawValue.count + 2
    let lines = page.lines(
      naming.text(finding.summary), first: page.width - column - confidence.count - 2,
      rest: page.width - 10)
    text.put(page.coloured(word, finding.severity.colour))
    text.put(String(prefix.dropFirst(word.count)))
    text.put(finding.id.rawValue)
    text.put("  ")
    for (index, line) in lines.enumerated() {
      if index > 0 { text.spaces(10) }
      text.put(line)
      if index == 0 {
        text.spaces(page.width - column - line.unicodeScalars.count - confidence.count)
        text.put(confidence)
      }
      text.put("\n")
    }
  }

  // MARK: Who

  private func subject(_ subject: Finding.Subject) -> String {
    switch subject {
    case .ikeSA(let spi, let initiator, let responder):
      naming.text("IKE SA \(ikeSPI: spi), \(initiator) \(page.arrow) \(responder)")
    case .flow(let spi, let source, let destination):
      naming.text("SPI \(spi: spi), \(source) \(page.arrow) \(destination)")
    case .peers(let one, let other):
      naming.text("\(one) and \(other)")
    case .capture, .host: ""
    case .connection(let name): naming.text("connection \(identity: name)")
    }
  }

  // MARK: How one knows

  private func words(_ evidence: Finding.Evidence) -> String {
    let frames = frames(evidence.frames, of: evidence.capture)
    let words = naming.text(evidence.text)
    return frames.isEmpty ? words : "\(words) (\(frames))"
  }

  /// "frame 812, 12.345 s", "frames 812 819 825 and 3 more, 12.345 s to 15.600 s"; where two captures are
  /// compared, "A frame 812, 12.345 s"
  private func frames(_ frames: [FrameReference], of capture: CaptureLabel?) -> String {
    guard let first = frames.first, let last = frames.last else { return "" }
    let start = capture == .b ? startOfB : start
    let whose = capture.map { "\($0.rawValue) " } ?? ""
    if frames.count == 1 { return "\(whose)frame \(first.number), \(time(first, since: start))" }
    if isVerbose {
      return "\(whose)frames "
        + frames.map { "\($0.number) at \(time($0, since: start))" }.joined(separator: ", ")
    }
    let shown = frames.prefix(Self.frameLimit).map { String($0.number) }.joined(separator: " ")
    let more = frames.count - Self.frameLimit
    return
      "\(whose)frames \(shown)\(more > 0 ? " and \(more) more" : ""), \(time(first, since: start)) to \(time(last, since: start))"
  }

  /// Seconds since the capture's first frame.
  private func time(_ frame: FrameReference, since start: Timestamp?) -> String {
    var text = TextBuffer(capacity: 32)
    text.seconds(frame.time.nanoseconds &- (start ?? frame.time).nanoseconds)
    return "\(text.string) s"
  }

  // MARK: What to type

  private func settings(_ settings: [Finding.Setting], to text: inout TextBuffer) {
    var places: [Finding.Setting.Place] = []
    for setting in settings where !places.contains(setting.place) { places.append(setting.place) }
    for place in places {
      let lines = settings.filter { $0.place == place }.map { page.plain(naming.text($0.line)) }
      text.spaces(Self.column + 2)
      text.put(page.plain(place.title))
      text.put("\n")
      for line in lines {
        switch place {
        case .shell, .nftables: page.command(line, indent: Self.column + 4, to: &text)
        case .swanctl, .strongswan, .libreswan, .cisco:
          text.spaces(Self.column + 4)
          text.put(line)
          text.put("\n")
        }
      }
    }
  }
}

extension Finding.Setting.Place {
  /// What stands above the lines.
  package var title: String {
    switch self {
    case .swanctl: "swanctl.conf (strongSwan):"
    case .strongswan: "strongswan.conf:"
    case .libreswan: "ipsec.conf (libreswan):"
    case .shell: "in a shell:"
    case .nftables: "behind nft in a shell, or in a file for nft -f:"
    case .cisco: "Cisco IOS:"
    }
  }
}

extension Severity {
  package var colour: Page.Colour {
    switch self {
    case .info: .blue
    case .warning: .yellow
    case .critical: .red
    }
  }
}
