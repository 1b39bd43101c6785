import Diagnosis
import IPsecCrypto
import PacketDissector

/// An IKE SA between two made-up peers, whose messages are written as they are needed.
struct SyntheticIKE {
  var initiator = Endpoint(IPAddress(v4: 0x0A01_0002), 500)
  var responder = Endpoint(IPAddress(v4: 0x0A02_0002), 500)
  var initiatorSPI: UInt64 = 0x1111_2222_3333_4444
  var responderSPI: UInt64 = 0x5555_6666_7777_8888

  /// The same SA on port 4500 on both sides.
  var floated: SyntheticIKE {
    var sa = self
    sa.initiator.port = 4500
    sa.responder.port = 4500
    return sa
  }

  func message(
    _ exchange: ExchangeType, id: UInt32 = 0, fromInitiator: Bool = true, isResponse: Bool = false,
    responderSPI: UInt64? = nil, _ payloads: [IKEPayload]
  ) -> [UInt8] {
    let isFirst = exchange == .ikeSAInit && !isResponse
    let header = IKEHeader(
      initiatorSPI: initiatorSPI, responderSPI: responderSPI ?? (isFirst ? 0 : self.responderSPI),
      nextPayload: 0, exchangeType: exchange.rawValue,
      flags: (fromInitiator ? 0x08 : 0) | (isResponse ? 0x20 : 0), messageID: id, length: 0)
    var writer = ByteWriter()
    IKEMessage(header: header, payloads: payloads).write(to: &writer)
    return writer.bytes
  }

  /// A packet of this SA; `fromInitiator` says who sends it.
  func packet(
    _ exchange: ExchangeType, id: UInt32 = 0, fromInitiator: Bool = true, isResponse: Bool = false,
    responderSPI: UInt64? = nil, _ payloads: [IKEPayload]
  ) -> SyntheticPacket {
    .ike(
      message(
        exchange, id: id, fromInitiator: fromInitiator, isResponse: isResponse,
        responderSPI: responderSPI, payloads),
      from: fromInitiator ? initiator : responder, to: fromInitiator ? responder : initiator)
  }

  func request(
    _ exchange: ExchangeType, id: UInt32 = 0, fromInitiator: Bool = true, _ payloads: [IKEPayload]
  ) -> SyntheticPacket {
    packet(exchange, id: id, fromInitiator: fromInitiator, payloads)
  }

  /// The answer to a request that the initiator sent, or with `toInitiator` false, the responder.
  func response(
    _ exchange: ExchangeType, id: UInt32 = 0, toInitiator: Bool = true,
    responderSPI: UInt64? = nil, _ payloads: [IKEPayload]
  ) -> SyntheticPacket {
    packet(
      exchange, id: id, fromInitiator: !toInitiator, isResponse: true, responderSPI: responderSPI,
      payloads)
  }

  // MARK: Usual messages

  func initRequest(
    _ proposals: [Proposal] = [.usual], method: KeyExchangeMethod = 19, extra: [IKEPayload] = []
  ) -> SyntheticPacket {
    request(
      .ikeSAInit,
      [.sa(proposals), .ke(method), .nonce()] + natDetection(isResponse: false)
        + [.notify(.ikev2FragmentationSupported)] + extra)
  }

  func initResponse(
    _ proposal: Proposal = .usual, method: KeyExchangeMethod = 19, extra: [IKEPayload] = []
  ) -> SyntheticPacket {
    response(
      .ikeSAInit,
      [.sa([proposal]), .ke(method), .nonce()] + natDetection(isResponse: true)
        + [.notify(.ikev2FragmentationSupported)] + extra)
  }

  /// An error answer to IKE_SA_INIT, which has no responder SPI.
  func initError(_ type: NotifyType, _ content: NotifyContent = .data([])) -> SyntheticPacket {
    response(.ikeSAInit, responderSPI: 0, [.notify(type, content)])
  }

  /// Hashes of the addresses and ports that the sender believes in.
  func natDetection(isResponse: Bool) -> [IKEPayload] {
    let own = isResponse ? responder : initiator
    let other = isResponse ? initiator : responder
    return [
      .notify(.natDetectionSourceIP, .data(hash(own, isResponse))),
      .notify(.natDetectionDestinationIP, .data(hash(other, isResponse))),
    ]
  }

  private func hash(_ end: Endpoint, _ isResponse: Bool) -> [UInt8] {
    var writer = ByteWriter()
    writer.u64(initiatorSPI)
    writer.u64(isResponse ? responderSPI : 0)
    writer.append(end.address.octets)
    writer.u16(end.port)
    return (try? HashFunction.sha1.digest(writer.bytes)) ?? []
  }

  /// IKE_SA_INIT and IKE_AUTH as they should be, on port 500, beginning at `seconds`.
  func establish(in capture: inout SyntheticCapture, at seconds: Double = 0) {
    capture.send(initRequest(), at: seconds)
    capture.send(initResponse(), at: seconds + 0.01)
    capture.send(
      request(.ikeAuth, id: 1, [.encrypted(.identificationInitiator, 320)]), at: seconds + 0.02)
    capture.send(
      response(.ikeAuth, id: 1, [.encrypted(.identificationResponder, 240)]), at: seconds + 0.04)
  }

  /// A liveness check and, `delay` seconds later, its answer.
  func check(
    in capture: inout SyntheticCapture, id: UInt32, byInitiator: Bool = true, at seconds: Double,
    answeredAfter delay: Double? = 0.02
  ) {
    capture.send(
      request(.informational, id: id, fromInitiator: byInitiator, [.encrypted(.none, 36)]),
      at: seconds)
    guard let delay else { return }
    capture.send(
      response(.informational, id: id, toInitiator: byInitiator, [.encrypted(.none, 36)]),
      at: seconds + delay)
  }
}

extension IKEPayload {
  static func sa(_ proposals: [Proposal]) -> IKEPayload {
    IKEPayload(
      .securityAssociation, .securityAssociation(SecurityAssociationPayload(proposals: proposals)))
  }

  static func ke(_ method: KeyExchangeMethod, bytes: Int = 64) -> IKEPayload {
    let data = filler(bytes, UInt64(method.rawValue))
    return IKEPayload(.keyExchange, .keyExchange(KeyExchangePayload(method: method, data: data)))
  }

  static func nonce(_ seed: UInt64 = 1) -> IKEPayload {
    IKEPayload(.nonce, .nonce(filler(32, seed)))
  }

  static func notify(_ type: NotifyType, _ content: NotifyContent = .data([])) -> IKEPayload {
    IKEPayload(.notify, .notify(NotifyPayload(type, content)))
  }

  /// SK with a first payload of that type inside, and so many bytes of IV, ciphertext and ICV.
  static func encrypted(_ first: PayloadType, _ bytes: Int, seed: UInt64 = 7) -> IKEPayload {
    let content = filler(bytes, seed)
    return IKEPayload(
      .encrypted, .encrypted(EncryptedPayload(firstPayload: first, content: content)))
  }

  static func fragment(
    _ number: UInt16, of total: UInt16, first: PayloadType = .none, _ bytes: Int = 1200
  ) -> IKEPayload {
    let fragment = EncryptedFragmentPayload(
      firstPayload: number == 1 ? first : .none, number: number, total: total,
      content: filler(bytes, UInt64(number)))
    return IKEPayload(.encryptedFragment, .encryptedFragment(fragment))
  }

  static func vendor(_ bytes: [UInt8]) -> IKEPayload {
    IKEPayload(.vendorID, .vendorID(bytes))
  }

  static func filler(_ count: Int, _ seed: UInt64) -> [UInt8] {
    var state = seed &+ 0x9E37_79B9_7F4A_7C15
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 33)
    }
  }
}

extension Proposal {
  /// An IKE proposal.
  static func ike(_ number: UInt8 = 1, _ transforms: [Transform]) -> Proposal {
    Proposal(number: number, protocolID: .ike, spi: [], transforms: transforms)
  }

  /// AES-GCM-16-256, HMAC-SHA2-384, ECP-256.
  static var usual: Proposal {
    .ike(
      1,
      [
        Transform(.encryption, id: 20, keyLength: 256), Transform(.prf, id: 6),
        Transform(.keyExchange, id: 19),
      ])
  }
}
