import ESP
import IPsecCrypto
import PacketDissector
import Testing

@Suite("Published and computed packets")
struct VectorTests {
  static let algorithms: [String: EncryptionAlgorithm] = [
    "ENCR_CHACHA20_POLY1305": .chaCha20Poly1305, "ENCR_AES_GCM_16": .aesGCM16,
    "ENCR_AES_CCM_8": .aesCCM8, "ENCR_AES_CCM_12": .aesCCM12, "ENCR_AES_CCM_16": .aesCCM16,
    "ENCR_NULL_AUTH_AES_GMAC": .nullAuthAESGMAC, "ENCR_AES_GCM_16_IIV": .aesGCM16ImplicitIV,
  ]

  @Test("Each is opened, with its upper half where it has one")
  func opened() throws {
    let rows = try Fixture.rows("vectors/esp-ike-aead.csv")
    var count = 0
    for row in rows where row["what"]?.hasPrefix("ESP") == true {
      let words = try #require(row["transform"]).split(separator: " ").map(String.init)
      let id = try #require(Self.algorithms[words[0]])
      let encryption = try EncryptionTransform(id, keyBits: words.last.flatMap { Int($0) })
      let packet = try Fixture.bytes(row["packet_after_ip_or_udp_header"])
      let associated = try Fixture.bytes(row["aad"])
      let isESN = row["what"]?.contains("64-bit") == true
      let plaintext =
        id == .nullAuthAESGMAC ? Array(associated[16...]) : try Fixture.bytes(row["plaintext"])
      let parameters = ESPParameters(
        spi: 0x0102_0304, encryption: encryption, integrity: nil,
        encryptionKey: Secret(
          copying: try Fixture.bytes(row["key"]) + Fixture.bytes(row["salt"])),
        integrityKey: Secret(copying: []), usesESN: isESN)
      var receiver = try InboundSA(parameters, highestSequence: isESN ? 1 << 32 + 1 : 0)
      let opening = receiver.opened(packet)
      // The plaintext ends in padding 1, 2, its length and next header IPv4.
      #expect(plaintext.suffix(4) == [1, 2, 2, 4])
      #expect(opening.payload == Array(plaintext.dropLast(4)), "\(words): \(opening)")
      #expect(opening.content?.sequence == (isESN ? 1 << 32 + 5 : 5))
      count += 1
      guard encryption.hasImplicitIV else { continue }
      // What is sealed has the same octets, as there is no IV to choose.
      var sender = try OutboundSA(parameters, firstSequence: 5)
      #expect(try sender.sealed(Array(plaintext.dropLast(4))) == packet)
    }
    #expect(count == 13)
  }
}
