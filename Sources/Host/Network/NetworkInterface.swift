internal import CLinux
internal import Glibc
package import PacketDissector

/// A network interface of this machine.
package struct NetworkInterface: Hashable, Sendable {
  package var index: UInt32
  package var name: String
  /// In bytes of IP packet.
  package var mtu: UInt32
  package var isUp: Bool
  package var isLoopback: Bool

  package init(index: UInt32, name: String, mtu: UInt32, isUp: Bool, isLoopback: Bool) {
    self.index = index
    self.name = name
    self.mtu = mtu
    self.isUp = isUp
    self.isLoopback = isLoopback
  }

  /// Reads the payload of an RTM_NEWLINK: `struct ifinfomsg`, then attributes.
  package init(from reader: inout ByteReader) throws(DissectionError) {
    try reader.skip(4)
    index = try reader.host32()
    let flags = try reader.host32()
    try reader.skip(4)
    isUp = flags & UInt32(IFF_UP) != 0
    isLoopback = flags & UInt32(IFF_LOOPBACK) != 0
    name = ""
    mtu = 0
    while let attribute = try RouteAttribute(from: &reader) {
      switch attribute.type {
      case UInt16(IFLA_IFNAME):
        name = String(decoding: attribute.value.prefix { $0 != 0 }, as: UTF8.self)
      case UInt16(IFLA_MTU):
        var value = ByteReader(attribute.value.rawBytes)
        mtu = try value.host32()
      default: break
      }
    }
  }

  /// The interface called `name`.
  package init(named name: String) throws(SocketError) {
    // The name is terminated, as every String lent to C is.
    let index = unsafe if_nametoindex(name)
    guard index != 0 else { throw SocketError(.ask("find the interface \(name)"), code: ENODEV) }
    try self.init(index: index)
  }

  package init(index: UInt32) throws(SocketError) {
    let question = "read the interface \(index)"
    let answer = try RouteMessage.ask(question) { RouteRequest.interface(index, sequence: $0) }
    guard case .interface(let interface) = answer else {
      throw SocketError(.ask(question), code: EPROTO)
    }
    self = interface
  }
}
