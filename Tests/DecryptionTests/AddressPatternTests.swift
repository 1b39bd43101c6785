import Decryption
import PacketDissector
import Testing

@Suite("Address patterns of key tables")
struct AddressPatternTests {
  @Test(
    "Wildcards, prefixes and single addresses match what they cover and no more",
    arguments: [
      ("*", ["10.0.0.1", "fd00::1"], []),
      ("10.0.0.1", ["10.0.0.1"], ["10.0.0.2", "::10.0.0.1"]),
      ("10.0.*.*", ["10.0.0.1", "10.0.255.255"], ["10.1.0.1", "fd00::1"]),
      ("10.*", ["10.9.8.7"], ["11.9.8.7"]),
      ("10.*.0.1", ["10.7.0.1"], ["10.7.0.2"]),
      ("10.0.0.0/9", ["10.127.0.1"], ["10.128.0.1"]),
      ("0.0.0.0/0", ["255.0.0.1"], ["fd00::1"]),
      ("10.0.0.1/32", ["10.0.0.1"], ["10.0.0.0"]),
      ("2001:db8::/33", ["2001:db8:7fff::1"], ["2001:db8:8000::1", "10.0.0.1"]),
      ("2001:db8::/128", ["2001:db8::"], ["2001:db8::1"]),
      ("2001:db8::8000:0:0:0/65", ["2001:db8::ffff:0:0:1"], ["2001:db8::7fff:0:0:1"]),
      ("::/0", ["fd00::1"], ["10.0.0.1"]),
      ("fd00:*", ["fd00::1", "fd00:ffff::"], ["fd01::1"]),
      ("fd00:0:0:0:0:0:*:1", ["fd00::1", "fd00::9:1"], ["fd00::2", "fd00::1:0:1"]),
    ] as [(String, [String], [String])])
  func matches(text: String, yes: [String], no: [String]) throws {
    let pattern = try #require(AddressPattern(text: text))
    for one in yes { #expect(pattern.matches(try address(one)), "\(one)") }
    for one in no { #expect(!pattern.matches(try address(one)), "\(one)") }
  }

  @Test(
    "What is no pattern is refused",
    arguments: [
      "", "10.0.0", "10.0.0.0/33", "10.0.0.0/-1", "fd00::/129", "10.256.*.*", "a.*", "*.",
      "fd00::*:1",
      "1:2:3:4:5:6:7:8:*", "10.0.0.0/8/8",
    ])
  func refuses(text: String) {
    #expect(AddressPattern(text: text) == nil)
  }

  @Test("A pattern for one address gives it")
  func single() throws {
    #expect(AddressPattern(text: "10.0.0.1/32")?.address == (try address("10.0.0.1")))
    #expect(AddressPattern(text: "fd00::1")?.address == (try address("fd00::1")))
    #expect(AddressPattern(text: "10.0.0.*")?.address == nil)
    #expect(AddressPattern.any.address == nil)
  }
}
