import PacketDissector
import Report
import Testing

/// Text off the wire must not act on a terminal, a log or a page.
@Suite("Escapes")
struct EscapeTests {
  static let hostile: [(String, text: String, json: String)] = [
    ("gw.example.org", "gw.example.org", "gw.example.org"),
    ("Zürich ✓", "Zürich ✓", "Zürich ✓"),
    ("\u{1B}[2J\u{1B}[31m", "\\u{1b}[2J\\u{1b}[31m", "\\u001b[2J\\u001b[31m"),
    ("\u{1B}]0;owned\u{7}", "\\u{1b}]0;owned\\u{7}", "\\u001b]0;owned\\u0007"),
    ("a\r\nerror: b\t\0", "a\\u{d}\\u{a}error: b\\u{9}\\u{0}", "a\\r\\nerror: b\\t\\u0000"),
    ("\u{9B}31m\u{7F}\u{85}", "\\u{9b}31m\\u{7f}\\u{85}", "\\u009b31m\\u007f\\u0085"),
    ("user\u{202E}gro.live", "user\\u{202e}gro.live", "user\\u202egro.live"),
    (
      "\u{200E}\u{200F}\u{061C}\u{2066}\u{2069}", "\\u{200e}\\u{200f}\\u{61c}\\u{2066}\\u{2069}",
      "\\u200e\\u200f\\u061c\\u2066\\u2069"
    ),
    ("a\u{200B}b\u{FEFF}", "a\\u{200b}b\\u{feff}", "a\\u200bb\\ufeff"),
    ("x\u{2028}y\u{2029}", "x\\u{2028}y\\u{2029}", "x\\u2028y\\u2029"),
    ("\\u{1b} \"q\"", "\\\\u{1b} \"q\"", "\\\\u{1b} \\\"q\\\""),
    ("\u{E0041}\u{E007F}", "\\u{e0041}\\u{e007f}", "\\udb40\\udc41\\udb40\\udc7f"),
  ]

  @Test("Control characters and direction marks are shown, not sent", arguments: hostile)
  func escaped(_ string: String, text: String, json: String) {
    var buffer = TextBuffer()
    buffer.escaped(string)
    #expect(buffer.string == text)
    buffer.removeAll()
    buffer.json(string)
    #expect(buffer.string == "\"\(json)\"")
  }

  @Test("Field values and labels off the wire are escaped in the tree")
  func tree() {
    let fields = [
      Field("FQDN", .text("gw\u{1B}[2J\u{202E}"), at: 4..<12),
      Field("type", .number(7, name: "x\u{7}"), at: 0..<1),
    ]
    var buffer = TextBuffer()
    FieldTreeText(showsBytes: false).write(fields, to: &buffer)
    #expect(buffer.string.contains("FQDN: gw\\u{1b}[2J\\u{202e}  [4+8]\n"))
    #expect(buffer.string.contains("type: 7 (x\\u{7})  [0+1]\n"))
    #expect(!buffer.string.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
  }

  @Test("A hex dump shows no byte that a terminal acts on, and each byte once")
  func hexDump() {
    let bytes = (0...255).map { UInt8($0) } + [0x41]
    var buffer = TextBuffer()
    FieldTreeText.hexDump(bytes.rawBytes, to: &buffer)
    let lines = buffer.string.split(separator: "\n")
    #expect(lines.count == 17)
    #expect(
      lines[4].hasSuffix("40 41 42 43 44 45 46 47  48 49 4a 4b 4c 4d 4e 4f  @ABCDEFGHIJKLMNO"))
    #expect(lines[16].hasPrefix("      0100  41 "))
    #expect(buffer.string.utf8.allSatisfy { $0 == 10 || (0x20...0x7E).contains($0) })
  }
}
