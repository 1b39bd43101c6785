import Decryption
import IPsecCrypto
import PacketDissector
import Testing

@Suite("Forms of key files")
struct KeyFormTests {
  @Test("IKEv2 table lines give both directions' keys, with and without 0x")
  func ikev2() throws {
    let file = parse(Sample.ikev2)
    #expect(file.problems == [])
    try #require(file.ikev2Keys.count == 2)
    let first = file.ikev2Keys[0]
    #expect(first.initiatorSPI == 0x0102_0304_0506_0708)
    #expect(first.responderSPI == 0xA1A2_A3A4_A5A6_A7A8)
    #expect(first.cipher == .algorithm(12))
    #expect(first.initiatorCipherKey.revealed == Sample.hex(16, 0x10))
    #expect(first.responderCipherKey.revealed == Sample.hex(16, 0x20))
    #expect(first.integrity == .algorithm(12))
    #expect(first.initiatorIntegrityKey.revealed == Sample.hex(32, 0x30))
    #expect(first.responderIntegrityKey.revealed == Sample.hex(32, 0x50))
    #expect(first.origin == KeyOrigin(file: "keys", line: 2, form: .ikev2Table))
    let second = file.ikev2Keys[1]
    #expect(second.cipher == .algorithm(20))
    #expect(second.integrity == .algorithm(0))
    #expect(second.initiatorIntegrityKey.isEmpty)
    #expect(second.responderCipherKey.revealed == Sample.hex(36, 0x60))
  }

  @Test("An IKEv1 table line is a cookie and a key")
  func ikev1() throws {
    let file = parse(Sample.ikev1)
    #expect(file.problems == [])
    let key = try #require(file.ikev1Keys.first)
    #expect(key.initiatorCookie == 0x0102_0304_0506_0708)
    #expect(key.cipherKey.revealed == Sample.hex(16, 0x10))
  }

  @Test(
    "ESP table lines give addresses, wildcards, SPIs in either base, and AEAD without integrity")
  func esp() throws {
    let file = parse(Sample.esp)
    #expect(file.problems == [])
    try #require(file.espKeys.count == 3)
    let keys = file.espKeys
    #expect(keys[0].source.address == (try address("10.0.0.1")))
    #expect(keys[0].spi == 0x1001)
    #expect(keys[0].cipher == .algorithm(12))
    #expect(keys[0].integrity == .algorithm(2))
    #expect(keys[0].integrityKey.revealed == Sample.hex(20, 0x40))
    #expect(keys[1].cipher == .algorithm(3))
    #expect(keys[1].spi == nil)
    #expect(keys[1].destination == .any)
    #expect(keys[2].spi == 4097)
    #expect(keys[2].cipher == .algorithm(20))
    #expect(keys[2].integrity == .algorithm(0))
    #expect(keys[2].icvBytes == nil)
    #expect(keys[2].source.matches(try address("10.0.7.9")))
    #expect(!keys[2].source.matches(try address("10.1.7.9")))
    #expect(keys[2].destination.matches(try address("10.200.0.1")))
    #expect(!keys[2].destination.matches(try address("11.0.0.1")))
  }

  @Test("AH lines have the integrity key alone, of any length")
  func ah() throws {
    let file = parse(Sample.ah)
    #expect(file.problems == [])
    let key = try #require(file.espKeys.first)
    #expect(key.ipsecProtocol == .ah)
    #expect(key.integrity == .algorithm(1))
    #expect(key.integrityKey.count == 6)
  }

  @Test("ip xfrm state gives ESN, mode, encapsulation and the ICV's length; IPComp has no key")
  func kernel() throws {
    let file = parse(Sample.kernel)
    #expect(file.problems == [])
    try #require(file.espKeys.count == 3)
    let keys = file.espKeys
    #expect(keys[0].source.address == (try address("10.0.0.1")))
    #expect(keys[0].destination.address == (try address("10.0.0.2")))
    #expect(keys[0].spi == 0xC000_0001)
    #expect(keys[0].usesESN == true)
    #expect(keys[0].replayWindow == 128, "the bitmap's, not the 0 on the line of that name")
    #expect(keys[0].mode == .tunnel)
    #expect(keys[0].encapsulation == .udp(sourcePort: 4500, destinationPort: 4501))
    #expect(keys[0].cipher == .algorithm(12))
    #expect(keys[0].cipherKey.revealed == Sample.hex(16, 1))
    #expect(keys[0].integrity == .algorithm(12))
    #expect(keys[0].icvBytes == 12)
    #expect(keys[0].origin.line == 1)
    #expect(keys[1].spi == 0xC000_0002)
    #expect(keys[1].usesESN == false)
    #expect(keys[1].replayWindow == 32)
    #expect(keys[1].mode == .transport)
    #expect(keys[1].encapsulation == ESPKey.Encapsulation.none)
    #expect(keys[1].cipher == .algorithm(18))
    #expect(keys[1].cipherKey.revealed == Sample.hex(36, 1))
    #expect(keys[2].ipsecProtocol == .ah)
    #expect(keys[2].icvBytes == 12, "a kernel that prints auth alone cuts SHA-256 to 96 bits")
    #expect(keys[2].origin.line == 16)
  }

  @Test("A replay window of 80 is no ESN, flag 80 (older iproute2) is")
  func numericFlag() {
    for (line, usesESN) in [
      ("replay-window 80 flag af-unspec", false), ("replay-window 0 flag 80", true),
    ] {
      let file = parse(
        "src 10.0.0.1 dst 10.0.0.2\n proto esp spi 0x1 reqid 1 mode tunnel\n \(line)\n"
          + " enc ecb(cipher_null) 0x\n")
      #expect(file.espKeys.map(\.usesESN) == [usesESN], "\(line)")
    }
  }

  @Test("One line a state (ip -o) reads the same; a policy's lines change no state")
  func kernelVariants() throws {
    let lines = Sample.kernel.split(separator: "src fd00").first.map(String.init) ?? ""
    let oneLine = lines.split(separator: "\n").reduce(into: "") { text, line in
      text += (line.hasPrefix("src") ? "\n" : "\\") + line
    }
    let file = parse(oneLine)
    #expect(file.problems == [])
    #expect(file.espKeys.map(\.spi) == [0xC000_0001, 0xC000_0002])
    let policy = """
      src 10.1.0.0/16 dst 10.2.0.0/16
      \tdir out priority 383615
      \ttmpl src 10.0.0.1 dst 10.0.0.2
      \t\tproto esp spi 0x00000009 reqid 1 mode transport

      """
    let both = parse(Sample.kernel + policy)
    #expect(both.espKeys.map(\.spi) == [0xC000_0001, 0xC000_0002, 0xC000_0003])
  }

  @Test(
    "Each of the kernel's names of a cipher is its registry algorithm",
    arguments: [
      ("enc cbc(des3_ede)", 24, "", 3), ("enc ecb(cipher_null)", 0, "", 11),
      ("enc rfc3686(ctr(aes))", 20, "", 13), ("enc cbc(camellia)", 32, "", 23),
      ("aead rfc4106(gcm(aes))", 20, " 128", 20), ("aead rfc4106(gcm(aes))", 28, " 96", 19),
      ("aead rfc4309(ccm(aes))", 19, " 64", 14), ("aead rfc4309(ccm(aes))", 35, " 128", 16),
      ("aead rfc4543(gcm(aes))", 20, " 128", 21),
      ("aead rfc7539esp(chacha20,poly1305)", 36, " 128", 28),
    ] as [(String, Int, String, UInt16)])
  func kernelCipher(name: String, count: Int, icv: String, number: UInt16) throws {
    let file = parse(
      """
      src 10.0.0.1 dst 10.0.0.2
      \tproto esp spi 0x00000001 reqid 1 mode tunnel
      \tauth-trunc cmac(aes) 0x\(Sample.hex(16, 1)) 96
      \t\(name) 0x\(Sample.hex(count, 1))\(icv)
      """)
    #expect(file.problems == [])
    #expect(file.espKeys.first?.cipher == .algorithm(EncryptionAlgorithm(rawValue: number)))
    #expect(file.espKeys.first?.cipherKey.count == count)
    #expect(file.espKeys.first?.integrity == .algorithm(8))
  }

  @Test("setkey -D gives keys in groups and over two lines, and the ports behind a NAT")
  func setkey() throws {
    let file = parse(Sample.setkey)
    #expect(file.problems == [])
    try #require(file.espKeys.count == 3)
    let keys = file.espKeys
    #expect(keys[0].spi == 0x1001)
    #expect(keys[0].mode == .tunnel)
    #expect(keys[0].cipherKey.revealed == Sample.hex(16, 1))
    #expect(keys[0].integrity == .algorithm(14))
    #expect(keys[0].integrityKey.revealed == Sample.hex(64, 0x40))
    #expect(keys[1].source.address == (try address("10.0.0.2")))
    #expect(keys[1].encapsulation == .udp(sourcePort: 4500, destinationPort: 4501))
    #expect(keys[1].cipher == .algorithm(3))
    #expect(keys[2].ipsecProtocol == .ah)
    #expect(keys[2].integrity == .algorithm(5))
  }

  @Test("A pluto log gives candidates for each algorithm that takes keys of these lengths")
  func pluto() throws {
    let file = parse(Sample.pluto)
    #expect(file.problems == [])
    #expect(file.ikev2Keys.map(\.cipher) == [.algorithm(12), .algorithm(23)])
    let ike = try #require(file.ikev2Keys.first)
    #expect(ike.initiatorSPI == 0x0102_0304_0506_0708)
    #expect(ike.responderSPI == 0xA1A2_A3A4_A5A6_A7A8)
    #expect(ike.initiatorCipherKey.revealed == Sample.hex(16, 0x10))
    #expect(ike.integrity == .algorithm(2))
    #expect(ike.initiatorIntegrityKey.revealed == Sample.hex(16, 0x30) + Sample.hex(4, 0x40))
    #expect(ike.responderIntegrityKey.revealed == Sample.hex(16, 0x50) + Sample.hex(4, 0x60))
    #expect(file.espKeys.map(\.cipher).contains(.algorithm(20)))
    #expect(file.espKeys.allSatisfy { $0.spi == nil && $0.source == .any })
    #expect(file.espKeys.first?.cipherKey.revealed == Sample.hex(16, 0x80) + Sample.hex(4, 0x90))
  }

  @Test("All forms in one file, with Windows line ends too, give what each gives alone")
  func mixed() {
    let alone = Sample.all.map(parse)
    let whole = parse(Sample.all.joined())
    let windows = parse(Sample.all.joined().split(separator: "\n").joined(separator: "\r\n"))
    for file in [whole, windows] {
      #expect(file.problems == [])
      #expect(file.espKeys.count == alone.map(\.espKeys.count).reduce(0, +))
      #expect(file.ikev2Keys.count == alone.map(\.ikev2Keys.count).reduce(0, +))
      #expect(file.ikev1Keys.count == alone.map(\.ikev1Keys.count).reduce(0, +))
    }
  }
}
