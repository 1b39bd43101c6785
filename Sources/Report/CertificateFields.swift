internal import IPsecCrypto
internal import PacketDissector

extension Field {
  /// The tree with subject, issuer and validity below each X.509 certificate that can be read.
  ///
  /// The dissector knows no X.509; a report may ask OpenSSL.
  var withCertificateNames: Field {
    var field = self
    field.children = children.map(\.withCertificateNames)
    if name == "certificate", case .bytes(let der) = value,
      let summary = CertificateSummary(der: der)
    {
      field.children += [
        Field("subject", .text(summary.subject), at: range),
        Field("issuer", .text(summary.issuer), at: range),
        Field("not before", .text(summary.notBefore), at: range),
        Field("not after", .text(summary.notAfter), at: range),
      ]
    }
    return field
  }
}
