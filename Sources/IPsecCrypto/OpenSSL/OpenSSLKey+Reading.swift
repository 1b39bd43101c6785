internal import COpenSSL

extension OpenSSLKey {
  convenience init?(subjectPublicKeyInfo der: [UInt8]) {
    unsafe self.init(owning: {
      unsafe der.withUnsafeBufferPointer { buffer in
        // d2i reads at most `count` bytes from the pointer, which it moves.
        var start = buffer.baseAddress
        guard let key = unsafe d2i_PUBKEY(nil, &start, buffer.count) else { return nil }
        guard unsafe start == buffer.baseAddress?.advanced(by: buffer.count) else {
          // Octets behind the key: it is not what it was said to be.
          unsafe EVP_PKEY_free(key)
          return nil
        }
        return unsafe key
      }
    })
  }

  /// The first private key of a PEM file.
  convenience init?(pem: [UInt8], passphrase: Secret?) {
    guard let count = Int32(exactly: pem.count) else { return nil }
    // Without a callback OpenSSL takes the last argument as text that ends in a zero; without that
    // it would ask at the terminal.
    var text = [UInt8](repeating: 0, count: (passphrase?.count ?? 0) + 1)
    unsafe passphrase?.withBytes { bytes in
      for index in bytes.indices { unsafe text[index] = bytes[index] }
    }
    defer { unsafe OPENSSL_cleanse(&text, text.count) }
    unsafe self.init(owning: {
      unsafe pem.withUnsafeBytes { pem in
        // The BIO reads `count` bytes of the buffer, and is gone before that is.
        guard let input = unsafe BIO_new_mem_buf(pem.baseAddress, count) else { return nil }
        defer { unsafe BIO_free(input) }
        return unsafe text.withUnsafeMutableBytes {
          unsafe PEM_read_bio_PrivateKey(input, nil, nil, $0.baseAddress)
        }
      }
    })
  }

  var subjectPublicKeyInfo: [UInt8]? { unsafe derBytes { unsafe i2d_PUBKEY(pointer, $0) } }

  var type: PublicKeyType {
    if unsafe EVP_PKEY_is_a(pointer, "RSA") == 1 || EVP_PKEY_is_a(pointer, "RSA-PSS") == 1 {
      return unsafe .rsa(bits: Int(EVP_PKEY_get_bits(pointer)))
    }
    if unsafe EVP_PKEY_is_a(pointer, "ED25519") == 1 { return .ed25519 }
    if unsafe EVP_PKEY_is_a(pointer, "ED448") == 1 { return .ed448 }
    guard unsafe EVP_PKEY_is_a(pointer, "EC") == 1 else {
      return .other(
        unsafe EVP_PKEY_get0_type_name(pointer).map { unsafe String(cString: $0) } ?? "")
    }
    guard let name = groupName else { return .other("EC") }
    return EllipticCurve(rawValue: name).map { .ecdsa(curve: $0) } ?? .other("EC on \(name)")
  }

  /// The curve's name; nil for curves that are spelt out as numbers.
  private var groupName: String? {
    var name = [CChar](repeating: 0, count: 64)
    var count = 0
    // OpenSSL writes at most name.count characters.
    guard unsafe EVP_PKEY_get_group_name(pointer, &name, name.count, &count) == 1,
      count <= name.count
    else {
      ERR_clear_error()
      return nil
    }
    return String(decoding: name.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

/// What one of OpenSSL's i2d functions writes; nil where it fails.
func derBytes(_ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8]? {
  var start: UnsafeMutablePointer<UInt8>?
  let count = unsafe Int(write(&start))
  guard count > 0, let start = unsafe start else {
    ERR_clear_error()
    return nil
  }
  defer { unsafe CRYPTO_free(start, #file, #line) }
  // The function allocated `count` bytes.
  return unsafe Array(UnsafeBufferPointer(start: start, count: count))
}
