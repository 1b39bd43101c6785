package import IPsecCrypto
package import PacketDissector

/// A side that has proven itself.
package struct AuthenticatedPeer: Sendable {
  package let identity: Identity
  package let method: AuthenticationMethod
  /// How the signature was made; nil for a proof that is none.
  package let scheme: SignatureScheme?
  /// The peer's own, in DER; nil where none was used.
  package let certificate: [UInt8]?

  init(
    _ identity: Identity, _ method: AuthenticationMethod, scheme: SignatureScheme? = nil,
    certificate: [UInt8]? = nil
  ) {
    self.identity = identity
    self.method = method
    self.scheme = scheme
    self.certificate = certificate
  }
}

/// What a message says for its sender: ID, AUTH and CERT payloads.
package struct PeerClaim: Equatable, Sendable {
  package var identity: Identity
  /// Nil in the first IKE_AUTH request of an initiator that wants EAP.
  package var authentication: AuthenticationPayload?
  package var certificates: CertificateChainPayloads

  package init(
    identity: Identity, authentication: AuthenticationPayload?,
    certificates: CertificateChainPayloads = CertificateChainPayloads()
  ) {
    self.identity = identity
    self.authentication = authentication
    self.certificates = certificates
  }

  /// What the payloads of a message claim for `side`; nil without an ID payload of that side, or with a
  /// malformed AUTH payload.
  package init?(_ payloads: [IKEPayload], of side: Side) {
    let type: PayloadType =
      side == .initiator ? .identificationInitiator : .identificationResponder
    guard let identity = payloads.lazy.compactMap({ $0.identity(type) }).first else { return nil }
    self.identity = identity
    certificates = CertificateChainPayloads(payloads)
    guard let payload = payloads.first(where: { $0.type == .authentication }) else { return }
    guard payload.stop == nil, case .authentication(let authentication) = payload.body else {
      return nil
    }
    self.authentication = authentication
  }
}

extension IKEPayload {
  fileprivate func identity(_ type: PayloadType) -> Identity? {
    guard self.type == type, stop == nil, case .identification(let payload) = body else {
      return nil
    }
    return Identity(payload)
  }
}
