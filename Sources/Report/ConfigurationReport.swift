package import Measurement
package import PacketDissector

/// What `ipsecdiag config check` prints: whether each profile can be used, and what is wrong.
/// Schemas/config-check-1.schema.json describes the JSON.
package struct ConfigurationReport: Sendable {
  /// A profile, or a daemon's connection.
  package struct Peer: Sendable {
    package var name: String
    package var settings: Settings
    package var problems: [SettingProblem]

    package init(name: String, settings: Settings, problems: [SettingProblem]) {
      self.name = name
      self.settings = settings
      self.problems = problems
    }

    package var isUsable: Bool { problems.allSatisfy(\.isWarning) }
  }

  private let files: [String]
  /// What is wrong with the files themselves.
  private let problems: [SettingProblem]
  private let peers: [Peer]

  /// `files` are those that were read.
  package init(files: [String], problems: [SettingProblem], peers: [Peer]) {
    self.files = files
    self.problems = problems
    self.peers = peers
  }

  package var verdict: Verdict.Word {
    if peers.contains(where: { !$0.isUsable }) || problems.contains(where: { !$0.isWarning }) {
      return .critical
    }
    return problems.isEmpty && peers.allSatisfy(\.problems.isEmpty) ? .ok : .warning
  }

  private var phrase: String {
    let usable = peers.count(where: \.isUsable)
    let all = Verdict.counted(peers.count, "profile")
    let wrong = problems.count + peers.reduce(0) { $0 + $1.problems.count }
    if usable < peers.count { return "\(peers.count - usable) of \(all) cannot be used" }
    return wrong == 0 ? "\(all), nothing wrong" : "\(all), \(Verdict.counted(wrong, "problem"))"
  }

  // MARK: Text

  package func writeText(_ page: Page, to text: inout TextBuffer) {
    text.put(page.coloured(verdict.rawValue, colour))
    text.put("  \(phrase)\n")
    for file in files { line(file, page, to: &text) }
    for problem in problems { write(problem, page, to: &text) }
    for peer in peers {
      text.put("\n")
      let state = peer.isUsable ? "" : ": cannot be used"
      line("\(peer.name): \(Self.summary(peer.settings))\(state)", page, to: &text)
      for problem in peer.problems { write(problem, page, to: &text) }
    }
  }

  private var colour: Page.Colour {
    switch verdict {
    case .ok: .green
    case .warning: .yellow
    case .critical, .unknown: .red
    }
  }

  /// "vpn.example.net by a pre-shared key"
  private static func summary(_ settings: Settings) -> String {
    let remote = settings[.remote]?.text ?? "any target"
    let credentials = settings.credentials.map(\.rawValue).joined(separator: ", ")
    return credentials.isEmpty ? remote : "\(remote) by \(credentials)"
  }

  private func write(_ problem: SettingProblem, _ page: Page, to text: inout TextBuffer) {
    line("  \(problem.isWarning ? "warning" : "error"): \(problem)", page, to: &text)
  }

  private func line(_ words: String, _ page: Page, to text: inout TextBuffer) {
    var escaped = TextBuffer()
    escaped.escaped(words)
    let lead = words.prefix { $0 == " " }.count
    text.spaces(lead)
    page.paragraph(escaped.string, from: lead, indent: lead + 2, to: &text)
  }

  // MARK: JSON

  package func writeJSON(toolVersion: String, to text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.config-check/1\",\"tool_version\":")
    text.json(toolVersion)
    text.put(",\"verdict\":")
    text.json(verdict.rawValue)
    text.put(",\"files\":")
    array(files, to: &text) { $1.json($0) }
    text.put(",\"problems\":")
    array(problems, to: &text) { write($0, to: &$1) }
    text.put(",\"profiles\":")
    array(peers, to: &text) { peer, text in
      text.put("{\"name\":")
      text.json(peer.name)
      text.put(",\"usable\":\(peer.isUsable)")
      if let remote = peer.settings[.remote]?.text {
        text.put(",\"remote\":")
        text.json(remote)
      }
      text.put(",\"problems\":")
      array(peer.problems, to: &text) { write($0, to: &$1) }
      text.put("}")
    }
    text.put("}\n")
  }

  private func write(_ problem: SettingProblem, to text: inout TextBuffer) {
    text.put("{\"severity\":\"\(problem.isWarning ? "warning" : "error")\"")
    if case .file(let path, let line)? = problem.origin {
      text.put(",\"file\":")
      text.json(path)
      text.put(",\"line\":\(line)")
    } else if let origin = problem.origin {
      text.put(",\"origin\":")
      text.json("\(origin)")
    }
    text.put(",\"text\":")
    text.json("\(problem.reason)")
    text.put("}")
  }

  private func array<Item>(
    _ items: [Item], to text: inout TextBuffer, _ write: (Item, inout TextBuffer) -> Void
  ) {
    text.put("[")
    for (index, item) in items.enumerated() {
      if index > 0 { text.put(",") }
      write(item, &text)
    }
    text.put("]")
  }
}
