/// The syntax of strongSwan's files: sections in braces, a setting a line, "name : other" for a section
/// that takes over what another says. strongswan.conf(5), section SYNTAX.
///
/// Tolerant: a dotted key ("charon.retransmit_tries") reaches into a section, and a line that is not
/// understood costs no more than itself.
package struct SectionSyntax: Sendable {
  package struct Value: Equatable, Sendable {
    package let text: String
    package let line: Int
    /// Which of ``SectionSyntax/fileNames``.
    package let file: Int
  }

  /// A section's own settings and what it refers to.
  package struct Section: Sendable {
    package let path: [String]
    package let line: Int
    package let file: Int
    fileprivate(set) package var values: [String: Value] = [:]
    fileprivate var parents: [Value] = []
  }

  /// In the file's order.
  package private(set) var sections: [Section] = []
  package private(set) var problems = ProblemList()
  private var indices: [String: Int] = [:]
  /// Nil where includes are not followed.
  private var files: ConfigurationFiles?

  /// The file and those that it includes; empty for bytes that came from none.
  package var fileNames: [String] { files?.names ?? [] }

  /// As deep as sections may be nested.
  package static let deepest = 16
  /// As many sections as one lookup visits along references.
  private static let mostReferences = 64

  /// One file by itself: what it includes is not seen, and told.
  package init(_ bytes: [UInt8]) {
    var position = Position()
    read(bytes, file: 0, &position)
    checkReferences()
  }

  /// A file with those that it includes.
  package init(file path: String) throws(ConfigurationFile.Failure) {
    let bytes = try ConfigurationFile.read(path)
    files = ConfigurationFiles(path)
    var position = Position()
    read(bytes, file: 0, &position)
    checkReferences()
  }

  /// The sections that are open where a statement stands.
  private struct Position {
    var path: [String] = []
    var open: [Int] = []
  }

  private mutating func read(_ bytes: [UInt8], file: Int, _ position: inout Position) {
    var scanner = SectionScanner(bytes, file: file)
    let outside = position
    defer { position = outside }
    while let statement = scanner.next(&problems) {
      switch statement {
      case .open(let name, let parents, let line):
        if position.path.count >= Self.deepest {
          problems.add(line, .tooDeep, file: file)
          return
        }
        position.path.append(name)
        let section = index(of: position.path, line, file)
        position.open.append(section)
        sections[section].parents += parents
      case .close(let line):
        // A file closes no section of the one that includes it.
        guard position.path.count > outside.path.count else {
          problems.add(line, .strayBrace, file: file)
          continue
        }
        position.path.removeLast()
        position.open.removeLast()
      case .setting(let key, let value): set(key, value, position)
      case .include(let pattern, let line): include(pattern, line, file, &position)
      }
    }
    if position.open.count > outside.open.count, let section = position.open.last {
      problems.add(
        sections[section].line, .unclosedSection(sections[section].path.last ?? ""), file: file)
    }
  }

  private mutating func include(
    _ pattern: String, _ line: Int, _ file: Int, _ position: inout Position
  ) {
    guard let opened = files?.include(pattern, line: line, from: file, &problems) else {
      problems.add(line, .includeNotFollowed(pattern), file: file)
      return
    }
    for (number, bytes) in opened { read(bytes, file: number, &position) }
  }

  private mutating func checkReferences() {
    for section in sections {
      for parent in section.parents where indices[parent.text] == nil {
        problems.add(parent.line, .unknownReference(parent.text), file: parent.file)
      }
    }
  }

  private mutating func set(_ key: String, _ value: Value, _ position: Position) {
    let parts = key.split(separator: ".").map(String.init)
    guard let last = parts.last, position.path.count + parts.count <= Self.deepest else {
      problems.add(value.line, .unexpected(key), file: value.file)
      return
    }
    let own = parts.count == 1 ? position.open.last : nil
    let section = own ?? index(of: position.path + parts.dropLast(), value.line, value.file)
    sections[section].values[last] = value
  }
  private mutating func index(of path: [String], _ line: Int, _ file: Int) -> Int {
    let name = path.joined(separator: ".")
    if let index = indices[name] { return index }
    indices[name] = sections.count
    sections.append(Section(path: path, line: line, file: file))
    return sections.count - 1
  }

  /// What `section` says for `key`, or else the sections that it refers to.
  package func value(_ key: String, in section: Section) -> Value? {
    lineage(of: section).lazy.compactMap { $0.values[key] }.first
  }

  /// What the section `path` below `section` says for `key`; sections that `section` refers to have theirs.
  package func value(_ key: String, in path: [String], of section: Section) -> Value? {
    lineage(of: section).lazy.compactMap { named($0.path + path) }
      .compactMap { value(key, in: $0) }.first
  }

  /// The names of the sections right below `path` in `section`, and in those that it refers to, each once.
  package func names(below path: [String] = [], of section: Section) -> [String] {
    var names: [String] = []
    for ancestor in lineage(of: section) {
      let above = ancestor.path + path
      for section in sections
      where section.path.count == above.count + 1 && section.path.starts(with: above) {
        if let name = section.path.last, !names.contains(name) { names.append(name) }
      }
    }
    return names
  }

  package func named(_ path: [String]) -> Section? {
    indices[path.joined(separator: ".")].map { sections[$0] }
  }

  /// Whether a section takes over what the one of this name says.
  package func isReferredTo(_ name: String) -> Bool {
    sections.contains { $0.parents.contains { $0.text == name } }
  }

  /// A section, and those that it refers to, in the order in which they are asked.
  private func lineage(of section: Section) -> [Section] {
    var lineage: [Section] = []
    var waiting = [section]
    while let next = waiting.popLast(), lineage.count < Self.mostReferences {
      lineage.append(next)
      // The first one referred to is asked first.
      for parent in next.parents.prefix(Self.mostReferences).reversed() {
        if let index = indices[parent.text] { waiting.append(sections[index]) }
      }
    }
    return lineage
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
