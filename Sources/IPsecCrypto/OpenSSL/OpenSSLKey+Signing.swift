internal import COpenSSL

extension OpenSSLKey {
  /// A signature of `octets`: of an ECDSA key in DER.
  func sign(_ octets: [UInt8], _ scheme: SignatureScheme) -> [UInt8]? {
    guard let context = unsafe EVP_MD_CTX_new() else { return nil }
    defer {
      unsafe EVP_MD_CTX_free(context)
      ERR_clear_error()
    }
    var parameters: OpaquePointer?
    var count = 0
    guard
      unsafe EVP_DigestSignInit_ex(
        context, &parameters, scheme.digestName, nil, nil, pointer, nil) == 1,
      unsafe scheme.configure(parameters),
      unsafe EVP_DigestSign(context, nil, &count, octets, octets.count) == 1
    else { return nil }
    var signature = [UInt8](repeating: 0, count: count)
    // OpenSSL reads octets.count bytes and writes no more than the count it gave.
    guard unsafe EVP_DigestSign(context, &signature, &count, octets, octets.count) == 1,
      count <= signature.count
    else { return nil }
    return Array(signature.prefix(count))
  }

  func verify(_ signature: [UInt8], of octets: [UInt8], _ scheme: SignatureScheme) -> Bool {
    guard let context = unsafe EVP_MD_CTX_new() else { return false }
    defer {
      unsafe EVP_MD_CTX_free(context)
      ERR_clear_error()
    }
    var parameters: OpaquePointer?
    return unsafe EVP_DigestVerifyInit_ex(
      context, &parameters, scheme.digestName, nil, nil, pointer, nil) == 1
      && scheme.configure(parameters)
      // OpenSSL reads both arrays' counts.
      && EVP_DigestVerify(context, signature, signature.count, octets, octets.count) == 1
  }
}

extension SignatureScheme {
  /// OpenSSL's name of the hash; nil where the scheme brings its own.
  fileprivate var digestName: String? { hash.function?.rawValue }

  /// Sets what the key alone does not say. PSS's mask takes the hash of the signature by itself.
  fileprivate func configure(_ context: OpaquePointer?) -> Bool {
    switch self {
    case .rsaPKCS1: unsafe EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1
    case .rsaPSS:
      unsafe EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1
        && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1
    case .ecdsaDER, .ecdsaRaw, .eddsa: true
    }
  }
}

/// The two forms of an ECDSA signature.
enum ECDSASignature {
  /// SEQUENCE { r, s } from r|s, two numbers of the same length.
  static func der(_ raw: [UInt8]) -> [UInt8]? {
    guard let signature = unsafe ECDSA_SIG_new() else { return nil }
    defer { unsafe ECDSA_SIG_free(signature) }
    let half = Int32(clamping: raw.count / 2)
    let numbers = unsafe raw.withUnsafeBufferPointer { buffer in
      // Both halves are inside the buffer.
      unsafe (
        BN_bin2bn(buffer.baseAddress, half, nil),
        BN_bin2bn(buffer.baseAddress?.advanced(by: Int(half)), half, nil)
      )
    }
    // The signature owns both numbers from here on.
    guard unsafe ECDSA_SIG_set0(signature, numbers.0, numbers.1) == 1 else {
      unsafe BN_free(numbers.0)
      unsafe BN_free(numbers.1)
      return nil
    }
    return unsafe derBytes { unsafe i2d_ECDSA_SIG(signature, $0) }
  }

  /// r|s from SEQUENCE { r, s }.
  static func raw(_ der: [UInt8], scalarBytes: Int) -> [UInt8]? {
    let signature = unsafe der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
      // d2i reads at most `count` bytes from the pointer, which it moves.
      var start = buffer.baseAddress
      return unsafe d2i_ECDSA_SIG(nil, &start, buffer.count)
    }
    guard let signature = unsafe signature else { return nil }
    defer { unsafe ECDSA_SIG_free(signature) }
    let count = Int32(clamping: scalarBytes)
    var r = [UInt8](repeating: 0, count: scalarBytes)
    var s = r
    // BN_bn2binpad writes `count` bytes, or fails.
    guard unsafe BN_bn2binpad(ECDSA_SIG_get0_r(signature), &r, count) == count,
      unsafe BN_bn2binpad(ECDSA_SIG_get0_s(signature), &s, count) == count
    else { return nil }
    return r + s
  }
}
