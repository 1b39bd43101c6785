import Decryption
import Host
import IPsecCrypto
import PacketDissector
import Testing

@Suite("Keys from the kernel")
struct KernelKeysTests {
  /// The keys in SAs with these payloads.
  private func keys(_ payloads: [UInt8]...) -> KeyFile {
    var database = KernelSADatabase(withKeys: true)
    for payload in payloads { database.add(Message.state, payload.rawBytes) }
    return KeyFile(database)
  }

  private func cipher(_ name: String, _ keyBytes: Int) -> [UInt8] {
    Message.attribute(2, Message.algorithm(name, key: [UInt8](repeating: 7, count: keyBytes)))
  }

  @Test("An SA is the candidate that ip xfrm state gives for it")
  func sameAsText() throws {
    let live = keys(Message.everything)
    #expect(live.problems == [])
    let key = try #require(live.espKeys.first)
    let text = KeyFile.parse(
      Array(
        """
        src 10.0.0.1 dst 10.0.0.2
        \tproto esp spi 0xc0000001 reqid 42 mode tunnel
        \treplay-window 0 flag esn
        \tauth-trunc hmac(sha256) 0x\(key.integrityKey.revealed) 128
        \tenc cbc(aes) 0x\(key.cipherKey.revealed)
        \tencap type espinudp sport 4500 dport 4501 addr 0.0.0.0
        """.utf8), name: "text")
    let other = try #require(text.espKeys.first)
    #expect(key.spi == other.spi && key.ipsecProtocol == other.ipsecProtocol)
    #expect(key.source == other.source && key.destination == other.destination)
    #expect(key.cipher == other.cipher && key.integrity == other.integrity)
    #expect(key.icvBytes == other.icvBytes && key.usesESN == other.usesESN)
    #expect(key.mode == other.mode && key.encapsulation == other.encapsulation)
    #expect(key.cipherKey.hasSameBytes(as: Secret(copying: Message.key)))
    #expect(key.integrityKey.hasSameBytes(as: Secret(copying: Message.longKey)))
    #expect(key.origin == KeyOrigin(file: "the kernel", line: 1, form: .kernel))
  }

  @Test("AH, AEAD, a mode and an encapsulation of another kind")
  func kinds() throws {
    let ah = Message.attribute(
      20, Message.algorithm("hmac(sha1)", key: [UInt8](repeating: 7, count: 20), icvBits: 96))
    let aead = Message.attribute(
      18,
      Message.algorithm("rfc4106(gcm(aes))", key: [UInt8](repeating: 7, count: 20), icvBits: 64))
    let tcp = Message.attribute(4, Message.host(UInt16(7)) + [0x11, 0x94, 0xC0, 0x01] + [0, 0])
    let file = keys(
      Message.fixed(ipProtocol: 51, mode: 0) + ah,
      Message.fixed(source: [0, 0, 0, 0], mode: 4) + aead + tcp)
    #expect(file.problems == [])
    try #require(file.espKeys.count == 2)
    #expect(file.espKeys[0].ipsecProtocol == .ah && file.espKeys[0].mode == .transport)
    #expect(file.espKeys[0].integrity == .algorithm(2) && file.espKeys[0].icvBytes == 12)
    #expect(file.espKeys[0].encapsulation == ESPKey.Encapsulation.none)
    #expect(file.espKeys[1].cipher == .algorithm(18) && file.espKeys[1].mode == .beet)
    #expect(file.espKeys[1].source == .any && file.espKeys[1].origin.line == 2)
    #expect(
      file.espKeys[1].encapsulation == .tcp(sourcePort: 4500, destinationPort: 49153))
  }

  @Test("An SA that gives no key is told by its SPI; IPComp has none to give")
  func problems() {
    let file = keys(
      Message.fixed(spi: 1), Message.fixed(spi: 2) + cipher("cbc(nonesuch)", 16),
      Message.fixed(spi: 3) + cipher("cbc(aes)", 17), Message.fixed(ipProtocol: 108),
      Message.fixed(spi: 4) + cipher("cbc(aes)", 16), Message.fixed(family: 17))
    #expect(file.espKeys.map(\.spi) == [4])
    #expect(
      file.problems.map(\.description) == [
        "the kernel: SA 00000001 to 10.0.0.2: it has no keys yet",
        "the kernel: SA 00000002 to 10.0.0.2: unknown encryption algorithm \"cbc(nonesuch)\"",
        "the kernel: SA 00000003 to 10.0.0.2: encryption key has 17 bytes; ENCR_AES_CBC takes 16, "
          + "24 or 32",
        "the kernel: tells 1 SAs in a form that is not known",
      ])
    #expect(keys().problems.map(\.reason) == ["has no SA in this network namespace"])
  }

  @Test("A key of zeros is tried, and what it may mean is told")
  func lockdown() {
    let zeros = Message.attribute(
      2, Message.algorithm("cbc(aes)", key: [UInt8](repeating: 0, count: 16)))
    let file = keys(Message.fixed() + zeros)
    #expect(file.espKeys.count == 1)
    #expect(file.problems.count == 1 && file.problems[0].reason.contains("lockdown"))
  }
}
