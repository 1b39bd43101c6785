internal import COpenSSL

/// One EVP_PKEY: a key pair, or a public key alone. Immutable once made.
@safe
final class OpenSSLKey: @unchecked Sendable {
  let pointer: OpaquePointer

  /// Takes what `make` returns into its care.
  init?(owning make: () -> OpaquePointer?) {
    guard let pointer = unsafe make() else {
      ERR_clear_error()
      return nil
    }
    unsafe self.pointer = pointer
  }

  deinit {
    unsafe EVP_PKEY_free(pointer)
  }

  /// A new key pair of an algorithm by OpenSSL's name, on a curve where it takes one.
  static func generate(_ algorithm: String, curve: String? = nil) -> OpenSSLKey? {
    guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, algorithm, nil) else {
      ERR_clear_error()
      return nil
    }
    defer { unsafe EVP_PKEY_CTX_free(context) }
    guard unsafe EVP_PKEY_keygen_init(context) == 1 else { return nil }
    if let curve {
      guard unsafe EVP_PKEY_CTX_set_group_name(context, curve) == 1 else { return nil }
    }
    var key: OpaquePointer?
    guard unsafe EVP_PKEY_generate(context, &key) == 1 else { return nil }
    return unsafe OpenSSLKey(owning: { unsafe key })
  }

  /// The public key as OpenSSL's "encoded public key": a point behind its form, or raw bytes.
  var encodedPublicKey: [UInt8]? {
    var start: UnsafeMutablePointer<UInt8>?
    let count = unsafe EVP_PKEY_get1_encoded_public_key(pointer, &start)
    guard count > 0, let start = unsafe start else { return nil }
    defer { unsafe CRYPTO_free(start, #file, #line) }
    // OpenSSL allocated `count` bytes.
    return unsafe Array(UnsafeBufferPointer(start: start, count: count))
  }

  /// Another's public key of the same parameters; nil if it is none.
  func peer(encodedPublicKey bytes: [UInt8]) -> OpenSSLKey? {
    guard let peer = unsafe OpenSSLKey(owning: { unsafe EVP_PKEY_new() }),
      unsafe EVP_PKEY_copy_parameters(peer.pointer, pointer) == 1,
      // OpenSSL reads bytes.count bytes, and says whether they are a point on the curve.
      unsafe EVP_PKEY_set1_encoded_public_key(peer.pointer, bytes, bytes.count) == 1
    else {
      ERR_clear_error()
      return nil
    }
    return peer
  }

  /// A public key of an algorithm whose keys are plain bytes.
  static func publicKey(_ algorithm: String, raw bytes: [UInt8]) -> OpenSSLKey? {
    unsafe OpenSSLKey(owning: {
      unsafe EVP_PKEY_new_raw_public_key_ex(nil, algorithm, nil, bytes, bytes.count)
    })
  }

  /// The Diffie-Hellman secret with another's public key; nil where OpenSSL refuses that key.
  func agree(with peer: OpenSSLKey) -> Secret? {
    guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil) else { return nil }
    defer {
      unsafe EVP_PKEY_CTX_free(context)
      ERR_clear_error()
    }
    var count = 0
    guard unsafe EVP_PKEY_derive_init(context) == 1,
      unsafe EVP_PKEY_derive_set_peer(context, peer.pointer) == 1,
      unsafe EVP_PKEY_derive(context, nil, &count) == 1
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    // OpenSSL writes at most `count` bytes.
    guard unsafe EVP_PKEY_derive(context, &bytes, &count) == 1, count == bytes.count else {
      return nil
    }
    return Secret(consuming: &bytes)
  }
}

extension OpenSSLKey {
  /// Distributions leave curves out of their OpenSSL.
  static func knowsCurve(_ name: String) -> Bool {
    let group = unsafe EC_GROUP_new_by_curve_name(OBJ_sn2nid(name))
    defer {
      unsafe EC_GROUP_free(group)
      ERR_clear_error()
    }
    return unsafe group != nil
  }

  static func knowsAlgorithm(_ name: String) -> Bool {
    let context = unsafe EVP_PKEY_CTX_new_from_name(nil, name, nil)
    defer {
      unsafe EVP_PKEY_CTX_free(context)
      ERR_clear_error()
    }
    return unsafe context != nil
  }
}

extension OpenSSLKey {
  /// A KEM's ciphertext for this public key, and the secret within.
  func encapsulate() -> (data: [UInt8], secret: Secret)? {
    guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil) else { return nil }
    defer {
      unsafe EVP_PKEY_CTX_free(context)
      ERR_clear_error()
    }
    var dataCount = 0
    var secretCount = 0
    guard unsafe EVP_PKEY_encapsulate_init(context, nil) == 1,
      unsafe EVP_PKEY_encapsulate(context, nil, &dataCount, nil, &secretCount) == 1
    else { return nil }
    var data = [UInt8](repeating: 0, count: dataCount)
    var secret = [UInt8](repeating: 0, count: secretCount)
    // OpenSSL writes no more than the counts it gave.
    guard unsafe EVP_PKEY_encapsulate(context, &data, &dataCount, &secret, &secretCount) == 1,
      dataCount == data.count, secretCount == secret.count
    else { return nil }
    return (data, Secret(consuming: &secret))
  }

  /// The secret in a KEM's ciphertext.
  func decapsulate(_ ciphertext: [UInt8]) -> Secret? {
    guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil) else { return nil }
    defer {
      unsafe EVP_PKEY_CTX_free(context)
      ERR_clear_error()
    }
    var count = 0
    guard unsafe EVP_PKEY_decapsulate_init(context, nil) == 1,
      unsafe EVP_PKEY_decapsulate(context, nil, &count, ciphertext, ciphertext.count) == 1
    else { return nil }
    var secret = [UInt8](repeating: 0, count: count)
    // OpenSSL reads the ciphertext's count, and writes no more than the count it gave.
    guard unsafe EVP_PKEY_decapsulate(context, &secret, &count, ciphertext, ciphertext.count) == 1,
      count == secret.count
    else { return nil }
    return Secret(consuming: &secret)
  }
}
