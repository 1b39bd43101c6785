internal import CLinux
internal import Glibc
package import PacketDissector

/// How packets leave this machine for one address, as the kernel would send them now.
package struct LocalRoute: Equatable, Sendable {
  /// The address that they would come from.
  package var source: IPAddress
  /// The next hop; nil where the target is on the same link.
  package var gateway: IPAddress?
  package var interface: NetworkInterface
  /// In bytes of IP packet: the interface's MTU, or less where the kernel has learned or been told so.
  package var pathMTU: UInt32

  /// Asks the kernel, which takes no capability and sends nothing.
  /// `source` is the address to send from, `interface` the name of the interface to send by; nil leaves
  /// them to the kernel.
  package init(
    to target: IPAddress, from source: IPAddress? = nil, interface: String? = nil
  ) throws(SocketError) {
    let socket = try UDPSocket(
      isIPv6: target.isIPv6, source: source.map { Endpoint($0, 0) }, interface: interface,
      fragmentation: .forbidden)
    // Any port will do: connecting a UDP socket chooses the way, and sends nothing.
    try socket.connect(to: Endpoint(target, 500))
    self.source = socket.localEndpoint.address
    let question = "find the route to \(target)"
    let index = try interface.map { name throws(SocketError) in
      try NetworkInterface(named: name).index
    }
    let answer = try RouteMessage.ask(question) {
      RouteRequest.route(to: target, from: source, interface: index ?? 0, sequence: $0)
    }
    guard case .route(let outgoing, let gateway) = answer else {
      throw SocketError(.ask(question), code: EPROTO)
    }
    self.interface = try NetworkInterface(index: outgoing)
    self.gateway = gateway
    pathMTU = min(socket.pathMTU ?? self.interface.mtu, self.interface.mtu)
  }
}

extension RouteMessage {
  /// Asks the kernel and reads its answer.
  static func ask(
    _ question: String, _ request: (_ sequence: UInt32) -> [UInt8]
  ) throws(SocketError) -> RouteMessage {
    let sequence: UInt32 = 1
    let answer: RouteMessage?
    do throws(KernelError) {
      var socket = try NetlinkSocket(protocol: NETLINK_ROUTE)
      try socket.send(request(sequence))
      answer = try socket.receive { RouteMessage($0, sequence: sequence) }
    } catch {
      throw SocketError(.ask(question), code: error.code)
    }
    guard let answer else { throw SocketError(.ask(question), code: EPROTO) }
    if case .failed(let code) = answer { throw SocketError(.ask(question), code: code) }
    return answer
  }
}

extension KernelError {
  /// The `errno` that it was, or the nearest to it.
  fileprivate var code: Int32 {
    switch self {
    case .failed(_, let code): code
    case .notPermitted: EPERM
    case .withoutXFRM: EPROTONOSUPPORT
    case .malformed, .tooMuch: EPROTO
    }
  }
}
