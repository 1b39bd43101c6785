/// One parameter set of ML-KEM, FIPS 203: the initiator sends an encapsulation key, the responder a
/// ciphertext, and the secret has 32 octets (draft-ietf-ipsecme-ikev2-mlkem).
struct LatticeKEM: Sendable {
  let name: String
  /// Polynomials in a key: FIPS 203's k.
  let rank: Int

  static let mlKEM512 = LatticeKEM(name: "ML-KEM-512", rank: 2)
  static let mlKEM768 = LatticeKEM(name: "ML-KEM-768", rank: 3)
  static let mlKEM1024 = LatticeKEM(name: "ML-KEM-1024", rank: 4)

  enum Implementation {
    case swiftCrypto
    /// OpenSSL 3.5 and later.
    case openSSL
    case none
  }

  var implementation: Implementation {
    #if PostQuantum
      // swift-crypto leaves the smallest set out.
      if rank > 2 { return .swiftCrypto }
    #endif
    return OpenSSLKey.knowsAlgorithm(name) ? .openSSL : .none
  }

  func initiate() -> (any InitiatorHalf)? {
    switch implementation {
    case .swiftCrypto:
      #if PostQuantum
        return swiftCryptoHalf()
      #else
        return nil
      #endif
    case .openSSL: return OpenSSLKEMHalf(self)
    case .none: return ShareWithoutSecret(self)
    }
  }

  /// The ciphertext for an encapsulation key, and the secret within.
  func encapsulate(
    to key: [UInt8]
  ) throws(KeyExchangeFailure) -> (data: [UInt8], secret: Secret) {
    // FIPS 203 section 7.2: whatever the implementation checks, this it must.
    guard isReduced(key) else { throw .badShare }
    switch implementation {
    case .swiftCrypto:
      #if PostQuantum
        return try encapsulateBySwiftCrypto(to: key)
      #else
        throw .cannotComplete(name)
      #endif
    case .openSSL:
      guard let key = OpenSSLKey.publicKey(name, raw: key) else { throw .badShare }
      guard let result = key.encapsulate() else { throw .openSSLFailed }
      return result
    case .none: throw .cannotComplete(name)
    }
  }
}

extension LatticeKEM {
  /// FIPS 203's q.
  private static let modulus: UInt16 = 3329
  /// Octets of one polynomial: 256 coefficients of 12 bits.
  private static let polynomialBytes = 384

  /// Whether every coefficient of an encapsulation key is below the modulus.
  func isReduced(_ key: [UInt8]) -> Bool {
    let vector = key.prefix(rank * Self.polynomialBytes)
    guard vector.count == rank * Self.polynomialBytes else { return false }
    return stride(from: 0, to: vector.count, by: 3).allSatisfy { offset in
      let low = UInt16(vector[offset]) | UInt16(vector[offset + 1] & 0x0F) << 8
      let high = UInt16(vector[offset + 1] >> 4) | UInt16(vector[offset + 2]) << 4
      return low < Self.modulus && high < Self.modulus
    }
  }

  /// An encapsulation key that belongs to no private key: uniform coefficients in 12 bits each, and
  /// a seed. A real one cannot be told from it, which is what ML-KEM's security rests on.
  func randomKey() -> [UInt8] {
    var key: [UInt8] = []
    key.reserveCapacity(rank * Self.polynomialBytes + 32)
    for _ in 0..<rank * Self.polynomialBytes / 3 {
      let low = UInt16.random(in: 0..<Self.modulus)
      let high = UInt16.random(in: 0..<Self.modulus)
      key.append(UInt8(truncatingIfNeeded: low))
      key.append(UInt8(truncatingIfNeeded: low >> 8 | high << 4))
      key.append(UInt8(truncatingIfNeeded: high >> 4))
    }
    return key + (0..<32).map { _ in UInt8.random(in: 0...255) }
  }
}

/// A share to see whether a peer answers.
private struct ShareWithoutSecret: InitiatorHalf {
  let data: [UInt8]
  private let name: String

  init(_ kem: LatticeKEM) {
    name = kem.name
    data = kem.randomKey()
  }

  func complete(_ response: [UInt8]) throws(KeyExchangeFailure) -> Secret {
    throw .cannotComplete(name)
  }
}

/// ML-KEM by OpenSSL.
private struct OpenSSLKEMHalf: InitiatorHalf {
  let data: [UInt8]
  private let key: OpenSSLKey

  init?(_ kem: LatticeKEM) {
    guard let key = OpenSSLKey.generate(kem.name), let data = key.encodedPublicKey else {
      return nil
    }
    self.key = key
    self.data = data
  }

  func complete(_ response: [UInt8]) throws(KeyExchangeFailure) -> Secret {
    // A ciphertext that was tampered with yields another secret, not a failure.
    guard let secret = key.decapsulate(response) else { throw .openSSLFailed }
    return secret
  }
}
