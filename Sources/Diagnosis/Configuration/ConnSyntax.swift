/// The syntax of ipsec.conf: "conn NAME" and indented settings below it; also= and %default add what a
/// connection does not say itself. libreswan's ipsec.conf(5), section CONN SECTIONS; strongSwan's legacy
/// starter reads the same.
package struct ConnSyntax: Sendable {
  package struct Conn: Sendable {
    package let name: String
    package let line: Int
    package let file: Int
    fileprivate(set) package var values: [String: SectionSyntax.Value] = [:]
    fileprivate var also: [SectionSyntax.Value] = []
  }

  /// In the file's order, "%default" among them.
  package private(set) var conns: [Conn] = []
  package private(set) var problems = ProblemList()
  /// The keys of all connections and of what stands around them.
  package private(set) var keys: Set<String> = []
  private var indices: [String: Int] = [:]
  /// Nil where includes are not followed.
  private var files: ConfigurationFiles?

  /// The file and those that it includes; empty for bytes that came from none.
  package var fileNames: [String] { files?.names ?? [] }

  /// As many sections as one lookup visits along also=.
  private static let mostReferences = 64

  /// One file by itself: what it includes is not seen, and told.
  package init(_ bytes: [UInt8]) {
    read(bytes, file: 0)
    checkReferences()
  }

  /// A file with those that it includes.
  package init(file path: String) throws(ConfigurationFile.Failure) {
    let bytes = try ConfigurationFile.read(path)
    files = ConfigurationFiles(path)
    read(bytes, file: 0)
    checkReferences()
  }

  package func named(_ name: String) -> Conn? { indices[name].map { conns[$0] } }

  /// What `conn` says for `key`, or else those that it refers to, or else "%default".
  package func value(_ key: String, in conn: Conn) -> SectionSyntax.Value? {
    var waiting = [conn]
    var visited = 0
    while let next = waiting.popLast(), visited < Self.mostReferences {
      if let value = next.values[key] { return value }
      visited += 1
      for also in next.also.prefix(Self.mostReferences).reversed() {
        if let index = indices[also.text] { waiting.append(conns[index]) }
      }
    }
    return named("%default")?.values[key]
  }

  private mutating func checkReferences() {
    for conn in conns {
      for also in conn.also where indices[also.text] == nil {
        problems.add(also.line, .unknownReference(also.text), file: also.file)
      }
    }
  }

  private mutating func read(_ bytes: [UInt8], file: Int) {
    var current: Int?
    var isSkipped = false
    for (index, bytes) in bytes.split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
    ).enumerated() {
      let text = SectionSyntax.trimmed(Self.withoutComment(bytes))
      if text.isEmpty { continue }
      let line = index + 1
      if let equals = text.firstIndex(of: "=") {
        let key = SectionSyntax.trimmed(Array(text[..<equals].utf8)[...]).lowercased()
        let value = Self.value(text[text.index(after: equals)...], line, file)
        set(key, value, current, isSkipped)
        continue
      }
      let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
      switch words.first {
      case "conn" where words.count > 1:
        current = self.index(of: words[1], line, file)
        isSkipped = false
      case "config", "ca":
        current = nil
        isSkipped = true
      case "version": continue
      case "include": include(words.dropFirst().joined(separator: " "), line, file)
      default: problems.add(line, .unexpected(text), file: file)
      }
    }
  }

  private mutating func include(_ pattern: String, _ line: Int, _ file: Int) {
    guard let opened = files?.include(pattern, line: line, from: file, &problems) else {
      problems.add(line, .includeNotFollowed(pattern), file: file)
      return
    }
    for (number, bytes) in opened { read(bytes, file: number) }
  }

  private mutating func set(
    _ key: String, _ value: SectionSyntax.Value, _ conn: Int?, _ isSkipped: Bool
  ) {
    keys.insert(key)
    guard let conn else {
      if !isSkipped { problems.add(value.line, .outsideSection(key), file: value.file) }
      return
    }
    if key == "also" { conns[conn].also.append(value) } else { conns[conn].values[key] = value }
  }

  private static func value(_ text: Substring, _ line: Int, _ file: Int) -> SectionSyntax.Value {
    var text = SectionSyntax.trimmed(Array(text.utf8)[...])
    if text.utf8.count >= 2, text.first == "\"", text.last == "\"" {
      text = String(text.dropFirst().dropLast())
    }
    return SectionSyntax.Value(text: text, line: line, file: file)
  }

  private mutating func index(of name: String, _ line: Int, _ file: Int) -> Int {
    if let index = indices[name] { return index }
    indices[name] = conns.count
    conns.append(Conn(name: name, line: line, file: file))
    return conns.count - 1
  }

  /// A comment begins at a "#" that stands first or behind a blank, outside of quotes.
  private static func withoutComment(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var isQuoted = false
    var previous = UInt8(ascii: " ")
    for (index, byte) in zip(line.indices, line) {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if byte == UInt8(ascii: "#"), !isQuoted, previous <= 0x20 { return line[..<index] }
      previous = byte
    }
    return line
  }
}

extension ConnSyntax {
  private static let libreswanKeys: Set = [
    "ikev2", "retransmit-interval", "retransmit-timeout", "plutodebug", "nssdir", "protostack",
    "virtual-private", "virtual_private", "phase2alg", "phase2", "salifetime", "narrowing",
    "ipsec-interface", "vti-interface", "leftsubnets", "rightsubnets", "enable-tcp", "logfile",
    "leftrsasigkey", "rightrsasigkey",
  ]

  private static let strongSwanKeys: Set = [
    "charondebug", "strictcrlpolicy", "cachecrls", "closeaction", "eap_identity", "aaa_identity",
    "xauth_identity", "leftfirewall", "rightfirewall", "lefthostaccess", "righthostaccess",
    "inactivity", "margintime", "margenbytes", "lifebytes", "lifepackets", "installpolicy",
    "leftgroups", "rightgroups", "leftauth2", "rightauth2", "ikedscp",
  ]

  /// Whose file it is, as the keys in it tell. keyexchange= tells only where nothing better does: libreswan
  /// knows it since its version 5.
  package var daemon: Daemon {
    if !keys.isDisjoint(with: Self.libreswanKeys) { return .libreswan }
    let isStrongSwans = keys.contains("keyexchange") || !keys.isDisjoint(with: Self.strongSwanKeys)
    return isStrongSwans ? .strongSwan : .libreswan
  }

  /// Only ipsec.conf has lines that begin with "conn NAME" or "config setup" and open no brace.
  package static func isIPsecConf(_ bytes: [UInt8]) -> Bool {
    bytes.split(separator: UInt8(ascii: "\n")).contains { line in
      guard !line.contains(UInt8(ascii: "{")), !line.contains(UInt8(ascii: "=")) else {
        return false
      }
      let words = line.split(maxSplits: 2) { $0 <= 0x20 }
      guard words.count == 2 || words.count == 3, let first = words.first else { return false }
      return first.elementsEqual("conn".utf8)
        || first.elementsEqual("config".utf8) && words[1].elementsEqual("setup".utf8)
    }
  }
}
