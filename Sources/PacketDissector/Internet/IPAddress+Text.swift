extension IPAddress {
  /// Reads "192.0.2.1" or "2001:db8::1"; nil for anything else. An IPv6 address may end in a dotted
  /// IPv4 one (RFC 4291, section 2.2).
  package init?(text: String) {
    if text.contains(":") {
      self.init(ipv6: text)
    } else {
      guard let value = Self.dotted(text[...]) else { return nil }
      self.init(v4: value)
    }
  }

  private init?(ipv6 text: String) {
    let halves = Self.split(text)
    guard halves.count <= 2 else { return nil }
    guard let front = halves.first.flatMap({ Self.groups($0, endsAddress: halves.count == 1) }),
      let back = halves.count == 2 ? Self.groups(halves[1], endsAddress: true) : []
    else { return nil }
    let missing = 8 - front.count - back.count
    guard halves.count == 2 ? missing >= 1 : missing == 0 else { return nil }
    let all = front + [UInt16](repeating: 0, count: missing) + back
    self.init(
      v6High: all.prefix(4).reduce(0) { $0 << 16 | UInt64($1) },
      low: all.suffix(4).reduce(0) { $0 << 16 | UInt64($1) })
  }

  /// Cuts at each "::".
  private static func split(_ text: String) -> [Substring] {
    var parts: [Substring] = []
    var rest = text[...]
    while let colon = rest.indices.first(where: { rest[$0...].hasPrefix("::") }) {
      parts.append(rest[..<colon])
      rest = rest[rest.index(colon, offsetBy: 2)...]
    }
    return parts + [rest]
  }

  private static func groups(_ text: Substring, endsAddress: Bool) -> [UInt16]? {
    if text.isEmpty { return [] }
    var groups: [UInt16] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if endsAddress, index == parts.count - 1, let last = dotted(part) {
        groups.append(UInt16(truncatingIfNeeded: last >> 16))
        groups.append(UInt16(truncatingIfNeeded: last))
        continue
      }
      guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit),
        let group = UInt16(part, radix: 16)
      else { return nil }
      groups.append(group)
    }
    return groups.count <= 8 ? groups : nil
  }

  private static func dotted(_ text: Substring) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.utf8.count), part.allSatisfy({ $0.isASCII && $0.isNumber }),
        let byte = UInt8(part)
      else { return nil }
      value = value << 8 | UInt32(byte)
    }
    return value
  }
}
