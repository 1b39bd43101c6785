package import PacketDissector

/// What phase 1 of IKEv1 agreed on: the cipher, the hash, and the prf, which is the hash's HMAC.
///
/// Numbers: RFC 2409, appendix A, and its registries.
package struct IKEv1Suite: Hashable, Sendable {
  package let encryption: EncryptionTransform
  package let hash: HashFunction
  package let prf: PRF

  /// Throws where the transform names no cipher or hash that there is an implementation of.
  package init(_ transform: IKEv1Transform) throws(CryptoError) {
    encryption = try Self.encryption(
      transform.number(of: .phase1(.encryptionAlgorithm)) ?? 0,
      keyBits: transform.number(of: .phase1(.keyLength)).map { Int(clamping: $0) })
    (hash, prf) = try Self.functions(transform.number(of: .phase1(.hashAlgorithm)) ?? 0)
  }

  private static func encryption(
    _ number: UInt64, keyBits: Int?
  ) throws(CryptoError) -> EncryptionTransform {
    switch number {
    case 1: try EncryptionTransform(.des)
    case 3: try EncryptionTransform(.blowfish, keyBits: keyBits ?? 128)
    case 5: try EncryptionTransform(.tripleDES)
    case 6: try EncryptionTransform(.cast, keyBits: keyBits ?? 128)
    case 7: try EncryptionTransform(.aesCBC, keyBits: keyBits ?? 128)
    case 8: try EncryptionTransform(.camelliaCBC, keyBits: keyBits ?? 128)
    default: throw .notImplemented("IKEv1 encryption algorithm \(number)")
    }
  }

  private static func functions(_ number: UInt64) throws(CryptoError) -> (HashFunction, PRF) {
    switch number {
    case 1: (.md5, try PRF(.hmacMD5))
    case 2: (.sha1, try PRF(.hmacSHA1))
    case 4: (.sha2_256, try PRF(.hmacSHA2_256))
    case 5: (.sha2_384, try PRF(.hmacSHA2_384))
    case 6: (.sha2_512, try PRF(.hmacSHA2_512))
    default: throw .notImplemented("IKEv1 hash algorithm \(number)")
    }
  }
}

// IVs (RFC 2409, appendix B). Within an exchange, the last ciphertext block of each message is the IV of
// the next.

extension IKEv1Suite {
  /// The IV of the first encrypted message of phase 1: `hash(g^xi | g^xr)`, cut to a block.
  package func phase1IV(
    initiatorPublic: [UInt8], responderPublic: [UInt8]
  ) throws(CryptoError) -> [UInt8] {
    block(try hash.digest(initiatorPublic, responderPublic))
  }

  /// The IV of the first message of any later exchange: `hash(last block of phase 1 | message ID)`.
  package func laterIV(
    lastPhase1Block: [UInt8], messageID: UInt32
  ) throws(CryptoError) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(lastPhase1Block)
    writer.u32(messageID)
    return block(try hash.digest(writer.bytes))
  }

  /// The last block of a message: the next one's IV.
  package func lastBlock(of ciphertext: [UInt8]) -> [UInt8] {
    Array(ciphertext.suffix(encryption.blockBytes))
  }

  private func block(_ digest: [UInt8]) -> [UInt8] { Array(digest.prefix(encryption.blockBytes)) }
}
