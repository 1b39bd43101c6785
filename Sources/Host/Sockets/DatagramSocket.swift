internal import CLinux
internal import Glibc
internal import PacketDissector

/// What sockets for UDP and for whole IP protocols have in common.
struct DatagramSocket: ~Copyable {
  let descriptor: SocketDescriptor
  let kind: SocketKind
  let isIPv6: Bool
  private(set) var slab = ReceiveSlab(capacity: 1)
  /// Datagrams that found no room in this socket's buffer.
  private(set) var dropped: UInt32 = 0

  /// Errors of earlier datagrams come back from any later call; more at once than this are left to the
  /// next one.
  private static let pendingErrorLimit = 64
  /// Milliseconds to wait for room in the socket's buffer.
  private static let patience: Int32 = 100

  init(_ kind: SocketKind, isIPv6: Bool) throws(SocketError) {
    let descriptor = try SocketDescriptor(kind, isIPv6: isIPv6)
    try descriptor.set(SOL_SOCKET, SO_TIMESTAMPNS, to: 1, "SO_TIMESTAMPNS")
    try descriptor.set(SOL_SOCKET, SO_RXQ_OVFL, to: 1, "SO_RXQ_OVFL")
    if isIPv6 {
      // Raw sockets have one family only, and refuse the question.
      if kind == .udp { try descriptor.set(SOL_IPV6, IPV6_V6ONLY, to: 1, "IPV6_V6ONLY") }
      try descriptor.set(SOL_IPV6, IPV6_RECVERR, to: 1, "IPV6_RECVERR")
      try descriptor.set(SOL_IPV6, IPV6_RECVPKTINFO, to: 1, "IPV6_RECVPKTINFO")
      try descriptor.set(SOL_IPV6, IPV6_RECVHOPLIMIT, to: 1, "IPV6_RECVHOPLIMIT")
      try descriptor.set(SOL_IPV6, IPV6_RECVTCLASS, to: 1, "IPV6_RECVTCLASS")
    } else {
      try descriptor.set(SOL_IP, IP_RECVERR, to: 1, "IP_RECVERR")
      try descriptor.set(SOL_IP, IP_PKTINFO, to: 1, "IP_PKTINFO")
      try descriptor.set(SOL_IP, IP_RECVTTL, to: 1, "IP_RECVTTL")
      try descriptor.set(SOL_IP, IP_RECVTOS, to: 1, "IP_RECVTOS")
    }
    self.kind = kind
    self.isIPv6 = isIPv6
    self.descriptor = descriptor
  }

  func setFragmentation(_ policy: FragmentationPolicy) throws(SocketError) {
    if isIPv6 {
      try descriptor.set(SOL_IPV6, IPV6_MTU_DISCOVER, to: policy.optionValue, "IPV6_MTU_DISCOVER")
    } else {
      try descriptor.set(SOL_IP, IP_MTU_DISCOVER, to: policy.optionValue, "IP_MTU_DISCOVER")
    }
  }

  func setFragmentBytes(_ bytes: Int32) throws(SocketError) {
    try descriptor.set(SOL_IPV6, IPV6_MTU, to: bytes, "IPV6_MTU")
  }

  /// Asks for `bytes` of room; what the kernel gave, which may be less.
  func raiseReceiveBuffer(to bytes: Int32) -> Int32 {
    // The first takes CAP_NET_ADMIN, the second ends at net.core.rmem_max.
    if !descriptor.trySetting(SOL_SOCKET, SO_RCVBUFFORCE, to: bytes) {
      _ = descriptor.trySetting(SOL_SOCKET, SO_RCVBUF, to: bytes)
    }
    // The kernel tells twice what it was asked for: its own bookkeeping counts.
    return (descriptor.value(SOL_SOCKET, SO_RCVBUF) ?? 0) / 2
  }

  // MARK: Sending

  func send(
    _ bytes: [UInt8], to destination: Endpoint, from source: IPAddress?, interface: UInt32
  ) throws(SocketError) {
    var attempts = 0
    while true {
      let code = transmit(bytes, to: destination, from: source, interface: interface)
      attempts += 1
      switch code {
      case 0: return
      case EINTR where attempts < Self.pendingErrorLimit: continue
      case EAGAIN where attempts < 3: descriptor.waitForRoom(Self.patience)
      case _ where Self.mayBePending(code) && attempts < 3: continue
      default:
        // The kernel calls it unreachable, or invalid, to send from an address that it does not have.
        let isForeign = source.map { !Self.isOwn($0) } ?? false
        throw SocketError(.send(destination), code: isForeign ? EADDRNOTAVAIL : code)
      }
    }
  }

  /// Whether this machine has the address.
  private static func isOwn(_ address: IPAddress) -> Bool {
    do throws(SocketError) {
      let socket = try SocketDescriptor(.udp, isIPv6: address.isIPv6)
      try socket.bind(.udp, to: Endpoint(address, 0))
      return true
    } catch {
      return error.meaning != .addressNotHere
    }
  }

  /// Zero, or the `errno`.
  private func transmit(
    _ bytes: [UInt8], to destination: Endpoint, from source: IPAddress?, interface: UInt32
  ) -> Int32 {
    var address = SocketAddress(destination)
    var control = SourceControl(source: source, interface: interface, isIPv6: isIPv6)
    let controlCount = control.byteCount
    // Each count belongs to the pointer beside it, and all pointers live through the call.
    let sent = unsafe bytes.withUnsafeBytes { payload in
      unsafe withUnsafeMutablePointer(to: &control) { control in
        unsafe address.withMutablePointer { name, nameCount in
          // The kernel only reads the payload.
          var part = unsafe iovec(
            iov_base: UnsafeMutableRawPointer(mutating: payload.baseAddress),
            iov_len: payload.count)
          return unsafe withUnsafeMutablePointer(to: &part) { part in
            var header = unsafe msghdr()
            unsafe header.msg_name = UnsafeMutableRawPointer(name)
            unsafe header.msg_namelen = nameCount.pointee
            unsafe header.msg_iov = part
            unsafe header.msg_iovlen = 1
            if controlCount > 0 {
              unsafe header.msg_control = UnsafeMutableRawPointer(control)
              unsafe header.msg_controllen = controlCount
            }
            return unsafe sendmsg(descriptor.number, &header, Int32(MSG_NOSIGNAL))
          }
        }
      }
    }
    return sent >= 0 ? 0 : errno
  }

  /// Sends all of `batch` and empties it; how many went out. The others are told one by one.
  func send(
    _ batch: inout OutgoingBatch, failed: (Endpoint, SocketError) -> Void
  ) -> Int {
    var sent = 0
    var attempts = 0
    while batch.waiting > 0 {
      let count = batch.send(by: descriptor.number)
      if count > 0 {
        sent += count
        attempts = 0
        continue
      }
      let code = errno
      attempts += 1
      switch code {
      case EINTR where attempts < Self.pendingErrorLimit: continue
      case EAGAIN where attempts < 3: descriptor.waitForRoom(Self.patience)
      case _ where Self.mayBePending(code) && attempts < 3: continue
      default:
        attempts = 0
        if let endpoint = batch.skipOne() {
          failed(endpoint, SocketError(.send(endpoint), code: code))
        }
      }
    }
    batch.removeAll()
    return sent
  }

  /// Whether an `errno` may be about a datagram sent before: those that the kernel makes of ICMP messages.
  /// It is told once, and what was to be done then was not.
  private static func mayBePending(_ code: Int32) -> Bool {
    switch code {
    case ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, EMSGSIZE, EPROTO, EACCES,
      ENOPROTOOPT, EOPNOTSUPP, ENONET:
      true
    default: false
    }
  }

  // MARK: Receiving

  /// Takes the next datagram into the slab's first place; whether there was one.
  mutating func receiveOne() throws(SocketError) -> Bool {
    for _ in 0..<Self.pendingErrorLimit {
      if slab.receiveOne(from: descriptor.number) { return true }
      if try isEmpty(errno) { return false }
    }
    return false
  }

  /// Takes up to `capacity` datagrams; how many there were.
  mutating func receiveMany(_ capacity: Int) throws(SocketError) -> Int {
    if slab.capacity < capacity { slab = ReceiveSlab(capacity: capacity) }
    for _ in 0..<Self.pendingErrorLimit {
      let count = slab.receive(from: descriptor.number)
      if count >= 0 { return count }
      if try isEmpty(errno) { return 0 }
    }
    return 0
  }

  /// Whether nothing waits; false for an error of an earlier datagram, of which the error queue tells more.
  private func isEmpty(_ code: Int32) throws(SocketError) -> Bool {
    switch code {
    case EAGAIN: return true
    case EBADF, EFAULT, EINVAL, ENOTSOCK, ENOMEM: throw SocketError(.receive, code: code)
    default: return false
    }
  }

  /// The control messages of a datagram in the slab.
  mutating func control(_ index: Int) -> ControlMessages {
    let control = slab.controlMessages(index)
    if let count = control.dropped { dropped = count }
    return control
  }

  /// The next entry of the error queue; nil when it is empty.
  mutating func receiveError() -> SocketErrorReport? {
    slab.receiveError(from: descriptor.number)
  }
}

extension ReceiveSlab {
  /// The next entry of a socket's error queue; nil when it is empty. Entries that are no errors are passed
  /// over.
  mutating func receiveError(from socket: Int32) -> SocketErrorReport? {
    while true {
      guard receiveOne(from: socket, flags: Int32(MSG_ERRQUEUE)) else {
        if errno == EINTR { continue }
        return nil
      }
      let control = controlMessages(0)
      guard let error = control.error, let destination = endpoint(0) else { continue }
      let report = SocketErrorReport(
        error, destination: destination,
        quoted: unsafe bytes(0).withUnsafeBytes { unsafe Array($0) },
        time: control.time ?? .now)
      if let report { return report }
    }
  }
}
