import Glibc
import Host
import PacketDissector
import Testing

@Suite("Raw sockets")
struct RawSocketTests {
  private static let isAllowed = Capabilities.effective.contains(.netRaw)

  /// The next of what comes within two seconds.
  private static func next(_ socket: inout RawSocket) throws -> ReceivedDatagram? {
    var poll = SocketPoll()
    poll.add(socket.descriptor)
    let deadline = MonotonicClock.now() + 2_000_000_000
    while try poll.wait(until: deadline) == .ready {
      if let datagram = try socket.receive() { return datagram }
    }
    return nil
  }

  @Test("Without the capability the error says how to get it")
  func refused() throws {
    if Self.isAllowed { try Test.cancel("this process has CAP_NET_RAW") }
    let error = #expect(throws: SocketError.self) { _ = try RawSocket(.esp, isIPv6: false) }
    #expect("\(error.map { "\($0)" } ?? "")".contains("setcap cap_net_raw"))
  }

  @Test("An echo comes back", arguments: [false, true])
  func echo(isIPv6: Bool) throws {
    if !Self.isAllowed { try Test.cancel("it takes the capability CAP_NET_RAW") }
    _ = try Loopback.socket(isIPv6: isIPv6)
    let address = Loopback.address(isIPv6: isIPv6)
    var socket = try RawSocket(.echo, isIPv6: isIPv6)
    var request = ByteWriter()
    ICMPHeader(isICMPv6: isIPv6, type: isIPv6 ? 128 : 8, code: 0, rest: 0x1234_0001).write(
      to: &request)
    request.append([1, 2, 3])
    try socket.send(request.bytes, to: address)
    // The filter keeps the request out, which comes by the loopback as well.
    let received = try Self.next(&socket)
    let datagram = try #require(received)
    #expect(datagram.source == Endpoint(address, 0))
    #expect(datagram.destination == address)
    var reader = ByteReader(datagram.bytes.rawBytes, layer: isIPv6 ? .icmpv6 : .icmp)
    let header = try ICMPHeader(from: &reader)
    #expect(header.type == (isIPv6 ? 129 : 0) && header.rest == 0x1234_0001)
    #expect(reader.rest() == [1, 2, 3])
  }

  @Test("ESP arrives as it was sent", arguments: [false, true])
  func esp(isIPv6: Bool) throws {
    if !Self.isAllowed { try Test.cancel("it takes the capability CAP_NET_RAW") }
    _ = try Loopback.socket(isIPv6: isIPv6)
    let source = isIPv6 ? Loopback.v6 : IPAddress(v4: 0x7F00_0707)
    let target = isIPv6 ? Loopback.v6 : IPAddress(v4: 0x7F00_0808)
    let sender = try RawSocket(.esp, isIPv6: isIPv6, source: source)
    var receiver = try RawSocket(.esp, isIPv6: isIPv6, source: target, interface: "lo")
    let packet = [0, 0, 0x10, 1, 0, 0, 0, 1] + [UInt8](repeating: 0xA5, count: 40)
    try sender.send(packet, to: target)
    let received = try Self.next(&receiver)
    let datagram = try #require(received)
    #expect(datagram.bytes == packet)
    #expect(datagram.source == Endpoint(source, 0) && datagram.destination == target)
    #expect(datagram.hopLimit == 64)
    #expect(receiver.dropped == 0)
  }
}
