internal import COpenSSL

/// One X509, immutable.
@safe
final class OpenSSLCertificate: @unchecked Sendable {
  let pointer: OpaquePointer

  private init(_ pointer: OpaquePointer) {
    unsafe self.pointer = pointer
  }

  deinit {
    unsafe X509_free(pointer)
  }

  /// Nil if it is none, or if octets follow it.
  convenience init?(der: [UInt8]) {
    let certificate = unsafe der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
      // d2i reads at most `count` bytes from the pointer, which it moves.
      var start = buffer.baseAddress
      guard let certificate = unsafe d2i_X509(nil, &start, buffer.count) else { return nil }
      guard unsafe start == buffer.baseAddress?.advanced(by: buffer.count) else {
        unsafe X509_free(certificate)
        return nil
      }
      return unsafe certificate
    }
    guard let certificate = unsafe certificate else {
      ERR_clear_error()
      return nil
    }
    unsafe self.init(certificate)
  }

  /// As the certificate has it, whether OpenSSL knows the key's algorithm or not.
  var subjectPublicKeyInfo: [UInt8]? {
    unsafe derBytes { unsafe i2d_X509_PUBKEY(X509_get_X509_PUBKEY(pointer), $0) }
  }

  /// The DER of the subject's Name.
  var subject: [UInt8]? {
    unsafe derBytes { unsafe i2d_X509_NAME(X509_get_subject_name(pointer), $0) }
  }

  /// Unix seconds; nil for a time that is none.
  var notBefore: Int64? { unsafe Self.seconds(X509_get0_notBefore(pointer)) }
  var notAfter: Int64? { unsafe Self.seconds(X509_get0_notAfter(pointer)) }

  private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
    guard let time = unsafe time, let epoch = unsafe ASN1_TIME_set(nil, 0) else { return nil }
    defer { unsafe ASN1_STRING_free(epoch) }
    var days: Int32 = 0
    var seconds: Int32 = 0
    guard unsafe ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else {
      ERR_clear_error()
      return nil
    }
    // Years have four digits: the product is far below 2^63.
    return Int64(days) * 86400 + Int64(seconds)
  }

  /// The DER of an extension's value, by OpenSSL's number; nil where there is none.
  func extensionValue(_ number: Int32) -> [UInt8]? {
    let position = unsafe X509_get_ext_by_NID(pointer, number, -1)
    guard position >= 0, let found = unsafe X509_get_ext(pointer, position),
      let value = unsafe X509_EXTENSION_get_data(found),
      let start = unsafe ASN1_STRING_get0_data(value)
    else { return nil }
    // The string has that many bytes, and lives as long as the certificate.
    return unsafe Array(UnsafeBufferPointer(start: start, count: Int(ASN1_STRING_length(value))))
  }
}
