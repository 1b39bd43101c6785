internal import CLinux
internal import Glibc
package import PacketDissector

/// A TCP connection that never blocks, from the first SYN on.
///
/// An ICMP error about the first SYN ends the attempt at once, as port scanners want it, and
/// stands in the error queue with its sender.
package struct TCPConnection: ~Copyable {
  private let socket: SocketDescriptor
  package let peer: Endpoint
  private var state: State

  private enum State {
    case connecting, established
    /// The `errno`, which the kernel tells once.
    case failed(Int32)
  }

  /// Sends the first SYN. ``isConnected()`` tells what became of it.
  ///
  /// `source` is the address and port to connect from; nil, or port 0, leaves the port to the kernel.
  /// `interface` is the name of the one to go through, if there is to be no other.
  package init(
    to peer: Endpoint, from source: Endpoint? = nil, interface: String? = nil
  ) throws(SocketError) {
    let isIPv6 = peer.address.isIPv6
    let socket = try SocketDescriptor(.tcp, isIPv6: isIPv6)
    if isIPv6 {
      try socket.set(SOL_IPV6, IPV6_RECVERR, to: 1, "IPV6_RECVERR")
    } else {
      try socket.set(SOL_IP, IP_RECVERR, to: 1, "IP_RECVERR")
    }
    // Records are small, and each is a message that is waited for.
    try socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, to: 1, "TCP_NODELAY")
    if let interface { try socket.bindToInterface(interface) }
    if let source { try socket.bind(.tcp, to: source) }
    let code = socket.connect(to: peer)
    guard code == 0 || code == EINPROGRESS else { throw SocketError(.connect(peer), code: code) }
    self.socket = socket
    self.peer = peer
    state = code == 0 ? .established : .connecting
  }

  /// Connects and waits, until `deadline` at the latest: a time of ``MonotonicClock``.
  package static func connect(
    to peer: Endpoint, from source: Endpoint? = nil, interface: String? = nil,
    until deadline: Int64
  ) throws(SocketError) -> TCPConnection {
    var connection = try TCPConnection(to: peer, from: source, interface: interface)
    var poll = SocketPoll()
    poll.add(connection.descriptor, .writing)
    while true {
      if try connection.isConnected() { return connection }
      switch try poll.wait(until: deadline) {
      case .ready:
        // An ICMP error that came while the kernel had its hands full stands in the queue alone.
        guard poll.readiness(at: 0).contains(.error), try !connection.isConnected(),
          let report = connection.receiveError()
        else { continue }
        throw SocketError(.connect(peer), code: report.code)
      case .deadline: throw SocketError(.connect(peer), code: ETIMEDOUT)
      case .interrupted: throw SocketError(.connect(peer), code: EINTR)
      }
    }
  }

  init(accepted socket: consuming SocketDescriptor, from peer: Endpoint) {
    self.socket = socket
    self.peer = peer
    state = .established
  }

  /// For ``SocketPoll``: ready for writing once it is connected or has failed.
  package var descriptor: Int32 { socket.number }

  package var localEndpoint: Endpoint? { socket.localEndpoint }

  /// Whether the handshake is done; false while nothing has come back.
  ///
  /// - Throws: Why there will be no connection: refused, unreachable, timed out by the kernel.
  package mutating func isConnected() throws(SocketError) -> Bool {
    switch state {
    case .established: return true
    case .failed(let code): throw SocketError(.connect(peer), code: code)
    case .connecting: break
    }
    let code = socket.value(SOL_SOCKET, SO_ERROR) ?? errno
    guard code == 0 else {
      state = .failed(code)
      throw SocketError(.connect(peer), code: code)
    }
    guard socket.peer != nil else { return false }
    state = .established
    return true
  }

  /// Sends what there is room for; how many bytes of `bytes` that was.
  package func write(_ bytes: RawSpan) throws(SocketError) -> Int {
    while true {
      let count = unsafe bytes.withUnsafeBytes { bytes in
        // The count is the buffer's.
        unsafe Glibc.send(socket.number, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      }
      if count >= 0 { return count }
      switch errno {
      case EINTR: continue
      case EAGAIN: return 0
      case let code: throw SocketError(.send(peer), code: code)
      }
    }
  }

  package enum Reading: Equatable, Sendable {
    /// This many bytes came, and stand behind what was there.
    case bytes(Int)
    case nothing
    /// The peer sends no more.
    case end
  }

  /// The most that one call to ``read(into:)`` takes.
  package static let readSize = 65_536

  /// Reads what has come, up to ``readSize`` bytes, and adds it to `bytes`.
  package func read(into bytes: inout [UInt8]) throws(SocketError) -> Reading {
    while true {
      let (count, code) = unsafe withUnsafeTemporaryAllocation(
        byteCount: Self.readSize, alignment: 16
      ) { room in
        // The count is the buffer's; of that only what was written is read.
        let count = unsafe recv(socket.number, room.baseAddress, room.count, 0)
        if count > 0 { unsafe bytes.append(contentsOf: room.prefix(count)) }
        return (count, errno)
      }
      if count > 0 { return .bytes(count) }
      if count == 0 { return .end }
      switch code {
      case EINTR: continue
      case EAGAIN: return .nothing
      default: throw SocketError(.receive, code: code)
      }
    }
  }

  /// Tells the peer that nothing more comes; it may go on sending.
  package func finishWriting() throws(SocketError) {
    guard shutdown(socket.number, Int32(SHUT_WR)) == 0 else {
      throw SocketError(.send(peer), code: errno)
    }
  }

  /// An ICMP error about this connection, which is told only while it is being made; nil without one.
  package func receiveError() -> SocketErrorReport? {
    var slab = ReceiveSlab(capacity: 1)
    return slab.receiveError(from: socket.number)
  }
}
