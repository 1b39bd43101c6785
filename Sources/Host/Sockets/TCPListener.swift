internal import CLinux
internal import Glibc
package import PacketDissector

/// Takes TCP connections, without blocking.
package struct TCPListener: ~Copyable {
  private let socket: SocketDescriptor

  /// Connections that wait to be accepted.
  private static let backlog: Int32 = 128

  package init(on endpoint: Endpoint) throws(SocketError) {
    let socket = try SocketDescriptor(.tcp, isIPv6: endpoint.address.isIPv6)
    if endpoint.address.isIPv6 { try socket.set(SOL_IPV6, IPV6_V6ONLY, to: 1, "IPV6_V6ONLY") }
    // Else the port stays taken for a minute after the last connection.
    try socket.set(SOL_SOCKET, SO_REUSEADDR, to: 1, "SO_REUSEADDR")
    try socket.bind(.tcp, to: endpoint)
    guard listen(socket.number, Self.backlog) == 0 else {
      throw SocketError(.listen, code: errno)
    }
    self.socket = socket
  }

  /// For ``SocketPoll``: ready for reading when a connection waits.
  package var descriptor: Int32 { socket.number }

  package var localEndpoint: Endpoint? { socket.localEndpoint }

  /// The next connection; nil when none waits.
  package func accept() throws(SocketError) -> TCPConnection? {
    while true {
      var address = SocketAddress()
      let number = unsafe address.withMutablePointer {
        unsafe accept_with_flags(
          socket.number, $0, $1, Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue))
      }
      let code = errno
      if number >= 0 {
        let descriptor = SocketDescriptor(owning: number)
        guard let peer = address.endpoint else { continue }
        return TCPConnection(accepted: descriptor, from: peer)
      }
      switch code {
      // Errors of the connection that waited, which is gone.
      case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH,
        EOPNOTSUPP, ENETUNREACH:
        continue
      case EAGAIN: return nil
      default: throw SocketError(.accept, code: code)
      }
    }
  }
}
