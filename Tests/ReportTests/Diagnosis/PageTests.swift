import PacketDissector
import Testing

@testable import Report

@Suite("Text on a page")
struct PageTests {
  @Test("Lines break at spaces, keep every word and fill what they may")
  func lines() {
    let words = "one two three four five six seven eight nine ten"
    let lines = Page().lines(words, first: 13, rest: 20)
    #expect(lines == ["one two three", "four five six seven", "eight nine ten"])
  }

  @Test("A word that no line holds is broken where the line ends, and nothing is cut off")
  func longWord() {
    let word = String(repeating: "0123456789", count: 5)
    let lines = Page().lines("id \(word) end", first: 20, rest: 20)
    #expect(lines == ["id", "01234567890123456789", "01234567890123456789", "0123456789 end"])
    #expect(Page().lines("", first: 20, rest: 20) == [""])
  }

  @Test("Columns are counted in characters, not in bytes")
  func characters() {
    #expect(Page().lines("ä ö ü → ß", first: 9, rest: 9) == ["ä ö ü → ß"])
  }

  @Test("A page of ASCII has other words for arrows, dashes and signs, and escapes the rest")
  func ascii() {
    let page = Page(ascii: true)
    #expect(page.plain("a → b, 4.0 s × 1.8ⁿ – ≥ 3 é") == "a -> b, 4.0 s x 1.8^n - >= 3 \\u{e9}")
    #expect(Page().plain("a → b") == "a → b")
  }

  @Test("A long command goes on behind a backslash, and quoted words stay whole")
  func commands() {
    func written(_ command: String) -> String {
      var text = TextBuffer()
      Page(width: 40).command(command, indent: 4, to: &text)
      return text.string
    }
    #expect(
      written("ip route change 10.0.0.0/8 dev eth0 mtu 1338") == """
            ip route change 10.0.0.0/8 dev \\
              eth0 mtu 1338

        """)
    #expect(written("ip link") == "    ip link\n")
    let quoted = "'{ type filter hook forward priority 0; }'"
    #expect(
      written("nft add chain inet filter f \(quoted)") == """
            nft add chain inet filter f \\
              \(quoted)

        """)
  }

  @Test("Colour is put on only where it is wanted, and takes no columns")
  func colour() {
    #expect(Page().coloured("OK", .green) == "OK")
    #expect(Page(isColoured: true).coloured("OK", .green) == "\u{1B}[1;32mOK\u{1B}[0m")
  }
}
