/// A range of addresses, protocols and ports, or a security label.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |   TS Type     |IP Protocol ID*|       Selector Length         |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |           Start Port*         |           End Port*           |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~                         Starting Address*                     ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~                         Ending Address*                       ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7296, section 3.13.1; RFC 9478 for TS_SECLABEL.
package struct TrafficSelector: Equatable, Sendable {
  static let headerByteCount = 4

  package struct AddressRange: Equatable, Sendable {
    /// For ICMP the type in the upper, the code in the lower octet.
    package var startPort: UInt16
    /// Below ``startPort`` means OPAQUE: packets whose ports cannot be seen.
    package var endPort: UInt16
    package var start: IPAddress
    package var end: IPAddress

    package init(
      startPort: UInt16 = 0, endPort: UInt16 = 65535, start: IPAddress, end: IPAddress
    ) {
      self.startPort = startPort
      self.endPort = endPort
      self.start = start
      self.end = end
    }
  }

  package enum Content: Equatable, Sendable {
    case addresses(AddressRange)
    case securityLabel([UInt8])
    /// Fibre Channel ranges, unknown types, and what does not fit its type.
    case opaque([UInt8])
  }

  package var type: TrafficSelectorType
  /// 0 for any; of no meaning in a security label.
  package var ipProtocol: IPProtocol
  package var content: Content
  @SourceRange package var range: Range<Int>

  package init(type: TrafficSelectorType, ipProtocol: IPProtocol, content: Content) {
    self.type = type
    self.ipProtocol = ipProtocol
    self.content = content
    range = 0..<0
  }

  /// A range of IPv4 or IPv6 addresses, as the first of them is.
  package init(_ addresses: AddressRange, ipProtocol: IPProtocol = 0) {
    self.init(
      type: addresses.start.isIPv6 ? .tsIPv6AddrRange : .tsIPv4AddrRange, ipProtocol: ipProtocol,
      content: .addresses(addresses))
  }

  /// Throws only if the selector's end cannot be told.
  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader, stop: inout DissectionError?) throws(DissectionError) {
    let start = reader.offset
    type = TrafficSelectorType(rawValue: try reader.u8())
    ipProtocol = IPProtocol(rawValue: try reader.u8())
    let length = Int(try reader.u16())
    guard length >= Self.headerByteCount else {
      throw reader.error(
        .badLength(claimed: length, minimum: Self.headerByteCount), at: start + 2)
    }
    var body = try reader.slice(length - Self.headerByteCount, by: .selectorLength)
    range = start..<reader.offset
    let whole = body.offset..<body.end
    do throws(DissectionError) {
      content = try Content(of: type, from: &body)
    } catch {
      stop = stop ?? error
      content = .opaque(body.copy(whole))
    }
  }

  package func write(to writer: inout ByteWriter) {
    writer.lengthPrefixed(at: 2) { writer in
      writer.u8(type.rawValue)
      writer.u8(ipProtocol.rawValue)
      writer.u16(0)
      switch content {
      case .addresses(let addresses):
        writer.u16(addresses.startPort)
        writer.u16(addresses.endPort)
        writer.append(addresses.start.octets)
        writer.append(addresses.end.octets)
      case .securityLabel(let bytes), .opaque(let bytes):
        writer.append(bytes)
      }
    }
  }

  private var protocolValue: Field.Value {
    .number(UInt64(ipProtocol.rawValue), name: ipProtocol == 0 ? "any" : ipProtocol.name)
  }

  var field: Field {
    var children = [Field("type", code: type, at: range.part(0, 1))]
    switch content {
    case .addresses(let addresses):
      let size = addresses.start.isIPv6 ? 16 : 4
      children += [
        Field("IP protocol", protocolValue, at: range.part(1, 1)),
        Field("start port", .number(UInt64(addresses.startPort)), at: range.part(4, 2)),
        Field("end port", .number(UInt64(addresses.endPort)), at: range.part(6, 2)),
        Field("start address", .address(addresses.start), at: range.part(8, size)),
        Field("end address", .address(addresses.end), at: range.part(8 + size, size)),
      ]
    case .securityLabel(let label):
      children.append(Field("security label", .bytes(label), at: range.from(4)))
    case .opaque(let bytes):
      children.append(Field("data", .bytes(bytes), at: range.from(4)))
    }
    return Field("traffic selector", at: range, children)
  }
}

extension TrafficSelector.Content {
  @_lifetime(reader: copy reader)
  fileprivate init(
    of type: TrafficSelectorType, from reader: inout ByteReader
  ) throws(DissectionError) {
    switch type {
    case .tsIPv4AddrRange, .tsIPv6AddrRange:
      let isIPv6 = type == .tsIPv6AddrRange
      self = .addresses(
        TrafficSelector.AddressRange(
          startPort: try reader.u16(), endPort: try reader.u16(),
          start: try reader.address(isIPv6: isIPv6), end: try reader.address(isIPv6: isIPv6)))
      guard reader.isAtEnd else {
        throw reader.error(.trailing(count: reader.remaining), at: reader.offset)
      }
    case .tsSeclabel:
      self = .securityLabel(reader.rest())
    default:
      self = .opaque(reader.rest())
    }
  }
}
