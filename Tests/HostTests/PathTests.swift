import Glibc
import Host
import PacketDissector
import Testing

/// A true router's ICMP, where this machine lets namespaces be made.
@Suite("A path with a router", .serialized)
struct PathTests {
  private static var soon: Int64 { MonotonicClock.now() + 5_000_000_000 }

  private static func target(isIPv6: Bool) throws -> Endpoint {
    Endpoint(try #require(IPAddress(text: isIPv6 ? "fd99:1::1" : "10.99.1.1")), 500)
  }

  private static func router(isIPv6: Bool) -> IPAddress? {
    IPAddress(text: isIPv6 ? "fd99::2" : "10.99.0.2")
  }

  /// The next error, which is not this machine's own.
  private static func nextError(_ socket: inout UDPSocket) throws -> SocketErrorReport {
    var poll = SocketPoll()
    poll.add(socket.descriptor)
    let deadline = soon
    repeat {
      if let report = socket.receiveError(), report.origin != .local { return report }
    } while try poll.wait(until: deadline) != .deadline
    let nothing: SocketErrorReport? = nil
    return try #require(nothing, "no ICMP error came")
  }

  @Test(
    "A router's MTU comes with its address and the datagram, and is known from then on",
    arguments: [false, true])
  func narrow(isIPv6: Bool) throws {
    let network = try Namespaces.make()
    let target = try Self.target(isIPv6: isIPv6)
    var socket = try network.inside("a") {
      try UDPSocket(isIPv6: isIPv6, fragmentation: .forbidden)
    }
    // The whole packet is 1,400 bytes.
    let large = (0..<1400 - (isIPv6 ? 48 : 28)).map { UInt8(truncatingIfNeeded: $0) }
    try socket.send(large, to: target)
    let report = try Self.nextError(&socket)
    #expect(report.origin == (isIPv6 ? .icmpv6 : .icmp))
    #expect((report.icmpType, report.icmpCode) == (isIPv6 ? (2, 0) : (3, 4)))
    #expect(report.code == EMSGSIZE && report.mtu == Namespaces.narrow)
    #expect(report.offender == Self.router(isIPv6: isIPv6))
    #expect(report.destination == target)
    #expect(report.quoted.count >= 500 && large.starts(with: report.quoted))
    // Now this machine refuses by itself,
    let refused = #expect(throws: SocketError.self) { try socket.send(large, to: target) }
    #expect(refused?.meaning == .tooLarge)
    let queued = socket.receiveError()
    let local = try #require(queued)
    #expect(local.origin == .local && local.mtu == Namespaces.narrow)
    while socket.receiveError() != nil {}
    // its route knows it,
    let route = try network.inside("a") { try LocalRoute(to: target.address) }
    #expect(route.pathMTU == Namespaces.narrow && route.interface.mtu == 1500)
    // and whoever probes goes out all the same.
    try socket.setFragmentation(.probing)
    try socket.send(large, to: target)
    #expect(try Self.nextError(&socket).mtu == Namespaces.narrow)
  }

  @Test("Fragments pass where DF is not set", arguments: [false, true])
  func fragments(isIPv6: Bool) throws {
    let network = try Namespaces.make()
    let target = try Self.target(isIPv6: isIPv6)
    var receiver = try network.inside("b") { try UDPSocket(isIPv6: isIPv6, source: target) }
    let sender = try network.inside("a") { try UDPSocket(isIPv6: isIPv6, fragmentation: .allowed) }
    let large = [UInt8](repeating: 9, count: 4000)
    // IPv6 routers do not fragment: the first packet tells the sender the MTU.
    var received: ReceivedDatagram?
    var poll = SocketPoll()
    poll.add(receiver.descriptor)
    for _ in 0..<20 where received == nil {
      try sender.send(large, to: target)
      _ = try poll.wait(until: MonotonicClock.now() + 250_000_000)
      received = try receiver.receive()
    }
    let datagram = try #require(received)
    #expect(datagram.bytes == large)
    #expect(datagram.hopLimit == 63)
    #expect(datagram.source.port == sender.localPort)
  }

  @Test("A router that forbids is told from one that knows no way")
  func prohibited() throws {
    let network = try Namespaces.make()
    let forbidden = Endpoint(IPAddress(v4: 0x0A63_0201), 4500)
    let unknown = Endpoint(IPAddress(v4: 0x0A63_0301), 4500)
    var socket = try network.inside("a") { try UDPSocket(isIPv6: false) }
    try socket.send([1, 2, 3, 4], to: forbidden)
    let report = try Self.nextError(&socket)
    #expect((report.icmpType, report.icmpCode) == (3, 13))
    #expect(report.destination == forbidden && report.quoted == [1, 2, 3, 4])
    try socket.send([5], to: unknown)
    let second = try Self.nextError(&socket)
    #expect((second.icmpType, second.icmpCode) == (3, 0))
    #expect(second.code == ENETUNREACH && second.destination == unknown)
  }

  @Test("A next hop that does not answer is told by this machine itself")
  func neighbour() throws {
    let network = try Namespaces.make()
    let absent = Endpoint(IPAddress(v4: 0x0A63_004D), 500)
    var socket = try network.inside("a") {
      // A second in between is usual.
      unsafe _ = system("sysctl -qw net.ipv4.neigh.wan0.retrans_time_ms=50")
      return try UDPSocket(isIPv6: false)
    }
    try socket.send([1, 2], to: absent)
    let report = try Self.nextError(&socket)
    #expect((report.icmpType, report.icmpCode) == (3, 1) && report.code == EHOSTUNREACH)
    #expect(report.offender == IPAddress(text: "10.99.0.1"))
    #expect(report.destination == absent && report.quoted == [1, 2])
  }

  @Test("A route into nothing is told as one")
  func blackhole() throws {
    let network = try Namespaces.make()
    let target = Endpoint(IPAddress(v4: 0x0A63_0401), 500)
    let error = try network.inside("a") {
      unsafe _ = system("ip route add blackhole 10.99.4.0/24")
      let socket = try UDPSocket(isIPv6: false)
      return #expect(throws: SocketError.self) { try socket.send([1], to: target) }
    }
    #expect("\(error.map { "\($0)" } ?? "")".contains("a blackhole route"))
  }

  @Test("A router's refusal ends a TCP connection at once, and names the router")
  func tcp() throws {
    let network = try Namespaces.make()
    let forbidden = Endpoint(IPAddress(v4: 0x0A63_0201), 4500)
    var connection = try network.inside("a") { try TCPConnection(to: forbidden) }
    var poll = SocketPoll()
    poll.add(connection.descriptor, .writing)
    let outcome = try poll.wait(until: Self.soon)
    #expect(outcome == .ready)
    let report = connection.receiveError()
    #expect(report?.icmpType == 3 && report?.icmpCode == 13)
    #expect(report?.offender == Self.router(isIPv6: false))
    let error = #expect(throws: SocketError.self) { try connection.isConnected() }
    #expect(error?.meaning == .hostUnreachable)
    // Asked again, it is still so.
    let later = #expect(throws: SocketError.self) { try connection.isConnected() }
    #expect(later == error)
    let again = #expect(throws: SocketError.self) {
      try network.inside("a") { _ = try TCPConnection.connect(to: forbidden, until: Self.soon) }
    }
    #expect(again?.meaning == .hostUnreachable)
  }

  @Test("A route names source, next hop and interface; without one there is an error")
  func route() throws {
    let network = try Namespaces.make()
    let route = try network.inside("a") { try LocalRoute(to: IPAddress(v4: 0x0A63_0101)) }
    #expect(route.source == IPAddress(text: "10.99.0.1"))
    #expect(route.gateway == Self.router(isIPv6: false))
    #expect(route.interface.name == "wan0" && route.interface.isUp && !route.interface.isLoopback)
    #expect(route.pathMTU == 1500)
    let near = try network.inside("a") { try LocalRoute(to: IPAddress(v4: 0x0A63_0002)) }
    #expect(near.gateway == nil)
    let error = try network.inside("r") {
      #expect(throws: SocketError.self) { try LocalRoute(to: IPAddress(v4: 0xC633_6401)) }
    }
    #expect(error?.meaning == .networkUnreachable)
  }

  @Test("What this machine's own firewall drops is said to be that")
  func firewall() throws {
    let network = try Namespaces.make()
    let target = try Self.target(isIPv6: false)
    let dropped = try network.inside("a") {
      unsafe system(
        "nft 'add table t; add chain t o { type filter hook output priority 0; }; add rule t o udp dport 500 drop' 2>/dev/null"
      )
    }
    if dropped != 0 { try Test.cancel("there is no nft here") }
    let error = try network.inside("a") {
      let socket = try UDPSocket(isIPv6: false)
      return #expect(throws: SocketError.self) { try socket.send([1], to: target) }
    }
    #expect(error == SocketError(.send(target), code: EPERM))
  }
}
