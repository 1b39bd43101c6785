internal import IKE
internal import IPsecCrypto
internal import PacketDissector

/// Makes a responder forget an IKE SA that it has only just accepted.
///
/// A responder keeps such an SA for some 30 s, and some take no more of one address than a few: strongSwan
/// asks for cookies from the third on and is silent from the fifth. An IKE_AUTH request that cannot
/// authenticate ends the SA at once. A protected Delete does not: strongSwan acknowledges it and libreswan
/// drops it, and both keep the SA.
enum HalfOpenClosing {
  /// Who asks, in the responder's log.
  static let identity = Identity(type: .idFQDN, data: Array("ipsecdiag.invalid".utf8))

  /// The IKE_AUTH request; nil where this build cannot compute the SA's keys.
  static func request(
    _ exchange: InitExchange, _ half: KeyExchangeInitiator, accepted proposal: Proposal,
    share: KeyExchangePayload, nonce: [UInt8], responderSPI: UInt64
  ) -> [UInt8]? {
    let own = exchange.request
    guard share.method == half.method, let suite = try? IKESuite(proposal),
      suite.additional.isEmpty, let secret = try? half.complete(share.data),
      let keys = try? IKEKeys.initial(
        suite, sharedSecret: secret, initiatorNonce: own.nonce, responderNonce: nonce,
        initiatorSPI: own.initiatorSPI, responderSPI: responderSPI),
      let protection = try? MessageProtection(suite: suite, keys: keys, isInitiator: true)
    else { return nil }
    let header = IKEHeader(
      initiatorSPI: own.initiatorSPI, responderSPI: responderSPI, nextPayload: 0,
      exchangeType: ExchangeType.ikeAuth.rawValue, flags: 0x08, messageID: 1, length: 0)
    return try? protection.seal(header, payloads, fragmentBytes: nil).datagrams.first
  }

  /// All that IKE_AUTH needs, with an AUTH that no key has made.
  private static var payloads: [IKEPayload] {
    let zero = IPAddress(v4: 0)
    let all = TrafficSelectorPayload(selectors: [
      TrafficSelector(.init(start: zero, end: IPAddress(v4: .max)))
    ])
    let child = Proposal(
      number: 1, protocolID: .esp, spi: [0, 0, 1, 0],
      transforms: [
        Transform(.encryption, id: EncryptionAlgorithm.aesGCM16.rawValue, keyLength: 128),
        Transform(.sequenceNumbers, id: 0),
      ])
    return [
      IKEPayload(.identificationInitiator, .identification(identity.payload)),
      IKEPayload(
        .authentication,
        .authentication(
          AuthenticationPayload(
            method: .sharedKeyMessageIntegrityCode, data: Array(repeating: 0, count: 32)))),
      IKEPayload(
        .securityAssociation,
        .securityAssociation(SecurityAssociationPayload(proposals: [child]))),
      IKEPayload(.trafficSelectorInitiator, .trafficSelectors(all)),
      IKEPayload(.trafficSelectorResponder, .trafficSelectors(all)),
    ]
  }
}
