import PacketDissector
import Testing

@Suite("What is encoded decodes to the same value")
struct IKEPayloadRoundTripTests {
  static let v4 = IPAddress(v4: 0xC000_0201)
  static let v6 = IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 7)

  static let proposals = [
    Proposal(
      number: 1, protocolID: .esp, spi: [1, 2, 3, 4],
      transforms: [
        Transform(.encryption, id: 20, keyLength: 256),
        Transform(
          .encryption, id: 12,
          attributes: [
            TransformAttribute(type: 14, .short(128)),
            TransformAttribute(type: 18, .bytes([1, 2, 3])),
            TransformAttribute(type: 0x7FFF, .bytes([])),
          ]),
        Transform(.sequenceNumbers, id: 1),
      ]),
    Proposal(number: 2, protocolID: .ike, spi: [1, 2, 3, 4, 5, 6, 7, 8], transforms: []),
    Proposal(
      number: 3, protocolID: .ah,
      transforms: [Transform(TransformType(rawValue: 241), id: 0xFFFF)]),
  ]

  static let selectors = [
    TrafficSelector(.init(startPort: 80, endPort: 443, start: v4, end: v4), ipProtocol: 6),
    TrafficSelector(.init(startPort: 65535, endPort: 0, start: v6, end: v6)),
    TrafficSelector(type: .tsSeclabel, ipProtocol: 0, content: .securityLabel([0x61, 0])),
    TrafficSelector(type: .tsFCAddrRange, ipProtocol: 9, content: .opaque([1, 2, 3])),
    TrafficSelector(type: 250, ipProtocol: 0, content: .opaque([])),
  ]

  static let bodies: [(PayloadType, IKEPayload.Body)] = [
    (.securityAssociation, .securityAssociation(.init(proposals: proposals))),
    (.securityAssociation, .securityAssociation(.init(proposals: []))),
    (.keyExchange, .keyExchange(.init(method: 31, data: [1, 2, 3]))),
    (.identificationInitiator, .identification(.init(type: .idFQDN, data: [0x61]))),
    (.identificationResponder, .identification(.init(type: .idIPv6Addr, data: v6.octets))),
    (.groupIdentification, .identification(.init(type: .idKeyID, data: []))),
    (.certificate, .certificate(.init(encoding: .x509CertificateSignature, data: [0x30, 0]))),
    (
      .certificate,
      .certificate(
        .init(
          encoding: .hashAndURLOfX509Certificate,
          data: [UInt8](repeating: 7, count: 20) + Array("http://a/".utf8)))
    ),
    (
      .certificateRequest,
      .certificateRequest(
        .init(encoding: .x509CertificateSignature, data: [UInt8](repeating: 3, count: 40)))
    ),
    (.certificateRequest, .certificateRequest(.init(encoding: .rawPublicKey, data: []))),
    (
      .authentication,
      .authentication(.init(method: .sharedKeyMessageIntegrityCode, data: [1, 2]))
    ),
    (
      .authentication,
      .authentication(.init(algorithmIdentifier: octets("300506032b6570"), signature: [9, 9]))
    ),
    (.nonce, .nonce([UInt8](repeating: 5, count: 32))),
    (.delete, .delete(.init(protocolID: .esp, spiSize: 4, spis: [[1, 2, 3, 4], [5, 6, 7, 8]]))),
    (.delete, .delete(.init(protocolID: .ike, spiSize: 0))),
    (.vendorID, .vendorID([1, 2, 3])),
    (.trafficSelectorInitiator, .trafficSelectors(.init(selectors: selectors))),
    (.trafficSelectorResponder, .trafficSelectors(.init(selectors: []))),
    (
      .configuration,
      .configuration(
        .init(
          type: .cfgReply,
          attributes: [
            .init(type: .internalIP4Address, value: v4.octets),
            .init(type: .internalIP6Address, value: v6.octets + [64]),
            .init(type: .internalIP4Subnet, value: v4.octets + [255, 255, 255, 0]),
            .init(type: .applicationVersion, value: Array("x 1".utf8)),
            .init(type: .supportedAttributes, value: [0, 1, 0, 8]), .init(type: .internalIP6DNS),
          ]))
    ),
    (.eap, .eap(.init(code: .request, identifier: 3, type: .identity, data: [0x61, 0x62]))),
    (
      .eap,
      .eap(
        .init(
          code: .response, identifier: 4, type: .expanded,
          expandedType: .init(vendorID: 0x00372A, vendorType: 2), data: [1]))
    ),
    (.eap, .eap(.init(code: .success, identifier: 5))),
    (.genericSecurePassword, .opaque([1, 2])),
    (.puzzleSolution, .opaque([4])),
    (
      .groupSecurityAssociation,
      .groupSecurityAssociation(
        .init(policies: [
          .init(
            protocolID: .esp, spi: [1, 2, 3, 4],
            sa: .init(
              source: selectors[0], destination: selectors[1], transforms: proposals[0].transforms),
            attributes: [.init(type: 1, .bytes([0, 0, 14, 16]))]),
          .init(attributes: [.init(type: 3, .short(8))]),
        ]))
    ),
    (
      .keyDownload,
      .keyDownload(
        .init(bags: [
          .init(
            protocolID: .esp, spi: [1, 2, 3, 4], attributes: [.init(type: 1, .bytes([7, 7]))]),
          .init(attributes: [.init(type: 3, .short(2))]),
        ]))
    ),
    (PayloadType(rawValue: 200), .opaque([1, 2, 3])),
  ]

  static let notifications: [NotifyPayload] = [
    .init(.initialContact),
    .init(.rekeySA, protocolID: .esp, spi: [1, 2, 3, 4]),
    .init(.unsupportedCriticalPayload, .payloadType(.puzzleSolution)),
    .init(.invalidMessageID, .messageID(0xFFFF_FFFF)),
    .init(.invalidSPI, .spi([1, 2, 3, 4])),
    .init(.invalidKEPayload, .keyExchangeMethod(36)),
    .init(.invalidSelectors, .data([0x45, 0])),
    .init(.setWindowSize, .windowSize(5)),
    .init(.ipcompSupported, .compression(cpi: 0x1234, 2)),
    .init(.natDetectionSourceIP, .data([UInt8](repeating: 1, count: 20))),
    .init(.cookie, .data([1])),
    .init(.cookie2, .data([UInt8](repeating: 1, count: 64))),
    .init(.additionalIP4Address, .address(v4)),
    .init(.additionalIP6Address, .address(v6)),
    .init(
      .noNatsAllowed,
      .endpoints(source: v4, destination: v4, sourcePort: 500, destinationPort: 4500)),
    .init(
      .noNatsAllowed,
      .endpoints(source: v6, destination: v6, sourcePort: 500, destinationPort: 4500)),
    .init(.authLifetime, .lifetime(3600)),
    .init(.redirect, .redirect(.init(type: .ipv4, data: v4.octets), nonce: [1, 2, 3])),
    .init(.redirectedFrom, .redirectedFrom(.init(type: .fqdn, data: [0x61]))),
    .init(.ticketLtOpaque, .ticket(lifetime: 9, [1, 2])),
    .init(.ticketOpaque, .data([1, 2])),
    .init(.linkID, .data([3])),
    .init(
      .rohcSupported,
      .headerCompression([.init(type: 1, .short(15)), .init(type: 2, .bytes([0, 1]))])),
    .init(.quickCrashDetection, .data([UInt8](repeating: 2, count: 16)), protocolID: .ike),
    .init(.ikev2MessageIDSync, .messageIDSync(nonce: 1, expectedSend: 2, expectedReceive: 3)),
    .init(.ipsecReplayCounterSync, .number(0x1_0000_0000, byteCount: 8)),
    .init(.ipsecReplayCounterSync, .number(256, byteCount: 4)),
    .init(.groupSender, .number(3, byteCount: 2)),
    .init(.securePasswordMethods, .securePasswordMethods([1, 3])),
    .init(.pskPersist, .data([1])),
    .init(.signatureHashAlgorithms, .hashAlgorithms([2, 5, 60000])),
    .init(.puzzle, .puzzle(5, difficulty: 18)),
    .init(.ppkIdentity, .ppkIdentity(nil)),
    .init(.ppkIdentity, .ppkIdentity(.init(type: 2, data: [1]))),
    .init(
      .ppkIdentityKey,
      .ppkIdentityKey(.init(type: 1, data: []), confirmation: [1, 2, 3, 4, 5, 6, 7, 8])),
    .init(.noPPKAuth, .data([1])),
    .init(.additionalKeyExchange, .data([1, 2])),
    .init(.useAGGFRAG, .aggregation([.dontFragment, .congestionControl])),
    .init(
      .supportedAuthMethods,
      .authenticationMethods([
        .init(method: 2), .init(method: 1, certificateLink: 3),
        .init(
          method: 14, certificateLink: 0,
          algorithmIdentifier: octets("300b0609608648016503040312")),
      ])),
    .init(.supportedAuthMethods, .authenticationMethods([])),
    .init(.saResourceInfo, .data([])),
    .init(NotifyType(rawValue: 60000), .data([1, 2, 3])),
    .init(.replayProtectionStatus, .replayStatus([0xC0])),
    .init(.antiReplayStatus, .replayStatus([0x01, 2, 3])),
    .init(.replayProtectionStatus, .replayStatus([])),
  ]

  @Test("Every payload, critical or not", arguments: bodies.indices)
  func everyPayload(index: Int) throws {
    let (type, body) = Self.bodies[index]
    let made = IKEPayload(type, isCritical: index.isMultiple(of: 2), body)
    let decoded = chain(type, encoded(PayloadChain(payloads: [made])))
    #expect(decoded == PayloadChain(payloads: [made]))
  }

  @Test("Every notification, with the data behind it", arguments: notifications.indices)
  func everyNotification(index: Int) throws {
    let made = IKEPayload(.notify, .notify(Self.notifications[index]))
    let decoded = chain(.notify, encoded(PayloadChain(payloads: [made])))
    #expect(decoded == PayloadChain(payloads: [made]))
  }

  @Test(
    "A message of all payloads that ends in SK or SKF",
    arguments: [
      IKEPayload(.encrypted, .encrypted(.init(firstPayload: .nonce, content: [1, 2, 3]))),
      IKEPayload(
        .encryptedFragment,
        .encryptedFragment(.init(firstPayload: .none, number: 2, total: 7, content: [9]))),
    ])
  func messages(last: IKEPayload) throws {
    let payloads =
      Self.bodies.map { IKEPayload($0.0, $0.1) }
      + Self.notifications.map { IKEPayload(.notify, .notify($0)) } + [last]
    let header = IKEHeader(
      initiatorSPI: 1, responderSPI: 2, nextPayload: 0, exchangeType: 35, flags: 0x08,
      messageID: 1, length: 0)
    let bytes = encoded(IKEMessage(header: header, payloads: payloads))
    let decoded = try message(bytes)
    #expect(decoded.payloads == payloads)
    #expect(decoded.stop == nil)
    #expect(decoded.header.nextPayload == 33)
    #expect(Int(decoded.header.length) == bytes.count)
    #expect(encoded(decoded) == bytes)
  }
}
