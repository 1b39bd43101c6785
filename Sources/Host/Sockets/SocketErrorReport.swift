internal import CLinux
internal import Glibc
package import PacketDissector

/// An entry of a socket's error queue (IP_RECVERR in ip(7)): what became of a datagram that was sent.
package struct SocketErrorReport: Equatable, Sendable {
  package enum Origin: Equatable, Sendable {
    /// This machine: nothing went out.
    case local
    case icmp
    case icmpv6
  }

  package var origin: Origin
  /// An `errno`, as the kernel translates the ICMP message.
  package var code: Int32
  /// Both 0 where this machine is the origin.
  package var icmpType: UInt8
  package var icmpCode: UInt8
  /// Who sent the ICMP message: this machine itself, where its next hop does not answer.
  package var offender: IPAddress?
  /// In bytes of IP packet: of the next hop where a router says so, of the path as this machine knows it
  /// where that refused the datagram.
  package var mtu: UInt32?
  /// Where the datagram went; the port is 0 for raw sockets.
  package var destination: Endpoint
  /// What the ICMP message quotes behind the UDP or TCP header, or, for raw sockets, behind the IP header.
  /// Empty where this machine is the origin.
  package var quoted: [UInt8]
  package var time: Timestamp

  package init(
    origin: Origin, code: Int32, icmpType: UInt8 = 0, icmpCode: UInt8 = 0,
    offender: IPAddress? = nil, mtu: UInt32? = nil, destination: Endpoint, quoted: [UInt8] = [],
    time: Timestamp
  ) {
    self.origin = origin
    self.code = code
    self.icmpType = icmpType
    self.icmpCode = icmpCode
    self.offender = offender
    self.mtu = mtu
    self.destination = destination
    self.quoted = quoted
    self.time = time
  }

  /// Nil for entries that are no errors, such as time stamps of what was sent.
  package init?(
    _ error: ControlMessages.ExtendedError, destination: Endpoint, quoted: [UInt8], time: Timestamp
  ) {
    let origin: Origin
    switch error.origin {
    case 1: origin = .local
    case 2: origin = .icmp
    case 3: origin = .icmpv6
    default: return nil
    }
    let isTooBig =
      switch origin {
      case .local: error.code == EMSGSIZE
      case .icmp: error.type == 3 && error.icmpCode == 4
      case .icmpv6: error.type == 2
      }
    self.init(
      origin: origin, code: error.code, icmpType: origin == .local ? 0 : error.type,
      icmpCode: origin == .local ? 0 : error.icmpCode, offender: error.offender,
      // Routers older than RFC 1191 leave it zero.
      mtu: isTooBig && error.info > 0 ? error.info : nil, destination: destination,
      quoted: quoted, time: time)
  }
}

extension SocketErrorReport: CustomStringConvertible {
  /// "port unreachable (ICMP 3/3) from 192.0.2.1", or what this machine itself says.
  package var description: String {
    let limit = mtu.map { ", MTU \($0)" } ?? ""
    guard origin != .local else { return "this machine: \(SystemText.of(code))\(limit)" }
    let isICMPv6 = origin == .icmpv6
    let header = ICMPHeader(isICMPv6: isICMPv6, type: icmpType, code: icmpCode, rest: 0)
    let sender = offender.map { " from \($0)" } ?? ""
    return (header.meaning ?? SystemText.of(code))
      + " (ICMP\(isICMPv6 ? "v6" : "") \(icmpType)/\(icmpCode))\(sender)\(limit)"
  }
}
