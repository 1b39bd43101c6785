/// Diffie-Hellman modulo a prime, RFC 7296 section 3.4: public value and secret are as long as the
/// prime, with zeros in front.
struct MODPHalf: InitiatorHalf {
  let data: [UInt8]
  private let group: MODPGroup
  private let exponent: BigNumber

  init?(_ group: MODPGroup) {
    guard let exponent = group.randomExponent() else { return nil }
    self.init(group, exponent: exponent)
  }

  init?(_ group: MODPGroup, exponent: BigNumber) {
    guard let power = group.generator.power(exponent, modulo: group.prime),
      let data = power.bytes(count: group.byteCount)
    else { return nil }
    self.group = group
    self.exponent = exponent
    self.data = data
  }

  func complete(_ response: [UInt8]) throws(KeyExchangeFailure) -> Secret {
    guard let value = BigNumber(response) else { throw .openSSLFailed }
    guard group.contains(value) else { throw .badShare }
    guard let power = value.power(exponent, modulo: group.prime),
      var bytes = power.bytes(count: group.byteCount)
    else { throw .openSSLFailed }
    return Secret(consuming: &bytes)
  }
}

extension MODPGroup {
  /// 1 < y < p - 1 (RFC 6989 section 2.1), and y^q = 1 where the subgroup is a small one (2.2).
  fileprivate func contains(_ value: BigNumber) -> Bool {
    guard !value.isZero, !value.isOne, value.isLess(than: largest) else { return false }
    guard let order else { return true }
    return value.power(order, modulo: prime)?.isOne == true
  }

  /// Never zero, which has no chance worth a thought in groups of this size, but costs nothing.
  fileprivate func randomExponent() -> BigNumber? {
    let exponent = order.map(BigNumber.random(below:)) ?? BigNumber.random(bits: exponentBits)
    guard let exponent, !exponent.isZero else { return nil }
    return exponent
  }
}
