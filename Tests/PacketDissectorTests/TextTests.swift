import PacketDissector
import Testing

@Suite("Text")
struct TextTests {
  @Test(
    "IPv6 addresses are written as RFC 5952 says",
    arguments: [
      (0x2001_0db8_0000_0000, 0x0000_0000_0000_0001, "2001:db8::1"),
      (0, 0, "::"),
      (0, 1, "::1"),
      (0xfe80_0000_0000_0000, 0, "fe80::"),
      (0x2001_0db8_0000_0001, 0x0001_0001_0001_0001, "2001:db8:0:1:1:1:1:1"),
      (0x2001_0000_0000_0001, 0x0000_0000_0000_0001, "2001:0:0:1::1"),
    ] as [(UInt64, UInt64, String)])
  func ipv6(high: UInt64, low: UInt64, text: String) {
    #expect(IPAddress(v6High: high, low: low).description == text)
  }

  @Test("An IPv4 address is dotted, and its octets come back")
  func ipv4() {
    let address = IPAddress(v4: 0x0a01_02ff)
    #expect(address.description == "10.1.2.255")
    #expect(IPAddress(octets: address.octets) == address)
  }

  @Test("Numbers keep all their digits at the ends of their range")
  func numbers() {
    var text = TextBuffer(capacity: 1)
    text.decimal(UInt64.max)
    text.put(" ")
    text.decimal(Int.min)
    text.put(" ")
    text.hex(0, digits: 8)
    text.put(" ")
    text.hex(0xabc)
    text.put(" ")
    text.decimal(7, width: 3)
    #expect(text.string == "18446744073709551615 -9223372036854775808 00000000 abc 007")
  }
}
