internal import IPsecCrypto
internal import PacketDissector

/// The keys of an IKEv1 SA whose ends share a secret (RFC 2409, section 5).
struct IKEv1Keys: Sendable {
  let suite: IKEv1Suite
  /// SKEYID: of the secret and the nonces alone.
  let root: Secret
  /// SKEYID_d, which phase 2's keys come from.
  let derivation: Secret
  /// SKEYID_a, which messages are authenticated with.
  let authentication: Secret
  /// As many bytes of SKEYID_e as the cipher takes (appendix B).
  let cipherKey: Secret
  /// CKY-I | CKY-R, 16 octets: also the SPI of the SA.
  let cookies: [UInt8]

  init(
    _ suite: IKEv1Suite, preSharedKey: Secret, nonces: (initiator: [UInt8], responder: [UInt8]),
    sharedSecret: Secret, cookies: (initiator: UInt64, responder: UInt64)
  ) throws(CryptoError) {
    var writer = ByteWriter()
    writer.u64(cookies.initiator)
    writer.u64(cookies.responder)
    let spi = writer.bytes
    let prf = suite.prf
    root = try prf.compute(key: preSharedKey, .bytes(nonces.initiator), .bytes(nonces.responder))
    derivation = try prf.compute(
      key: root, .secret(sharedSecret), .bytes(spi), .bytes([0]))
    authentication = try prf.compute(
      key: root, .secret(derivation), .secret(sharedSecret), .bytes(spi), .bytes([1]))
    let encryption = try prf.compute(
      key: root, .secret(authentication), .secret(sharedSecret), .bytes(spi), .bytes([2]))
    cipherKey = try Self.cipherKey(
      from: encryption, prf, bytes: suite.encryption.keyMaterialBytes)
    self.suite = suite
    self.cookies = spi
  }

  /// SKEYID_e where it is long enough, else K1 | K2 | …, each the prf of the one before, and K1 that of a
  /// zero octet (appendix B).
  private static func cipherKey(
    from material: Secret, _ prf: PRF, bytes count: Int
  ) throws(CryptoError) -> Secret {
    if let start = material.part(0..<count) { return start }
    var key: [UInt8] = []
    // With room for all of it no reallocation leaves a copy behind.
    key.reserveCapacity(count + prf.outputBytes)
    var last = try prf.compute(key: material, .bytes([0]))
    while key.count < count {
      unsafe last.withBytes { unsafe key.append(contentsOf: $0) }
      last = try prf.compute(key: material, .secret(last))
    }
    let whole = Secret(consuming: &key)
    return whole.part(0..<count) ?? whole
  }

  /// HASH_I or HASH_R, by which a side proves in main mode that it has the secret. `offer` is the body of
  /// the initiator's SA payload, `identity` that of the side's own ID payload.
  func proof(
    of side: Side, publicValues: (initiator: [UInt8], responder: [UInt8]), offer: [UInt8],
    identity: [UInt8]
  ) throws(CryptoError) -> Secret {
    let initiator = (publicValues.initiator, Array(cookies.prefix(8)))
    let responder = (publicValues.responder, Array(cookies.suffix(8)))
    let (own, other) = side == .initiator ? (initiator, responder) : (responder, initiator)
    return try suite.prf.compute(
      key: root, .bytes(own.0), .bytes(other.0), .bytes(own.1), .bytes(other.1), .bytes(offer),
      .bytes(identity))
  }

  /// HASH(1) of an informational exchange: `payloads` is all that follows the hash payload, generic
  /// headers and all (section 5.7).
  func hash(messageID: UInt32, _ payloads: [UInt8]) throws(CryptoError) -> Secret {
    var writer = ByteWriter()
    writer.u32(messageID)
    return try suite.prf.compute(
      key: authentication, .bytes(writer.bytes), .bytes(payloads))
  }
}

extension Secret {
  /// The octets of a hash that goes into a message, where it is no secret any more.
  var hashOctets: [UInt8] { unsafe withBytes { unsafe Array($0) } }
}
