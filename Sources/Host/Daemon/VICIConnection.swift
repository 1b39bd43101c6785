internal import CLinux
internal import Glibc
package import PacketDissector

/// Where charon listens for VICI.
package enum VICIAddress: Equatable, Sendable {
  case unix(path: String)
  case tcp(Endpoint)

  /// Where it listens unless strongswan.conf says otherwise.
  package static let usual = VICIAddress.unix(path: "/run/charon.vici")
  /// The same on machines whose /var/run is a folder of its own.
  package static let older = VICIAddress.unix(path: "/var/run/charon.vici")

  /// As strongSwan writes it: "unix:///run/charon.vici", "tcp://127.0.0.1:4502"; or a path alone.
  package init(text: String) throws(VICIError) {
    if text.hasPrefix("tcp://") {
      let rest = text.dropFirst(6)
      guard let colon = rest.lastIndex(of: ":"),
        let port = UInt16(rest[rest.index(after: colon)...]),
        port > 0
      else { throw .badAddress(text) }
      var host = rest[..<colon]
      if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
      guard let address = IPAddress(text: String(host)) else { throw .badAddress(text) }
      self = .tcp(Endpoint(address, port))
      return
    }
    let path = text.hasPrefix("unix://") ? String(text.dropFirst(7)) : text
    guard path.hasPrefix("/") else { throw .badAddress(text) }
    self = .unix(path: path)
  }
}

extension VICIAddress: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unix(let path): path
    case .tcp(let endpoint) where endpoint.address.isIPv6:
      "tcp://[\(endpoint.address)]:\(endpoint.port)"
    case .tcp(let endpoint): "tcp://\(endpoint.address):\(endpoint.port)"
    }
  }
}

/// A connection to charon: commands, answers and events. Deadlines are times of ``MonotonicClock``.
package struct VICIConnection: ~Copyable {
  private let socket: SocketDescriptor
  /// What has come and is not yet a whole packet.
  private var incoming: [UInt8] = []
  /// Events that came while something else was waited for.
  private var events: [VICIPacket] = []
  /// Events that were dropped, as nobody took those before them.
  package private(set) var lostEvents: UInt64 = 0

  private static let eventLimit = 4096
  /// Of one answer, with all of its events.
  private static let answerLimit = 64 << 20

  package init(to address: VICIAddress, until deadline: Int64) throws(VICIError) {
    switch address {
    case .unix(let path): socket = try Self.connect(path, until: deadline)
    case .tcp(let endpoint): socket = try Self.connect(endpoint, address, until: deadline)
    }
  }

  /// For ``SocketPoll``.
  package var descriptor: Int32 { socket.number }

  /// Sends a command and waits for its answer.
  package mutating func call(
    _ command: String, _ request: VICIMessage = VICIMessage(), until deadline: Int64
  ) throws(VICIError) -> VICIMessage {
    try send(VICIPacket(.commandRequest, command, request), until: deadline)
    let answer = try reply(until: deadline)
    switch answer.kind {
    case .commandResponse: return answer.message
    case .commandUnknown: throw .unknown(command)
    default: throw .malformed("packet type \(answer.kind.rawValue) for an answer")
    }
  }

  /// Sends a command whose answer is a stream of events of that name.
  package mutating func stream(
    _ command: String, _ event: String, _ request: VICIMessage = VICIMessage(),
    until deadline: Int64
  ) throws(VICIError) -> [VICIMessage] {
    try register(event, until: deadline)
    try send(VICIPacket(.commandRequest, command, request), until: deadline)
    var messages: [VICIMessage] = []
    var taken = 0
    loop: while true {
      guard let (packet, count) = try next(until: deadline) else { throw .timedOut }
      taken += count
      guard taken <= Self.answerLimit else { throw .tooMuch }
      switch packet.kind {
      case .event where packet.name == event: messages.append(packet.message)
      case .event: keep(packet)
      case .commandResponse: break loop
      case .commandUnknown: throw .unknown(command)
      default: throw .malformed("packet type \(packet.kind.rawValue) for an answer")
      }
    }
    try send(VICIPacket(.eventUnregister, event), until: deadline)
    _ = try reply(until: deadline)
    return messages
  }

  /// From now on ``event(until:)`` tells events of that name.
  package mutating func register(_ event: String, until deadline: Int64) throws(VICIError) {
    try send(VICIPacket(.eventRegister, event), until: deadline)
    let answer = try reply(until: deadline)
    switch answer.kind {
    case .eventConfirm: return
    case .eventUnknown: throw .unknown(event)
    default: throw .malformed("packet type \(answer.kind.rawValue) for a confirmation")
    }
  }

  /// The next event that was registered for; nil at the deadline, or without one never.
  package mutating func event(until deadline: Int64?) throws(VICIError) -> VICIPacket? {
    if !events.isEmpty { return events.removeFirst() }
    while let (packet, _) = try next(until: deadline) {
      if packet.kind == .event { return packet }
    }
    return nil
  }

  /// The next packet that is no event.
  private mutating func reply(until deadline: Int64) throws(VICIError) -> VICIPacket {
    while let (packet, _) = try next(until: deadline) {
      if packet.kind != .event { return packet }
      keep(packet)
    }
    throw .timedOut
  }

  private mutating func keep(_ event: VICIPacket) {
    if events.count < Self.eventLimit { events.append(event) } else { lostEvents &+= 1 }
  }
}

extension VICIConnection {
  /// The next packet and how many bytes it took; nil at the deadline.
  private mutating func next(
    until deadline: Int64?
  ) throws(VICIError) -> (packet: VICIPacket, byteCount: Int)? {
    while true {
      let before = incoming.count
      if let packet = try VICIPacket.take(from: &incoming) {
        return (packet, before - incoming.count)
      }
      if try !read(), try !Self.wait(socket.number, .reading, until: deadline) { return nil }
    }
  }

  /// Takes what has come; false if nothing has.
  private mutating func read() throws(VICIError) -> Bool {
    let (count, code) = unsafe withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 16) {
      room in
      // The count is the buffer's; of that only what was written is read.
      let count = unsafe recv(socket.number, room.baseAddress, room.count, 0)
      let code = errno
      if count > 0 { unsafe incoming.append(contentsOf: room.prefix(count)) }
      return (count, code)
    }
    if count > 0 { return true }
    if count == 0 { throw .closed }
    switch code {
    case EINTR, EAGAIN: return false
    case ECONNRESET: throw .closed
    default: throw .failed(doing: "read charon's answer", code: code)
    }
  }

  private func send(_ packet: VICIPacket, until deadline: Int64) throws(VICIError) {
    var rest = packet.bytes[...]
    while !rest.isEmpty {
      let (count, code) = unsafe rest.withUnsafeBytes { bytes in
        // The count is the buffer's.
        let count = unsafe Glibc.send(
          socket.number, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        return (count, errno)
      }
      if count > 0 {
        rest = rest.dropFirst(count)
        continue
      }
      switch code {
      case EINTR: continue
      case EAGAIN:
        guard try Self.wait(socket.number, .writing, until: deadline) else { throw .timedOut }
      case EPIPE, ECONNRESET: throw .closed
      default: throw .failed(doing: "ask charon", code: code)
      }
    }
  }

  /// False at the deadline.
  private static func wait(
    _ descriptor: Int32, _ interest: SocketPoll.Interest, until deadline: Int64?
  ) throws(VICIError) -> Bool {
    var poll = SocketPoll()
    poll.add(descriptor, interest)
    let outcome: SocketPoll.Outcome
    do throws(SocketError) {
      outcome = try poll.wait(until: deadline)
    } catch {
      throw .failed(doing: "wait for charon", code: error.code)
    }
    switch outcome {
    case .ready: return true
    case .deadline: return false
    case .interrupted: throw .interrupted
    }
  }
}

extension VICIConnection {
  private static func connect(
    _ path: String, until deadline: Int64
  ) throws(VICIError) -> SocketDescriptor {
    let number = Glibc.socket(
      AF_UNIX,
      Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue),
      0)
    guard number >= 0 else { throw .failed(doing: "open a socket", code: errno) }
    let socket = SocketDescriptor(owning: number)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    // The last byte of the field stays zero.
    let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { field in
      guard bytes.count < field.count, !bytes.contains(0) else { return false }
      unsafe field.copyBytes(from: bytes)
      return true
    }
    guard fits else { throw .badAddress(path) }
    while true {
      let code = unsafe withUnsafePointer(to: &address) { address in
        // A sockaddr_un is a sockaddr of that family, and of the size given.
        unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
          unsafe Glibc.connect(socket.number, address, socklen_t(MemoryLayout<sockaddr_un>.size))
            == 0 ? 0 : errno
        }
      }
      switch code {
      case 0: return socket
      // Too many others wait; poll(2) does not tell when there is room.
      case EAGAIN where MonotonicClock.now() < deadline: usleep(20_000)
      case EINTR: continue
      default: throw VICIError(code, .unix(path: path))
      }
    }
  }

  private static func connect(
    _ endpoint: Endpoint, _ address: VICIAddress, until deadline: Int64
  ) throws(VICIError) -> SocketDescriptor {
    let socket: SocketDescriptor
    do throws(SocketError) {
      socket = try SocketDescriptor(.tcp, isIPv6: endpoint.address.isIPv6)
    } catch {
      throw VICIError(error.code, address)
    }
    var code = socket.connect(to: endpoint)
    if code == EINPROGRESS {
      guard try wait(socket.number, .writing, until: deadline) else { throw .timedOut }
      code = socket.value(SOL_SOCKET, SO_ERROR) ?? errno
    }
    guard code == 0 else { throw VICIError(code, address) }
    return socket
  }
}

extension VICIError {
  /// What an `errno` of connect(2) means.
  fileprivate init(_ code: Int32, _ address: VICIAddress) {
    switch code {
    case ENOENT, ENOTDIR: self = .missing("\(address)")
    case ECONNREFUSED: self = .refused("\(address)")
    case EACCES, EPERM: self = .notPermitted("\(address)")
    case EAGAIN, ETIMEDOUT: self = .timedOut
    default: self = .failed(doing: "connect to \(address)", code: code)
    }
  }
}
