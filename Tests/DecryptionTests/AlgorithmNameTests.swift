import Decryption
import IPsecCrypto
import PacketDissector
import Testing

@Suite("Names of algorithms in key tables")
struct AlgorithmNameTests {
  private static func esp(_ cipher: String, _ key: String, _ integrity: String, _ other: String)
    -> KeyFile
  {
    parse("\"IPv4\",\"*\",\"*\",\"*\",\"\(cipher)\",\"\(key)\",\"\(integrity)\",\"\(other)\"\n")
  }

  @Test(
    "ESP tables: every spelling of a cipher, in any letter case, is its registry algorithm",
    arguments: [
      ("NULL", 0, [11]), ("TripleDES-CBC [RFC2451]", 24, [3]), ("TripleDes-CBC [RFC2451]", 24, [3]),
      ("AES-CBC [RFC3602]", 16, [12]), ("aes-cbc", 32, [12]), ("AES-CTR [RFC3686]", 36, [13]),
      ("DES-CBC [RFC2405]", 8, [2]), ("CAST5-CBC [RFC2144]", 16, [6]),
      ("BLOWFISH-CBC [RFC2451]", 16, [7]), ("AES-GCM [RFC4106]", 20, [20, 19, 18]),
      ("AES-GCM with 8 octet ICV [RFC4106]", 20, [18]),
      ("AES-GCM with 12 octet ICV [RFC4106]", 28, [19]),
      ("AES-GCM with 16 octet ICV [RFC4106]", 36, [20]),
      ("ChaCha20 with Poly1305 [RFC7634]", 36, [28]), ("ChaCha20/Poly1305", 36, [28]),
    ] as [(String, Int, [UInt16])])
  func espCiphers(name: String, count: Int, numbers: [UInt16]) {
    let file = Self.esp(name, "0x\(Sample.hex(count, 1))", "NULL", "")
    #expect(file.problems == [])
    #expect(
      file.espKeys.map(\.cipher) == numbers.map { .algorithm(EncryptionAlgorithm(rawValue: $0)) })
  }

  @Test(
    "ESP tables: every spelling of an integrity algorithm is its registry algorithm",
    arguments: [
      ("HMAC-SHA-1-96 [RFC2404]", 20, 2, nil), ("HMAC-MD5-96 [RFC2403]", 16, 1, nil),
      ("HMAC-SHA-256-96 [draft-ietf-ipsec-ciph-sha-256-00]", 32, 12, 12),
      ("HMAC-SHA-256-128 [RFC4868]", 32, 12, nil), ("hmac-sha-384-192", 48, 13, nil),
      ("HMAC-SHA-512-256 [RFC4868]", 64, 14, nil), ("AES-XCBC-MAC-96 [RFC3566]", 16, 5, nil),
      ("AES-CMAC-96 [RFC4494]", 16, 8, nil), ("NULL", 0, 0, nil),
    ] as [(String, Int, UInt16, Int?)])
  func espIntegrity(name: String, count: Int, number: UInt16, icvBytes: Int?) {
    let file = Self.esp("NULL", "", name, "0x\(Sample.hex(count, 1))")
    #expect(file.problems == [])
    #expect(
      file.espKeys.first?.integrity == .algorithm(IntegrityAlgorithm(rawValue: number)))
    #expect(file.espKeys.first?.icvBytes == icvBytes)
  }

  @Test("An ICV without an algorithm keeps its length, and settles which GCM is meant")
  func anyICV() {
    let any = "ANY 96 bit authentication [no checking]"
    let cbc = Self.esp("AES-CBC", "0x\(Sample.hex(16, 1))", any, "").espKeys
    #expect(cbc.map(\.integrity) == [.unchecked])
    #expect(cbc.map(\.icvBytes) == [12])
    let gcm12 = Self.esp("AES-GCM", "0x\(Sample.hex(20, 1))", any, "").espKeys
    #expect(gcm12.map(\.cipher) == [.algorithm(19)])
    let any64 = "ANY 64 bit authentication [no checking]"
    let gcm8 = Self.esp("AES-GCM", "0x\(Sample.hex(20, 1))", any64, "0x").espKeys
    #expect(gcm8.map(\.cipher) == [.algorithm(18), .algorithm(19)], "strongSwan writes 64 for 96")
    #expect(gcm8.map(\.integrity) == [.algorithm(0), .algorithm(0)])
  }

  @Test("Algorithms outside the registry keep the file's name")
  func unsupported() {
    let twofish = Self.esp("TWOFISH-CBC", "0x\(Sample.hex(16, 1))", "NULL", "")
    #expect(twofish.problems == [])
    #expect(twofish.espKeys.map(\.cipher) == [.unsupported("TWOFISH-CBC")])
    let ripemd = Self.esp("NULL", "", "MAC-RIPEMD-160-96 [RFC2857]", "0x\(Sample.hex(20, 1))")
    #expect(ripemd.espKeys.map(\.integrity) == [.unsupported("MAC-RIPEMD-160-96 [RFC2857]")])
  }

  @Test("A key without 0x is its characters; where hexadecimal fits too, both are candidates")
  func bareKeys() {
    let text = Self.esp("AES-CBC", "sixteen letters!", "HMAC-SHA-1-96", "twenty letters it is")
    #expect(text.problems == [])
    #expect(text.espKeys.map(\.cipherKey.count) == [16])
    #expect(text.espKeys.map(\.integrityKey.count) == [20])
    let both = Self.esp("AES-CBC", Sample.hex(16, 1), "HMAC-SHA-1-96", "0x\(Sample.hex(20, 1))")
    #expect(both.espKeys.map(\.cipherKey.count) == [16, 32])
    let hexadecimal = Self.esp("AES-CBC", Sample.hex(32, 1), "NULL", "")
    #expect(hexadecimal.espKeys.map(\.cipherKey.revealed) == [Sample.hex(32, 1)])
  }

  @Test(
    "IKEv2 tables: every spelling of a cipher is its registry algorithm",
    arguments: [
      ("3DES [RFC2451]", 24, 3), ("AES-CBC-192 [RFC3602]", 24, 12),
      ("AES-CTR-256 [RFC5930]", 36, 13),
      ("NULL [RFC2410]", 0, 11), ("AES-GCM-128 with 8 octet ICV [RFC5282]", 20, 18),
      ("AES-GCM-192 with 12 octet ICV [RFC5282]", 28, 19),
      ("AES-GCM-256 with 16 octet ICV [RFC5282]", 36, 20),
      ("AES-CCM-128 with 8 octet ICV [RFC5282]", 19, 14),
      ("AES-CCM-192 with 12 octet ICV [RFC5282]", 27, 15),
      ("aes-ccm-256 with 16 octet icv [RFC5282]", 35, 16),
    ] as [(String, Int, UInt16)])
  func ikev2Ciphers(name: String, count: Int, number: UInt16) {
    let key = Sample.hex(count, 1)
    let file = parse("0102030405060708,0102030405060708,\(key),\(key),\"\(name)\",,,\"NONE\"\n")
    #expect(file.problems == [])
    #expect(
      file.ikev2Keys.map(\.cipher) == [.algorithm(EncryptionAlgorithm(rawValue: number))])
  }
}
