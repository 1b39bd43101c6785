internal import COpenSSL

/// One run of X.509's path validation, RFC 5280 section 6.
@safe
final class CertificateChain {
  private let context: OpaquePointer
  private let store: OpaquePointer
  private let untrusted: OpaquePointer
  // The context and the stack point to them.
  private let leaf: OpenSSLCertificate
  private let intermediates: [OpenSSLCertificate]

  init?(
    _ leaf: OpenSSLCertificate, intermediates: [OpenSSLCertificate], anchors: [OpenSSLCertificate]
  ) {
    guard let store = unsafe X509_STORE_new(), let untrusted = unsafe OPENSSL_sk_new_null(),
      let context = unsafe X509_STORE_CTX_new()
    else { return nil }
    for anchor in anchors { unsafe X509_STORE_add_cert(store, anchor.pointer) }
    for intermediate in intermediates {
      unsafe OPENSSL_sk_push(untrusted, UnsafeRawPointer(intermediate.pointer))
    }
    unsafe self.store = store
    unsafe self.untrusted = untrusted
    unsafe self.context = context
    self.leaf = leaf
    self.intermediates = intermediates
    guard unsafe X509_STORE_CTX_init(context, store, leaf.pointer, untrusted) == 1 else {
      return nil
    }
  }

  deinit {
    unsafe X509_STORE_CTX_free(context)
    // The stack alone: it does not own what it points to.
    unsafe OPENSSL_sk_free(untrusted)
    unsafe X509_STORE_free(store)
    ERR_clear_error()
  }

  /// Zero if the chain holds at that time, else OpenSSL's number of the first error.
  func verify(at time: Int64) -> Int32 {
    let parameters = unsafe X509_STORE_CTX_get0_param(context)
    unsafe X509_VERIFY_PARAM_set_time(parameters, Int(time))
    unsafe X509_VERIFY_PARAM_set_depth(parameters, 10)
    // An anchor is trusted even if another CA signed it.
    unsafe X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
    let isValid = unsafe X509_verify_cert(context) == 1
    let error = unsafe X509_STORE_CTX_get_error(context)
    guard !isValid else { return X509_V_OK }
    return error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : error
  }

  /// The DER of the certificate that the error is about.
  var current: [UInt8]? {
    guard let certificate = unsafe X509_STORE_CTX_get_current_cert(context) else { return nil }
    return unsafe derBytes { unsafe i2d_X509(certificate, $0) }
  }
}
