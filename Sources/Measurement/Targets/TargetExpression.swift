package import PacketDissector

/// A target as people write it: a name, an address, a network, or a range of addresses.
package enum TargetExpression: Equatable, Sendable {
  case name(String)
  case address(IPAddress)
  /// All addresses of a prefix, its bits behind the prefix length being zero.
  case network(IPAddress, prefixLength: Int)
  /// "192.0.2.1-192.0.2.20" or "192.0.2.1-20": so many neighbours, from the first on.
  case range(IPAddress, count: UInt64)

  package struct Problem: Error, Equatable, Sendable, CustomStringConvertible {
    package let text: String
    package let reason: String

    package var description: String { "'\(text.prefix(60))': \(reason)" }
  }

  /// A network has at most 2^24 addresses, as an IPv4 /8: a sweep keeps some four bytes of each.
  package static let longestHostPart = 24

  package init(_ text: String) throws(Problem) {
    // "[2001:db8::1]", as it stands in URLs.
    let bare =
      text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    if let address = IPAddress(text: bare) {
      self = .address(address)
      return
    }
    let parts = bare.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 2, let address = IPAddress(text: String(parts[0])) {
      self = try Self.network(address, parts[1], text)
      return
    }
    if let dash = bare.firstIndex(of: "-"), let first = IPAddress(text: String(bare[..<dash])) {
      self = try Self.range(first, bare[bare.index(after: dash)...], text)
      return
    }
    guard Self.isName(bare) else {
      throw Problem(text: text, reason: "neither a name nor an address nor a network")
    }
    self = .name(bare)
  }

  private static func network(
    _ address: IPAddress, _ digits: Substring, _ text: String
  ) throws(Problem) -> TargetExpression {
    let width = address.isIPv6 ? 128 : 32
    guard let length = Int(digits), digits.allSatisfy(\.isNumber), (0...width).contains(length)
    else { throw Problem(text: text, reason: "a prefix length is 0 to \(width)") }
    if length == width { return .address(address) }
    let bits = width - length
    guard bits <= longestHostPart else {
      throw Problem(text: text, reason: "more than 2^\(longestHostPart) addresses")
    }
    let mask = UInt64.max << UInt64(bits)
    let first =
      address.isIPv6
      ? IPAddress(v6High: address.high, low: address.low & mask)
      : IPAddress(v4: UInt32(truncatingIfNeeded: address.low & mask))
    return .network(first, prefixLength: length)
  }

  /// `end` is an address, or the last part of one.
  private static func range(
    _ first: IPAddress, _ end: Substring, _ text: String
  ) throws(Problem) -> TargetExpression {
    let last: IPAddress?
    if let address = IPAddress(text: String(end)) {
      last = address
    } else if first.isIPv6 {
      last = UInt16(end, radix: 16).map {
        IPAddress(v6High: first.high, low: first.low & ~0xFFFF | UInt64($0))
      }
    } else {
      last = UInt8(end).map {
        IPAddress(v4: UInt32(truncatingIfNeeded: first.low & ~0xFF) | UInt32($0))
      }
    }
    guard let last, last.isIPv6 == first.isIPv6, last >= first else {
      throw Problem(text: text, reason: "a range ends with an address behind its first")
    }
    let span = last.low - min(first.low, last.low)
    guard last.high == first.high, span < 1 << UInt64(longestHostPart) else {
      throw Problem(text: text, reason: "more than 2^\(longestHostPart) addresses")
    }
    return span == 0 ? .address(first) : .range(first, count: span + 1)
  }

  /// A host name of RFC 1123, or a link-local address with its interface ("fe80::1%eth0").
  private static func isName(_ text: String) -> Bool {
    if let mark = text.firstIndex(of: "%"), IPAddress(text: String(text[..<mark])) != nil {
      return true
    }
    let labels = text.hasSuffix(".") ? text.dropLast() : text[...]
    guard !labels.isEmpty, labels.utf8.count <= 253 else { return false }
    // All numbers and dots is an address that was mistyped: a resolver would take it for one.
    guard labels.utf8.contains(where: { !(0x30...0x39).contains($0) && $0 != 0x2E }) else {
      return false
    }
    return labels.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.utf8.count)
        && label.unicodeScalars.allSatisfy {
          $0.value >= 0x80 || $0 == "-" || $0 == "_" || $0.properties.isAlphabetic
            || (0x30...0x39).contains($0.value)
        }
    }
  }

  /// How many addresses it stands for; nil for a name.
  package var count: UInt64? {
    switch self {
    case .name: nil
    case .address: 1
    case .network(let first, let length): 1 << UInt64((first.isIPv6 ? 128 : 32) - length)
    case .range(_, let count): count
    }
  }
}
