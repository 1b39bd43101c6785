import PacketDissector
import Testing

@Suite("IKEv2 messages, RFC 7296 section 3")
struct IKEMessageTests {
  @Test(
    "A recorded message decodes whole and encodes to the same octets",
    arguments: RecordedMessage.all)
  func recorded(_ recorded: RecordedMessage) throws {
    let decoded = try message(recorded.bytes)
    #expect(decoded.stop == nil)
    #expect(decoded.payloads.allSatisfy { $0.stop == nil && $0.undecoded.isEmpty })
    #expect(decoded.range == 0..<recorded.bytes.count)
    #expect(encoded(decoded) == recorded.bytes)
  }

  @Test(
    "Recorded SK content decodes whole and encodes to the same octets", arguments: RecordedChain.all
  )
  func recordedInside(_ recorded: RecordedChain) {
    let decoded = chain(recorded.first, recorded.bytes)
    #expect(decoded.stop == nil)
    #expect(decoded.payloads.allSatisfy { $0.stop == nil && $0.undecoded.isEmpty })
    #expect(encoded(decoded) == recorded.bytes)
  }

  @Test("Summaries name the payloads in the notation of RFC 7296")
  func summaries() throws {
    let messages = try RecordedMessage.all.map { summary(try message($0.bytes).payloads) }
    #expect(
      messages == [
        "SA KE(Curve25519) No N(NAT_DETECTION_SOURCE_IP) N(NAT_DETECTION_DESTINATION_IP)"
          + " N(IKEV2_FRAGMENTATION_SUPPORTED) N(SIGNATURE_HASH_ALGORITHMS) N(REDIRECT_SUPPORTED)",
        "SA KE(Curve25519) No N(NAT_DETECTION_SOURCE_IP) N(NAT_DETECTION_DESTINATION_IP) CERTREQ"
          + " N(IKEV2_FRAGMENTATION_SUPPORTED) N(SIGNATURE_HASH_ALGORITHMS)"
          + " N(CHILDLESS_IKEV2_SUPPORTED) N(INTERMEDIATE_EXCHANGE_SUPPORTED)"
          + " N(MULTIPLE_AUTH_SUPPORTED)",
        "SA KE(384-bit random ECP group) No N(NAT_DETECTION_SOURCE_IP)"
          + " N(NAT_DETECTION_DESTINATION_IP) CERTREQ"
          + " N(IKEV2_FRAGMENTATION_SUPPORTED) N(SIGNATURE_HASH_ALGORITHMS)"
          + " N(CHILDLESS_IKEV2_SUPPORTED) N(INTERMEDIATE_EXCHANGE_SUPPORTED)"
          + " N(MULTIPLE_AUTH_SUPPORTED)",
        "SKF(2/2)", "SKF(2/2)", "SK", "SK", "SK", "SK",
      ])
    let chains = RecordedChain.all.map { summary(chain($0.first, $0.bytes).payloads) }
    #expect(
      chains == [
        "IDi N(INITIAL_CONTACT) CERTREQ IDr SA TSi TSr N(MOBIKE_SUPPORTED)"
          + " N(ADDITIONAL_IP6_ADDRESS) N(MULTIPLE_AUTH_SUPPORTED) N(EAP_ONLY_AUTHENTICATION)"
          + " N(IKEV2_MESSAGE_ID_SYNC_SUPPORTED)",
        "IDi N(INITIAL_CONTACT) CERTREQ IDr AUTH SA TSi TSr N(MOBIKE_SUPPORTED)"
          + " N(ADDITIONAL_IP4_ADDRESS) N(MULTIPLE_AUTH_SUPPORTED) N(EAP_ONLY_AUTHENTICATION)"
          + " N(IKEV2_MESSAGE_ID_SYNC_SUPPORTED)",
        "EAP(Request MS-EAP-Authentication (MSCHAPv2))",
        "EAP(Response MS-EAP-Authentication (MSCHAPv2))",
        "AUTH SA TSi TSr N(MOBIKE_SUPPORTED) N(ADDITIONAL_IP6_ADDRESS)",
        "AUTH EAP(Request Identity)", "SA No KE(Curve25519)", "D(IKE)",
      ])
  }

  @Test("Unknown numbers stand as numbers in a summary")
  func unknownNumbers() {
    let payloads = [
      IKEPayload(PayloadType(rawValue: 200), .opaque([1, 2])),
      IKEPayload(.notify, .notify(NotifyPayload(NotifyType(rawValue: 60000)))),
      IKEPayload(
        .delete,
        .delete(DeletePayload(protocolID: .esp, spiSize: 4, spis: [[1, 2, 3, 4], [5, 6, 7, 8]]))),
      IKEPayload(.eap, .eap(EAPMessage(code: .success, identifier: 1))),
      IKEPayload(.vendorID, .vendorID([1])),
      IKEPayload(.encrypted, .encrypted(EncryptedPayload(firstPayload: .notify, content: []))),
    ]
    #expect(summary(payloads) == "payload(200) N(60000) D(ESP 2) EAP(Success) V SK")
  }

  @Test("The fields of an IKE_SA_INIT request say what stands where")
  func fields() throws {
    let decoded = try message(RecordedMessage.all[0].bytes)
    #expect(
      lines(decoded.fields).prefix(41).joined(separator: "\n") == """
        IKE header @0..<28
          initiator SPI 0xc2e87ecb48de64cf @0..<8
          responder SPI 0x0000000000000000 @8..<16
          next payload 33 Security Association (SA) @16..<17
          version "2.0" @17..<18
          exchange type 34 IKE_SA_INIT @18..<19
          flags 8 initiator @19..<20
          message ID 0 @20..<24
          length 240 @24..<28
        payload 33 Security Association (SA) @28..<76
          next payload 34 Key Exchange (KE) @28..<29
          critical false @29..<30
          length 48 @30..<32
          proposal @32..<76
            number 1 @36..<37
            protocol 1 IKE @37..<38
            transform @40..<52
              type 1 Encryption Algorithm (ENCR) @44..<45
              ID 12 ENCR_AES_CBC @46..<48
              key length 256 @48..<52
            transform @52..<60
              type 3 Integrity Algorithm (INTEG) @56..<57
              ID 12 AUTH_HMAC_SHA2_256_128 @58..<60
            transform @60..<68
              type 2 Pseudorandom Function (PRF) @64..<65
              ID 5 PRF_HMAC_SHA2_256 @66..<68
            transform @68..<76
              type 4 Key Exchange Method (KE) @72..<73
              ID 31 Curve25519 @74..<76
        payload 34 Key Exchange (KE) @76..<116
          next payload 40 Nonce (Ni/Nr) @76..<77
          critical false @77..<78
          length 40 @78..<80
          method 31 Curve25519 @80..<82
          data 32 bytes @84..<116
        payload 40 Nonce (Ni/Nr) @116..<152
          next payload 41 Notify (N) @116..<117
          critical false @117..<118
          length 36 @118..<120
          nonce 32 bytes @120..<152
        payload 41 Notify (N) @152..<180
        """)
  }

  @Test("Ranges count from the frame's first byte, wherever the message begins")
  func offsets() throws {
    let bytes = [UInt8](repeating: 0xFF, count: 42) + RecordedMessage.all[0].bytes
    var reader = unsafe ByteReader(bytes.span.bytes, in: 42..<bytes.count)
    let decoded = try IKEMessage(from: &reader)
    let first = try #require(decoded.payloads.first)
    #expect(decoded.range == 42..<bytes.count)
    #expect(first.range == 70..<118)
    guard case .securityAssociation(let sa) = first.body else {
      Issue.record("the first payload is no SA")
      return
    }
    #expect(sa.proposals.map(\.range) == [74..<118])
    #expect(
      sa.proposals[0].transforms.map(\.range) == [82..<94, 94..<102, 102..<110, 110..<118])
    #expect(sa.proposals[0].transforms[0].attributes.map(\.range) == [90..<94])
  }

  @Test("A message at another version keeps its header alone")
  func otherVersion() throws {
    var bytes = RecordedMessage.all[0].bytes
    bytes[17] = 0x30
    let decoded = try message(bytes)
    #expect(decoded.payloads.isEmpty)
    #expect(decoded.stop?.reason == .badValue(field: "major version", value: 3))
    #expect(decoded.stop?.offset == 17)
  }

  @Test("An IKE length below the header's is refused", arguments: [0, 27] as [UInt8])
  func shortLength(length: UInt8) throws {
    var bytes = RecordedMessage.all[0].bytes
    bytes.replaceSubrange(24..<28, with: [0, 0, 0, length])
    let decoded = try message(bytes)
    #expect(decoded.stop?.reason == .badLength(claimed: Int(length), minimum: 28))
    #expect(decoded.stop?.offset == 24)
    #expect(decoded.payloads.isEmpty)
  }

  @Test("An IKE length beyond the datagram keeps the payloads and says so")
  func longLength() throws {
    var bytes = RecordedMessage.all[0].bytes
    bytes.replaceSubrange(24..<28, with: [0xFF, 0xFF, 0xFF, 0xFF])
    let decoded = try message(bytes)
    #expect(decoded.payloads.count == 8)
    #expect(
      decoded.stop?.reason == .lengthTooLarge(claimed: 0xFFFF_FFFF, maximum: bytes.count))
  }

  @Test("Octets behind the IKE length keep the payloads and are reported")
  func trailing() throws {
    let bytes = RecordedMessage.all[0].bytes
    let decoded = try message(bytes + [0, 0, 0])
    #expect(decoded.payloads.count == 8)
    #expect(decoded.stop?.reason == .trailing(count: 3))
    #expect(decoded.stop?.offset == bytes.count)
  }

  @Test("The IKE length bounds the payloads")
  func ikeLengthBounds() throws {
    var bytes = RecordedMessage.all[0].bytes
    bytes[27] -= 4
    let decoded = try message(bytes)
    #expect(decoded.payloads.count == 7)
    #expect(decoded.unread == .notify)
    #expect(
      decoded.stop?.reason == .truncated(needed: 4, available: 0, limit: .ikeLength))
  }
}

@Suite("IKEv2 payload chain, RFC 7296 section 3.2")
struct PayloadChainTests {
  // A nonce of four bytes, then an empty notify that is marked critical.
  static let whole: [UInt8] = [41, 0, 0, 8, 0xDE, 0xAD, 0xBE, 0xEF, 0, 0x80, 0, 8, 0, 0, 0x40, 0]

  @Test("It follows next payloads and keeps the critical bit")
  func follows() {
    let decoded = chain(.nonce, Self.whole)
    #expect(decoded.payloads.map(\.type) == [.nonce, .notify])
    #expect(decoded.payloads.map(\.isCritical) == [false, true])
    #expect(decoded.payloads.map(\.range) == [0..<8, 8..<16])
    #expect(decoded.payloads.first?.body == .nonce([0xDE, 0xAD, 0xBE, 0xEF]))
    #expect(decoded.stop == nil)
    #expect(decoded.unread == .none)
  }

  @Test("Cut anywhere, it keeps what came before and says where it stopped", arguments: 0..<16)
  func cut(at count: Int) throws {
    let decoded = chain(.nonce, Array(Self.whole.prefix(count)))
    #expect(decoded.payloads.count == (count < 8 ? 0 : 1))
    #expect(decoded.unread == (count < 8 ? .nonce : .notify))
    #expect(try #require(decoded.stop).offset <= count)
  }

  @Test("Payload lengths that cannot be end it", arguments: [0, 3, 9, 65535] as [UInt16])
  func badLength(length: UInt16) throws {
    var bytes = Self.whole
    bytes[10] = UInt8(length >> 8)
    bytes[11] = UInt8(length & 0xFF)
    let decoded = chain(.nonce, bytes)
    #expect(decoded.payloads.count == 1)
    let stop = try #require(decoded.stop)
    #expect(stop.layer == .ikev2Payload)
    if length < 4 {
      #expect(stop.reason == .badLength(claimed: Int(length), minimum: 4))
      #expect(stop.offset == 10)
    } else {
      #expect(
        stop.reason == .truncated(needed: Int(length) - 4, available: 4, limit: .capture))
      #expect(stop.offset == 12)
    }
  }

  @Test("An empty chain is whole, octets in it are not")
  func empty() {
    #expect(chain(.none, []).stop == nil)
    #expect(chain(.none, [1, 2]).stop?.reason == .trailing(count: 2))
  }

  @Test("Nothing may follow SK, whose next payload is the first inside")
  func behindEncrypted() {
    let decoded = chain(.encrypted, [35, 0, 0, 6, 0xAA, 0xBB, 0, 0, 0, 4])
    #expect(decoded.payloads.count == 1)
    #expect(decoded.payloads.first?.firstInside == .identificationInitiator)
    #expect(decoded.stop?.reason == .trailing(count: 4))
    #expect(decoded.stop?.offset == 6)
  }

  @Test("A malformed body keeps its octets, and the chain goes on")
  func goesOn() {
    // A key exchange of three octets.
    let decoded = chain(.keyExchange, [40, 0, 0, 7, 0, 31, 0, 0, 0, 0, 5, 9])
    #expect(decoded.payloads.map(\.type) == [.keyExchange, .nonce])
    #expect(decoded.payloads.first?.body == .opaque([0, 31, 0]))
    #expect(
      decoded.payloads.first?.stop?.reason
        == .truncated(needed: 2, available: 1, limit: .payloadLength))
    #expect(decoded.stop == nil)
  }
}
