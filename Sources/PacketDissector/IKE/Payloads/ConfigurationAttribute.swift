/// One setting of a CP payload; empty where it is only asked for.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |R|         Attribute Type      |            Length             |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~                             Value                             ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7296, section 3.15.1.
package struct ConfigurationAttribute: Equatable, Sendable {
  package enum Content: Equatable, Sendable {
    case none
    case address(IPAddress)
    /// An IPv6 address or prefix and the prefix's length in bits.
    case prefix(IPAddress, length: UInt8)
    case subnet(IPAddress, mask: IPAddress)
    case text(String)
    case types([ConfigurationAttributeType])
    case number(UInt64)
    case bytes([UInt8])
  }

  /// 15 bits.
  package var type: ConfigurationAttributeType
  package var value: [UInt8]
  @SourceRange package var range: Range<Int>

  package init(type: ConfigurationAttributeType, value: [UInt8] = []) {
    self.type = type
    self.value = value
    range = 0..<0
  }

  /// Throws only if the attribute's end cannot be told.
  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader, stop: inout DissectionError?) throws(DissectionError) {
    let start = reader.offset
    type = ConfigurationAttributeType(rawValue: try reader.u16() & 0x7FFF)
    value = try reader.bytes(Int(reader.u16()))
    range = start..<reader.offset
    if !value.isEmpty, let due = type.valueByteCount {
      stop = stop ?? reader.sizeError(of: value.count, at: start + 4, due: due...due)
    }
  }

  package func write(to writer: inout ByteWriter) {
    writer.u16(type.rawValue & 0x7FFF)
    writer.u16(UInt16(truncatingIfNeeded: value.count))
    writer.append(value)
  }

  /// What ``value`` says under ``type``; its bytes where it does not fit the type.
  package var content: Content {
    if value.isEmpty { return .none }
    if let due = type.valueByteCount, due != value.count { return .bytes(value) }
    switch type {
    case .internalIP4Address, .internalIP4Netmask, .internalIP4DNS, .internalIP4NBNS,
      .internalIP4DHCP, .pCSCFIP4Address, .internalIP6DNS, .internalIP6DHCP, .pCSCFIP6Address:
      return IPAddress(octets: value).map(Content.address) ?? .bytes(value)
    case .internalIP6Address, .internalIP6Subnet, .internalIP6Prefix:
      guard let address = IPAddress(octets: value.dropLast()), let length = value.last else {
        return .bytes(value)
      }
      return .prefix(address, length: length)
    case .internalIP4Subnet:
      guard let address = IPAddress(octets: value.prefix(4)),
        let mask = IPAddress(octets: value.dropFirst(4))
      else { return .bytes(value) }
      return .subnet(address, mask: mask)
    case .applicationVersion, .internalDNSDomain, .unityBanner, .unityDefDomain:
      return .text(String(decoding: value, as: UTF8.self))
    case .supportedAttributes where value.count.isMultiple(of: 2):
      return .types(
        stride(from: 0, to: value.count, by: 2).map {
          ConfigurationAttributeType(rawValue: UInt16(value[$0]) << 8 | UInt16(value[$0 + 1]))
        })
    case .timeoutPeriodForLivenessCheck:
      return .number(value.reduce(0) { $0 << 8 | UInt64($1) })
    default:
      return .bytes(value)
    }
  }

  var field: Field {
    let at = range.from(4)
    let children: [Field] =
      switch content {
      case .none: []
      case .address(let address): [Field("address", .address(address), at: at)]
      case .prefix(let address, let length):
        [
          Field("address", .address(address), at: range.part(4, 16)),
          Field("prefix length", .number(UInt64(length)), at: range.part(20, 1)),
        ]
      case .subnet(let address, let mask):
        [
          Field("address", .address(address), at: range.part(4, 4)),
          Field("netmask", .address(mask), at: range.part(8, 4)),
        ]
      case .text(let text): [Field("text", .text(text), at: at)]
      case .types(let types):
        types.enumerated().map { index, type in
          Field("attribute", code: type, at: range.part(4 + index * 2, 2))
        }
      case .number(let number): [Field("value", .number(number), at: at)]
      case .bytes(let bytes): [Field("value", .bytes(bytes), at: at)]
      }
    return Field("attribute", .number(UInt64(type.rawValue), name: type.name), at: range, children)
  }
}

extension ConfigurationAttributeType {
  /// Octets of a value of this type that is not empty; nil where they vary.
  fileprivate var valueByteCount: Int? {
    switch self {
    case .internalIP4Address, .internalIP4Netmask, .internalIP4DNS, .internalIP4NBNS,
      .internalIP4DHCP, .pCSCFIP4Address, .timeoutPeriodForLivenessCheck:
      4
    case .internalIP4Subnet: 8
    case .internalIP6DNS, .internalIP6DHCP, .pCSCFIP6Address: 16
    case .internalIP6Address, .internalIP6Subnet, .internalIP6Prefix: 17
    default: nil
    }
  }
}
