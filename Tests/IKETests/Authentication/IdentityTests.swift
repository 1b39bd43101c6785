import PacketDissector
import Testing

@testable import IKE

@Suite("Identities")
struct IdentityTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test("a type in front of the text decides")
  func prefixes() throws {
    #expect(Identity(text: "fqdn:a.example") == Identity(type: .idFQDN, data: bytes("a.example")))
    #expect(
      Identity(text: "email:u@a.example")
        == Identity(type: .idRFC822Addr, data: bytes("u@a.example")))
    #expect(Identity(text: "ip:192.0.2.1") == Identity(type: .idIPv4Addr, data: [192, 0, 2, 1]))
    #expect(Identity(text: "ipv6:::1")?.data == [UInt8](repeating: 0, count: 15) + [1])
    #expect(Identity(text: "keyid:left") == Identity(type: .idKeyID, data: bytes("left")))
    #expect(Identity(text: "keyid:0x01ff") == Identity(type: .idKeyID, data: [1, 255]))
    #expect(Identity(text: "fqdn:192.0.2.1")?.type == .idFQDN)
    #expect(Identity(text: "FQDN:a.example")?.type == .idFQDN)
  }

  @Test("without a type, the form of the text decides")
  func guesses() {
    #expect(Identity(text: "192.0.2.1")?.type == .idIPv4Addr)
    #expect(Identity(text: "2001:db8::1")?.type == .idIPv6Addr)
    #expect(Identity(text: "a.example") == Identity(type: .idFQDN, data: bytes("a.example")))
    #expect(Identity(text: "@a.example") == Identity(type: .idFQDN, data: bytes("a.example")))
    #expect(Identity(text: "u@a.example")?.type == .idRFC822Addr)
    #expect(Identity(text: "@@u@a") == Identity(type: .idRFC822Addr, data: bytes("u@a")))
    #expect(Identity(text: "@#0aFF") == Identity(type: .idKeyID, data: [10, 255]))
    #expect(Identity(text: "C=CH, CN=a")?.type == .idDERASN1DN)
    #expect(Identity(text: "key=value") == Identity(type: .idKeyID, data: bytes("key=value")))
    #expect(Identity(text: "no:address") == Identity(type: .idKeyID, data: bytes("no:address")))
  }

  @Test(
    "what does not fit its type is refused",
    arguments: [
      "", "%any", "fqdn:", "ip:a.example", "ipv4:::1", "ipv6:192.0.2.1", "dn:a.example", "dn:CN=",
      "dn:XX=a",
      "dn:CN=a,,C=CH", "dn:CN=a\\", "keyid:0x", "keyid:0x1", "keyid:0xgg", "@#", "@#0",
    ])
  func refused(_ text: String) {
    #expect(Identity(text: text) == nil)
  }

  @Test("a distinguished name is encoded as DER")
  func distinguishedName() throws {
    let identity = try #require(Identity(text: "dn:C=CH, O=an example, CN=gw"))
    let country: [UInt8] = [0x31, 11, 0x30, 9, 0x06, 3, 0x55, 4, 6, 0x13, 2] + bytes("CH")
    let organization: [UInt8] =
      [0x31, 19, 0x30, 17, 0x06, 3, 0x55, 4, 10, 0x13, 10] + bytes("an example")
    let name: [UInt8] = [0x31, 11, 0x30, 9, 0x06, 3, 0x55, 4, 3, 0x13, 2] + bytes("gw")
    #expect(identity.data == [0x30, 47] + country + organization + name)
    #expect(identity.description == "C=CH, O=an example, CN=gw")
    #expect(Identity(text: "/C=CH/O=an example/CN=gw") == identity)
    #expect(Identity(text: "CN=a\\, b") == Identity(text: "/CN=a, b"))
    #expect(Identity(text: "CN=ä")?.data.dropFirst(11).first == 0x0C)
    #expect(Identity(text: "E=u@a.example")?.data.contains(0x16) == true)
  }

  @Test("a long distinguished name has lengths of two and three octets")
  func longName() throws {
    for count in [120, 130, 300] {
      let value = String(repeating: "x", count: count)
      let identity = try #require(Identity(text: "CN=" + value))
      #expect(DistinguishedName(der: identity.data)?.attributes.map(\.value) == [value])
    }
  }

  @Test("the ID payload's body is its type, three zeros and its data")
  func payloadBody() {
    let identity = Identity(type: .idFQDN, data: [1, 2])
    #expect(identity.payloadBody == [2, 0, 0, 0, 1, 2])
    #expect(Identity(identity.payload) == identity)
    #expect(Identity.null.payloadBody == [13, 0, 0, 0])
  }

  @Test("letters of names match in either case, and nothing else does")
  func matching() throws {
    func matches(_ expected: String, _ claimed: String) throws -> Bool {
      try #require(Identity(text: expected)).matches(try #require(Identity(text: claimed)))
    }
    #expect(try matches("A.example", "a.EXAMPLE"))
    #expect(try matches("U@a.example", "u@a.example"))
    #expect(try matches("C=CH, CN=Gateway", "C=ch, CN=gateway"))
    #expect(try !matches("a.example", "b.example"))
    #expect(try !matches("a.example", "a.example.org"))
    #expect(try !matches("[.example", "{.example"))
    #expect(try !matches("fqdn:a", "keyid:a"))
    #expect(try !matches("keyid:a", "keyid:A"))
    #expect(try !matches("192.0.2.1", "192.0.2.2"))
    #expect(try !matches("C=CH, CN=a", "CN=a, C=CH"))
    #expect(try !matches("C=CH, CN=a", "C=CH"))
  }

  @Test("distinguished names match across string types, unless octets are no text")
  func stringTypes() throws {
    func name(_ tag: UInt8, _ value: [UInt8]) -> Identity {
      let pair: [UInt8] = [0x06, 3, 0x55, 4, 3, tag, UInt8(value.count)] + value
      let count = UInt8(pair.count)
      return Identity(
        type: .idDERASN1DN, data: [0x30, count + 4, 0x31, count + 2, 0x30, count] + pair)
    }
    #expect(name(0x0C, [0x61, 0x62]).matches(name(0x13, [0x61, 0x62])))
    #expect(!name(0x0C, [0x61, 0xFF]).matches(name(0x0C, [0x61, 0xFE])))
    #expect(name(0x0C, [0x61, 0xFF]).matches(name(0x0C, [0x61, 0xFF])))
    let broken = Identity(type: .idDERASN1DN, data: [0x30, 5, 1])
    #expect(!broken.matches(name(0x0C, [0x61])))
  }

  @Test(
    "identities are told as they can be typed",
    arguments: [
      "a.example", "u@a.example", "192.0.2.1", "2001:db8::1", "C=CH, CN=a", "keyid:left",
      "keyid:0x00ff",
    ])
  func description(_ text: String) throws {
    #expect(try #require(Identity(text: text)).description == text)
  }
}
