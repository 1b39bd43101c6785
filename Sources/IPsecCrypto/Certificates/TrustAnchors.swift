internal import COpenSSL

/// What is to be said of a certificate and the chain above it.
package enum ChainVerdict: Equatable, Sendable {
  case valid
  /// It, or a CA above it, ended at `notAfter` (Unix seconds).
  case expired(notAfter: Int64)
  case notYetValid
  /// No anchor and no intermediate has this name, RFC 2253 text, or has it with another key.
  case unknownIssuer(String)
  case badSignature
  /// Somebody signed it who is no CA.
  case notACA
  /// What OpenSSL says.
  case other(String)
}

/// The CA certificates that chains must end in.
package struct TrustAnchors: Sendable {
  package let certificates: [Certificate]

  package init(_ certificates: [Certificate]) {
    self.certificates = certificates
  }

  /// What a CERTREQ payload carries, one behind the other: RFC 7296 section 3.7.
  package var keyHashes: [[UInt8]] { certificates.map(\.keyHash) }

  /// How many intermediate certificates of a peer are looked at.
  private static let mostIntermediates = 16

  /// Judges a leaf, in DER, at a time in Unix seconds. Intermediates may be in any order; those
  /// that cannot be read are left out.
  package func verify(
    _ leaf: [UInt8], intermediates: [[UInt8]], at time: Int64
  ) -> ChainVerdict {
    guard let leaf = Certificate(der: leaf) else { return .other("unreadable certificate") }
    let others = intermediates.prefix(Self.mostIntermediates).compactMap(OpenSSLCertificate.init)
    guard
      let chain = CertificateChain(
        leaf.x509, intermediates: others, anchors: certificates.map(\.x509))
    else { return .other("OpenSSL failed") }
    let error = chain.verify(at: time)
    let current = chain.current.flatMap(Certificate.init(der:)) ?? leaf
    switch error {
    case X509_V_OK: return .valid
    case X509_V_ERR_CERT_HAS_EXPIRED: return .expired(notAfter: current.notAfter ?? 0)
    case X509_V_ERR_CERT_NOT_YET_VALID: return .notYetValid
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
      X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return .unknownIssuer(CertificateSummary(der: current.der)?.issuer ?? "")
    case X509_V_ERR_CERT_SIGNATURE_FAILURE, X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
      return .badSignature
    case X509_V_ERR_INVALID_CA, X509_V_ERR_KEYUSAGE_NO_CERTSIGN: return .notACA
    default: return .other(unsafe String(cString: X509_verify_cert_error_string(Int(error))))
    }
  }
}
