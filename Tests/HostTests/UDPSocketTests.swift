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

  @Test(
    "With DF a datagram over the interface's MTU is refused here, with the MTU",
    arguments: [false, true])
  func tooLarge(isIPv6: Bool) throws {
    var sender = try Loopback.socket(isIPv6: isIPv6, fragmentation: .forbidden)
    let receiver = try Loopback.socket(isIPv6: isIPv6)
    let mtu = try #require(InterfaceMTU.ofLoopback)
    // IPv6 counts its header apart, so that no datagram of UDP is larger than the MTU of a loopback left
    // at 65,536.
    let size = Int(mtu) - (isIPv6 ? 48 : 28) + 1
    guard size <= 65_507 + (isIPv6 ? 20 : 0) else {
      try Test.cancel("no datagram is larger than \(mtu)")
    }
    let large = [UInt8](repeating: 0, count: size)
    let error = #expect(throws: SocketError.self) {
      try sender.send(large, to: receiver.localEndpoint)
    }
    #expect(error?.meaning == .tooLarge)
    let queued = sender.receiveError()
    let report = try #require(queued)
    #expect(report.origin == .local && report.code == EMSGSIZE && report.mtu == mtu)
    #expect(report.destination.address == Loopback.address(isIPv6: isIPv6))
    while sender.receiveError() != nil {}
    try sender.setFragmentation(.allowed)
    try sender.send(large, to: receiver.localEndpoint)
  }

  /// A port that was free a moment ago.
  static func closedPort(isIPv6: Bool) throws -> Endpoint {
    let socket = try Loopback.socket(isIPv6: isIPv6)
    return socket.localEndpoint
  }
}

enum InterfaceMTU {
  static var ofLoopback: UInt32? { nil }
}
