enum SectionStatement {
  case open(name: String, parents: [SectionSyntax.Value], line: Int)
  case close(line: Int)
  case setting(key: String, SectionSyntax.Value)
  case include(pattern: String, line: Int)
}

/// Cuts the file into statements; every call moves on by one byte at least.
struct SectionScanner {
  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  /// Which of the files that are read together.
  private let file: Int
  /// A longer one is no name: paths are made of them, and must stay short.
  private static let longestName = 128

  init(_ bytes: [UInt8], file: Int = 0) {
    self.bytes = bytes
    self.file = file
  }

  private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func advance() {
    if byte == UInt8(ascii: "\n") { line += 1 }
    position += 1
  }

  private mutating func skip(while condition: (UInt8) -> Bool) {
    while let byte, condition(byte) { advance() }
  }

  private mutating func skipLine() {
    skip { $0 != UInt8(ascii: "\n") }
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  private static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "="), UInt8(ascii: "#"),
      UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "\""), 0...0x20:
      false
    default: true
    }
  }

  private mutating func name() -> String {
    let start = position
    skip(while: Self.isName)
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  mutating func next(_ problems: inout ProblemList) -> SectionStatement? {
    while true {
      skip { Self.isBlank($0) || $0 == UInt8(ascii: "\n") }
      guard let byte else { return nil }
      switch byte {
      case UInt8(ascii: "#"): skipLine()
      case UInt8(ascii: "}"):
        advance()
        return .close(line: line)
      default:
        if let statement = statement(&problems) { return statement }
      }
    }
  }

  /// A section's head or a setting; nil for what is neither, which is passed over.
  private mutating func statement(_ problems: inout ProblemList) -> SectionStatement? {
    let start = (position, line)
    let name = name()
    skip(while: Self.isBlank)
    if name == "include", byte != UInt8(ascii: "="), byte != UInt8(ascii: "{") {
      return .include(pattern: value(&problems).text, line: start.1)
    }
    if !name.isEmpty, name.utf8.count <= Self.longestName {
      switch byte {
      case UInt8(ascii: "="):
        advance()
        return .setting(key: name, value(&problems))
      case UInt8(ascii: ":"), UInt8(ascii: "{"), UInt8(ascii: "\n"):
        if let parents = head() { return .open(name: name, parents: parents, line: start.1) }
      default: break
      }
    }
    position = start.0
    line = start.1
    let text = restOfLine()
    problems.add(start.1, .unexpected(text), file: file)
    return nil
  }

  /// ": one, two {" up to the brace; nil where none follows. With a second colon it ends, so that no
  /// line is looked at again and again.
  private mutating func head() -> [SectionSyntax.Value]? {
    var parents: [SectionSyntax.Value] = []
    var hasColon = false
    var wantsName = false
    while let byte {
      switch byte {
      case UInt8(ascii: "{"):
        advance()
        return parents
      case UInt8(ascii: ":") where !hasColon:
        hasColon = true
        wantsName = true
        advance()
      case UInt8(ascii: ",") where hasColon:
        wantsName = true
        advance()
      case let first where wantsName && Self.isName(first):
        wantsName = false
        parents.append(SectionSyntax.Value(text: name(), line: line, file: file))
      case let blank where Self.isBlank(blank) || blank == UInt8(ascii: "\n"):
        advance()
      default: return nil
      }
    }
    return nil
  }

  private mutating func restOfLine() -> String {
    let start = position
    skipLine()
    return SectionSyntax.trimmed(bytes[start..<position])
  }

  /// To the end of the line, a comment or a closing brace; quoted parts may hold any of them.
  private mutating func value(_ problems: inout ProblemList) -> SectionSyntax.Value {
    skip(while: Self.isBlank)
    let first = line
    var text: [UInt8] = []
    while let byte {
      switch byte {
      case UInt8(ascii: "\n"), UInt8(ascii: "#"), UInt8(ascii: "}"):
        return SectionSyntax.Value(text: SectionSyntax.trimmed(text[...]), line: first, file: file)
      case UInt8(ascii: "\""): quoted(&text, &problems)
      default:
        text.append(byte)
        advance()
      }
    }
    return SectionSyntax.Value(text: SectionSyntax.trimmed(text[...]), line: first, file: file)
  }

  private mutating func quoted(_ text: inout [UInt8], _ problems: inout ProblemList) {
    let first = line
    advance()
    while let byte {
      advance()
      if byte == UInt8(ascii: "\"") { return }
      if byte == UInt8(ascii: "\\"), let escaped = self.byte {
        text.append(escaped)
        advance()
      } else {
        text.append(byte)
      }
    }
    problems.add(first, .unclosedQuote, file: file)
  }
}
