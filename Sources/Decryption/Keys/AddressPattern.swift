package import PacketDissector

/// An address, or the many that a wildcard or a prefix stands for.
package struct AddressPattern: Hashable, Sendable {
  /// Nil if it matches both families.
  private let isIPv6: Bool?
  private let high: UInt64
  private let low: UInt64
  private let highMask: UInt64
  private let lowMask: UInt64

  package static let any = AddressPattern(isIPv6: nil, high: (0, 0), low: (0, 0))

  package init(_ address: IPAddress) {
    self.init(
      isIPv6: address.isIPv6,
      high: (address.high, address.isIPv6 ? .max : 0),
      low: (address.low, address.isIPv6 ? .max : 0xFFFF_FFFF))
  }

  /// Each half as its value and its mask.
  private init(isIPv6: Bool?, high: (UInt64, UInt64), low: (UInt64, UInt64)) {
    self.isIPv6 = isIPv6
    self.high = high.0 & high.1
    self.low = low.0 & low.1
    highMask = high.1
    lowMask = low.1
  }

  /// Reads "192.0.2.1", "2001:db8::1", "*", "192.0.*.*", "2001:db8:*:…" or "192.0.2.0/24"; nil for
  /// anything else. A wildcard at the end stands for all the groups that are missing.
  package init?(text: String) {
    if text == "*" || text.lowercased() == "any" {
      self = .any
      return
    }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 2 {
      guard let address = IPAddress(text: String(parts[0])), let bits = Int(parts[1]),
        bits >= 0, bits <= (address.isIPv6 ? 128 : 32)
      else { return nil }
      self.init(address, prefix: bits)
    } else if let address = IPAddress(text: text) {
      self.init(address)
    } else {
      self.init(wildcards: text)
    }
  }

  private init(_ address: IPAddress, prefix bits: Int) {
    let isIPv6 = address.isIPv6
    // Smart shifts: 64 or more leave no bit.
    let highMask: UInt64 = isIPv6 ? ~(UInt64.max >> UInt64(min(bits, 64))) : 0
    let lowMask: UInt64 =
      isIPv6
      ? ~(UInt64.max >> UInt64(max(bits - 64, 0)))
      : ~(UInt64.max >> UInt64(bits + 32)) & 0xFFFF_FFFF
    self.init(isIPv6: isIPv6, high: (address.high, highMask), low: (address.low, lowMask))
  }

  private init?(wildcards text: String) {
    let isIPv6 = text.contains(":")
    let count = isIPv6 ? 8 : 4
    let bits: UInt64 = isIPv6 ? 16 : 8
    var groups = text.split(separator: isIPv6 ? ":" : ".", omittingEmptySubsequences: false)
    guard text.contains("*"), groups.count <= count else { return nil }
    if groups.last == "*" {
      groups += [Substring](repeating: "*", count: count - groups.count)
    }
    guard groups.count == count else { return nil }
    var value: (high: UInt64, low: UInt64) = (0, 0)
    var mask: (high: UInt64, low: UInt64) = (0, 0)
    for group in groups {
      var part: (value: UInt64, mask: UInt64) = (0, 0)
      if group != "*" {
        guard group.utf8.allSatisfy({ Hexadecimal.value(of: $0) != nil }),
          let number = UInt64(group, radix: isIPv6 ? 16 : 10), number < 1 << bits
        else { return nil }
        part = (number, 1 << bits - 1)
      }
      value = (value.high << bits | value.low >> (64 - bits), value.low << bits | part.value)
      mask = (mask.high << bits | mask.low >> (64 - bits), mask.low << bits | part.mask)
    }
    self.init(
      isIPv6: isIPv6, high: isIPv6 ? (value.high, mask.high) : (0, 0),
      low: isIPv6 ? (value.low, mask.low) : (value.low & 0xFFFF_FFFF, mask.low & 0xFFFF_FFFF))
  }

  package func matches(_ address: IPAddress) -> Bool {
    guard let isIPv6 else { return true }
    return isIPv6 == address.isIPv6
      && address.high & highMask == high && address.low & lowMask == low
  }

  /// The address, where it stands for one alone.
  package var address: IPAddress? {
    guard let isIPv6 else { return nil }
    if isIPv6 {
      return highMask == .max && lowMask == .max ? IPAddress(v6High: high, low: low) : nil
    }
    return lowMask == 0xFFFF_FFFF ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : nil
  }
}
