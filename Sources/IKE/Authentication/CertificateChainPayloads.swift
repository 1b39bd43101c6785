package import IPsecCrypto
package import PacketDissector

/// The X.509 certificates of a message's CERT payloads, and the requests for them (RFC 7296, sections 3.6
/// and 3.7), all of encoding 4. Certificates by hash and URL are never fetched.
package struct CertificateChainPayloads: Equatable, Sendable {
  /// DER; the sender's own comes first.
  package var certificates: [[UInt8]]

  package init(certificates: [[UInt8]] = []) {
    self.certificates = certificates
  }

  /// Those in a message; other encodings are passed over.
  package init(_ payloads: [IKEPayload]) {
    certificates = payloads.compactMap { payload in
      guard payload.stop == nil, case .certificate(let certificate) = payload.body,
        certificate.encoding == .x509CertificateSignature
      else { return nil }
      return certificate.data
    }
  }

  package var payloads: [IKEPayload] {
    certificates.map {
      IKEPayload(
        .certificate,
        .certificate(CertificatePayload(encoding: .x509CertificateSignature, data: $0)))
    }
  }

  /// The CERTREQ payload that asks for a certificate under one of these anchors; nil without any.
  package static func request(for anchors: TrustAnchors) -> CertificateRequestPayload? {
    let hashes = anchors.keyHashes
    guard !hashes.isEmpty else { return nil }
    return CertificateRequestPayload(
      encoding: .x509CertificateSignature, data: Array(hashes.joined()))
  }

  /// The first certificate, if it leads to an anchor and says who its owner claims to be.
  func trustedLeaf(
    _ identity: Identity, _ anchors: TrustAnchors, at time: Int64
  ) throws(AuthenticationFailure) -> Certificate {
    guard let first = certificates.first else { throw .noCertificate }
    guard let leaf = Certificate(der: first) else { throw .unreadableCertificate }
    let verdict = anchors.verify(first, intermediates: Array(certificates.dropFirst()), at: time)
    guard verdict == .valid else { throw .untrustedCertificate(verdict) }
    guard
      let claimed = CertificateIdentity(type: identity.type, data: identity.data),
      leaf.carries(claimed)
    else { throw .identityNotInCertificate(identity) }
    return leaf
  }
}
