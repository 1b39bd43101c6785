package import IPsecCrypto
package import PacketDissector

/// Cookies that a responder gives out and knows again without keeping anything of them (RFC 7296, section
/// 2.6): version | prf(secret, Ni | IPi | SPIi).
///
/// The port is left out, as a peer that changes to TCP comes from another one (RFC 9329).
package struct CookieSecret: Sendable {
  /// A secret is used for so long, and its cookies are good for as long again.
  package static let lifetime = Duration.seconds(60)

  private var version: UInt8
  private var key: Secret
  private var previous: Secret?
  private var changesAt: Instant

  package init(_ random: inout RandomSource, at now: Instant) {
    var bytes = random.bytes(32)
    key = Secret(consuming: &bytes)
    version = 0
    changesAt = now + Self.lifetime
  }

  package mutating func cookie(
    nonce: [UInt8], initiatorSPI: UInt64, address: IPAddress, _ random: inout RandomSource,
    at now: Instant
  ) throws(CryptoError) -> [UInt8] {
    rotate(&random, at: now)
    return try [version] + Self.code(key, nonce, initiatorSPI, address)
  }

  /// Whether a cookie is one that this address got for this SPI and nonce.
  package mutating func accepts(
    _ cookie: [UInt8], nonce: [UInt8], initiatorSPI: UInt64, address: IPAddress,
    _ random: inout RandomSource, at now: Instant
  ) throws(CryptoError) -> Bool {
    rotate(&random, at: now)
    guard let given = cookie.first else { return false }
    let key = given == version ? key : given == version &- 1 ? previous : nil
    guard let key else { return false }
    let code = try Self.code(key, nonce, initiatorSPI, address)
    return Secret(copying: code).hasSameBytes(as: Secret(copying: Array(cookie.dropFirst())))
  }

  private static func code(
    _ key: Secret, _ nonce: [UInt8], _ initiatorSPI: UInt64, _ address: IPAddress
  ) throws(CryptoError) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(nonce)
    writer.append(address.octets)
    writer.u64(initiatorSPI)
    let code = try PRF(.hmacSHA2_256).compute(key: key, .bytes(writer.bytes))
    // Lent bytes are copied before the closure ends.
    return unsafe code.withBytes { unsafe Array($0) }
  }

  private mutating func rotate(_ random: inout RandomSource, at now: Instant) {
    guard now >= changesAt else { return }
    let isRecent = now < changesAt + Self.lifetime
    previous = isRecent ? key : nil
    var bytes = random.bytes(32)
    key = Secret(consuming: &bytes)
    version &+= 1
    changesAt = now + Self.lifetime
  }
}
