package import IPsecCrypto
import PacketDissector

/// The seven keys of an IKE SA (RFC 7296, section 2.14).
package struct IKEKeys: Sendable {
  /// SK_d, of which the keys of Child SAs and of the next IKE SA are derived.
  package let d: Secret
  /// SK_ai and SK_ar, empty beside an AEAD cipher.
  package let ai: Secret
  package let ar: Secret
  /// SK_ei and SK_er, with the salt where the cipher takes one.
  package let ei: Secret
  package let er: Secret
  /// SK_pi and SK_pr, for AUTH.
  package let pi: Secret
  package let pr: Secret

  package init(
    d: Secret, ai: Secret, ar: Secret, ei: Secret, er: Secret, pi: Secret, pr: Secret
  ) {
    self.d = d
    self.ai = ai
    self.ar = ar
    self.ei = ei
    self.er = er
    self.pi = pi
    self.pr = pr
  }

  /// The keys after IKE_SA_INIT: SKEYSEED = prf(Ni | Nr, g^ir).
  package static func initial(
    _ suite: IKESuite, sharedSecret: Secret, initiatorNonce: [UInt8], responderNonce: [UInt8],
    initiatorSPI: UInt64, responderSPI: UInt64
  ) throws(CryptoError) -> IKEKeys {
    // PRFs whose key is 16 bytes long take the first eight of each nonce; prf+ takes all.
    let half = suite.prf.halvesNonces ? 8 : Int.max
    let key = Array(initiatorNonce.prefix(half)) + Array(responderNonce.prefix(half))
    let seed = try suite.prf.compute(key: Secret(copying: key), .secret(sharedSecret))
    return try IKEKeys(
      suite, seed: seed, nonces: initiatorNonce + responderNonce, initiatorSPI, responderSPI)
  }

  /// The keys after an IKE_INTERMEDIATE exchange that agreed on one more secret:
  /// SKEYSEED(n) = prf(SK_d(n-1), SK(n) | Ni | Nr) (RFC 9370, section 2.2.2).
  package func updated(
    with secret: Secret, _ suite: IKESuite, initiatorNonce: [UInt8], responderNonce: [UInt8],
    initiatorSPI: UInt64, responderSPI: UInt64
  ) throws(CryptoError) -> IKEKeys {
    let nonces = initiatorNonce + responderNonce
    let seed = try suite.prf.compute(key: d, .secret(secret), .bytes(nonces))
    return try IKEKeys(suite, seed: seed, nonces: nonces, initiatorSPI, responderSPI)
  }

  /// The keys of the IKE SA that takes over from one with `oldSKd`.
  ///
  /// SKEYSEED = prf(SK_d, SK(0) | Ni | Nr | SK(1) | ... | SK(n)) with the old SA's PRF (RFC 7296, section
  /// 2.18; RFC 9370, section 2.2.4). Nonces are those of the exchange, SPIs those of the new SA, and
  /// initiator is whoever asked for it.
  package static func rekeyed(
    _ suite: IKESuite, oldPRF: PRF, oldSKd: Secret, secrets: [Secret], initiatorNonce: [UInt8],
    responderNonce: [UInt8], initiatorSPI: UInt64, responderSPI: UInt64
  ) throws(CryptoError) -> IKEKeys {
    let nonces = initiatorNonce + responderNonce
    let input = KeyInput.joined(secrets, nonces: nonces)
    let seed = try oldPRF.compute(key: oldSKd, .secret(input))
    return try IKEKeys(suite, seed: seed, nonces: nonces, initiatorSPI, responderSPI)
  }

  /// The keys with a post-quantum preshared key in SK_d, SK_pi and SK_pr (RFC 8784, section 3).
  package func mixing(ppk: Secret, prf: PRF) throws(CryptoError) -> IKEKeys {
    IKEKeys(
      d: try prf.expand(key: ppk, .secret(d), count: d.count), ai: ai, ar: ar, ei: ei, er: er,
      pi: try prf.expand(key: ppk, .secret(pi), count: pi.count),
      pr: try prf.expand(key: ppk, .secret(pr), count: pr.count))
  }

  /// {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr} = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr).
  private init(
    _ suite: IKESuite, seed: Secret, nonces: [UInt8], _ initiatorSPI: UInt64,
    _ responderSPI: UInt64
  ) throws(CryptoError) {
    let own = suite.prf.preferredKeyBytes
    let integrity = suite.integrity?.keyMaterialBytes ?? 0
    let cipher = suite.encryption.keyMaterialBytes
    let sizes = [own, integrity, integrity, cipher, cipher, own, own]
    var context = ByteWriter()
    context.append(nonces)
    context.u64(initiatorSPI)
    context.u64(responderSPI)
    let material = try suite.prf.expand(
      key: seed, .bytes(context.bytes), count: sizes.reduce(0, +))
    var parts = KeyMaterial(material)
    d = try parts.next(own)
    ai = try parts.next(integrity)
    ar = try parts.next(integrity)
    ei = try parts.next(cipher)
    er = try parts.next(cipher)
    pi = try parts.next(own)
    pr = try parts.next(own)
  }
}

/// What a key is derived of besides the key that it is derived with.
enum KeyInput {
  /// SK(0) | Ni | Nr | SK(1) | ... | SK(n): the nonces stand behind the first secret (RFC 9370, section
  /// 2.2.4), alone where there is no secret.
  static func joined(_ secrets: [Secret], nonces: [UInt8]) -> Secret {
    var bytes: [UInt8] = []
    // All at once: growing would leave a copy behind.
    bytes.reserveCapacity(secrets.reduce(nonces.count) { $0 + $1.count })
    for (index, secret) in secrets.enumerated() {
      // Lent bytes are copied before the closure ends.
      unsafe secret.withBytes { unsafe bytes.append(contentsOf: $0) }
      if index == 0 { bytes += nonces }
    }
    if secrets.isEmpty { bytes += nonces }
    return Secret(consuming: &bytes)
  }
}

/// The output of prf+, cut into keys from its front.
struct KeyMaterial {
  private let bytes: Secret
  private var offset = 0

  init(_ bytes: Secret) {
    self.bytes = bytes
  }

  mutating func next(_ count: Int) throws(CryptoError) -> Secret {
    guard let key = bytes.part(offset..<offset + count) else {
      throw .badKeyMaterial("prf+", needed: offset + count, given: bytes.count)
    }
    offset += count
    return key
  }
}
