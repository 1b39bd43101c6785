import PacketDissector
import Testing

@Suite("Vendor ID table")
struct VendorIDTableTests {
  private func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    return stride(from: 0, to: digits.count - 1, by: 2).map {
      UInt8(digits[$0] << 4 | digits[$0 + 1])
    }
  }

  @Test(
    "A payload is named by the row that fixes most of it",
    arguments: [
      // An exact row before the prefix of the same digits, and before shorter prefixes.
      ("12f5f28c457168a9702d9fe274cc0100", "Cisco-Unity"),
      // The longer prefix where there is more behind it.
      ("12f5f28c457168a9702d9fe274cc0100ff", "Cisco Unity"),
      ("12f5f28c457168a9702d9fe274cc0204", "CISCO-UNITY"),
      // A known version before the pattern that all Openswan IDs match.
      ("4f45414c5d6a75516450457a", "Openswan 2.4.9"),
      ("4f45ffffffffffffffffffff", "FreeS/WAN or OpenSWAN"),
      ("4f454effffffffffffffffff", "FreeS/WAN or OpenSWAN or Libreswan"),
      ("4f5357ffffffffffffffffff", "Openswan Unknown Vsn"),
      // The pattern demands the whole payload: one byte more leaves the short prefix.
      ("4f45ffffffffffffffffffffff", "Openswan(project)"),
      ("4f45", "Openswan(project)"),
      // Wildcards in front, in the middle, and within a byte's second half.
      ("00112233445566778854656c646174", "Teldat"),
      (
        "f4ed19e0c114eb516faaac0ee37daf2807b4381f000000010000138d0000000000000000"
          + "18000000", "Firewall-1 NG AI R55"
      ),
      (
        "f4ed19e0c114eb516faaac0ee37daf2807b4381f000000010000138d4865616c00000000"
          + "18000000", "Firewall-1 NGX or later"
      ),
      (
        "f4ed19e0c114eb516faaac0ee37daf2807b4381f00000001000000020000000000000000"
          + "deadbeef", "Firewall-1 4.1 Base"
      ),
      ("424e455300000009", "Nortel Contivity"),
    ])
  func names(hex: String, name: String) {
    #expect(VendorIDTable.name(of: bytes(hex)) == name)
  }

  @Test(
    "A payload shorter than every row it resembles, or unknown, has no name",
    arguments: ["", "4f", "afcad7", "00000000", "424e45530000", "deadbeefdeadbeefdeadbeefdeadbeef"])
  func nameless(hex: String) {
    #expect(VendorIDTable.name(of: bytes(hex)) == nil)
  }

  @Test("A long payload costs no more than its match")
  func longPayload() {
    let cisco = bytes("12f5f28c457168a9702d9fe274cc0100") + [UInt8](repeating: 0, count: 60_000)
    #expect(VendorIDTable.name(of: cisco) == "Cisco Unity")
  }
}
