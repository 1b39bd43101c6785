import Glibc
import Host
import PacketDissector
import Testing

@Suite("TCP connections")
struct TCPTests {
  private static var soon: Int64 { MonotonicClock.now() + 5_000_000_000 }

  /// Waits until a socket is ready.
  private static func wait(_ descriptor: Int32, _ interest: SocketPoll.Interest) throws {
    var poll = SocketPoll()
    poll.add(descriptor, interest)
    let outcome = try poll.wait(until: soon)
    try #require(outcome == .ready)
  }

  private static func read(_ connection: borrowing TCPConnection, until count: Int) throws
    -> [UInt8]
  {
    var bytes: [UInt8] = []
    while bytes.count < count {
      switch try connection.read(into: &bytes) {
      case .bytes: continue
      case .nothing: try wait(connection.descriptor, .reading)
      case .end: return bytes
      }
    }
    return bytes
  }

  @Test("Both sides talk, and one ends its half first", arguments: [false, true])
  func conversation(isIPv6: Bool) throws {
    _ = try Loopback.socket(isIPv6: isIPv6)
    let listener = try TCPListener(on: Endpoint(Loopback.address(isIPv6: isIPv6), 0))
    let bound = listener.localEndpoint
    let address = try #require(bound)
    if try listener.accept() != nil { Issue.record("nobody has called") }
    let client = try TCPConnection.connect(to: address, until: Self.soon)
    try Self.wait(listener.descriptor, .reading)
    guard let server = try listener.accept() else { throw Missing() }
    let ends = (server.peer, client.localEndpoint, client.peer)
    #expect(ends.0 == ends.1 && ends.2 == address)
    var bytes: [UInt8] = []
    let nothing = try server.read(into: &bytes)
    #expect(nothing == .nothing)
    let sent = try client.write([1, 2, 3].rawBytes)
    #expect(sent == 3)
    try client.finishWriting()
    let request = try Self.read(server, until: 3)
    #expect(request == [1, 2, 3])
    try Self.wait(server.descriptor, .reading)
    let end = try server.read(into: &bytes)
    #expect(end == .end)
    let answered = try server.write([4].rawBytes)
    #expect(answered == 1)
    let answer = try Self.read(client, until: 1)
    #expect(answer == [4])
    #expect(bytes.isEmpty)
  }

  @Test("What there is no room for is left, and goes when there is")
  func partial() throws {
    let listener = try TCPListener(on: Endpoint(Loopback.v4, 0))
    let bound = listener.localEndpoint
    let client = try TCPConnection.connect(to: try #require(bound), until: Self.soon)
    try Self.wait(listener.descriptor, .reading)
    guard let server = try listener.accept() else { throw Missing() }
    // More than buffers hold, of a length that no buffer's divides.
    var all = [UInt8](0..<251)
    while all.count < 12 << 20 { all += all }
    var sent = 0
    var received: [UInt8] = []
    var wasFull = false
    while received.count < all.count {
      if sent < all.count {
        let count = try client.write(all.rawBytes.extracting(sent..<all.count))
        if count < all.count - sent { wasFull = true }
        sent += count
      }
      if try server.read(into: &received) == .nothing {
        try Self.wait(server.descriptor, .reading)
      }
    }
    #expect(wasFull)
    #expect(received == all)
  }

  @Test("A closed port refuses", arguments: [false, true])
  func refused(isIPv6: Bool) throws {
    let closed = try UDPSocketTests.closedPort(isIPv6: isIPv6)
    let error = #expect(throws: SocketError.self) {
      _ = try TCPConnection.connect(to: closed, until: Self.soon)
    }
    #expect(error == SocketError(.connect(closed), code: ECONNREFUSED))
    #expect(error?.meaning == .refused)
  }

  @Test("Silence is a timeout, at the deadline")
  func timeout() throws {
    // One connection fills the backlog's last place; the next SYN gets no answer. Linux takes one more
    // than it is asked for.
    let listener = try TCPListener(on: Endpoint(Loopback.v4, 0))
    let bound = listener.localEndpoint
    let address = try #require(bound)
    _ = listen(listener.descriptor, 0)
    let first = try TCPConnection.connect(to: address, until: Self.soon)
    let deadline = MonotonicClock.now() + 200_000_000
    let error = #expect(throws: SocketError.self) {
      _ = try TCPConnection.connect(to: address, until: deadline)
    }
    #expect(error?.meaning == .timedOut)
    #expect(MonotonicClock.now() >= deadline)
    _ = first.descriptor
  }

  @Test("The source is the one that was asked for")
  func source() throws {
    let listener = try TCPListener(on: Endpoint(Loopback.v4, 0))
    let bound = listener.localEndpoint
    let address = try #require(bound)
    let source = Endpoint(IPAddress(v4: 0x7F00_0909), 0)
    let client = try TCPConnection.connect(
      to: address, from: source, interface: "lo", until: Self.soon)
    let local = client.localEndpoint
    #expect(local?.address == source.address)
    let error = #expect(throws: SocketError.self) {
      _ = try TCPConnection(to: address, from: Endpoint(IPAddress(v4: 0xC633_6401), 0))
    }
    #expect(error?.meaning == .addressNotHere)
  }

  private struct Missing: Error {}
}
