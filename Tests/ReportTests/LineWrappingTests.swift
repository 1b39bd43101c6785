import PacketDissector
import Testing

@testable import Report

@Suite("Lines on a terminal")
struct LineWrappingTests {
  func wrapped(_ line: String, width: Int) -> [String] {
    var text = TextBuffer()
    text.put("before\n")
    let start = text.count
    text.put(line)
    text.wrapLine(from: start, width: width, indent: 4)
    let lines = text.string.split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init)
    #expect(lines.first == "before")
    return Array(lines.dropFirst())
  }

  @Test("No part is wider than the terminal, and no word is lost")
  func widths() {
    let line =
      "    1  0.000000  10.1.0.2:500 \u{2192} 10.2.0.2:500  SA KE(Curve25519) No N(COOKIE) V"
    let parts = wrapped(line, width: 30)
    #expect(parts.allSatisfy { $0.count <= 30 })
    #expect(parts.count > 2)
    #expect(parts.dropFirst().allSatisfy { $0.hasPrefix("    ") })
    let words = parts.joined(separator: " ").split(separator: " ")
    #expect(words == line.split(separator: " "))
  }

  @Test("A line that fits, and a word that never can, stay whole")
  func whole() {
    #expect(wrapped("a  b", width: 30) == ["a  b"])
    let long = String(repeating: "x", count: 50)
    #expect(wrapped("a \(long)", width: 30).contains { $0.hasSuffix(long) })
  }
}
