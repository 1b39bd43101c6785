/// The body of an identification payload: a peer in phase 1, a selector in phase 2.
///
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |   ID Type     |  Protocol ID  |             Port              |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                      Identification Data                      |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 2407, section 4.6.2.
package struct IKEv1Identification: Equatable, Sendable {
  package var type: IKEv1IdentificationType
  /// Zero for any.
  package var protocolID: IPProtocol
  /// Zero for any.
  package var port: UInt16
  package var data: [UInt8]

  package init(
    type: IKEv1IdentificationType, protocolID: IPProtocol = 0, port: UInt16 = 0, data: [UInt8]
  ) {
    self.type = type
    self.protocolID = protocolID
    self.port = port
    self.data = data
  }

  @_lifetime(reader: copy reader)
  package init(
    from reader: inout ByteReader, stop: inout DissectionError?
  ) throws(DissectionError) {
    type = IKEv1IdentificationType(rawValue: try reader.u8())
    protocolID = IPProtocol(rawValue: try reader.u8())
    port = try reader.u16()
    data = IKEv1Identity.data(from: &reader, type: type, stop: &stop)
  }

  package func write(to writer: inout ByteWriter) {
    writer.u8(type.rawValue)
    writer.u8(protocolID.rawValue)
    writer.u16(port)
    writer.append(data)
  }

  package var identity: IKEv1Identity { IKEv1Identity(type: type, data: data) }
}

/// The body of a NAT-OA payload: an address as its host saw it before translation.
///
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |   ID Type     |                   RESERVED                    |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |           IPv4 (4 octets) or IPv6 address (16 octets)         |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 3947, section 5.2.
package struct IKEv1OriginalAddress: Equatable, Sendable {
  package var type: IKEv1IdentificationType
  package var data: [UInt8]

  package init(_ address: IPAddress) {
    type = address.isIPv6 ? .idIPv6Addr : .idIPv4Addr
    data = address.octets
  }

  @_lifetime(reader: copy reader)
  package init(
    from reader: inout ByteReader, stop: inout DissectionError?
  ) throws(DissectionError) {
    type = IKEv1IdentificationType(rawValue: try reader.u8())
    try reader.skip(3)
    data = IKEv1Identity.data(from: &reader, type: type, stop: &stop)
  }

  package func write(to writer: inout ByteWriter) {
    writer.u8(type.rawValue)
    writer.zeros(3)
    writer.append(data)
  }

  package var identity: IKEv1Identity { IKEv1Identity(type: type, data: data) }
}

/// What identification data means. RFC 2407, section 4.6.2.1.
package enum IKEv1Identity: Equatable, Sendable {
  case address(IPAddress)
  case subnet(IPAddress, mask: IPAddress)
  case range(first: IPAddress, last: IPAddress)
  /// A domain or user name: text by its type, though any octets may arrive.
  case name([UInt8])
  /// A key ID, a DER name, a list, an unknown type, or data of the wrong size for its type.
  case opaque([UInt8])

  package init(type: IKEv1IdentificationType, data: [UInt8]) {
    let half = data.count / 2
    let whole = IPAddress(octets: data)
    let first = IPAddress(octets: data.prefix(half))
    let second = IPAddress(octets: data.dropFirst(half))
    self =
      switch type {
      case _ where Self.byteCount(of: type).map { $0 != data.count } ?? false: .opaque(data)
      case .idIPv4Addr, .idIPv6Addr:
        whole.map(Self.address) ?? .opaque(data)
      case .idIPv4AddrSubnet, .idIPv6AddrSubnet:
        if let first, let second { .subnet(first, mask: second) } else { .opaque(data) }
      case .idIPv4AddrRange, .idIPv6AddrRange:
        if let first, let second { .range(first: first, last: second) } else { .opaque(data) }
      case .idFQDN, .idUserFQDN: .name(data)
      default: .opaque(data)
      }
  }

  /// How many octets data of this type has; nil where any number goes.
  static func byteCount(of type: IKEv1IdentificationType) -> Int? {
    switch type {
    case .idIPv4Addr: 4
    case .idIPv6Addr: 16
    case .idIPv4AddrSubnet, .idIPv4AddrRange: 8
    case .idIPv6AddrSubnet, .idIPv6AddrRange: 32
    default: nil
    }
  }

  /// All that is left; a size that contradicts the type goes into `stop`.
  @_lifetime(reader: copy reader)
  static func data(
    from reader: inout ByteReader, type: IKEv1IdentificationType, stop: inout DissectionError?
  ) -> [UInt8] {
    if let due = byteCount(of: type) { reader.expect(due, stop: &stop) }
    return reader.rest()
  }
}
