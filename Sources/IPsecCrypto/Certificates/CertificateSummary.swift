internal import COpenSSL

/// What a person asks of an X.509 certificate: whose, by whom, until when.
package struct CertificateSummary: Equatable, Sendable {
  /// RFC 2253 text, with non-ASCII characters in UTF-8.
  package let subject: String
  package let issuer: String
  package let notBefore: String
  package let notAfter: String

  /// Reads a DER certificate; nil if OpenSSL cannot.
  package init?(der: [UInt8]) {
    let certificate = unsafe der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
      // d2i reads at most `count` bytes from the pointer, which it moves.
      var start = buffer.baseAddress
      return unsafe d2i_X509(nil, &start, buffer.count)
    }
    guard let certificate = unsafe certificate else { return nil }
    defer { unsafe X509_free(certificate) }
    guard let subject = unsafe DistinguishedName.text(of: X509_get_subject_name(certificate)),
      let issuer = unsafe DistinguishedName.text(of: X509_get_issuer_name(certificate)),
      let notBefore = unsafe Self.text(of: X509_get0_notBefore(certificate)),
      let notAfter = unsafe Self.text(of: X509_get0_notAfter(certificate))
    else { return nil }
    self.subject = subject
    self.issuer = issuer
    self.notBefore = notBefore
    self.notAfter = notAfter
  }

  private static func text(of time: UnsafePointer<ASN1_TIME>?) -> String? {
    guard let time = unsafe time else { return nil }
    return unsafe withMemoryOutput { unsafe ASN1_TIME_print($0, time) == 1 }
  }
}

private enum DistinguishedName {
  static func text(of name: OpaquePointer?) -> String? {
    guard let name = unsafe name else { return nil }
    // RFC 2253's form, with the escape of bytes above 127 left out: UTF-8 stays readable.
    let flags = ipsecdiag_XN_FLAG_RFC2253 & ~UInt(ASN1_STRFLGS_ESC_MSB)
    return unsafe withMemoryOutput { unsafe X509_NAME_print_ex($0, name, 0, flags) >= 0 }
  }
}

/// Runs `print` on a memory BIO and returns what it wrote; nil if it failed.
private func withMemoryOutput(_ print: (OpaquePointer) -> Bool) -> String? {
  guard let output = unsafe BIO_new(BIO_s_mem()) else { return nil }
  defer { unsafe BIO_free(output) }
  guard unsafe print(output) else { return nil }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 256)
  while true {
    // BIO_read writes at most the 256 bytes that the chunk has.
    let count = unsafe Int(BIO_read(output, &chunk, Int32(chunk.count)))
    guard count > 0 else { break }
    bytes += chunk[..<count]
  }
  return String(decoding: bytes, as: UTF8.self)
}
