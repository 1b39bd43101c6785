/// The peer's exchange that rekeys what this side's exchange under way rekeys, too (RFC 7296, section
/// 2.8.1).
struct RekeyCollision {
  /// The peer's nonce and the answer's.
  let nonces: [[UInt8]]
  /// The IKE SA that the peer's exchange made; nil for a Child SA, and as long as secrets are missing.
  var successor: IKESA?

  /// Whether what this side's exchange made has to go: the lowest of the four nonces is one of its own.
  func wins(against own: [[UInt8]]) -> Bool {
    guard let lowest = Self.lowest(nonces), let ownLowest = Self.lowest(own) else { return false }
    return ownLowest.lexicographicallyPrecedes(lowest)
  }

  /// Octet by octet; a nonce that is the beginning of another is lower.
  private static func lowest(_ nonces: [[UInt8]]) -> [UInt8]? {
    nonces.min { $0.lexicographicallyPrecedes($1) }
  }
}
