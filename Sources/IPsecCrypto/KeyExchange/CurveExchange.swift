/// ECDH on a Weierstrass curve, RFC 5903: both coordinates on the wire, x alone is the secret.
struct CurveHalf: InitiatorHalf {
  let data: [UInt8]
  private let key: OpenSSLKey
  private let coordinateBytes: Int

  init?(_ curve: String, coordinateBytes: Int) {
    guard let key = OpenSSLKey.generate("EC", curve: curve) else { return nil }
    self.init(key, coordinateBytes: coordinateBytes)
  }

  init?(_ key: OpenSSLKey, coordinateBytes: Int) {
    // An uncompressed point: 4, x, y.
    guard let point = key.encodedPublicKey, point.count == 1 + 2 * coordinateBytes,
      point.first == 4
    else { return nil }
    self.key = key
    self.coordinateBytes = coordinateBytes
    data = Array(point.dropFirst())
  }

  func complete(_ response: [UInt8]) throws(KeyExchangeFailure) -> Secret {
    // OpenSSL rejects coordinates out of range and points off the curve; the point at infinity has
    // no uncompressed form.
    guard let peer = key.peer(encodedPublicKey: [4] + response), let secret = key.agree(with: peer)
    else { throw .badShare }
    guard secret.count == coordinateBytes else { throw .openSSLFailed }
    return secret
  }
}

/// X25519 and X448, RFC 7748 and RFC 8031: 32 or 56 octets each way.
struct MontgomeryHalf: InitiatorHalf {
  let data: [UInt8]
  private let key: OpenSSLKey
  private let name: String

  init?(_ name: String) {
    guard let key = OpenSSLKey.generate(name) else { return nil }
    self.init(key, name)
  }

  init?(_ key: OpenSSLKey, _ name: String) {
    guard let data = key.encodedPublicKey else { return nil }
    self.key = key
    self.name = name
    self.data = data
  }

  func complete(_ response: [UInt8]) throws(KeyExchangeFailure) -> Secret {
    guard let peer = OpenSSLKey.publicKey(name, raw: response), let secret = key.agree(with: peer),
      // RFC 8031 section 5: points of small order make a secret of zeros.
      !secret.isAllZero
    else { throw .badShare }
    return secret
  }
}

extension Secret {
  fileprivate var isAllZero: Bool {
    unsafe withBytes { bytes in unsafe bytes.reduce(0, |) == 0 }
  }
}
