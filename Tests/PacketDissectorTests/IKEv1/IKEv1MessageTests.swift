import PacketDissector
import Testing

@Suite("IKEv1 messages, RFC 2408 and 2409")
struct IKEv1MessageTests {
  @Test("A recorded message is written back byte for byte", arguments: IKEv1Samples.recorded)
  func recordedRoundTrip(bytes: [UInt8]) throws {
    let message = try IKEv1Samples.decode(bytes)
    #expect(message.stop == nil)
    #expect(message.payloads.allSatisfy { $0.stop == nil })
    #expect(message.range == 0..<bytes.count)
    #expect(IKEv1Samples.bytes(message) == bytes)
  }

  @Test("What is written decodes to itself, and the same bytes", arguments: IKEv1Samples.written)
  func writtenRoundTrip(message: IKEv1Message) throws {
    let bytes = IKEv1Samples.bytes(message)
    let decoded = try IKEv1Samples.decode(bytes)
    #expect(decoded.stop == nil)
    #expect(decoded.payloads.allSatisfy { $0.stop == nil })
    #expect(decoded.payloads.map(\.type) == message.payloads.map(\.type))
    #expect(decoded.header.length == UInt32(bytes.count))
    #expect(IKEv1Samples.bytes(decoded) == bytes)
    #expect(try IKEv1Samples.decode(IKEv1Samples.bytes(decoded)) == decoded)
  }

  @Test(
    "Lines show the payloads in their order",
    arguments: zip(
      IKEv1Samples.all,
      [
        "SA V V V V V", "SA V V V V", "KE No NAT-D NAT-D", "encrypted", "encrypted",
        "SA KE No ID NAT-D NAT-D HASH V", "HASH SA No ID ID NAT-OA NAT-OA", "CERT CERTREQ SIG",
        "N(R-U-THERE) N(INITIAL-CONTACT) N(REPLAY-STATUS) N(UNITY-LOAD-BALANCE) "
          + "N(RESPONDER-LIFETIME) N(9999) D(ESP 2) D(ISAKMP 1)",
        "ATTR(ISAKMP_CFG_REPLY)", "FRAG(2)", "FRAG(3 last)",
        "SA KEK TEK KD SEQ POP GAP P T payload(200) SA", "encrypted",
      ]))
  func summaries(bytes: [UInt8], line: String) throws {
    #expect(IKEv1Samples.summary(try IKEv1Samples.decode(bytes)) == line)
  }

  @Test("The exchange has a short name for lines, a private one its number")
  func exchangeNames() throws {
    #expect(try IKEv1Samples.decode(IKEv1Samples.recorded[0]).exchangeType.shortName == "main mode")
    #expect(IKEv1ExchangeType.aggressive.shortName == "aggressive mode")
    #expect(IKEv1ExchangeType.quickMode.shortName == "quick mode")
    #expect(IKEv1ExchangeType.newGroupMode.shortName == "new group mode")
    #expect(IKEv1ExchangeType(rawValue: 240).shortName == "exchange 240")
  }

  @Test("The first message of main mode as a tree has every value with its bytes")
  func mainModeTree() throws {
    let lines = IKEv1Samples.outline(try IKEv1Samples.decode(IKEv1Samples.recorded[0]).fields)
    let expected = """
      IKE header @0..<28
        initiator cookie: 06591bd866d55a0a @0..<8
        responder cookie: 0000000000000000 @8..<16
        next payload: 1 (Security Association) @16..<17
        version: "1.0" @17..<18
        exchange type: 2 (Identity Protection (Main Mode)) @18..<19
        flags: 0 [] @19..<20
        message ID: 00000000 @20..<24
        length: 180 @24..<28
      payload: 1 (Security Association) @28..<84
        next payload: 13 (Vendor ID) @28..<29
        length: 56 @30..<32
        domain of interpretation: 1 (IPSEC) @32..<36
        situation: 1 ["identity only"] @36..<40
        proposal: 1 @40..<84
          length: 44 @42..<44
          number: 1 @44..<45
          protocol: 1 (PROTO_ISAKMP) @45..<46
          spi size: 0 @46..<47
          transform count: 1 @47..<48
          transform: 1 @48..<84
            length: 36 @50..<52
            number: 1 @52..<53
            transform id: 1 (KEY_IKE) @53..<54
            encryption-algorithm: 7 (AES-CBC) @56..<60
            key-length: 128 @60..<64
            hash-algorithm: 4 (SHA2-256) @64..<68
            group-description: 14 (2048-bit MODP) @68..<72
            authentication-method: 1 (Pre-shared key) @72..<76
            life-type: 1 (seconds) @76..<80
            life-duration: 15840 @80..<84
      payload: 13 (Vendor ID) @84..<96
        next payload: 13 (Vendor ID) @84..<85
        length: 12 @86..<88
        vendor id data: 9.0.38.137.223.214.183.18 @88..<96
        name: "XAUTH" @88..<96
      """
    #expect(lines.prefix(36).joined(separator: "\n") == expected)
  }

  @Test("Offsets count from the first byte of the frame, and bytes behind the message stay out")
  func insideAFrame() throws {
    let frame = [0xEE, 0xEE] + IKEv1Samples.recorded[1] + [0xEE]
    var reader = unsafe ByteReader(frame.span.bytes, in: 2..<frame.count)
    let message = try IKEv1Message(from: &reader)
    #expect(message.stop == nil)
    #expect(message.range == 2..<frame.count - 1)
    #expect(message.payloads.first?.range == 30..<86)
    #expect(message.payloads.last?.range.upperBound == frame.count - 1)
  }

  @Test("An encrypted message keeps its content where it is")
  func encrypted() throws {
    let bytes = IKEv1Samples.recorded[3]
    let message = try IKEv1Samples.decode(bytes)
    #expect(message.encrypted == 28..<124)
    #expect(message.ciphertext == Array(bytes[28...]))
    #expect(message.payloads.isEmpty)
    #expect(
      IKEv1Samples.outline(message.fields).last == "encrypted: 96 (bytes) @28..<124")
  }

  @Test("Once decrypted, the payloads stand in lines and tree")
  func decrypted() throws {
    var message = try IKEv1Samples.decode(IKEv1Samples.recorded[3])
    message.payloads = IKEv1Samples.chain([0, 0, 0, 5, 9], first: .hash).payloads
    #expect(IKEv1Samples.summary(message) == "HASH")
    #expect(message.fields.map(\.name) == ["IKE header", "encrypted", "payload"])
  }

  @Test("Every value of a quick mode has its place in the tree")
  func quickModeTree() throws {
    let bytes = IKEv1Samples.bytes(IKEv1Samples.written[1])
    let fields = try IKEv1Samples.decode(bytes).fields
    let lines = IKEv1Samples.outline(Array(fields[4...7]))
    let expected = """
      payload: 5 (Identification) @158..<174
        next payload: 5 (Identification) @158..<159
        length: 16 @160..<162
        id type: 4 (ID_IPV4_ADDR_SUBNET) @162..<163
        protocol: 0 (any) @163..<164
        port: 0 (any) @164..<166
        address: 10.1.0.0 @166..<170
        mask: 255.255.255.0 @170..<174
      payload: 5 (Identification) @174..<214
        next payload: 21 (NAT Original Address (NAT-OA)) @174..<175
        length: 40 @176..<178
        id type: 8 (ID_IPV6_ADDR_RANGE) @178..<179
        protocol: 6 (TCP) @179..<180
        port: 443 @180..<182
        first address: :: @182..<198
        last address: ::9 @198..<214
      payload: 21 (NAT Original Address (NAT-OA)) @214..<226
        next payload: 131 (NAT-OA (draft 01-03)) @214..<215
        length: 12 @216..<218
        id type: 1 (ID_IPV4_ADDR) @218..<219
        address: 192.168.0.1 @222..<226
      payload: 131 (NAT-OA (draft 01-03)) @226..<250
        next payload: 0 (None) @226..<227
        length: 24 @228..<230
        id type: 5 (ID_IPV6_ADDR) @230..<231
        address: 2001:db8::1 @234..<250
      """
    #expect(lines.joined(separator: "\n") == expected)
  }
}
