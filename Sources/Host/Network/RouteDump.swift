internal import CLinux
internal import Glibc
package import PacketDissector

/// An RTM_NEWROUTE of a dump: a route, or what the kernel has learned of the path to one destination.
package enum RouteEntry: Equatable, Sendable {
  case route(HostNetwork.Route)
  case learned(HostNetwork.LearnedPathMTU)

  /// Reads the payload: `struct rtmsg`, then attributes. Nil for routes that send nothing to anywhere else,
  /// such as those of this machine's own addresses.
  package init?(from reader: inout ByteReader) throws(DissectionError) {
    let family = try reader.u8()
    let prefix = try reader.u8()
    try reader.skip(5)
    let type = try reader.u8()
    let isLearned = try reader.host32() & Self.cloned != 0
    guard type == RTN_UNICAST else { return nil }
    var found = RouteAttributes()
    while let attribute = try RouteAttribute(from: &reader) { try found.read(attribute) }
    let isIPv6 = family == UInt8(AF_INET6)
    guard isIPv6 || family == UInt8(AF_INET), prefix <= (isIPv6 ? 128 : 32) else { return nil }
    let destination = found.destination ?? .any(isIPv6: isIPv6)
    if isLearned {
      guard let mtu = found.mtu else { return nil }
      self = .learned(
        HostNetwork.LearnedPathMTU(destination: destination, mtu: mtu, expiresIn: found.expiresIn))
      return
    }
    var route = HostNetwork.Route(destination: .init(destination, prefix))
    route.gateway = found.gateway
    route.interface = found.interface
    route.mtu = found.mtu
    route.isMTULocked = found.isMTULocked
    route.advertisedMSS = found.advertisedMSS
    self = .route(route)
  }

  /// RTM_F_CLONED: made for one destination out of a route (linux/rtnetlink.h).
  private static let cloned: UInt32 = 0x200
}

/// What the attributes of a route say of sizes and of the way.
private struct RouteAttributes {
  var destination: IPAddress?
  var gateway: IPAddress?
  var interface: UInt32 = 0
  var mtu: UInt32?
  var isMTULocked = false
  var advertisedMSS: UInt32?
  /// Seconds.
  var expiresIn: UInt32?

  /// The unit of times that the kernel tells users (USER_HZ).
  private static let ticksPerSecond: UInt32 = 100

  mutating func read(_ attribute: RouteAttribute) throws(DissectionError) {
    var value = ByteReader(attribute.value.rawBytes)
    switch attribute.type {
    case UInt16(RTA_DST.rawValue): destination = IPAddress(octets: attribute.value)
    case UInt16(RTA_GATEWAY.rawValue): gateway = IPAddress(octets: attribute.value)
    case UInt16(RTA_VIA.rawValue): gateway = IPAddress(octets: attribute.value.dropFirst(2))
    case UInt16(RTA_OIF.rawValue): interface = try value.host32()
    case UInt16(RTA_METRICS.rawValue): try readMetrics(&value)
    case UInt16(RTA_CACHEINFO.rawValue):
      // `struct rta_cacheinfo`: users, last use, and when it expires.
      try value.skip(8)
      let ticks = Int32(bitPattern: try value.host32())
      expiresIn = ticks > 0 ? UInt32(ticks) / Self.ticksPerSecond : nil
    default: break
    }
  }

  private mutating func readMetrics(_ reader: inout ByteReader) throws(DissectionError) {
    while let metric = try RouteAttribute(from: &reader) {
      var value = ByteReader(metric.value.rawBytes)
      switch Int(metric.type) {
      case Int(RTAX_LOCK): isMTULocked = try value.host32() & 1 << UInt32(RTAX_MTU) != 0
      case Int(RTAX_MTU): mtu = try value.host32()
      case Int(RTAX_ADVMSS): advertisedMSS = try value.host32()
      default: break
      }
    }
  }
}
