import Glibc
import Host
import PacketDissector
import Testing

/// Addresses that every machine has.
enum Loopback {
  static let v4 = IPAddress(v4: 0x7F00_0001)
  static let v6 = IPAddress(v6High: 0, low: 1)

  static func address(isIPv6: Bool) -> IPAddress { isIPv6 ? v6 : v4 }

  /// A socket on this machine's loopback address; the test ends where there is no IPv6.
  static func socket(
    isIPv6: Bool, fragmentation: FragmentationPolicy = .allowed
  ) throws -> UDPSocket {
    if isIPv6, !hasIPv6 { try Test.cancel("this machine has no IPv6") }
    return try UDPSocket(
      isIPv6: isIPv6, source: Endpoint(address(isIPv6: isIPv6), 0), fragmentation: fragmentation)
  }

  private static let hasIPv6: Bool = {
    do throws(SocketError) {
      _ = try UDPSocket(isIPv6: true, source: Endpoint(v6, 0))
      return true
    } catch {
      return false
    }
  }()
}

@Suite("UDP sockets")
struct UDPSocketTests {
  @Test(
    "A datagram arrives with its sender, destination, interface, time and hop limit",
    arguments: [false, true])
  func datagram(isIPv6: Bool) throws {
    let sender = try Loopback.socket(isIPv6: isIPv6)
    var receiver = try Loopback.socket(isIPv6: isIPv6)
    let address = Loopback.address(isIPv6: isIPv6)
    let early = try receiver.receive()
    #expect(early == nil)
    let before = Timestamp.now
    try sender.send([1, 2, 3], to: Endpoint(address, receiver.localPort))
    let received = try receiver.receive()
    let datagram = try #require(received)
    #expect(datagram.bytes == [1, 2, 3])
    #expect(datagram.source == Endpoint(address, sender.localPort))
    #expect(datagram.destination == address)
    #expect(unsafe datagram.interface == if_nametoindex("lo"))
    #expect(datagram.time >= before && datagram.time <= .now)
    #expect(datagram.hopLimit == 64)
    #expect(datagram.trafficClass == 0)
    let more = try receiver.receive()
    #expect(more == nil)
  }

  @Test(
    "A closed port's ICMP error names its sender, its datagram and what that held",
    arguments: [false, true])
  func refused(isIPv6: Bool) throws {
    var sender = try Loopback.socket(isIPv6: isIPv6)
    let closed = try Self.closedPort(isIPv6: isIPv6)
    let early = sender.receiveError()
    #expect(early == nil)
    try sender.send([7, 8, 9], to: closed)
    let queued = sender.receiveError()
    let report = try #require(queued)
    #expect(report.origin == (isIPv6 ? .icmpv6 : .icmp))
    #expect(report.code == ECONNREFUSED)
    #expect((report.icmpType, report.icmpCode) == (isIPv6 ? (1, 4) : (3, 3)))
    #expect(report.offender == closed.address)
    #expect(report.destination == closed)
    #expect(report.quoted == [7, 8, 9])
    #expect(report.mtu == nil)
    #expect("\(report)".hasPrefix("port unreachable (ICMP"))
    let more = sender.receiveError()
    #expect(more == nil)
  }

  @Test(
    "Errors of earlier datagrams spoil neither sending nor receiving", arguments: [false, true])
  func pendingErrors(isIPv6: Bool) throws {
    var sender = try Loopback.socket(isIPv6: isIPv6)
    var receiver = try Loopback.socket(isIPv6: isIPv6)
    let closed = try Self.closedPort(isIPv6: isIPv6)
    let open = receiver.localEndpoint
    for number in 0..<20 as Range<UInt8> {
      try sender.send([0], to: closed)
      try sender.send([number], to: open)
      let there = try receiver.receive()
      #expect(there?.bytes == [number])
      try receiver.send([number], to: sender.localEndpoint)
      try sender.send([0], to: closed)
      let back = try sender.receive()
      #expect(back?.bytes == [number])
    }
    var reports = 0
    while sender.receiveError() != nil { reports += 1 }
    #expect(reports == 40)
  }

  @Test("With DF a datagram over the interface's MTU is refused here, with the MTU")
  func tooLarge() throws {
    // Loopback's MTU is usually 65,536: no datagram of IPv4 is larger, but one of IPv6 may be, as that
    // counts its header apart.
    var sender = try Loopback.socket(isIPv6: true, fragmentation: .forbidden)
    var receiver = try Loopback.socket(isIPv6: true)
    let mtu = try NetworkInterface(named: "lo").mtu
    let size = Int(mtu) - 48 + 1
    guard size <= 65_527 else { try Test.cancel("the loopback's MTU is \(mtu)") }
    let large = [UInt8](repeating: 0, count: size)
    let target = receiver.localEndpoint
    let error = #expect(throws: SocketError.self) { try sender.send(large, to: target) }
    #expect(error?.meaning == .tooLarge)
    let queued = sender.receiveError()
    let report = try #require(queued)
    #expect(report.origin == .local && report.code == EMSGSIZE && report.mtu == mtu)
    #expect(report.destination.address == Loopback.v6)
    while sender.receiveError() != nil {}
    try sender.send([UInt8](repeating: 0, count: size - 1), to: target)
    try sender.setFragmentation(.allowed)
    try sender.send(large, to: target)
    let first = try receiver.receive()
    let second = try receiver.receive()
    #expect(first?.bytes.count == size - 1 && second?.bytes.count == size)
  }

  @Test("A datagram larger than any may be is refused")
  func largerThanAny() throws {
    let sender = try Loopback.socket(isIPv6: false)
    let target = sender.localEndpoint
    let error = #expect(throws: SocketError.self) {
      try sender.send([UInt8](repeating: 0, count: 65_508), to: target)
    }
    #expect(error?.meaning == .tooLarge)
  }

  @Test("The source can be chosen for each datagram")
  func source() throws {
    let sender = try UDPSocket(isIPv6: false)
    var receiver = try UDPSocket(isIPv6: false, interface: "lo")
    #expect(sender.localEndpoint.address == .any(isIPv6: false) && sender.localPort != 0)
    let other = IPAddress(v4: 0x7F00_0203)
    let target = Endpoint(IPAddress(v4: 0x7F00_0405), receiver.localPort)
    try sender.send([1], to: target, from: other)
    let received = try receiver.receive()
    let datagram = try #require(received)
    #expect(datagram.source == Endpoint(other, sender.localPort))
    #expect(datagram.destination == target.address)
    let foreign = #expect(throws: SocketError.self) {
      try sender.send([1], to: target, from: IPAddress(v4: 0xC633_6401))
    }
    #expect(foreign?.meaning == .addressNotHere)
  }

  @Test("A connected socket takes datagrams of its peer alone, and knows the path's MTU")
  func connected() throws {
    var socket = try Loopback.socket(isIPv6: false)
    let peer = try Loopback.socket(isIPv6: false)
    let stranger = try Loopback.socket(isIPv6: false)
    #expect(socket.pathMTU == nil)
    try socket.connect(to: peer.localEndpoint)
    let mtu = try NetworkInterface(named: "lo").mtu
    // No packet of IPv4 is larger.
    #expect(socket.pathMTU == min(mtu, 65_535))
    try stranger.send([1], to: socket.localEndpoint)
    try peer.send([2], to: socket.localEndpoint)
    let first = try socket.receive()
    #expect(first?.bytes == [2])
    let second = try socket.receive()
    #expect(second == nil)
  }

  @Test("A taken port, a strange address and a strange interface are errors that say so")
  func refusals() throws {
    let holder = try Loopback.socket(isIPv6: false)
    let taken = holder.localEndpoint
    let inUse = #expect(throws: SocketError.self) {
      _ = try UDPSocket(isIPv6: false, source: taken)
    }
    #expect(inUse == SocketError(.bind(.udp, taken), code: EADDRINUSE))
    let strange = Endpoint(IPAddress(v4: 0xC633_6401), 0)
    let notHere = #expect(throws: SocketError.self) {
      _ = try UDPSocket(isIPv6: false, source: strange)
    }
    #expect(notHere?.meaning == .addressNotHere)
    for name in ["", "no-such-if", "a-name-longer-than-any-may-be"] {
      let interface = #expect(throws: SocketError.self) {
        _ = try UDPSocket(isIPv6: false, interface: name)
      }
      #expect(interface == SocketError(.bindToInterface(name), code: ENODEV))
    }
  }

  /// A port that was free a moment ago.
  static func closedPort(isIPv6: Bool) throws -> Endpoint {
    let socket = try Loopback.socket(isIPv6: isIPv6)
    return socket.localEndpoint
  }
}
