import IPsecCrypto
import PacketDissector

@testable import IKE

/// The other end of main mode with a pre-shared key, as far as tests need one.
final class MainModeResponder {
  var preSharedKey = MainModePair.secret
  var identity = Identity(type: .idFQDN, data: Array("bob.example".utf8))
  /// What it takes, whatever the initiator prefers.
  var accepted: [PhaseOneProposal] = PhaseOneProposal.usual
  /// The chosen transform as it goes back, by default as it came.
  var answersTransform: (IKEv1Transform) -> IKEv1Transform = { $0 }
  var announcesLiveness = true
  var traversesNAT = true
  /// Whether it says anything to a proof that it cannot read.
  var complains = true
  var refusesIdentity = false
  var answersLiveness = true

  /// Numbers of R-U-THERE that came, and of answers to its own.
  private(set) var asked: [UInt32] = []
  private(set) var answers: [UInt32] = []
  private(set) var isEstablished = false
  private(set) var hasInitialContact = false
  private(set) var wasDeleted = false
  /// What it saw of NAT: whether the initiator's own address, and its own, came as they were sent.
  private(set) var sawNAT: (initiator: Bool, responder: Bool)?
  private(set) var cookies: (initiator: UInt64, responder: UInt64) = (0, 0x1122_3344_5566_7788)
  private(set) var protection: IKEv1Protection?
  private var suite: IKEv1Suite?
  private var group: IKEv1Group = .modp2048
  private var offer: [UInt8] = []
  private var random = RandomSource(SplitMix64(state: 77))
  /// A message that comes again is answered as it was.
  private var answered: [[UInt8]: [UInt8]] = [:]

  static let liveness = try? octets("afcad71368a1f1c96b8696fc77570100")
  static let natTraversal = try? octets("4a131c81070358455c5728f20e95452f")

  struct Unexpected: Error {}

  /// The answer to a message (without marker); nil if there is none.
  func handle(_ bytes: [UInt8], from remote: Endpoint, to local: Endpoint) throws -> [UInt8]? {
    if let answer = answered[bytes] { return answer }
    var reader = ByteReader(bytes.rawBytes)
    let message = try IKEv1Message(from: &reader)
    let answer: [UInt8]?
    switch (message.exchangeType, message.encrypted == nil) {
    case (.identityProtection, true) where message.header.responderSPI == 0:
      answer = try choose(message)
    case (.identityProtection, true): answer = try agree(message, from: remote, to: local)
    case (.identityProtection, false): answer = try prove(message)
    case (.informational, false): answer = try obey(message)
    default: throw Unexpected()
    }
    answered[bytes] = answer
    return answer
  }

  private func choose(_ message: IKEv1Message) throws -> [UInt8]? {
    cookies.initiator = message.header.initiatorSPI
    guard case .securityAssociation(let association)? = message.payloads.first?.body,
      let transforms = association.proposals.first?.transforms
    else { throw Unexpected() }
    var writer = ByteWriter()
    association.write(to: &writer)
    offer = writer.bytes
    for proposal in accepted {
      guard let transform = transforms.first(where: proposal.agrees) else { continue }
      suite = try IKEv1Suite(transform)
      group = proposal.group
      let choice = IKEv1SecurityAssociation(proposals: [
        IKEv1Proposal(
          number: 1, protocolID: .protoIsakmp, transforms: [answersTransform(transform)])
      ])
      let vendorIDs = [
        announcesLiveness ? Self.liveness : nil, traversesNAT ? Self.natTraversal : nil,
      ].compactMap(\.self)
      return clear(
        [IKEv1Payload(.securityAssociation, .securityAssociation(choice))]
          + vendorIDs.map { IKEv1Payload(.vendorID, .vendorID($0)) })
    }
    return notify(.noProposalChosen)
  }

  private func agree(
    _ message: IKEv1Message, from remote: Endpoint, to local: Endpoint
  ) throws -> [UInt8]? {
    guard let suite, let share = message.payloads.keyExchange, let nonce = message.payloads.nonce
    else { throw Unexpected() }
    let (own, secret) = try KeyExchangeResponder.respond(
      to: share, method: KeyExchangeMethod(rawValue: group.rawValue))
    let ownNonce = random.bytes(32)
    let keys = try IKEv1Keys(
      suite, preSharedKey: preSharedKey, nonces: (nonce, ownNonce), sharedSecret: secret,
      cookies: cookies)
    protection = try IKEv1Protection(keys, publicValues: (share, own))
    var payloads = [
      IKEv1Payload(.keyExchange, .keyExchange(own)), IKEv1Payload(.nonce, .nonce(ownNonce)),
    ]
    let hashes = message.payloads.natDiscoveries
    if hashes.count == 2 {
      sawNAT = (hashes[1] != (try hash(remote)), hashes[0] != (try hash(local)))
      payloads += try [remote, local].map {
        IKEv1Payload(.natDiscovery, .natDiscovery(try hash($0)))
      }
    }
    return clear(payloads)
  }

  private func hash(_ end: Endpoint) throws -> [UInt8] {
    var writer = ByteWriter()
    writer.u64(cookies.initiator)
    writer.u64(cookies.responder)
    writer.append(end.address.octets)
    writer.u16(end.port)
    return try suite?.hash.digest(writer.bytes) ?? []
  }

  private func prove(_ message: IKEv1Message) throws -> [UInt8]? {
    guard var protection else { throw Unexpected() }
    guard let content = try protection.open(message), let claim = content.payloads.identity,
      let hash = content.payloads.hash
    else { return complains ? notify(.payloadMalformed) : nil }
    let expected = try protection.keys.proof(
      of: .initiator, publicValues: protection.publicValues, offer: offer,
      identity: content.body(of: claim.payload))
    guard hash == expected.hashOctets else { throw Unexpected() }
    protection.advance(past: message.ciphertext)
    self.protection = protection
    if refusesIdentity {
      return try informational(notification(.invalidIDInformation))
    }
    hasInitialContact = content.payloads.notifications.contains { $0.type == .initialContact }
    let proof = try protection.keys.proof(
      of: .responder, publicValues: protection.publicValues, offer: offer,
      identity: identity.payloadBody)
    let payload = IKEv1Identification(
      type: IKEv1IdentificationType(rawValue: identity.type.rawValue), data: identity.data)
    let sealed = try protection.seal(
      header(.identityProtection, messageID: 0),
      [
        IKEv1Payload(.identification, .identification(payload)),
        IKEv1Payload(.hash, .hash(proof.hashOctets)),
      ])
    protection.advance(past: Array(sealed.dropFirst(IKEHeader.byteCount)))
    self.protection = protection
    isEstablished = true
    return sealed
  }

  private func obey(_ message: IKEv1Message) throws -> [UInt8]? {
    guard let protection, let content = try protection.open(message),
      content.payloads.hash
        == (try protection.keys.hash(messageID: message.header.messageID, content.behindFirst))
        .hashOctets
    else { throw Unexpected() }
    wasDeleted = wasDeleted || !content.payloads.deletes.isEmpty
    for notification in content.payloads.notifications {
      guard case .sequenceNumber(let number)? = notification.meaning,
        notification.spi == protection.keys.cookies
      else { continue }
      if notification.type == .rUThereAck {
        answers.append(number)
      } else {
        asked.append(number)
        if answersLiveness { return try liveness(.rUThereAck, number) }
      }
    }
    return nil
  }

  // MARK: - What it sends by itself

  func liveness(
    _ type: IKEv1NotifyType, _ number: UInt32, spi: [UInt8]? = nil
  ) throws -> [UInt8] {
    var data = ByteWriter()
    data.u32(number)
    return try informational(notification(type, spi: spi, data: data.bytes))
  }

  func delete(_ protocolID: IKEv1ProtocolID = .protoIsakmp) throws -> [UInt8] {
    let spi = protocolID == .protoIsakmp ? protection?.keys.cookies ?? [] : [1, 2, 3, 4]
    return try informational(
      IKEv1Payload(
        .delete,
        .delete(
          IKEv1Delete(
            protocolID: protocolID, spiByteCount: UInt8(clamping: spi.count), spis: [spi]))))
  }

  /// An informational message that is not protected.
  func notify(_ type: IKEv1NotifyType) -> [UInt8] {
    var writer = ByteWriter()
    IKEv1Message(
      header: header(.informational, messageID: 9),
      payloads: [IKEv1Payload(.notification, .notification(IKEv1Notification(type)))]
    ).write(to: &writer)
    return writer.bytes
  }

  func informational(_ payload: IKEv1Payload, hash: [UInt8]? = nil) throws -> [UInt8] {
    guard let protection else { throw Unexpected() }
    let messageID = random.word() | 1
    var covered = ByteWriter()
    IKEv1Payload.writeChain([payload], to: &covered)
    let hash = try hash ?? protection.keys.hash(messageID: messageID, covered.bytes).hashOctets
    return try protection.seal(
      header(.informational, messageID: messageID),
      [IKEv1Payload(.hash, .hash(hash)), payload])
  }

  func notification(
    _ type: IKEv1NotifyType, spi: [UInt8]? = nil, data: [UInt8] = []
  ) -> IKEv1Payload {
    let spi = spi ?? protection?.keys.cookies ?? []
    return IKEv1Payload(
      .notification, .notification(IKEv1Notification(type, spi: spi, data: data)))
  }

  private func clear(_ payloads: [IKEv1Payload]) -> [UInt8] {
    var writer = ByteWriter()
    IKEv1Message(header: header(.identityProtection, messageID: 0), payloads: payloads)
      .write(to: &writer)
    return writer.bytes
  }

  private func header(_ type: IKEv1ExchangeType, messageID: UInt32) -> IKEHeader {
    IKEHeader(
      initiatorSPI: cookies.initiator, responderSPI: cookies.responder, nextPayload: 0,
      version: 0x10, exchangeType: type.rawValue, flags: 0, messageID: messageID, length: 0)
  }
}
