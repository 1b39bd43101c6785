import Decryption
import IPsecCrypto
import PacketDissector
import Testing

@Suite("Problems of key files")
struct KeyProblemTests {
  static let good = "0102030405060708,\(Sample.hex(16, 0x10))"

  @Test(
    "Each malformed line is told exactly, and loses no other",
    arguments: [
      (
        "0102030405060708,0102030405060708,xyz,00,\"AES-CBC-128\",00,00,\"NONE\"",
        "field 3 \"SK_ei\" is not hexadecimal"
      ),
      (
        "0102030405060708,0102030405060708,00,000,\"AES-CBC-128\",,,\"NONE\"",
        "field 4 \"SK_er\" has an odd number of hexadecimal digits (3)"
      ),
      (
        "01020304,0102030405060708,00,00,\"AES-CBC-128\",,,\"NONE\"",
        "field 1 \"initiator's SPI\" has 8 hexadecimal digits; it takes 16"
      ),
      (
        "0102030405060708,0102030405060708,\(Sample.hex(17, 1)),00,\"AES-CBC-128\",,,\"NONE\"",
        "SK_ei has 17 bytes; ENCR_AES_CBC takes 16"
      ),
      (
        "0102030405060708,0102030405060708,\(Sample.hex(16, 1)),\(Sample.hex(16, 1)),\"AES-CBC-128\""
          + ",\(Sample.hex(16, 1)),,\"HMAC_SHA1_96\"",
        "SK_ai has 16 bytes; AUTH_HMAC_SHA1_96 takes 20"
      ),
      ("0102030405060708,0102030405060708,00,00,5", "line has 5 fields, 8 expected (2 for IKEv1)"),
      ("\"IPv4\",\"*\",\"*\",\"*\",\"NULL\"", "line has 5 fields, 8 expected (6 for AH)"),
      (
        "\"IPv4\",\"*\",\"*\",\"*\",\"AES-GCM\",\"0x\(Sample.hex(16, 1))\",\"NULL\",\"\"",
        "encryption key has 16 bytes; ENCR_AES_GCM_16 takes 16, 24 or 32, and 4 of salt"
      ),
      (
        "\"IPv4\",\"*\",\"*\",\"*\",\"AES-CBC\",\"0x\(Sample.hex(17, 1))\",\"NULL\",\"\"",
        "encryption key has 17 bytes; ENCR_AES_CBC takes 16, 24 or 32"
      ),
      (
        "\"IPv4\",\"*\",\"*\",\"*\",\"FOO\",\"0x\",\"NULL\",\"\"",
        "unknown encryption algorithm \"FOO\""
      ),
      (
        "\"IPv4\",\"*\",\"*\",\"*\",\"NULL\",\"0x\",\"BAR\",\"\"",
        "unknown authentication algorithm \"BAR\""
      ),
      (
        "\"IPv4\",\"10.0.0\",\"*\",\"*\",\"NULL\",\"0x\",\"NULL\",\"\"",
        "field 2 \"source address\" is neither an address nor a pattern"
      ),
      (
        "\"IPv4\",\"*\",\"*\",\"0x123456789\",\"NULL\",\"0x\",\"NULL\",\"\"",
        "field 4 \"SPI\" is neither a number of 32 bits nor *"
      ),
      (
        "\"IPv5\",\"*\",\"*\",\"*\",\"NULL\",\"0x\",\"NULL\"",
        "line has 7 fields, 8 expected (2 for IKEv1)"
      ),
    ])
  func malformedLine(line: String, reason: String) {
    let file = parse("\(Self.good)\n\(line)\n\(Self.good)\n")
    #expect(file.ikev1Keys.count == 2)
    #expect(file.problems == [KeyProblem(file: "keys", line: 2, reason: reason)])
    #expect(file.problems.first?.description == "keys, line 2: \(reason)")
  }

  @Test(
    "A state with an attribute that cannot be read is told with that line",
    arguments: [
      ("enc cbc(aes) 0x0102", "encryption key has 2 bytes; ENCR_AES_CBC takes 16, 24 or 32"),
      ("enc cbc(foo) 0x0102", "unknown encryption algorithm \"cbc(foo)\""),
      ("enc cbc(aes) <<Keys hidden>>", "encryption key is hidden; ip was run with nokeys"),
      (
        "aead rfc4106(gcm(aes)) 0x\(Sample.hex(20, 1)) 100",
        "an ICV of 100 bits does not exist for this cipher"
      ),
      ("auth-trunc hmac(sha1) 0xzz 96", "authentication key is not hexadecimal"),
    ])
  func malformedState(line: String, reason: String) {
    let file = parse(
      """
      src 10.0.0.1 dst 10.0.0.2
      \tproto esp spi 0x00000001 reqid 1 mode tunnel
      \t\(line)
      src 10.0.0.1 dst 10.0.0.2
      \tproto ah spi 0x00000002 reqid 1 mode tunnel
      \tauth-trunc hmac(sha1) 0x\(Sample.hex(20, 1)) 96
      """)
    #expect(file.espKeys.map(\.spi) == [2])
    #expect(file.problems == [KeyProblem(file: "keys", line: 3, reason: reason)])
  }

  @Test("States without keys, and text of no known form, are told; an empty file is no problem")
  func nothing() {
    let states = parse(
      "src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x00000001 reqid 1 mode tunnel\n")
    #expect(states.problems.map(\.line) == [1])
    #expect(states.problems.allSatisfy { $0.reason.contains("no keys") })
    let prose = parse("Capture: a.pcap\nKey files: a, b\n")
    #expect(prose.isEmpty)
    #expect(prose.problems.map(\.line) == [nil])
    #expect(parse("").problems == [])
    #expect(parse("# nothing yet\n\n").isEmpty)
  }

  @Test("A line that is far too long is told, and problems without end are cut")
  func bounds() {
    let long = parse(String(repeating: "\",", count: 40000) + "\n\(Self.good)\n")
    #expect(long.ikev1Keys.count == 1)
    #expect(long.problems.map(\.reason) == ["line of 80000 bytes, too long for any form"])
    let many = parse(String(repeating: "\"\",\n", count: 5000) + "\(Self.good)\n")
    #expect(many.ikev1Keys.count == 1)
    #expect(many.problems.count == 1001)
    #expect(many.problems.last?.reason == "and more; the rest is not told")
  }

  @Test("A key where a name should stand is not quoted")
  func keyAsName() {
    let key = Sample.hex(16, 0xA0)
    for name in [key, "0x\(key)"] {
      let file = parse("\"IPv4\",\"*\",\"*\",\"*\",\"\(name)\",\"\",\"NULL\",\"\"\n")
      #expect(file.problems.map(\.reason) == ["unknown encryption algorithm"])
    }
  }

  @Test("No description shows key material, and no problem does, wherever a sample is corrupted")
  func silence() {
    let marker = "deadbeefcafef00d"
    let text = Sample.all.joined().replacing(Sample.hex(8, 0x10), with: marker)
    let bytes = Array(text.utf8)
    for index in stride(from: 0, to: bytes.count, by: 3) {
      var copy = bytes
      copy[index] = UInt8(ascii: "z")
      let file = KeyFile.parse(copy, name: "keys")
      for problem in file.problems {
        #expect(!problem.description.contains("deadbeef"))
        #expect(!problem.description.contains(Sample.hex(8, 0x40)))
      }
    }
    let file = parse(text)
    var dumped = ""
    dump(file, to: &dumped)
    #expect(!dumped.contains("deadbeef"))
    #expect(!"\(file)".contains("deadbeef"))
    #expect(file.ikev1Keys.first?.cipherKey.revealed.hasPrefix(marker) == true)
  }

  @Test("No truncation and no corrupted byte of any form traps", arguments: Sample.all.indices)
  func hostile(index: Int) {
    let bytes = Array(Sample.all[index].utf8)
    let whole = KeyFile.parse(bytes, name: "keys")
    let most = whole.espKeys.count + whole.ikev2Keys.count + whole.ikev1Keys.count
    for count in bytes.indices {
      let file = KeyFile.parse(Array(bytes[..<count]), name: "keys")
      #expect(file.ikev2Keys.count + file.ikev1Keys.count <= most)
    }
    for position in bytes.indices {
      for value in [0xFF, UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\n")] {
        var copy = bytes
        copy[position] = value
        #expect(KeyFile.parse(copy, name: "keys").name == "keys")
      }
    }
  }
}
