package import PacketDissector

extension TrafficSelector {
  /// All addresses whose first `prefixLength` bits are those of `address`; nil for more bits than an
  /// address has.
  package init?(
    _ address: IPAddress, prefixLength: Int, ipProtocol: IPProtocol = 0,
    ports: ClosedRange<UInt16> = 0...65535
  ) {
    guard (0...(address.isIPv6 ? 128 : 32)).contains(prefixLength) else { return nil }
    let host = (address.isIPv6 ? 128 : 32) - prefixLength
    let lowMask: UInt64 = host >= 64 ? .max : (1 << UInt64(host)) - 1
    let highMask: UInt64 = host <= 64 ? 0 : host >= 128 ? .max : (1 << UInt64(host - 64)) - 1
    let start: IPAddress
    let end: IPAddress
    if address.isIPv6 {
      start = IPAddress(v6High: address.high & ~highMask, low: address.low & ~lowMask)
      end = IPAddress(v6High: address.high | highMask, low: address.low | lowMask)
    } else {
      let mask = UInt32(truncatingIfNeeded: lowMask)
      let value = UInt32(truncatingIfNeeded: address.low)
      start = IPAddress(v4: value & ~mask)
      end = IPAddress(v4: value | mask)
    }
    self.init(
      AddressRange(startPort: ports.lowerBound, endPort: ports.upperBound, start: start, end: end),
      ipProtocol: ipProtocol)
  }

  /// Reads "10.1.0.0/16", "2001:db8::1" or "10.1.0.5-10.1.0.9", each with or without a protocol and a
  /// port, or ports, behind it: "[udp/500]", "[tcp]", "[6/1024-2048]", "[17/opaque]". Nil for anything
  /// else.
  package init?(text: String) {
    var addresses = text[...]
    var upperLayer = UpperLayer()
    if text.hasSuffix("]") {
      guard let bracket = text.firstIndex(of: "["),
        let parsed = UpperLayer(text[bracket...].dropFirst().dropLast())
      else { return nil }
      addresses = text[..<bracket]
      upperLayer = parsed
    }
    guard let (start, end) = Self.addresses(addresses) else { return nil }
    self.init(
      AddressRange(
        startPort: upperLayer.startPort, endPort: upperLayer.endPort, start: start, end: end),
      ipProtocol: upperLayer.ipProtocol)
  }

  private static func addresses(_ text: Substring) -> (IPAddress, IPAddress)? {
    if let slash = text.firstIndex(of: "/") {
      let digits = text[text.index(after: slash)...]
      guard let address = IPAddress(text: String(text[..<slash])), let length = decimal(digits),
        let selector = TrafficSelector(address, prefixLength: Int(length)),
        case .addresses(let range) = selector.content
      else { return nil }
      return (range.start, range.end)
    }
    guard let dash = text.firstIndex(of: "-") else {
      return IPAddress(text: String(text)).map { ($0, $0) }
    }
    guard let start = IPAddress(text: String(text[..<dash])),
      let end = IPAddress(text: String(text[text.index(after: dash)...])),
      start.isIPv6 == end.isIPv6, start <= end
    else { return nil }
    return (start, end)
  }

  /// Digits alone, without a sign.
  private static func decimal(_ text: Substring) -> UInt16? {
    text.allSatisfy { $0.isASCII && $0.isNumber } ? UInt16(text) : nil
  }

  /// What stands in brackets behind the addresses.
  private struct UpperLayer {
    var ipProtocol: IPProtocol = 0
    var startPort: UInt16 = 0
    var endPort: UInt16 = 65535

    init() {}

    init?(_ text: Substring) {
      let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = parts.first, let number = Self.number(of: name) else { return nil }
      ipProtocol = IPProtocol(rawValue: number)
      guard parts.count == 2 else { return }
      switch parts[1] {
      case "any": break
      case "opaque": (startPort, endPort) = (65535, 0)
      default:
        let ends = parts[1].split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(ends.count), let start = decimal(ends[0]),
          let end = decimal(ends[ends.count - 1]), start <= end
        else { return nil }
        (startPort, endPort) = (start, end)
      }
    }

    private static func number(of name: Substring) -> UInt8? {
      switch name.lowercased() {
      case "any": 0
      case "icmp": 1
      case "tcp": 6
      case "udp": 17
      case "gre": 47
      case "ipv6-icmp", "icmpv6": 58
      case "sctp": 132
      default: decimal(name).flatMap(UInt8.init(exactly:))
      }
    }
  }
}
