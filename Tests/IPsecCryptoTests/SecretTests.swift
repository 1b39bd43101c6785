import IPsecCrypto
import Testing

@Suite("Secrets")
struct SecretTests {
  @Test("Neither printing, interpolation nor reflection shows a byte")
  func silence() {
    let secret = Secret(copying: [0xDE, 0xAD, 0xBE, 0xEF])
    var dumped = ""
    dump(secret, to: &dumped)
    for text in ["\(secret)", String(reflecting: secret), dumped, "\([secret])"] {
      #expect(!text.lowercased().contains("de"), "\(text)")
      #expect(!text.contains("222"))
    }
    #expect(secret.revealed == "deadbeef")
  }

  @Test("Taking the bytes leaves none behind, and parts and comparison keep to them")
  func taking() {
    var bytes: [UInt8] = [1, 2, 3, 4]
    let secret = Secret(consuming: &bytes)
    #expect(bytes.isEmpty)
    #expect(secret.part(1..<3)?.revealed == "0203")
    #expect(secret.part(1..<5) == nil)
    #expect(secret.hasSameBytes(as: Secret(copying: [1, 2, 3, 4])))
    #expect(!secret.hasSameBytes(as: Secret(copying: [1, 2, 3, 5])))
  }
}
