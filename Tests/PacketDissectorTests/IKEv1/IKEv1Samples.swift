import PacketDissector
import Testing

/// IKEv1 messages for the tests: some recorded, the others written by our encoders.
enum IKEv1Samples {
  /// The first five messages and a DPD probe between two strongSwan hosts of our lab, in main mode
  /// with a pre-shared key; those with the E flag from the fifth on.
  static let recorded: [[UInt8]] = [
    bytes(
      """
      06591bd866d55a0a00000000000000000110020000000000000000b40d00003800000001000000010000002c
      01010001000000240101000080010007800e0080800200048004000e80030001800b0001800c3de00d00000c
      09002689dfd6b7120d000014afcad71368a1f1c96b8696fc775701000d0000184048b7d56ebce88525e7de7f
      00d6c2d3800000000d0000144a131c81070358455c5728f20e95452f0000001490cb80913ebb696e086381b5
      ec427b1f
      """),
    bytes(
      """
      06591bd866d55a0acd8fd327bcb63bd20110020000000000000000a00d00003800000001000000010000002c
      01010001000000240101000080010007800e0080800200048004000e80030001800b0001800c3de00d00000c
      09002689dfd6b7120d000014afcad71368a1f1c96b8696fc775701000d0000184048b7d56ebce88525e7de7f
      00d6c2d380000000000000144a131c81070358455c5728f20e95452f
      """),
    bytes(
      """
      06591bd866d55a0acd8fd327bcb63bd204100200000000000000018c0a000104558db51a08a956ebfa03b22b
      c658fdb835e5639ac9c92d705813f4c62fb8bfa9b8590f9b8a80d286542529e82ccfb359e20795fc16059559
      6ea05d02232ac5723379738423afadb055337a5ffd5652a2cae8dc6b2941f8dfaae29fd3befda2545750dc4f
      88288ba709706c180b60840004ec18885840658c2246e5a62d91c878aa9fccfd3c9103f0de0e233240ed2cda
      1ee472eb58388a3244d2498ba6889e30a99af75653575877a16b977e2f49eb5a04036e05e7553e4ca0256257
      03e9521c6ae64cdb3a8c6c0b1a95889cc14bc521c1f61e5e12d6de7ed32cf97987fe0cf58adde01f06a388f7
      6e81f6080da75c662fdfcf8387853f8bebc60f5609e1bc501400002456eed4300d514c76522587c071b3ffa0
      aa40fdc81660b54e18b30de32f61aee914000024101258fc7664dccc302a67c4fa5dee089e376d4617c1efa4
      dcfce3739956ce5e000000242450eaa49ddbd5017fc3d3d7d6657b6f4ec997db362b2ae56686985f8e8c08e2
      """),
    bytes(
      """
      06591bd866d55a0acd8fd327bcb63bd205100201000000000000007cfdc8b737a9ad332f37160ba5862eb872
      e0750f52eadd3d0e17b51c88af9d528e7ed2644312cdbb15ce1ea02dd2eaa956619467c3db4cf908e969d819
      1d0e76fc3b0312e21115ea759aeeb8b8aa3c76134d22efa989205cb44747af0c0532a277
      """),
    bytes(
      """
      06591bd866d55a0acd8fd327bcb63bd208100501a73cb4540000006ce4bd0a9da67b0ddbb6886e716d798644
      1c723eaa8f42bda5e8a38d584afeba2a4280c5f9c118b83081d12993e714af7611fe4b5b78a35505b73a0438
      897da4e7a4cec910de5c56f7cf685197e1eb0273
      """),
  ]

  static func header(_ exchange: IKEv1ExchangeType, messageID: UInt32 = 0) -> IKEHeader {
    IKEHeader(
      initiatorSPI: 0x0102_0304_0506_0708, responderSPI: 0x1112_1314_1516_1718, nextPayload: 0,
      version: 0x10, exchangeType: exchange.rawValue, flags: 0, messageID: messageID, length: 0)
  }

  static func message(
    _ exchange: IKEv1ExchangeType, _ payloads: [IKEv1Payload]
  ) -> IKEv1Message {
    IKEv1Message(header: header(exchange, messageID: 0xCAFE), payloads: payloads)
  }

  static var encryptedHeader: IKEHeader {
    var header = Self.header(.transaction, messageID: 7)
    header.flags = 1
    header.nextPayload = IKEv1PayloadType.hash.rawValue
    return header
  }

  static let phase1 = IKEv1SecurityAssociation(proposals: [
    IKEv1Proposal(
      number: 1, protocolID: .protoIsakmp,
      transforms: [
        IKEv1Transform(
          number: 1, id: .isakmp(.keyIKE),
          attributes: [
            IKEv1Attribute(.phase1(.encryptionAlgorithm), .basic(7)),
            IKEv1Attribute(.phase1(.keyLength), .basic(256)),
            IKEv1Attribute(.phase1(.hashAlgorithm), .basic(4)),
            IKEv1Attribute(.phase1(.authenticationMethod), .basic(65001)),
            IKEv1Attribute(.phase1(.groupDescription), .basic(19)),
            IKEv1Attribute(.phase1(.lifeType), .basic(1)),
            IKEv1Attribute(.phase1(.lifeDuration), .variable([0, 1, 0x51, 0x80])),
          ]),
        IKEv1Transform(
          number: 2, id: .isakmp(.keyIKE),
          attributes: [
            IKEv1Attribute(.phase1(.encryptionAlgorithm), .basic(5)),
            IKEv1Attribute(.phase1(.groupPrime), .variable([UInt8](repeating: 0xAB, count: 96))),
          ]),
      ])
  ])

  static let phase2 = IKEv1SecurityAssociation(proposals: [
    IKEv1Proposal(
      number: 1, protocolID: .protoIpsecESP, spi: [0xC0, 0, 0, 1],
      transforms: [
        IKEv1Transform(
          number: 1, id: .esp(.aesCBC),
          attributes: [
            IKEv1Attribute(.phase2(.keyLength), .basic(128)),
            IKEv1Attribute(.phase2(.authenticationAlgorithm), .basic(2)),
            IKEv1Attribute(.phase2(.encapsulationMode), .basic(3)),
            IKEv1Attribute(.phase2(.groupDescription), .basic(14)),
            IKEv1Attribute(.phase2(.saLifeType), .basic(1)),
            IKEv1Attribute(.phase2(.saLifeDuration), .basic(3600)),
            IKEv1Attribute(.phase2(.saLifeType), .basic(2)),
            IKEv1Attribute(.phase2(.saLifeDuration), .variable([0, 0x46, 0x50, 0])),
          ])
      ]),
    IKEv1Proposal(
      number: 1, protocolID: .protoIpcomp, spi: [0x12, 0x34],
      transforms: [IKEv1Transform(number: 1, id: .ipcomp(2), attributes: [])]),
    IKEv1Proposal(
      number: 2, protocolID: .protoIpsecAH, spi: [0xC0, 0, 0, 2],
      transforms: [
        IKEv1Transform(
          number: 1, id: .ah(5),
          attributes: [IKEv1Attribute(.phase2(.authenticationAlgorithm), .basic(5))])
      ]),
  ])

  static let cookies: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 17, 18, 19, 20, 21, 22, 23, 24]

  /// Every kind of payload at least once.
  static let written: [IKEv1Message] = [
    message(
      .aggressive,
      [
        IKEv1Payload(.securityAssociation, .securityAssociation(phase1)),
        IKEv1Payload(.keyExchange, .keyExchange([UInt8](0..<64))),
        IKEv1Payload(.nonce, .nonce([UInt8](100..<120))),
        IKEv1Payload(
          .identification,
          .identification(
            IKEv1Identification(
              type: .idUserFQDN, protocolID: 17, port: 500, data: Array("a@example.org".utf8)))),
        IKEv1Payload(.natDiscovery, .natDiscovery([UInt8](repeating: 7, count: 20))),
        IKEv1Payload(.natDiscoveryDraft, .natDiscovery([UInt8](repeating: 8, count: 16))),
        IKEv1Payload(.hash, .hash([UInt8](repeating: 9, count: 20))),
        IKEv1Payload(.vendorID, .vendorID([0x09, 0, 0x26, 0x89, 0xDF, 0xD6, 0xB7, 0x12])),
      ]),
    message(
      .quickMode,
      [
        IKEv1Payload(.hash, .hash([1, 2, 3, 4])),
        IKEv1Payload(.securityAssociation, .securityAssociation(phase2)),
        IKEv1Payload(.nonce, .nonce([5, 6, 7, 8, 9, 10, 11, 12])),
        IKEv1Payload(
          .identification,
          .identification(
            IKEv1Identification(
              type: .idIPv4AddrSubnet, data: [10, 1, 0, 0, 255, 255, 255, 0]))),
        IKEv1Payload(
          .identification,
          .identification(
            IKEv1Identification(
              type: .idIPv6AddrRange, protocolID: 6, port: 443,
              data: [UInt8](repeating: 0, count: 31) + [9]))),
        IKEv1Payload(
          .natOriginalAddress,
          .natOriginalAddress(IKEv1OriginalAddress(IPAddress(v4: 0xC0A8_0001)))),
        IKEv1Payload(
          .natOriginalAddressDraft,
          .natOriginalAddress(
            IKEv1OriginalAddress(IPAddress(v6High: 0x2001_0db8_0000_0000, low: 1)))),
      ]),
    message(
      .identityProtection,
      [
        IKEv1Payload(
          .certificate, .certificate(IKEv1Certificate(encoding: 4, data: [0x30, 1, 0]))),
        IKEv1Payload(
          .certificateRequest, .certificateRequest(IKEv1Certificate(encoding: 4, data: []))),
        IKEv1Payload(.signature, .signature([UInt8](repeating: 3, count: 128))),
      ]),
    message(
      .informational,
      [
        IKEv1Payload(
          .notification,
          .notification(
            IKEv1Notification(.rUThere, spi: cookies, data: [0x12, 0x34, 0x56, 0x78]))),
        IKEv1Payload(
          .notification, .notification(IKEv1Notification(.initialContact, spi: cookies))),
        IKEv1Payload(
          .notification,
          .notification(
            IKEv1Notification(
              .replayStatus, protocolID: .protoIpsecESP, spi: [1, 2, 3, 4], data: [0, 0, 0, 1]))),
        IKEv1Payload(
          .notification,
          .notification(IKEv1Notification(.unityLoadBalance, data: [192, 0, 2, 7]))),
        IKEv1Payload(
          .notification,
          .notification(
            IKEv1Notification(
              lifetime: [
                IKEv1Attribute(.phase2(.saLifeType), .basic(1)),
                IKEv1Attribute(.phase2(.saLifeDuration), .variable([0, 0, 0x0E, 0x10])),
              ], protocolID: .protoIpsecESP, spi: [1, 2, 3, 4]))),
        IKEv1Payload(.notification, .notification(IKEv1Notification(9999, data: [1]))),
        IKEv1Payload(
          .delete,
          .delete(
            IKEv1Delete(
              protocolID: .protoIpsecESP, spiByteCount: 4, spis: [[1, 2, 3, 4], [5, 6, 7, 8]]))),
        IKEv1Payload(
          .delete,
          .delete(IKEv1Delete(protocolID: .protoIsakmp, spiByteCount: 16, spis: [cookies]))),
      ]),
    message(
      .transaction,
      [
        IKEv1Payload(
          .attributes,
          .attributes(
            IKEv1Configuration(
              type: .reply, identifier: 0xBEEF, attributes: configurationAttributes)))
      ]),
    message(
      .identityProtection,
      [
        IKEv1Payload(
          .fragment,
          .fragment(IKEv1Fragment(id: 1, number: 2, isLast: false, data: [1, 2, 3, 4, 5])))
      ]),
    message(
      .identityProtection,
      [
        IKEv1Payload(
          .fragment, .fragment(IKEv1Fragment(id: 1, number: 3, isLast: true, data: [6])))
      ]),
    message(
      32,
      [
        IKEv1Payload(
          .securityAssociation,
          .securityAssociation(
            IKEv1SecurityAssociation(domain: .gdoi, situation: nil, rest: [0, 0, 0, 0, 1, 2, 3]))),
        IKEv1Payload(.saKEK, .raw([1, 2])),
        IKEv1Payload(.saTEK, .raw([3])),
        IKEv1Payload(.keyDownload, .raw([])),
        IKEv1Payload(.sequenceNumber, .raw([0, 0, 0, 9])),
        IKEv1Payload(.proofOfPossession, .raw([5])),
        IKEv1Payload(.groupAssociatedPolicy, .raw([4])),
        IKEv1Payload(.proposal, .raw([1, 2, 3])),
        IKEv1Payload(.transform, .raw([1, 2, 3])),
        IKEv1Payload(200, .raw([7, 7])),
        IKEv1Payload(
          .securityAssociation,
          .securityAssociation(IKEv1SecurityAssociation(situation: 3, rest: [9, 9, 9, 9]))),
      ]),
    IKEv1Message(
      header: encryptedHeader, ciphertext: [UInt8](repeating: 0x5A, count: 16)),
  ]

  static let configurationAttributes: [IKEv1Attribute] = [
    IKEv1Attribute(.configuration(.internalIP4Address), .variable([10, 9, 8, 7])),
    IKEv1Attribute(.configuration(.internalIP4Netmask), .variable([255, 255, 0, 0])),
    IKEv1Attribute(.configuration(.internalIP4DNS), .variable([])),
    IKEv1Attribute(.configuration(.internalAddressExpiry), .variable([0, 0, 1, 0])),
    IKEv1Attribute(.configuration(.applicationVersion), .variable(Array("strongSwan".utf8))),
    IKEv1Attribute(
      .configuration(.internalIP4Subnet), .variable([10, 0, 0, 0, 255, 0, 0, 0])),
    IKEv1Attribute(
      .configuration(.internalIP6Subnet),
      .variable([0x20, 1, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 12) + [64])),
    IKEv1Attribute(.configuration(.supportedAttributes), .variable([0, 1, 0, 2])),
    IKEv1Attribute(
      .configuration(.unitySplitInclude),
      .variable([172, 16, 0, 0, 255, 240, 0, 0, 0, 0, 0, 0, 0, 0])),
    IKEv1Attribute(.configuration(.xauthType), .basic(0)),
    IKEv1Attribute(.configuration(.xauthUserName), .variable(Array("alice".utf8))),
    IKEv1Attribute(.configuration(.xauthUserPassword), .variable(Array("sesame".utf8))),
    IKEv1Attribute(.configuration(.xauthPasscode), .variable(Array("sesame".utf8))),
    IKEv1Attribute(.configuration(.xauthNextPin), .variable(Array("sesame".utf8))),
    IKEv1Attribute(.configuration(.xauthAnswer), .variable(Array("sesame".utf8))),
    IKEv1Attribute(.configuration(.xauthStatus), .basic(1)),
    IKEv1Attribute(.configuration(16500), .variable([1, 2])),
  ]

  /// All of them as bytes.
  static let all: [[UInt8]] = recorded + written.map(bytes)

  static func bytes(_ message: IKEv1Message) -> [UInt8] {
    var writer = ByteWriter()
    message.write(to: &writer)
    return writer.bytes
  }

  static func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map {
      UInt8(digits[$0] << 4 | digits[$0 + 1])
    }
  }

  static func decode(_ bytes: [UInt8]) throws -> IKEv1Message {
    var reader = unsafe ByteReader(bytes.span.bytes)
    return try IKEv1Message(from: &reader)
  }

  static func chain(
    _ bytes: [UInt8], first: IKEv1PayloadType, padded: Bool = false
  ) -> IKEv1PayloadChain {
    var reader = unsafe ByteReader(bytes.span.bytes)
    return IKEv1Payload.chain(first: first, from: &reader, padded: padded)
  }

  static func summary(_ message: IKEv1Message) -> String {
    var text = TextBuffer()
    message.writeSummary(to: &text)
    return text.string
  }

  /// A field tree as lines: indentation, name, value, range.
  static func outline(_ fields: [Field], indent: Int = 0) -> [String] {
    fields.flatMap { field in
      let value: String? =
        switch field.value {
        case .none: nil
        case .number(let number, let name): name.map { "\(number) (\($0))" } ?? "\(number)"
        case .hex(let number, let digits):
          String(repeating: "0", count: max(0, digits - String(number, radix: 16).count))
            + String(number, radix: 16)
        case .flags(let flags, let names): "\(flags) \(names)"
        case .text(let text): "\"\(text)\""
        case .bytes(let bytes):
          bytes.count > 16 ? "\(bytes.count) bytes" : bytes.map { "\($0)" }.joined(separator: ".")
        case .address(let address): "\(address)"
        case .flag(let flag): "\(flag)"
        case .error(let error): "\(error)"
        }
      let line =
        String(repeating: "  ", count: indent) + field.name + (value.map { ": \($0)" } ?? "")
        + " @\(field.range.lowerBound)..<\(field.range.upperBound)"
      return [line] + outline(field.children, indent: indent + 1)
    }
  }
}
