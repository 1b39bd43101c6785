import PacketDissector
import Testing

@testable import IKE

/// A peer that has the keys, and says anything: whatever it is, a session ends or goes on, and never
/// hangs, grows or crashes.
@Suite("Sessions with a hostile peer")
struct HostilePeerTests {
  private static let exchanges: [ExchangeType] = [
    .ikeAuth, .createChildSA, .informational, .ikeIntermediate, .ikeFollowupKE,
    ExchangeType(rawValue: 99),
  ]

  /// A payload of a session, as it should be or damaged, or octets without meaning.
  private static func payload(
    _ random: inout SplitMix64, _ pool: [IKEPayload]
  ) -> IKEPayload {
    let known = pool[Int(random.next() % UInt64(pool.count))]
    switch random.next() % 4 {
    case 0:
      let type = PayloadType(rawValue: UInt8(truncatingIfNeeded: 33 + random.next() % 24))
      let bytes = (0..<(random.next() % 60)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      return IKEPayload(type, isCritical: random.next() % 8 == 0, .opaque(bytes))
    case 1:
      var writer = ByteWriter()
      known.write(to: &writer, next: .none)
      var bytes = Array(writer.bytes.dropFirst(4))
      if !bytes.isEmpty {
        bytes[Int(random.next() % UInt64(bytes.count))] ^= 1 << UInt8(random.next() % 8)
      }
      if random.next() % 4 == 0 { bytes = Array(bytes.prefix(Int(random.next() % 64))) }
      return IKEPayload(known.type, .opaque(bytes))
    default: return known
    }
  }

  /// What a session of this pair sends and hears in its exchanges.
  private static func pool(_ session: IKESession) -> [IKEPayload] {
    let offer = ChildOffer(session.configuration, spi: 0x1234_5678, withKeyExchange: true)
    var pool: [IKEPayload] =
      [
        .proposals(offer.proposals),
        .proposals([.gcm()].numbered(spi: [1, 2, 3, 4, 5, 6, 7, 8], withKeyExchange: true)),
        .nonce([UInt8](repeating: 3, count: 32)),
        .keyExchange(.curve25519, [UInt8](repeating: 9, count: 32)),
        IKEPayload(
          .delete, .delete(DeletePayload(protocolID: .esp, spiSize: 4, spis: [[1, 2, 3, 4]]))),
        .authentication(AuthenticationPayload(method: .sharedKeyMessageIntegrityCode, data: [1])),
        IKEPayload(
          .identificationInitiator, .identification(session.configuration.localIdentity.payload)),
        IKEPayload(
          .identificationResponder, .identification(session.configuration.localIdentity.payload)),
        IKEPayload(.eap, .eap(EAPMessage(code: .request, identifier: 1, type: .identity))),
        .notify(.additionalKeyExchange, .data([1, 2])), .notify(.temporaryFailure),
        .notify(.childSANotFound), .notify(.invalidKEPayload, .keyExchangeMethod(.ecp256)),
        .notify(.useTransportMode), .notify(.cookie2, .data([UInt8](repeating: 1, count: 20))),
        .notify(.ppkIdentity, .ppkIdentity(nil)),
      ] + offer.selectorPayloads
    if let child = session.children.first {
      let rekey = NotifyPayload(.rekeySA, protocolID: .esp, spi: child.inboundSPI.octets)
      pool.append(IKEPayload(.notify, .notify(rekey)))
    }
    return pool
  }

  private static func seal(
    _ session: IKESession, _ type: ExchangeType, _ messageID: UInt32, isResponse: Bool,
    _ random: inout SplitMix64
  ) -> [[UInt8]] {
    guard let sa = session.current else { return [] }
    let pool = pool(session)
    let payloads = (0..<(random.next() % 9)).map { _ in payload(&random, pool) }
    let sealed = try? sa.protection.seal(
      sa.header(type, messageID: messageID, isResponse: isResponse), payloads,
      fragmentBytes: random.next() % 4 == 0 ? 150 : nil)
    return sealed?.datagrams ?? []
  }

  @Test("whatever an established initiator asks, the responder answers once or ends")
  func requests() {
    var random = SplitMix64(state: 2026)
    var ends = 0
    for _ in 0..<40 {
      let pair = Pair(.alice, .bob, seed: random.next())
      pair.start()
      pair.run(for: .seconds(1))
      for _ in 0..<50 {
        guard let session = pair.session, let sa = pair.initiator.current else { break }
        let type = Self.exchanges[Int(random.next() % UInt64(Self.exchanges.count))]
        let messageID = UInt32(truncatingIfNeeded: session.current?.expectedRequest ?? 0)
        let before = pair.sent.count
        for datagram in Self.seal(pair.initiator, type, messageID, isResponse: false, &random) {
          pair.inject(datagram, from: Pair.initiatorAddress, to: Pair.responderAddress)
        }
        #expect(pair.sent.count > before)
        #expect(session.children.count <= IKESession.childLimit)
        // A rekeyed IKE SA is one that this end does not have.
        if session.current?.initiatorSPI != sa.initiatorSPI { break }
      }
      if pair.session == nil { ends += 1 }
      pair.run()
    }
    #expect(ends > 0)
  }

  @Test("whatever a responder answers, an initiator's exchange ends")
  func responses() {
    var random = SplitMix64(state: 77)
    for _ in 0..<150 {
      let pair = Pair(.alice, .bob, seed: random.next())
      pair.start()
      pair.run(for: .seconds(1))
      let deed = random.next() % 4
      pair.initiate { session, now in
        switch deed {
        case 0: session.checkLiveness(at: now)
        case 1: session.rekeyIKE(at: now)
        case 2: session.createChild(at: now)
        default:
          if let child = session.children.first { session.rekeyChild(child.inboundSPI, at: now) }
        }
      }
      guard let sa = pair.initiator.current, let request = sa.underWay, let session = pair.session
      else {
        Issue.record("no request")
        return
      }
      let type = ExchangeType(rawValue: request.header.exchangeType)
      for datagram in Self.seal(session, type, request.header.messageID, isResponse: true, &random)
      {
        pair.inject(datagram, from: Pair.responderAddress, to: Pair.initiatorAddress)
      }
      #expect(sa.underWay?.header.messageID != request.header.messageID)
      pair.run()
      #expect(pair.initiator.securityAssociations.allSatisfy { $0.underWay == nil })
    }
  }

  @Test("whatever comes in place of AUTH, nobody is believed")
  func impostors() {
    var random = SplitMix64(state: 404)
    for _ in 0..<300 {
      let pair = Pair(.alice, .bob, seed: random.next())
      pair.start()
      let hasKeys = pair.run(for: .seconds(1)) { pair.initiator.current != nil }
      #expect(hasKeys)
      let isResponder = random.next() % 2 == 0
      let target = isResponder ? pair.session : pair.initiator
      guard let other = isResponder ? pair.initiator : pair.session else { return }
      for datagram in Self.seal(other, .ikeAuth, 1, isResponse: !isResponder, &random) {
        pair.inject(
          datagram, from: isResponder ? Pair.initiatorAddress : Pair.responderAddress,
          to: isResponder ? Pair.responderAddress : Pair.initiatorAddress)
      }
      #expect(target?.isEstablished != true)
      pair.run()
    }
  }
}
