internal import CLinux
internal import Glibc
package import PacketDissector

/// What the kernel answers of a route or an interface (rtnetlink(7)): one message in one datagram.
package enum RouteMessage: Equatable, Sendable {
  /// An RTM_NEWROUTE: the interface's index, and the next hop where there is one.
  case route(interface: UInt32, gateway: IPAddress?)
  case interface(NetworkInterface)
  /// An `errno`.
  case failed(Int32)

  /// Reads the message of `sequence`; nil where the datagram holds none that is whole.
  package init?(_ datagram: RawSpan, sequence: UInt32) {
    var reader = ByteReader(datagram)
    while !reader.isAtEnd {
      guard let (header, range) = try? reader.netlinkMessage() else { return nil }
      guard header.sequence == sequence else { continue }
      var payload = ByteReader(datagram, in: range)
      guard let message = RouteMessage(header.type, &payload) else { return nil }
      self = message
      return
    }
    return nil
  }

  private init?(_ type: UInt16, _ payload: inout ByteReader) {
    switch Int(type) {
    case Int(NetlinkHeader.MessageType.error):
      guard let code = try? payload.host32() else { return nil }
      self = .failed(0 &- Int32(bitPattern: code))
    case Int(RTM_NEWROUTE):
      guard let message = try? RouteMessage(route: &payload) else { return nil }
      self = message
    case Int(RTM_NEWLINK):
      guard let interface = try? NetworkInterface(from: &payload) else { return nil }
      self = .interface(interface)
    default: return nil
    }
  }

  /// `struct rtmsg`, of which only the attributes behind it are read.
  private init(route reader: inout ByteReader) throws(DissectionError) {
    try reader.skip(RouteRequest.routeBytes)
    var index: UInt32 = 0
    var gateway: IPAddress?
    while let attribute = try RouteAttribute(from: &reader) {
      var value = ByteReader(attribute.value.rawBytes)
      switch attribute.type {
      case UInt16(RTA_OIF.rawValue): index = try value.host32()
      case UInt16(RTA_GATEWAY.rawValue): gateway = IPAddress(octets: attribute.value)
      // A next hop of the other family: that family, then the address.
      case UInt16(RTA_VIA.rawValue): gateway = IPAddress(octets: attribute.value.dropFirst(2))
      default: break
      }
    }
    self = .route(interface: index, gateway: gateway)
  }
}

/// An attribute with its value copied: for messages of which there are few. See ``NetlinkAttribute``.
struct RouteAttribute {
  let type: UInt16
  let value: [UInt8]

  /// Nil at the end.
  @_lifetime(reader: copy reader)
  init?(from reader: inout ByteReader) throws(DissectionError) {
    guard !reader.isAtEnd else { return nil }
    let header = try NetlinkAttribute(from: &reader)
    type = header.type
    var content = try reader.value(of: header)
    value = content.rest()
  }

  /// Writes one.
  static func write(_ type: Int, _ value: [UInt8], to writer: inout ByteWriter) {
    writer.u16(UInt16(truncatingIfNeeded: value.count + 4).bigEndian)
    writer.u16(UInt16(truncatingIfNeeded: type).bigEndian)
    writer.append(value)
    writer.zeros((4 - value.count % 4) % 4)
  }
}

/// Questions of which the answer is a ``RouteMessage``.
package enum RouteRequest {
  /// `struct rtmsg`.
  package static let routeBytes = 12
  /// `struct ifinfomsg`.
  package static let interfaceBytes = 16

  /// By which way a packet to `target` goes.
  package static func route(
    to target: IPAddress, from source: IPAddress?, interface: UInt32, sequence: UInt32
  ) -> [UInt8] {
    var body = ByteWriter()
    let bits: UInt8 = target.isIPv6 ? 128 : 32
    body.u8(UInt8(target.isIPv6 ? AF_INET6 : AF_INET))
    body.u8(bits)
    body.u8(source == nil ? 0 : bits)
    body.zeros(routeBytes - 3)
    RouteAttribute.write(Int(RTA_DST.rawValue), target.octets, to: &body)
    if let source { RouteAttribute.write(Int(RTA_SRC.rawValue), source.octets, to: &body) }
    if interface != 0 {
      var index = ByteWriter()
      index.u32(interface.bigEndian)
      RouteAttribute.write(Int(RTA_OIF.rawValue), index.bytes, to: &body)
    }
    return message(Int(RTM_GETROUTE), body.bytes, sequence)
  }

  /// The interface of that index.
  package static func interface(_ index: UInt32, sequence: UInt32) -> [UInt8] {
    var body = ByteWriter()
    body.zeros(4)
    body.u32(index.bigEndian)
    body.zeros(interfaceBytes - 8)
    return message(Int(RTM_GETLINK), body.bytes, sequence)
  }

  private static func message(_ type: Int, _ body: [UInt8], _ sequence: UInt32) -> [UInt8] {
    var writer = ByteWriter()
    NetlinkHeader(
      type: UInt16(truncatingIfNeeded: type), flags: NetlinkHeader.Flags.request,
      sequence: sequence, payloadBytes: UInt32(truncatingIfNeeded: body.count)
    ).write(to: &writer)
    writer.append(body)
    return writer.bytes
  }
}
