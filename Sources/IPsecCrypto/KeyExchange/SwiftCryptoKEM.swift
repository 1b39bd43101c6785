#if PostQuantum
  internal import Crypto

  extension LatticeKEM {
    /// A fresh half; with a seed (FIPS 203's d and z, 32 octets each) always the same one.
    func swiftCryptoHalf(seed: [UInt8]? = nil) -> (any InitiatorHalf)? {
      rank == 3
        ? try? SwiftCryptoHalf<MLKEM768>(seed: seed) : try? SwiftCryptoHalf<MLKEM1024>(seed: seed)
    }

    func encapsulateBySwiftCrypto(
      to key: [UInt8]
    ) throws(KeyExchangeFailure) -> (data: [UInt8], secret: Secret) {
      rank == 3 ? try MLKEM768.encapsulate(to: key) : try MLKEM1024.encapsulate(to: key)
    }
  }

  /// What swift-crypto's parameter sets of ML-KEM have in common, but no protocol of its own says.
  private protocol SwiftCryptoKEM {
    associatedtype PrivateKey: KEMPrivateKey

    static func encapsulationKey(of key: PrivateKey) -> [UInt8]
    static func publicKey(_ bytes: [UInt8]) throws -> PrivateKey.PublicKey
    static func privateKey(seed: [UInt8]) throws -> PrivateKey
    static func decapsulate(_ ciphertext: [UInt8], with key: PrivateKey) throws -> SymmetricKey
  }

  extension MLKEM768: SwiftCryptoKEM {
    static func encapsulationKey(of key: PrivateKey) -> [UInt8] {
      Array(key.publicKey.rawRepresentation)
    }

    static func publicKey(_ bytes: [UInt8]) throws -> PublicKey {
      try PublicKey(rawRepresentation: bytes)
    }

    static func privateKey(seed: [UInt8]) throws -> PrivateKey {
      try PrivateKey(seedRepresentation: seed, publicKey: nil)
    }

    static func decapsulate(_ ciphertext: [UInt8], with key: PrivateKey) throws -> SymmetricKey {
      try key.decapsulate(ciphertext)
    }
  }

  extension MLKEM1024: SwiftCryptoKEM {
    static func encapsulationKey(of key: PrivateKey) -> [UInt8] {
      Array(key.publicKey.rawRepresentation)
    }

    static func publicKey(_ bytes: [UInt8]) throws -> PublicKey {
      try PublicKey(rawRepresentation: bytes)
    }

    static func privateKey(seed: [UInt8]) throws -> PrivateKey {
      try PrivateKey(seedRepresentation: seed, publicKey: nil)
    }

    static func decapsulate(_ ciphertext: [UInt8], with key: PrivateKey) throws -> SymmetricKey {
      try key.decapsulate(ciphertext)
    }
  }

  extension SwiftCryptoKEM {
    fileprivate static func encapsulate(
      to key: [UInt8]
    ) throws(KeyExchangeFailure) -> (data: [UInt8], secret: Secret) {
      do {
        let result = try publicKey(key).encapsulate()
        return (Array(result.encapsulated), Secret(result.sharedSecret))
      } catch {
        throw .badShare
      }
    }
  }

  /// ML-KEM by swift-crypto.
  private struct SwiftCryptoHalf<KEM: SwiftCryptoKEM>: InitiatorHalf {
    let data: [UInt8]
    private let key: KEM.PrivateKey

    init(seed: [UInt8]?) throws {
      key = try seed.map(KEM.privateKey(seed:)) ?? KEM.PrivateKey.generate()
      data = KEM.encapsulationKey(of: key)
    }

    func complete(_ response: [UInt8]) throws(KeyExchangeFailure) -> Secret {
      do {
        // A ciphertext that was tampered with yields another secret, not a failure.
        return Secret(try KEM.decapsulate(response, with: key))
      } catch {
        throw .badShare
      }
    }
  }

  extension Secret {
    fileprivate init(_ key: SymmetricKey) {
      var bytes = unsafe key.withUnsafeBytes { unsafe Array($0) }
      self.init(consuming: &bytes)
    }
  }
#endif
