package import IPsecCrypto

/// What both AUTH payloads of an IKE SA are computed over, but for the identities (RFC 7296, section 2.15).
package struct AuthenticationContext: Sendable {
  package var prf: PRF
  /// The last IKE_SA_INIT request and its response as they were sent, without the non-ESP marker.
  package var initRequest: [UInt8]
  package var initResponse: [UInt8]
  package var initiatorNonce: [UInt8]
  package var responderNonce: [UInt8]
  /// SK_pi and SK_pr: those in force after the last key update, and mixed with a PPK if one is used.
  package var initiatorKey: Secret
  package var responderKey: Secret
  /// IntAuth_i | IntAuth_r | message ID of the first IKE_AUTH request; empty if there was no
  /// IKE_INTERMEDIATE exchange (RFC 9242, section 3.3.2).
  package var intermediate: [UInt8]

  package init(
    prf: PRF, initRequest: [UInt8], initResponse: [UInt8], initiatorNonce: [UInt8],
    responderNonce: [UInt8], initiatorKey: Secret, responderKey: Secret,
    intermediate: [UInt8] = []
  ) {
    self.prf = prf
    self.initRequest = initRequest
    self.initResponse = initResponse
    self.initiatorNonce = initiatorNonce
    self.responderNonce = responderNonce
    self.initiatorKey = initiatorKey
    self.responderKey = responderKey
    self.intermediate = intermediate
  }

  /// SK_pi or SK_pr.
  package func key(of side: Side) -> Secret {
    side == .initiator ? initiatorKey : responderKey
  }

  /// What `side` signs: its first message, the other's nonce, the MAC of its ID payload's body, and what
  /// IKE_INTERMEDIATE exchanges add.
  package func signedOctets(of side: Side, _ identity: Identity) throws(CryptoError) -> [UInt8] {
    let macedID = try prf.compute(key: key(of: side), .bytes(identity.payloadBody))
    let id = unsafe macedID.withBytes { unsafe Array($0) }
    return switch side {
    case .initiator: initRequest + responderNonce + id + intermediate
    case .responder: initResponse + initiatorNonce + id + intermediate
    }
  }

  /// AUTH data with a secret that both sides have: a pre-shared key, the MSK of EAP, or SK_p itself.
  package func sharedKeyMAC(
    of side: Side, _ identity: Identity, _ secret: Secret
  ) throws(CryptoError) -> Secret {
    let key = try prf.compute(key: secret, .bytes(Array("Key Pad for IKEv2".utf8)))
    return try prf.compute(key: key, .bytes(signedOctets(of: side, identity)))
  }
}
