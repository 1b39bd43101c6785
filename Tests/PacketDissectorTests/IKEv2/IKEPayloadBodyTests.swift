import PacketDissector
import Testing

@Suite("Bodies of IKEv2 payloads")
struct IKEPayloadBodyTests {
  private func sa(_ hex: String) throws -> (IKEPayload, [Proposal]) {
    let decoded = try payload(.securityAssociation, hex)
    guard case .securityAssociation(let sa) = decoded.body else { return (decoded, []) }
    return (decoded, sa.proposals)
  }

  // One ESP proposal: ENCR_AES_CBC with 128 bits, then 32-bit sequence numbers.
  static let proposal =
    "0000 0020 0103 0402 c1fe1786 0300 000c 0100 000c 800e 0080 0000 0008 0500 0000"

  @Test("An SA says its algorithms by name")
  func algorithms() throws {
    let (decoded, proposals) = try sa(Self.proposal)
    #expect(decoded.stop == nil)
    let proposal = try #require(proposals.first)
    #expect(proposal.protocolID == .esp)
    #expect(proposal.spi == [0xC1, 0xFE, 0x17, 0x86])
    #expect(
      proposal.transforms.map(\.name) == ["ENCR_AES_CBC", "32-bit Sequential Numbers"])
    #expect(proposal.transforms.map(\.keyLength) == [128, nil])
  }

  @Test(
    "A proposal's lies about its lengths and counts are found",
    arguments: [
      // Length 0, 3, 7, 65535.
      (2, "0000", 0, .badLength(claimed: 0, minimum: 8)),
      (2, "0003", 0, .badLength(claimed: 3, minimum: 8)),
      (2, "0007", 0, .badLength(claimed: 7, minimum: 8)),
      (2, "ffff", 0, .truncated(needed: 65531, available: 28, limit: .payloadLength)),
      // The proposal ends within its second transform.
      (2, "001c", 1, .truncated(needed: 4, available: 0, limit: .proposalLength)),
      // Three transforms, and one.
      (6, "0403", 2, .badValue(field: "number of transforms", value: 3)),
      (6, "0401", 2, .badValue(field: "number of transforms", value: 1)),
      // An SPI of 255 octets.
      (6, "ff02", 0, .truncated(needed: 255, available: 24, limit: .proposalLength)),
      // The first transform's length 0, 7, 65535.
      (14, "0000", 0, .badLength(claimed: 0, minimum: 8)),
      (14, "0007", 0, .badLength(claimed: 7, minimum: 8)),
      (14, "ffff", 0, .truncated(needed: 65531, available: 16, limit: .proposalLength)),
    ] as [(Int, String, Int, DissectionError.Reason)])
  func proposalLies(
    at offset: Int, value: String, transforms: Int, reason: DissectionError.Reason
  ) throws {
    var bytes = octets(Self.proposal)
    bytes.replaceSubrange(offset..<offset + 2, with: octets(value))
    let (decoded, proposals) = try sa(bytes.map { hex($0) }.joined())
    #expect(decoded.stop?.reason == reason)
    #expect(proposals.first?.transforms.count ?? 0 == transforms)
  }

  @Test("A proposal behind the one marked last is kept undecoded")
  func behindLast() throws {
    let (decoded, proposals) = try sa(Self.proposal + Self.proposal)
    #expect(proposals.count == 1)
    #expect(decoded.undecoded == octets(Self.proposal))
    #expect(decoded.stop?.reason == .trailing(count: 32))
    #expect(decoded.stop?.offset == 36)
  }

  @Test("A last proposal that promises more is found")
  func promisedMore() throws {
    let (decoded, proposals) = try sa("02" + Self.proposal.dropFirst(2))
    #expect(proposals.count == 1)
    #expect(
      decoded.stop?.reason == .truncated(needed: 1, available: 0, limit: .payloadLength))
  }

  @Test("A malformed proposal does not hide the next")
  func nextProposal() throws {
    let first = "02" + Self.proposal.dropFirst(2).replacing("0402", with: "0405")
    let (decoded, proposals) = try sa(first + Self.proposal)
    #expect(proposals.map(\.transforms.count) == [2, 2])
    #expect(decoded.stop?.reason == .badValue(field: "number of transforms", value: 5))
  }

  @Test(
    "A traffic selector's lies about its length are found",
    arguments: [
      ("0000", 0, .badLength(claimed: 0, minimum: 4)),
      ("0003", 0, .badLength(claimed: 3, minimum: 4)),
      ("ffff", 0, .truncated(needed: 65531, available: 12, limit: .payloadLength)),
      ("000c", 1, .truncated(needed: 4, available: 0, limit: .selectorLength)),
    ] as [(String, Int, DissectionError.Reason)])
  func selectorLies(length: String, count: Int, reason: DissectionError.Reason) throws {
    let decoded = try payload(
      .trafficSelectorInitiator, "01000000 0700 \(length) 0000 ffff 0a620000 0a6200ff")
    guard case .trafficSelectors(let payload) = decoded.body else {
      Issue.record("no traffic selectors")
      return
    }
    #expect(payload.selectors.count == count)
    #expect(decoded.stop?.reason == reason)
  }

  @Test("The number of traffic selectors must be right")
  func selectorCount() throws {
    let decoded = try payload(
      .trafficSelectorResponder, "02000000 0711 0010 01f4 01f4 0a620000 0a6200ff")
    #expect(
      decoded.stop?.reason == .badValue(field: "number of traffic selectors", value: 2))
    guard case .trafficSelectors(let payload) = decoded.body else {
      Issue.record("no traffic selectors")
      return
    }
    #expect(
      payload.selectors == [
        TrafficSelector(
          .init(
            startPort: 500, endPort: 500, start: IPAddress(v4: 0x0A62_0000),
            end: IPAddress(v4: 0x0A62_00FF)), ipProtocol: 17)
      ])
  }

  @Test("A Delete of empty SPIs does not count them")
  func emptySPIs() throws {
    let decoded = try payload(.delete, "0100ffff")
    #expect(decoded.body == .delete(DeletePayload(protocolID: .ike, spiSize: 0)))
    #expect(decoded.stop?.reason == .badValue(field: "number of SPIs", value: 65535))
  }

  @Test("A Delete with fewer SPIs than it counts keeps those")
  func fewSPIs() throws {
    let decoded = try payload(.delete, "03040003 01020304 0506")
    #expect(
      decoded.body == .delete(DeletePayload(protocolID: .esp, spiSize: 4, spis: [[1, 2, 3, 4]])))
    #expect(decoded.undecoded == [5, 6])
    #expect(decoded.stop?.offset == 12)
  }

  @Test("Identities are read by their type")
  func identities() throws {
    func value(_ type: IdentificationType, _ hex: String) -> IdentificationPayload.Value {
      IdentificationPayload(type: type, data: octets(hex)).value
    }
    #expect(value(.idIPv4Addr, "0a010002") == .address(IPAddress(v4: 0x0A01_0002)))
    #expect(value(.idIPv4Addr, "0a0100") == .bytes([10, 1, 0]))
    #expect(value(.idFQDN, "672e6f7267") == .text("g.org"))
    // The issuer of our recordings' certificates: C=XX, O=Test, CN=CA.
    let name =
      "3029310b3009060355040613025858310d300b060355040a130454657374310b3009060355040313024341"
    guard case .distinguishedName(let distinguished) = value(.idDERASN1DN, name) else {
      Issue.record("no distinguished name")
      return
    }
    #expect(distinguished.description == "C=XX, O=Test, CN=CA")
    #expect(value(.idDERASN1DN, name + "00") == .bytes(octets(name + "00")))
    for count in 0..<octets(name).count {
      #expect(DistinguishedName(der: Array(octets(name).prefix(count))) == nil)
    }
    #expect(
      try payload(.identificationInitiator, "05000000 01").stop?.reason
        == .badLength(claimed: 1, minimum: 16))
  }

  @Test("AUTH method 14 is split, and its algorithm named")
  func signature() throws {
    let chain = chain(RecordedChain.all[5].first, RecordedChain.all[5].bytes)
    guard case .authentication(let payload) = try #require(chain.payloads.first).body else {
      Issue.record("no AUTH")
      return
    }
    #expect(payload.algorithmName == "sha384WithRSAEncryption")
    #expect(payload.data.count == 512)
  }

  @Test(
    "Signature algorithms are named by their octets, else by their OID",
    arguments: [
      ("300b0609608648016503040312", "ML-DSA-65"),
      ("300c06082a8648ce3d0403020500", "ecdsa-with-SHA256"),
      ("300d06092a864886f70d01010a3000", "RSASSA-PSS empty parameters"),
      ("300f06092a864886f70d01010a30020500", "RSASSA-PSS"),
      ("300506032b6580", nil), ("3005060388377f", "2.999.127"), ("3005060488377f", nil), ("", nil),
    ] as [(String, String?)])
  func algorithmNames(der: String, name: String?) {
    #expect(SignatureAlgorithmTable.name(of: octets(der)) == name)
  }

  @Test("AUTH method 14 without its AlgorithmIdentifier keeps the octets")
  func cutSignature() throws {
    let decoded = try payload(.authentication, "0e000000 0d 300b")
    #expect(
      decoded.body
        == .authentication(
          AuthenticationPayload(method: .digitalSignature, data: [0x0D, 0x30, 0x0B])))
    #expect(
      decoded.stop?.reason == .truncated(needed: 13, available: 2, limit: .payloadLength))
  }

  @Test("Hash and URL, and lists of authorities, are split")
  func certificates() throws {
    let hash = [UInt8](repeating: 1, count: 20)
    let pair = CertificatePayload(
      encoding: .hashAndURLOfX509Bundle, data: hash + Array("http://x".utf8)
    ).hashAndURL
    #expect(pair?.hash == hash)
    #expect(pair?.url == "http://x")
    #expect(
      CertificateRequestPayload(encoding: .x509CertificateSignature, data: hash + hash).authorities
        == [hash, hash])
    #expect(
      try payload(.certificateRequest, "04 0102").stop?.reason == .trailing(count: 2))
    #expect(
      try payload(.certificate, "0c 0102").stop?.reason == .badLength(claimed: 2, minimum: 20))
  }

  @Test("Configuration attributes are read by their type")
  func configuration() throws {
    func content(
      _ type: ConfigurationAttributeType, _ hex: String
    ) -> ConfigurationAttribute.Content {
      ConfigurationAttribute(type: type, value: octets(hex)).content
    }
    let v6 = IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 1)
    #expect(content(.internalIP4DNS, "") == .none)
    #expect(content(.internalIP4DNS, "08080808") == .address(IPAddress(v4: 0x0808_0808)))
    #expect(
      content(.internalIP6Address, "20010db8000000000000000000000001 40")
        == .prefix(v6, length: 64))
    #expect(
      content(.internalIP4Subnet, "0a000000 ff000000")
        == .subnet(IPAddress(v4: 0x0A00_0000), mask: IPAddress(v4: 0xFF00_0000)))
    #expect(content(.applicationVersion, "7822") == .text("x\""))
    #expect(content(.supportedAttributes, "0001 0008") == .types([1, 8]))
    #expect(content(.supportedAttributes, "000100") == .bytes([0, 1, 0]))
    #expect(content(.timeoutPeriodForLivenessCheck, "0000003c") == .number(60))
    #expect(content(.internalIP4Address, "0a00") == .bytes([10, 0]))
    #expect(
      try payload(.configuration, "01000000 0001 0002 0a00").stop?.reason
        == .badLength(claimed: 2, minimum: 4))
    let cut = try payload(.configuration, "01000000 0001 0000 0003 ffff 0a00")
    #expect(
      cut.body == .configuration(.init(type: .cfgRequest, attributes: [.init(type: 1)])))
    #expect(cut.undecoded == [0, 3, 0xFF, 0xFF, 10, 0])
  }

  @Test("EAP lengths that differ from the payload's are found")
  func eapLengths() throws {
    #expect(
      try payload(.eap, "0101 0003 01").stop?.reason == .badLength(claimed: 3, minimum: 4))
    #expect(
      try payload(.eap, "0101 ffff 01 61").stop?.reason
        == .lengthTooLarge(claimed: 65535, maximum: 6))
    let long = try payload(.eap, "0201 0006 01 61 62")
    #expect(long.stop?.reason == .trailing(count: 1))
    #expect(long.undecoded == [0x62])
    guard case .eap(let message) = long.body else {
      Issue.record("no EAP")
      return
    }
    #expect(message.identity == "a")
  }

  @Test(
    "Notification data of a wrong size is kept and found",
    arguments: [
      (.setWindowSize, "000000", .truncated(needed: 4, available: 3, limit: .payloadLength)),
      (.invalidKEPayload, "", .truncated(needed: 2, available: 0, limit: .payloadLength)),
      (.natDetectionSourceIP, "00", .badLength(claimed: 1, minimum: 20)),
      (.cookie, "", .badLength(claimed: 0, minimum: 1)),
      (
        .signatureHashAlgorithms, "000200",
        .truncated(needed: 2, available: 1, limit: .payloadLength)
      ),
      (.ppkIdentityKey, "0102", .badLength(claimed: 2, minimum: 9)),
      (.redirect, "0104 0a", .truncated(needed: 4, available: 1, limit: .payloadLength)),
      (.additionalIP6Address, "0a", .truncated(needed: 16, available: 1, limit: .payloadLength)),
    ] as [(NotifyType, String, DissectionError.Reason)])
  func notifySizes(type: NotifyType, data: String, reason: DissectionError.Reason) throws {
    let number = hex(UInt8(type.rawValue >> 8)) + hex(UInt8(type.rawValue & 0xFF))
    let decoded = try payload(.notify, "0000" + number + data)
    #expect(decoded.stop?.reason == reason)
    #expect(decoded.body == .notify(NotifyPayload(type, .data(octets(data)))))
  }

  @Test("Notification data that is too long keeps what was due, and the rest")
  func longNotify() throws {
    let decoded = try payload(.notify, "00004001 00000005 99")
    #expect(decoded.body == .notify(NotifyPayload(.setWindowSize, .windowSize(5))))
    #expect(decoded.undecoded == [0x99])
    #expect(decoded.stop?.reason == .trailing(count: 1))
  }

  @Test("An announcement of no octets ends the list")
  func announcements() throws {
    let decoded = try payload(.notify, "0000403b 0202 00 0202")
    #expect(
      decoded.body
        == .notify(
          NotifyPayload(.supportedAuthMethods, .authenticationMethods([.init(method: 2)]))))
    #expect(decoded.undecoded == [0, 2, 2])
    #expect(decoded.stop?.reason == .badLength(claimed: 0, minimum: 2))
  }

  @Test("An SPI size beyond the payload keeps the octets")
  func notifySPI() throws {
    let decoded = try payload(.notify, "03ff0000 0102")
    #expect(decoded.body == .opaque([3, 0xFF, 0, 0, 1, 2]))
    #expect(
      decoded.stop?.reason == .truncated(needed: 255, available: 2, limit: .payloadLength))
  }

  @Test("A group policy that does not fit its layout is kept raw")
  func groupPolicy() throws {
    let decoded = try payload(.groupSecurityAssociation, "0300 0008 01020304")
    #expect(decoded.body == .opaque([3, 0, 0, 8, 1, 2, 3, 4]))
    #expect(decoded.stop != nil)
  }

  @Test("A key exchange's data has the registry's sizes")
  func keyExchangeSizes() throws {
    let method: KeyExchangeMethod = 36
    let sizes = try #require(method.dataByteCount)
    #expect(sizes == (1184, 1088))
    #expect(KeyExchangeMethod(rawValue: 60000).dataByteCount == nil)
  }

  @Test(
    "Every payload cut anywhere keeps to its octets",
    arguments: IKEPayloadRoundTripTests.bodies.indices)
  func cuts(index: Int) throws {
    let (type, body) = IKEPayloadRoundTripTests.bodies[index]
    let whole = encoded(PayloadChain(payloads: [IKEPayload(type, body)]))
    for count in 4..<whole.count {
      var bytes = Array(whole.prefix(count))
      bytes[2] = UInt8(count >> 8)
      bytes[3] = UInt8(count & 0xFF)
      let decoded = chain(type, bytes)
      #expect(decoded.payloads.count == 1)
      #expect(decoded.fields.count == 1)
      #expect(encoded(decoded).count <= count)
    }
  }

  private func hex(_ octet: UInt8) -> String {
    (octet < 16 ? "0" : "") + String(octet, radix: 16)
  }
}
