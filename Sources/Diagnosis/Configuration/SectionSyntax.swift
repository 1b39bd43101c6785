/// The syntax of strongSwan's files: sections in braces, a setting a line, "name : other" for a section
/// that takes over what another says. strongswan.conf(5), section SYNTAX.
///
/// Tolerant: a dotted key ("charon.retransmit_tries") reaches into a section, and a line that is not
/// understood costs no more than itself.
package struct SectionSyntax: Sendable {
  package struct Value: Equatable, Sendable {
    package let text: String
    package let line: Int
  }

  /// A section's own settings and what it refers to.
  package struct Section: Sendable {
    package let path: [String]
    package let line: Int
    fileprivate(set) package var values: [String: Value] = [:]
    fileprivate var parents: [Value] = []
  }

  /// In the file's order.
  package private(set) var sections: [Section] = []
  package private(set) var problems = ProblemList()
  private var indices: [String: Int] = [:]

  /// As deep as sections may be nested.
  package static let deepest = 16
  /// As many sections as one lookup visits along references.
  private static let mostReferences = 64

  package init(_ bytes: [UInt8]) {
    var scanner = SectionScanner(bytes)
    var path: [String] = []
    var open: [Int] = []
    while let statement = scanner.next(&problems) {
      switch statement {
      case .open(let name, let parents, let line):
        if path.count >= Self.deepest {
          problems.add(line, .tooDeep)
          return
        }
        path.append(name)
        open.append(index(of: path, line))
        sections[open[open.count - 1]].parents += parents
      case .close(let line):
        if path.popLast() == nil { problems.add(line, .strayBrace) }
        _ = open.popLast()
      case .setting(let key, let value):
        let parts = key.split(separator: ".").map(String.init)
        guard let last = parts.last, path.count + parts.count <= Self.deepest else {
          problems.add(value.line, .unexpected(key))
          continue
        }
        let own = parts.count == 1 ? open.last : nil
        sections[own ?? index(of: path + parts.dropLast(), value.line)].values[last] = value
      }
    }
    if let section = open.last {
      problems.add(sections[section].line, .unclosedSection(sections[section].path.last ?? ""))
    }
    for section in sections {
      for parent in section.parents where indices[parent.text] == nil {
        problems.add(parent.line, .unknownReference(parent.text))
      }
    }
  }

  private mutating func index(of path: [String], _ line: Int) -> Int {
    let name = path.joined(separator: ".")
    if let index = indices[name] { return index }
    indices[name] = sections.count
    sections.append(Section(path: path, line: line))
    return sections.count - 1
  }

  /// What `section` says for `key`, or else the sections that it refers to.
  package func value(_ key: String, in section: Section) -> Value? {
    var waiting = [section]
    var visited = 0
    while let next = waiting.popLast(), visited < Self.mostReferences {
      if let value = next.values[key] { return value }
      visited += 1
      // The first one referred to is asked first.
      for parent in next.parents.prefix(Self.mostReferences).reversed() {
        if let index = indices[parent.text] { waiting.append(sections[index]) }
      }
    }
    return nil
  }
}

extension SectionSyntax {
  static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
    var bytes = bytes
    while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
    while let first = bytes.first, first <= 0x20 { bytes.removeFirst() }
    return String(decoding: bytes, as: UTF8.self)
  }
}
