package import PacketDissector

/// What a responder hands out to an initiator from outside: CFG_REPLY as values (RFC 7296, section 3.15).
package struct AddressAssignment: Equatable, Sendable {
  package var ipv4: IPAddress?
  package var ipv6: IPAddress?
  /// Of the network that ``ipv6`` is in, in bits.
  package var ipv6PrefixLength: UInt8
  /// DNS servers, of either family.
  package var nameServers: [IPAddress]
  /// What is behind the responder.
  package var subnets: [TrafficSelector]

  package init(
    ipv4: IPAddress? = nil, ipv6: IPAddress? = nil, ipv6PrefixLength: UInt8 = 128,
    nameServers: [IPAddress] = [], subnets: [TrafficSelector] = []
  ) {
    self.ipv4 = ipv4
    self.ipv6 = ipv6
    self.ipv6PrefixLength = ipv6PrefixLength
    self.nameServers = nameServers
    self.subnets = subnets
  }

  /// What to ask for to be told all of this.
  package static let requestedTypes: [ConfigurationAttributeType] = [
    .internalIP4Address, .internalIP4DNS, .internalIP4Subnet, .internalIP6Address,
    .internalIP6DNS, .internalIP6Subnet,
  ]

  /// What attributes of a reply say. Of several addresses of a family the first counts; an attribute that
  /// does not fit its type, an unspecified address, and a netmask with gaps are passed over.
  package init(_ attributes: [ConfigurationAttribute]) {
    self.init()
    for attribute in attributes {
      switch (attribute.type, attribute.content) {
      case (.internalIP4Address, .address(let address)):
        if address.low != 0 { ipv4 = ipv4 ?? address }
      case (.internalIP6Address, .prefix(let address, let length)):
        guard ipv6 == nil, address.high | address.low != 0, length <= 128 else { continue }
        (ipv6, ipv6PrefixLength) = (address, length)
      case (.internalIP4DNS, .address(let address)), (.internalIP6DNS, .address(let address)):
        nameServers.append(address)
      case (.internalIP4Subnet, .subnet(let address, let mask)):
        subnets += Self.selector(address, mask: mask)
      case (.internalIP6Subnet, .prefix(let address, let length)):
        subnets += [TrafficSelector(address, prefixLength: Int(length))].compactMap(\.self)
      default: continue
      }
    }
  }

  /// The attributes of a reply that say this. A subnet that is no prefix is left out.
  package var attributes: [ConfigurationAttribute] {
    var list: [ConfigurationAttribute] = []
    if let ipv4 {
      list.append(ConfigurationAttribute(type: .internalIP4Address, value: ipv4.octets))
    }
    if let ipv6 {
      list.append(
        ConfigurationAttribute(
          type: .internalIP6Address, value: ipv6.octets + [ipv6PrefixLength]))
    }
    list += nameServers.map {
      ConfigurationAttribute(
        type: $0.isIPv6 ? .internalIP6DNS : .internalIP4DNS, value: $0.octets)
    }
    return list + subnets.compactMap(Self.attribute)
  }

  /// The traffic of the assigned addresses: what TSi is narrowed to.
  package var selectors: [TrafficSelector] {
    [ipv4, ipv6].compactMap(\.self).map {
      TrafficSelector(TrafficSelector.AddressRange(start: $0, end: $0))
    }
  }

  private static func selector(_ address: IPAddress, mask: IPAddress) -> [TrafficSelector] {
    let bits = UInt32(truncatingIfNeeded: mask.low)
    let length = (~bits).leadingZeroBitCount
    guard bits.nonzeroBitCount == length else { return [] }
    return [TrafficSelector(address, prefixLength: length)].compactMap(\.self)
  }

  private static func attribute(of subnet: TrafficSelector) -> ConfigurationAttribute? {
    guard case .addresses(let range) = subnet.content, range.start.isIPv6 == range.end.isIPv6
    else { return nil }
    let (start, end) = (range.start, range.end)
    let length =
      start.isIPv6 && start.high == end.high
      ? 64 + (start.low ^ end.low).leadingZeroBitCount
      : start.isIPv6
        ? (start.high ^ end.high).leadingZeroBitCount
        : (start.low ^ end.low).leadingZeroBitCount - 32
    guard TrafficSelector(start, prefixLength: length)?.content == .addresses(range) else {
      return nil
    }
    if start.isIPv6 {
      return ConfigurationAttribute(
        type: .internalIP6Subnet,
        value: start.octets + [UInt8(truncatingIfNeeded: length)])
    }
    let mask = UInt32(truncatingIfNeeded: ~(start.low ^ end.low))
    return ConfigurationAttribute(
      type: .internalIP4Subnet, value: start.octets + IPAddress(v4: mask).octets)
  }
}
