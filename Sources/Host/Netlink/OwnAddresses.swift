internal import CLinux
internal import Glibc
package import PacketDissector

/// The addresses of this machine's interfaces, in this network namespace.
package enum OwnAddresses {
  /// More than any machine has.
  private static let limit = 1 << 20

  /// Asks the kernel, which takes no capability. Loopback addresses are among them.
  package static func read() throws(KernelError) -> [IPAddress] {
    // `struct ifaddrmsg`, of both families.
    let body = [UInt8](repeating: 0, count: 8)
    return try NetlinkDump.read(
      protocol: NETLINK_ROUTE, UInt16(RTM_GETADDR), body, doing: "read this machine's addresses",
      into: [IPAddress]()
    ) { addresses, type, payload in
      if type == UInt16(RTM_NEWADDR), let address = address(message: payload) {
        addresses.append(address)
      }
      return addresses.count <= limit
    }.0
  }

  /// Reads the payload of an RTM_NEWADDR: `struct ifaddrmsg`, then attributes. Nil where it has no address of
  /// IPv4 or IPv6.
  package static func address(message: RawSpan) -> IPAddress? {
    var reader = ByteReader(message)
    guard (try? reader.skip(8)) != nil else { return nil }
    var address: IPAddress?
    while !reader.isAtEnd {
      guard let attribute = try? NetlinkAttribute(from: &reader),
        var value = try? reader.value(of: attribute)
      else { break }
      switch Int(attribute.type) {
      case Int(IFA_LOCAL): return IPAddress(octets: value.rest())
      // On a link between two machines it is the other one's, and comes before the own.
      case Int(IFA_ADDRESS): address = IPAddress(octets: value.rest())
      default: break
      }
    }
    return address
  }
}
