package import Diagnosis
package import PacketDissector

/// What `ipsecdiag explain` prints: topics in full, or the list of all. 80 columns wide, terminal or
/// not, as it is prose. Schemas/explain-1.schema.json describes the JSON.
package struct ExplainReport {
  private let topics: [Topic]
  private let others: [Topic]
  private let isList: Bool

  /// Topics in full; `others` are named at the end.
  package init(_ topics: [Topic], others: [Topic]) {
    self.topics = topics
    self.others = others
    isList = false
  }

  /// A line each.
  package init(listing topics: [Topic]) {
    self.topics = topics
    others = []
    isList = true
  }

  private static let width = 80

  // MARK: Text

  package func writeText(to text: inout TextBuffer) {
    if isList { return list(to: &text) }
    for (index, topic) in topics.enumerated() {
      if index > 0 { text.put("\n") }
      full(topic, to: &text)
    }
    guard !others.isEmpty else { return }
    text.put("\n")
    let names = others.map { "\($0.kind.rawValue) \($0.number ?? 0) (\($0.name))" }
    line("Transforms with that number: \(names.joined(separator: ", "))", indent: 2, to: &text)
  }

  private func full(_ topic: Topic, to text: inout TextBuffer) {
    let severity = topic.severity.map { " (\($0.rawValue))" } ?? ""
    line("\(topic.kind.title): \(topic.name)\(severity)", indent: 2, to: &text)
    for part in topic.parts {
      text.put("\n")
      line(part.heading.title, indent: 2, to: &text)
      switch part.content {
      case .text(let words): line("  \(words)", indent: 2, to: &text)
      case .list(let items): for item in items { line("  - \(item)", indent: 4, to: &text) }
      case .commands(let commands): for item in commands { command(item, indent: 2, to: &text) }
      case .facts(let facts): self.facts(facts, to: &text)
      case .remedies(let remedies): for remedy in remedies { self.remedy(remedy, to: &text) }
      }
    }
  }

  private func facts(_ facts: [Topic.Part.Fact], to text: inout TextBuffer) {
    let column = (facts.map(\.name.count).max() ?? 0) + 4
    for fact in facts {
      let gap = String(repeating: " ", count: column - 2 - fact.name.count)
      line("  \(fact.name)\(gap)\(fact.value)", indent: column, to: &text)
    }
  }

  private func remedy(_ remedy: Finding.Remedy, to text: inout TextBuffer) {
    line("  - \(remedy.text.plain)", indent: 4, to: &text)
    var place: Finding.Setting.Place?
    for setting in remedy.settings {
      switch setting.place {
      case .shell, .nftables:
        command(setting.line.plain, indent: 4, to: &text)
      case .swanctl, .strongswan, .libreswan, .cisco:
        if setting.place != place {
          line("    \(Self.title(of: setting.place))", indent: 4, to: &text)
        }
        line("      \(setting.line.plain)", indent: 8, to: &text)
      }
      place = setting.place
    }
  }

  private static func title(of place: Finding.Setting.Place) -> String {
    switch place {
    case .swanctl: "swanctl.conf (strongSwan):"
    case .strongswan: "strongswan.conf:"
    case .libreswan: "ipsec.conf (libreswan):"
    default: "\(place.rawValue):"
    }
  }

  private func list(to text: inout TextBuffer) {
    for kind in Topic.Kind.allCases {
      let topics = topics.filter { $0.kind == kind }
      guard !topics.isEmpty else { continue }
      if kind != .finding { text.put("\n") }
      line(kind.title, indent: 2, to: &text)
      let column = min(32, (topics.map(\.name.count).max() ?? 0) + 4)
      for topic in topics { listed(topic, column: column, to: &text) }
    }
  }

  private func listed(_ topic: Topic, column: Int, to text: inout TextBuffer) {
    let gap = String(repeating: " ", count: max(2, column - 2 - topic.name.count))
    if let severity = topic.severity {
      let more = String(repeating: " ", count: 10 - severity.rawValue.count)
      line(
        "  \(topic.name)\(gap)\(severity.rawValue)\(more)\(topic.summary)", indent: column + 10,
        to: &text)
    } else if let number = topic.number {
      let digits = String(number)
      let margin = String(repeating: " ", count: 7 - digits.count)
      let summary = topic.summary.isEmpty ? "" : " (\(topic.summary))"
      line("\(margin)\(digits)  \(topic.name)\(summary)", indent: 9, to: &text)
    } else {
      line("  \(topic.name)\(gap)\(topic.summary)", indent: column, to: &text)
    }
  }

  /// One line of words, broken where it gets too wide.
  private func line(_ words: String, indent: Int, to text: inout TextBuffer) {
    let start = text.count
    text.put(words)
    text.wrapLine(from: start, width: Self.width, indent: indent)
    text.put("\n")
  }

  /// A command to type, broken so that a shell takes it as one.
  private func command(_ words: String, indent: Int, to text: inout TextBuffer) {
    text.spaces(indent)
    text.put("$")
    var column = indent + 1
    for word in Page.shellWords(words) {
      // Room for the mark of continuation has to stay.
      if column + 1 + word.count > Self.width - 2, column > indent + 1 {
        text.put(" \\\n")
        text.spaces(indent + 4)
        column = indent + 4
      } else {
        text.put(" ")
        column += 1
      }
      text.put(word)
      column += word.count
    }
    text.put("\n")
  }

  // MARK: JSON

  package func writeJSON(toolVersion: String, to text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.explain/1\",\"tool_version\":")
    text.json(toolVersion)
    text.put(",\"topics\":")
    text.list(topics) { text, topic in json(topic, withParts: !isList, to: &text) }
    if !others.isEmpty {
      text.put(",\"others\":")
      text.list(others) { text, topic in json(topic, withParts: false, to: &text) }
    }
    text.put("}\n")
  }

  private func json(_ topic: Topic, withParts: Bool, to text: inout TextBuffer) {
    text.put("{\"kind\":")
    text.json(topic.kind.rawValue)
    text.put(",\"name\":")
    text.json(topic.name)
    if let number = topic.number {
      text.put(",\"number\":")
      text.decimal(number)
    }
    if let severity = topic.severity {
      text.put(",\"severity\":")
      text.json(severity.rawValue)
    }
    if !topic.summary.isEmpty {
      text.put(",\"summary\":")
      text.json(topic.summary)
    }
    if withParts {
      text.put(",\"parts\":")
      text.list(topic.parts) { text, part in json(part, to: &text) }
    }
    text.put("}")
  }

  private func json(_ part: Topic.Part, to text: inout TextBuffer) {
    text.put("{\"heading\":")
    text.json(part.heading.rawValue)
    switch part.content {
    case .text(let words):
      text.put(",\"text\":")
      text.json(words)
    case .list(let items):
      text.put(",\"list\":")
      text.list(items) { text, item in text.json(item) }
    case .commands(let commands):
      text.put(",\"commands\":")
      text.list(commands) { text, item in text.json(item) }
    case .facts(let facts):
      text.put(",\"facts\":")
      text.list(facts) { text, fact in
        text.put("{\"name\":")
        text.json(fact.name)
        text.put(",\"value\":")
        text.json(fact.value)
        text.put("}")
      }
    case .remedies(let remedies):
      text.put(",\"remedies\":")
      text.list(remedies) { text, remedy in json(remedy, to: &text) }
    }
    text.put("}")
  }

  private func json(_ remedy: Finding.Remedy, to text: inout TextBuffer) {
    text.put("{\"text\":")
    text.json(remedy.text.plain)
    text.put(",\"settings\":")
    text.list(remedy.settings) { text, setting in
      text.put("{\"place\":")
      text.json(setting.place.rawValue)
      text.put(",\"line\":")
      text.json(setting.line.plain)
      text.put("}")
    }
    text.put("}")
  }
}
