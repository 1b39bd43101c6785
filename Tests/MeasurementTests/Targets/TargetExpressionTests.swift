import PacketDissector
import Testing

@testable import Measurement

@Suite("Targets")
struct TargetExpressionTests {
  static func words(_ text: String) throws -> String {
    switch try TargetExpression(text) {
    case .name(let name): "name \(name)"
    case .address(let address): "address \(address)"
    case .network(let first, let length): "network \(first)/\(length)"
    case .range(let first, let count): "range \(first) and \(count - 1) more"
    }
  }

  @Test(
    "Names, addresses and networks are told apart",
    arguments: [
      ("vpn.example.net", "name vpn.example.net"), ("localhost", "name localhost"),
      ("vpn.example.net.", "name vpn.example.net."), ("gw_1.example", "name gw_1.example"),
      ("192.0.2.7", "address 192.0.2.7"), ("2001:db8::7", "address 2001:db8::7"),
      ("[2001:db8::7]", "address 2001:db8::7"), ("192.0.2.7/32", "address 192.0.2.7"),
      ("192.0.2.7/24", "network 192.0.2.0/24"), ("10.0.0.0/8", "network 10.0.0.0/8"),
      ("2001:db8::ff07/120", "network 2001:db8::ff00/120"),
      ("2001:db8::1:2:3/112", "network 2001:db8::1:2:0/112"), ("fe80::1%eth0", "name fe80::1%eth0"),
      ("b\u{FC}ro.example", "name b\u{FC}ro.example"),
      ("192.0.2.7-192.0.2.9", "range 192.0.2.7 and 2 more"),
    ])
  func kinds(text: String, expected: String) throws {
    #expect(try Self.words(text) == expected)
  }

  @Test(
    "What is none of them is refused with a reason",
    arguments: [
      ("", "'': neither a name nor an address nor a network"),
      ("192.0.2.256", "'192.0.2.256': neither a name nor an address nor a network"),
      ("192.0.2.0/33", "'192.0.2.0/33': a prefix length is 0 to 32"),
      ("192.0.2.0/-1", "'192.0.2.0/-1': a prefix length is 0 to 32"),
      ("2001:db8::/64", "'2001:db8::/64': more than 2^24 addresses"),
      ("a..b", "'a..b': neither a name nor an address nor a network"),
      ("a b", "'a b': neither a name nor an address nor a network"),
      ("-x;rm", "'-x;rm': neither a name nor an address nor a network"),
      ("\u{1B}[2J", "'\u{1B}[2J': neither a name nor an address nor a network"),
    ])
  func refused(text: String, message: String) {
    #expect(throws: TargetExpression.Problem.self) { try TargetExpression(text) }
    do { _ = try TargetExpression(text) } catch { #expect(error.description == message) }
  }

  @Test("A network counts its addresses without listing them")
  func counts() throws {
    #expect(try TargetExpression("10.0.0.0/8").count == 1 << 24)
    #expect(try TargetExpression("2001:db8::/104").count == 1 << 24)
    #expect(try TargetExpression("192.0.2.1").count == 1)
    #expect(try TargetExpression("a.example").count == nil)
  }

  @Test("A list has targets a line or several, with comments")
  func list() {
    let text = "# ours\r\n192.0.2.1 vpn.example.net\r\n\n\t10.0.0.0/24,10.1.0.1 # office\nlast"
    let expected = ["192.0.2.1", "vpn.example.net", "10.0.0.0/24", "10.1.0.1", "last"]
    // In pieces of any length it is the same.
    for size in [1, 7, 1000] {
      var words = TargetWords()
      var found: [String] = []
      var lines: [Int] = []
      func take(_ word: String, _ line: Int) {
        found.append(word)
        lines.append(line)
      }
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        words.add(rest.prefix(size), take)
        rest = rest.dropFirst(size)
      }
      words.end(take)
      #expect(found == expected)
      #expect(lines == [2, 2, 4, 4, 5])
    }
  }

  @Test("a range is its two ends, or the first and the last part of the other")
  func ranges() throws {
    let first = IPAddress(v4: 0xC000_0201)
    #expect(try TargetExpression("192.0.2.1-192.0.3.1") == .range(first, count: 257))
    #expect(try TargetExpression("192.0.2.1-20") == .range(first, count: 20))
    #expect(try TargetExpression("192.0.2.1-1") == .address(first))
    #expect(
      try TargetExpression("2001:db8::7-9")
        == .range(IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 7), count: 3))
    for wrong in ["192.0.2.9-1", "192.0.2.1-256", "192.0.2.1-::1", "::-8000::", "192.0.2.1-"] {
      #expect(throws: TargetExpression.Problem.self) { try TargetExpression(wrong) }
    }
    #expect(try TargetExpression("a-b.example.net") == .name("a-b.example.net"))
  }

  @Test("a word without end takes no memory, and is no target")
  func endless() {
    var words = TargetWords()
    var found: [String] = []
    words.add(Array(repeating: UInt8(ascii: "a"), count: 1 << 20)) { word, _ in found.append(word) }
    words.end { word, _ in found.append(word) }
    #expect(found.count == 1)
    #expect(found.allSatisfy { (try? TargetExpression($0)) == nil })
  }
}
