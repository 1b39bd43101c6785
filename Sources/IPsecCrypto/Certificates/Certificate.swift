internal import COpenSSL

/// An X.509 certificate, RFC 5280, as a CERT payload of encoding 4 carries it.
package struct Certificate: Sendable {
  package let der: [UInt8]
  let x509: OpenSSLCertificate

  /// Nil if OpenSSL cannot read it, or if octets follow it.
  package init?(der: [UInt8]) {
    guard let x509 = OpenSSLCertificate(der: der) else { return nil }
    self.der = der
    self.x509 = x509
  }

  /// Nil for a key of an algorithm that this machine's OpenSSL does not know.
  package var publicKey: PublicKey? {
    x509.subjectPublicKeyInfo.flatMap { PublicKey(subjectPublicKeyInfo: $0) }
  }

  /// The DER of the subject's distinguished name, as in ID_DER_ASN1_DN.
  package var subject: [UInt8] { x509.subject ?? [] }

  /// Unix seconds; nil for a time that is none.
  package var notBefore: Int64? { x509.notBefore }
  package var notAfter: Int64? { x509.notAfter }

  /// Of a CA's certificate: what CERTREQ names it by, the SHA-1 of its SubjectPublicKeyInfo
  /// (RFC 7296 section 3.7). 20 octets, or none where OpenSSL has no SHA-1.
  package var keyHash: [UInt8] {
    guard let info = x509.subjectPublicKeyInfo else { return [] }
    return (try? HashFunction.sha1.digest(info)) ?? []
  }

  /// The DER of subjectAltName, GeneralNames; nil where there is none.
  var alternativeNames: [UInt8]? { x509.extensionValue(NID_subject_alt_name) }
}

extension Certificate {
  /// The certificates of a file, one behind the other in PEM, or one alone in DER. Other blocks of
  /// a PEM file are passed over.
  package static func read(_ bytes: [UInt8]) throws(CertificateError) -> [Certificate] {
    guard PEM.hasLabel(bytes) else {
      guard let certificate = Certificate(der: bytes) else { throw .noCertificate }
      return [certificate]
    }
    let (blocks, isDamaged) = PEMBlock.blocks(in: bytes)
    var certificates: [Certificate] = []
    for block in blocks where block.label == "CERTIFICATE" || block.label == "X509 CERTIFICATE" {
      guard let certificate = Certificate(der: block.content) else {
        throw .unreadableCertificate(certificates.count + 1)
      }
      certificates.append(certificate)
    }
    guard !isDamaged else { throw .unreadableCertificate(certificates.count + 1) }
    guard !certificates.isEmpty else { throw .noCertificate }
    return certificates
  }
}
