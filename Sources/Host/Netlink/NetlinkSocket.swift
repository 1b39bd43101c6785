internal import CLinux
internal import Glibc
internal import PacketDissector

/// A socket to one part of the kernel (netlink(7)).
struct NetlinkSocket: ~Copyable {
  /// For waiting with others.
  let number: Int32
  private var buffer: ReceiveBuffer

  /// Datagrams grow with the room offered up to about this much.
  private static let usualDatagram = 32 << 10
  static let largestDatagram = 1 << 20
  /// Bytes of events that wait to be read, some thousands of them.
  private static let eventMemory: Int32 = 4 << 20
  /// Seconds. The kernel answers at once; a wait without end would be a fault of either side.
  private static let patience = 5

  /// `groups` has a bit for each group of events to be told, the first group's the lowest.
  init(protocol part: Int32, groups: UInt32 = 0) throws(KernelError) {
    number = socket(
      AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), part)
    let code = errno
    buffer = ReceiveBuffer(byteCount: Self.usualDatagram)
    guard number >= 0 else { throw KernelError(code, doing: "open a netlink socket") }
    var limit = timeval(tv_sec: Self.patience, tv_usec: 0)
    // The size given is the value's.
    unsafe _ = setsockopt(
      number, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    if groups != 0 { try join(groups) }
  }

  deinit {
    if number >= 0 { close(number) }
  }

  private func join(_ groups: UInt32) throws(KernelError) {
    // Beyond the usual limit with CAP_NET_ADMIN, which the groups take as well; else up to that limit.
    var size = Self.eventMemory
    for option in [SO_RCVBUF, SO_RCVBUFFORCE] {
      // The size given is the value's.
      unsafe _ = setsockopt(
        number, SOL_SOCKET, option, &size, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_nl()
    address.nl_family = sa_family_t(AF_NETLINK)
    address.nl_groups = groups
    let result = unsafe withUnsafePointer(to: &address) { address in
      // A sockaddr_nl is a sockaddr of that family, and of the size given.
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(number, address, socklen_t(MemoryLayout<sockaddr_nl>.size))
      }
    }
    guard result == 0 else { throw KernelError(errno, doing: "hear of the kernel's events") }
  }

  /// Sends `message` to the kernel.
  func send(_ message: [UInt8]) throws(KernelError) {
    var address = sockaddr_nl()
    address.nl_family = sa_family_t(AF_NETLINK)
    let size = socklen_t(MemoryLayout<sockaddr_nl>.size)
    let sent = unsafe withUnsafePointer(to: &address) { address in
      // A sockaddr_nl is a sockaddr of that family, and of the size given.
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe sendto(number, message, message.count, 0, address, size)
      }
    }
    guard sent == message.count else { throw KernelError(errno, doing: "ask the kernel") }
  }

  /// Waits for the next datagram of the kernel and lends it; it is zeroed with the socket.
  mutating func receive<Result>(
    _ body: (RawSpan) throws(KernelError) -> Result
  ) throws(KernelError) -> Result {
    guard let count = try next(flags: 0) else {
      throw KernelError(EAGAIN, doing: "read the kernel's answer")
    }
    return try body(buffer.bytes(count))
  }

  /// The same without waiting; nil where no datagram is there.
  mutating func receiveNow<Result>(
    _ body: (RawSpan) throws(KernelError) -> Result
  ) throws(KernelError) -> Result? {
    guard let count = try next(flags: Int32(MSG_DONTWAIT)) else { return nil }
    return try body(buffer.bytes(count))
  }

  /// Reads the next datagram of the kernel into the buffer, which grows to hold it.
  ///
  /// - Returns: Its length; nil where none came in time.
  private mutating func next(flags: Int32) throws(KernelError) -> Int? {
    while true {
      // Its length alone, of which nothing is copied.
      let question = flags | Int32(MSG_PEEK) | Int32(MSG_TRUNC)
      guard let needed = try buffer.receive(from: number, question, room: 0)?.count
      else { return nil }
      guard needed <= Self.largestDatagram else { throw .tooMuch }
      if needed > buffer.byteCount { buffer = ReceiveBuffer(byteCount: needed) }
      guard
        let (count, sender) = try buffer.receive(
          from: number, flags | Int32(MSG_TRUNC), room: buffer.byteCount)
      else { return nil }
      // Any process may send to this socket; the kernel's port is 0.
      guard sender == 0 else { continue }
      guard count <= buffer.byteCount else { throw .tooMuch }
      return count
    }
  }
}

/// Memory for datagrams with keys in them: zeroed when it goes.
@safe
private struct ReceiveBuffer: ~Copyable {
  private let memory: UnsafeMutableRawBufferPointer

  init(byteCount: Int) {
    unsafe memory = .allocate(byteCount: byteCount, alignment: 16)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit {
    // explicit_bzero writes the count of bytes that the memory has, and is not optimised away.
    if let start = unsafe memory.baseAddress { unsafe explicit_bzero(start, memory.count) }
    unsafe memory.deallocate()
  }

  var byteCount: Int { unsafe memory.count }

  /// The first `count` bytes, or as many as there are.
  @_lifetime(borrow self)
  func bytes(_ count: Int) -> RawSpan {
    // The memory stays until `deinit`, and all of it was initialised.
    let bytes = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(memory))
    return unsafe _overrideLifetime(bytes.extracting(first: max(0, count)), borrowing: self)
  }

  /// A datagram's whole length, of which no more than `room` bytes are written, and its sender; nil where
  /// none came in time.
  mutating func receive(
    from socket: Int32, _ flags: Int32, room: Int
  ) throws(KernelError) -> (count: Int, sender: UInt32)? {
    var sender = sockaddr_nl()
    while true {
      var size = socklen_t(MemoryLayout<sockaddr_nl>.size)
      let count = unsafe withUnsafeMutablePointer(to: &sender) { sender in
        // A sockaddr_nl is a sockaddr of that family, and of the size given; the memory has more bytes than
        // are allowed to be written.
        unsafe sender.withMemoryRebound(to: sockaddr.self, capacity: 1) { sender in
          unsafe recvfrom(
            socket, memory.baseAddress, min(room, memory.count), flags, sender, &size)
        }
      }
      if count >= 0 { return (count, sender.nl_pid) }
      if errno == EAGAIN { return nil }
      if errno != EINTR { throw KernelError(errno, doing: "read the kernel's answer") }
    }
  }
}
