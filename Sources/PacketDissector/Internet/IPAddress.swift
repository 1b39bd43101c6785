/// An IPv4 or IPv6 address.
package struct IPAddress: Hashable, Sendable {
  /// The upper half of an IPv6 address; zero for IPv4.
  package let high: UInt64
  /// The lower half of an IPv6 address, or the IPv4 address.
  package let low: UInt64
  package let isIPv6: Bool

  @inlinable
  package static func == (left: IPAddress, right: IPAddress) -> Bool {
    left.low == right.low && left.high == right.high && left.isIPv6 == right.isIPv6
  }

  package init(v4 value: UInt32) {
    self.high = 0
    self.low = UInt64(value)
    self.isIPv6 = false
  }

  package init(v6High high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
    self.isIPv6 = true
  }

  /// An address from its 4 or 16 octets; nil for any other count.
  package init?(octets: some Collection<UInt8>) {
    switch octets.count {
    case 4:
      self.init(v4: octets.reduce(0) { $0 << 8 | UInt32($1) })
    case 16:
      self.init(
        v6High: octets.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
        low: octets.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) })
    default:
      return nil
    }
  }

  /// The address's 4 or 16 octets in network order.
  package var octets: [UInt8] {
    var writer = ByteWriter()
    if isIPv6 {
      writer.u64(high)
      writer.u64(low)
    } else {
      writer.u32(UInt32(truncatingIfNeeded: low))
    }
    return writer.bytes
  }
}

extension IPAddress: Comparable {
  package static func < (left: IPAddress, right: IPAddress) -> Bool {
    (left.isIPv6 ? 1 : 0, left.high, left.low) < (right.isIPv6 ? 1 : 0, right.high, right.low)
  }
}

extension IPAddress: CustomStringConvertible {
  package var description: String {
    var text = TextBuffer(capacity: 64)
    text.put(self)
    return text.string
  }
}

extension TextBuffer {
  /// An address as RFC 5952 writes it, or dotted for IPv4.
  package mutating func put(_ address: IPAddress) {
    if address.isIPv6 {
      putIPv6(address)
    } else {
      let value = UInt32(truncatingIfNeeded: address.low)
      decimal(small: value >> 24)
      put(UInt8(ascii: "."))
      decimal(small: value >> 16 & 0xFF)
      put(UInt8(ascii: "."))
      decimal(small: value >> 8 & 0xFF)
      put(UInt8(ascii: "."))
      decimal(small: value & 0xFF)
    }
  }

  private mutating func putIPv6(_ address: IPAddress) {
    func group(_ index: Int) -> UInt64 {
      let half = index < 4 ? address.high : address.low
      return half >> UInt64((3 - index % 4) * 16) & 0xFFFF
    }
    let zeros = Self.longestZeroRun(group)
    var index = 0
    while index < 8 {
      if index == zeros.lowerBound, !zeros.isEmpty {
        put("::")
        index = zeros.upperBound
        continue
      }
      if index > 0, index != zeros.upperBound || zeros.isEmpty { put(UInt8(ascii: ":")) }
      hex(group(index))
      index += 1
    }
  }

  /// The first longest run of at least two zero groups (RFC 5952, section 4.2); empty if none.
  private static func longestZeroRun(_ group: (Int) -> UInt64) -> Range<Int> {
    var best = 0..<0
    var start = 0
    for index in 0...8 where index == 8 || group(index) != 0 {
      if index - start > max(best.count, 1) { best = start..<index }
      start = index + 1
    }
    return best
  }
}
