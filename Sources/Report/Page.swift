package import PacketDissector

/// How text for people is laid out: at most ``width`` columns, broken at spaces and never cut off.
package struct Page: Sendable {
  package var width = 80
  package var ascii = false
  package var isColoured = false

  package init(width: Int = 80, ascii: Bool = false, isColoured: Bool = false) {
    self.width = max(40, width)
    self.ascii = ascii
    self.isColoured = isColoured
  }

  package enum Colour: String {
    case red = "31"
    case yellow = "33"
    case green = "32"
    case blue = "34"
  }

  /// The words in bold and in colour, where that is wanted.
  package func coloured(_ words: String, _ colour: Colour) -> String {
    isColoured ? "\u{1B}[1;\(colour.rawValue)m\(words)\u{1B}[0m" : words
  }

  package var arrow: String { ascii ? "->" : "\u{2192}" }

  /// What a page of ASCII can hold of `words`.
  package func plain(_ words: String) -> String {
    guard ascii, !words.utf8.allSatisfy({ $0 < 0x80 }) else { return words }
    var text = ""
    for scalar in words.unicodeScalars {
      if scalar.isASCII {
        text.unicodeScalars.append(scalar)
      } else {
        text += Self.replacements[scalar] ?? "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return text
  }

  private static let replacements: [Unicode.Scalar: String] = [
    "\u{2192}": "->", "\u{2190}": "<-", "\u{2194}": "<->", "\u{2013}": "-", "\u{2014}": "-",
    "\u{2026}": "...", "\u{00D7}": "x", "\u{207F}": "^n", "\u{2265}": ">=", "\u{2264}": "<=",
    "\u{2018}": "'", "\u{2019}": "'", "\u{201C}": "\"", "\u{201D}": "\"", "\u{00B1}": "+-",
    "\u{00A0}": " ", "\u{00B5}": "u",
  ]

  /// Breaks `words` at spaces into lines: the first of at most `first` columns, the others of at most
  /// `rest`. A number keeps its unit; a word that no line holds is broken where the line ends.
  package func lines(_ words: String, first: Int, rest: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    var columns = 0
    var room: Int { max(8, lines.isEmpty ? first : rest) }
    for word in Self.unbreakable(plain(words)) {
      var word = word[...]
      var length = word.unicodeScalars.count
      if columns > 0, columns + 1 + length > room {
        lines.append(line)
        (line, columns) = ("", 0)
      }
      while columns == 0, length > room {
        let scalars = word.unicodeScalars
        let end = scalars.index(scalars.startIndex, offsetBy: room)
        length -= room
        lines.append(String(word[..<end]))
        word = word[end...]
      }
      if columns > 0 {
        line += " "
        columns += 1
      }
      line += word
      columns += length
    }
    if columns > 0 || lines.isEmpty { lines.append(line) }
    return lines
  }

  private static let units: Set<Substring> = ["ns", "ms", "s", "min", "h", "days", "B", "%"]

  /// The words, with a unit in one piece with the number before it.
  private static func unbreakable(_ text: String) -> [String] {
    var words: [String] = []
    for word in text.split(separator: " ") {
      let unit = word.prefix { $0.isLetter || $0 == "%" }
      if units.contains(unit), words.last?.last?.isNumber == true {
        words[words.count - 1] += " \(word)"
      } else {
        words.append(String(word))
      }
    }
    return words
  }

  /// Writes `words` from column `column` on, where the buffer already stands, each further line indented
  /// by `indent` spaces, and ends the last line.
  package func paragraph(
    _ words: String, from column: Int, indent: Int, to text: inout TextBuffer
  ) {
    for (index, line) in lines(words, first: width - column, rest: width - indent).enumerated() {
      if index > 0 { text.spaces(indent) }
      text.put(line)
      text.put("\n")
    }
  }

  /// Writes a line's label, and its words from column `column` on, further lines indented by `indent`, or as
  /// far.
  package func line(
    _ label: String, _ words: String, column: Int, indent: Int? = nil, to text: inout TextBuffer
  ) {
    text.spaces(2)
    text.put(label)
    text.spaces(column - 2 - label.count)
    paragraph(words, from: column, indent: indent ?? column, to: &text)
  }

  /// Writes a blank line, a title and a dash before each of `items`; nothing where there are none.
  package func list(_ title: String, _ items: [String], to text: inout TextBuffer) {
    guard !items.isEmpty else { return }
    text.put("\n\(title)\n")
    for item in items {
      text.put("  - ")
      paragraph(item, from: 4, indent: 4, to: &text)
    }
  }

  /// A command of a shell or of nft: broken before a word, with the backslash that both take for a line
  /// that goes on. Quoted words stay whole, even those that no line holds.
  package func command(_ command: String, indent: Int, to text: inout TextBuffer) {
    let words = Self.shellWords(plain(command))
    var columns = indent
    text.spaces(indent)
    for (index, word) in words.enumerated() {
      let length = word.unicodeScalars.count
      // Behind all words but the last there must be room for the backslash.
      let room = width - (index == words.count - 1 ? 0 : 2)
      if index > 0, columns + 1 + length > room {
        text.put(" \\\n")
        text.spaces(indent + 2)
        columns = indent + 2
      } else if index > 0 {
        text.put(" ")
        columns += 1
      }
      text.put(word)
      columns += length
    }
    text.put("\n")
  }

  /// Parts between which a command may be broken: not within quotes.
  static func shellWords(_ command: String) -> [String] {
    var words: [String] = [""]
    var quote: Character?
    for character in command {
      if character == quote {
        quote = nil
      } else if quote == nil, character == "'" || character == "\"" {
        quote = character
      }
      if character == " ", quote == nil {
        words.append("")
      } else {
        words[words.count - 1].append(character)
      }
    }
    return words.filter { !$0.isEmpty }
  }
}
