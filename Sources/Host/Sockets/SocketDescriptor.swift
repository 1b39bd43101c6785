internal import CLinux
internal import Glibc
internal import PacketDissector

/// A socket's number, closed with it. It never blocks.
struct SocketDescriptor: ~Copyable {
  let number: Int32

  init(_ kind: SocketKind, isIPv6: Bool) throws(SocketError) {
    let (type, part) = kind.typeAndProtocol
    number = socket(
      isIPv6 ? AF_INET6 : AF_INET,
      Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue),
      Int32(part))
    let code = errno
    guard number >= 0 else { throw SocketError(.open(kind), code: code) }
  }

  /// Takes over a number that a system call returned, and that is not negative.
  init(owning number: Int32) {
    self.number = number
  }

  deinit {
    if number >= 0 { close(number) }
  }

  func set(
    _ level: Int32, _ option: Int32, to value: Int32, _ name: StaticString
  ) throws(SocketError) {
    guard trySetting(level, option, to: value) else {
      throw SocketError(.set(option: "\(name)"), code: errno)
    }
  }

  /// Whether the kernel took it; if not, `errno` says why.
  func trySetting(_ level: Int32, _ option: Int32, to value: Int32) -> Bool {
    var value = value
    // The size given is the value's.
    return unsafe setsockopt(
      number, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
  }

  /// Nil where the kernel does not tell; `errno` says why.
  func value(_ level: Int32, _ option: Int32) -> Int32? {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    // The size given is the value's.
    guard unsafe getsockopt(number, level, option, &value, &size) == 0 else { return nil }
    return value
  }

  func bindToInterface(_ name: String) throws(SocketError) {
    let bytes = Array(name.utf8)
    // The count given is the array's; the kernel cuts longer names than it has.
    guard !bytes.isEmpty, bytes.count < Int(IFNAMSIZ) else {
      throw SocketError(.bindToInterface(name), code: ENODEV)
    }
    guard
      unsafe setsockopt(number, SOL_SOCKET, SO_BINDTODEVICE, bytes, socklen_t(bytes.count)) == 0
    else { throw SocketError(.bindToInterface(name), code: errno) }
  }

  func bind(_ kind: SocketKind, to endpoint: Endpoint) throws(SocketError) {
    let address = SocketAddress(endpoint)
    let result = unsafe address.withPointer { unsafe Glibc.bind(number, $0, $1) }
    guard result == 0 else { throw SocketError(.bind(kind, endpoint), code: errno) }
  }

  /// Zero, or the `errno`; EINPROGRESS where it goes on.
  func connect(to endpoint: Endpoint) -> Int32 {
    let address = SocketAddress(endpoint)
    let result = unsafe address.withPointer { unsafe Glibc.connect(number, $0, $1) }
    return result == 0 ? 0 : errno
  }

  /// The address and port that the kernel gave; nil before it did.
  var localEndpoint: Endpoint? {
    var address = SocketAddress()
    let result = unsafe address.withMutablePointer { unsafe getsockname(number, $0, $1) }
    return result == 0 ? address.endpoint : nil
  }

  var peer: Endpoint? {
    var address = SocketAddress()
    let result = unsafe address.withMutablePointer { unsafe getpeername(number, $0, $1) }
    return result == 0 ? address.endpoint : nil
  }

  /// Waits up to `milliseconds` for room to send.
  func waitForRoom(_ milliseconds: Int32) {
    var entry = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
    // One entry, as the count says.
    unsafe _ = poll(&entry, 1, milliseconds)
  }
}

extension SocketKind {
  fileprivate var typeAndProtocol: (__socket_type, Int) {
    switch self {
    case .udp: (SOCK_DGRAM, IPPROTO_UDP)
    case .tcp: (SOCK_STREAM, IPPROTO_TCP)
    case .icmp: (SOCK_RAW, IPPROTO_ICMP)
    case .icmpv6: (SOCK_RAW, IPPROTO_ICMPV6)
    case .esp: (SOCK_RAW, IPPROTO_ESP)
    case .ping: (SOCK_DGRAM, IPPROTO_ICMP)
    case .pingv6: (SOCK_DGRAM, IPPROTO_ICMPV6)
    }
  }
}
