package import PacketDissector

/// Addresses to ask, numbered from zero: runs of neighbours take no more room than one address.
package struct SweepTargets: Sendable {
  fileprivate struct Run: Sendable {
    let first: IPAddress
    /// The number of the first address.
    let start: UInt32
    var count: UInt32
  }

  private var runs: [Run] = []
  package private(set) var count: UInt32 = 0

  package init() {}

  /// Adds `count` addresses from `first` on, as far as the address family and 32 bits of numbers go.
  package mutating func append(_ first: IPAddress, count wanted: UInt64 = 1) {
    let room = UInt64(UInt32.max - count)
    let below = first.isIPv6 ? UInt64.max - first.low : UInt64(UInt32.max) - first.low
    let (most, overflow) = below.addingReportingOverflow(1)
    let added = UInt32(truncatingIfNeeded: min(wanted, room, overflow ? .max : most))
    guard added > 0 else { return }
    if let last = runs.indices.last, runs[last].next == first {
      runs[last].count += added
    } else {
      runs.append(Run(first: first, start: count, count: added))
    }
    count += added
  }

  /// Adds the addresses of a prefix: all of them, with the network's own and the broadcast address.
  package mutating func append(_ prefix: IPAddress, prefixLength: Int) {
    let bits = (prefix.isIPv6 ? 128 : 32) - prefixLength
    guard bits >= 0 else { return }
    guard bits > 0 else { return append(prefix) }
    // Of a prefix wider than 32 bits no more is taken than can be numbered.
    let mask = bits >= 64 ? 0 : UInt64.max << UInt64(bits)
    let first =
      prefix.isIPv6
      ? IPAddress(v6High: prefix.high & Self.highMask(bits), low: prefix.low & mask)
      : IPAddress(v4: UInt32(truncatingIfNeeded: prefix.low & mask))
    append(first, count: bits >= 33 ? UInt64(UInt32.max) : 1 << UInt64(bits))
  }

  private static func highMask(_ bits: Int) -> UInt64 {
    bits <= 64 ? .max : bits >= 128 ? 0 : .max << UInt64(bits - 64)
  }

  /// The address with a number; nil for numbers that were not given out.
  package subscript(number: UInt32) -> IPAddress? {
    guard number < count else { return nil }
    var low = 0
    var high = runs.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if runs[middle].start <= number { low = middle } else { high = middle }
    }
    return runs[low].address(number - runs[low].start)
  }
}

extension SweepTargets.Run {
  fileprivate func address(_ offset: UInt32) -> IPAddress {
    first.isIPv6
      ? IPAddress(v6High: first.high, low: first.low &+ UInt64(offset))
      : IPAddress(v4: UInt32(truncatingIfNeeded: first.low &+ UInt64(offset)))
  }

  /// The address behind the last; nil where the family's addresses end there.
  fileprivate var next: IPAddress? {
    let (low, overflow) = first.low.addingReportingOverflow(UInt64(count))
    if first.isIPv6 { return overflow ? nil : IPAddress(v6High: first.high, low: low) }
    return low > UInt64(UInt32.max) ? nil : IPAddress(v4: UInt32(truncatingIfNeeded: low))
  }
}
