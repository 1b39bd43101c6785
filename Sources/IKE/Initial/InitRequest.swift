package import IPsecCrypto
package import PacketDissector

/// An IKE_SA_INIT request as its initiator builds it (RFC 7296, section 1.2).
package struct InitRequest: Equatable, Sendable {
  /// Never zero.
  package var initiatorSPI: UInt64
  package var proposals: [Proposal]
  package var keyExchange: KeyExchangePayload
  /// 16 to 256 octets.
  package var nonce: [UInt8]
  /// Behind the nonce, in this order; the cookie is not among them.
  package var notifies: [NotifyPayload]
  package var vendorIDs: [[UInt8]]
  /// What the responder asked to see again: it becomes the first payload.
  package var cookie: [UInt8]?

  package init(
    initiatorSPI: UInt64, proposals: [Proposal], keyExchange: KeyExchangePayload, nonce: [UInt8],
    notifies: [NotifyPayload] = [], vendorIDs: [[UInt8]] = [], cookie: [UInt8]? = nil
  ) {
    self.initiatorSPI = initiatorSPI
    self.proposals = proposals
    self.keyExchange = keyExchange
    self.nonce = nonce
    self.notifies = notifies
    self.vendorIDs = vendorIDs
    self.cookie = cookie
  }

  package var message: IKEMessage {
    let header = IKEHeader(
      initiatorSPI: initiatorSPI, responderSPI: 0, nextPayload: 0,
      exchangeType: ExchangeType.ikeSAInit.rawValue, flags: 0x08, messageID: 0, length: 0)
    var payloads: [IKEPayload] = []
    if let cookie {
      payloads.append(IKEPayload(.notify, .notify(NotifyPayload(.cookie, .data(cookie)))))
    }
    payloads.append(
      IKEPayload(
        .securityAssociation,
        .securityAssociation(SecurityAssociationPayload(proposals: proposals))))
    payloads.append(IKEPayload(.keyExchange, .keyExchange(keyExchange)))
    payloads.append(IKEPayload(.nonce, .nonce(nonce)))
    payloads += notifies.map { IKEPayload(.notify, .notify($0)) }
    payloads += vendorIDs.map { IKEPayload(.vendorID, .vendorID($0)) }
    return IKEMessage(header: header, payloads: payloads)
  }

  /// The message on the wire, without the non-ESP marker.
  package var bytes: [UInt8] {
    var writer = ByteWriter()
    message.write(to: &writer)
    return writer.bytes
  }

  /// The notifications that make a responder tell what it can do: NAT detection, fragmentation,
  /// signature hashes, IKE_INTERMEDIATE and redirection. Responders answer the first and the third only
  /// when asked. `source` is where the request leaves from, as far as is known.
  package static func capabilityNotifies(
    initiatorSPI: UInt64, source: Endpoint, destination: Endpoint
  ) throws(CryptoError) -> [NotifyPayload] {
    let here = try NATDetectionHash.compute(
      initiatorSPI: initiatorSPI, responderSPI: 0, source)
    let there = try NATDetectionHash.compute(
      initiatorSPI: initiatorSPI, responderSPI: 0, destination)
    return [
      NotifyPayload(.natDetectionSourceIP, .data(here)),
      NotifyPayload(.natDetectionDestinationIP, .data(there)),
      NotifyPayload(.ikev2FragmentationSupported),
      NotifyPayload(
        .signatureHashAlgorithms,
        .hashAlgorithms([2, 3, 4, 5].map(HashAlgorithm.init(rawValue:)))),
      NotifyPayload(.intermediateExchangeSupported),
      NotifyPayload(.redirectSupported),
    ]
  }
}
