import Glibc
import Host
import PacketDissector
import Testing

/// Control messages as the kernel of a 64-bit machine writes them.
enum Control {
  static func message(_ level: Int32, _ type: Int32, _ content: [UInt8]) -> [UInt8] {
    Message.host(UInt64(16 + content.count)) + Message.host(level) + Message.host(type) + content
      + [UInt8](repeating: 0, count: (8 - content.count % 8) % 8)
  }

  static let time = message(
    SOL_SOCKET, SO_TIMESTAMPNS, Message.host(UInt64(1_700_000_000)) + Message.host(UInt64(5)))
  static let packetInfo = message(
    SOL_IP, IP_PKTINFO, Message.host(UInt32(3)) + [10, 0, 0, 9, 192, 0, 2, 7])
  static let packetInfo6 = message(
    SOL_IPV6, IPV6_PKTINFO,
    [0x20, 0x01] + [UInt8](repeating: 0, count: 13) + [9] + Message.host(UInt32(4)))

  /// `struct sock_extended_err` and the offender's `sockaddr_in`.
  static func error(
    code: Int32 = EMSGSIZE, origin: UInt8 = 2, type: UInt8 = 3, icmpCode: UInt8 = 4,
    info: UInt32 = 1300,
    offender: [UInt8] = [2, 0, 0, 0, 198, 51, 100, 1] + [UInt8](repeating: 0, count: 8)
  ) -> [UInt8] {
    Message.host(code) + [origin, type, icmpCode, 0] + Message.host(info) + Message.host(UInt32(0))
      + offender
  }

  static let everything =
    time + packetInfo + message(SOL_IP, IP_TTL, Message.host(UInt32(57)))
    + message(SOL_IP, IP_TOS, [0xB8]) + message(SOL_SOCKET, SO_RXQ_OVFL, Message.host(UInt32(12)))
    + message(SOL_IP, IP_RECVERR, error())
}

@Suite("Control messages of recvmsg")
struct ControlMessagesTests {
  private func read(_ bytes: [UInt8]) -> ControlMessages { ControlMessages(bytes.rawBytes) }

  @Test("Everything that is asked for is read")
  func all() throws {
    let control = read(Control.everything)
    #expect(control.time == Timestamp(nanoseconds: 1_700_000_000_000_000_005))
    #expect(control.interface == 3)
    #expect(control.destination == IPAddress(text: "192.0.2.7"))
    #expect(control.hopLimit == 57)
    #expect(control.trafficClass == 0xB8)
    #expect(control.dropped == 12)
    let error = try #require(control.error)
    #expect((error.code, error.origin, error.type, error.icmpCode) == (EMSGSIZE, 2, 3, 4))
    #expect(error.info == 1300)
    #expect(error.offender == IPAddress(text: "198.51.100.1"))
  }

  @Test("IPv6 has messages of its own")
  func ipv6() throws {
    let offender =
      [10, 0, 0, 0, 0, 0, 0, 0, 0xFE, 0x80] + [UInt8](repeating: 0, count: 13) + [1, 0, 0, 0, 0]
    let control = read(
      Control.packetInfo6 + Control.message(SOL_IPV6, IPV6_HOPLIMIT, Message.host(UInt32(255)))
        + Control.message(SOL_IPV6, IPV6_TCLASS, Message.host(UInt32(2)))
        + Control.message(
          SOL_IPV6, IPV6_RECVERR, Control.error(origin: 3, type: 2, icmpCode: 0, offender: offender)
        ))
    #expect(control.destination == IPAddress(text: "2001::9"))
    #expect(control.interface == 4)
    #expect(control.hopLimit == 255 && control.trafficClass == 2)
    #expect(control.error?.offender == IPAddress(text: "fe80::1"))
  }

  @Test("An error without an offender has none")
  func noOffender() {
    let absent = [UInt8](repeating: 0, count: 16)
    let control = read(
      Control.message(SOL_IP, IP_RECVERR, Control.error(origin: 1, offender: absent)))
    #expect(control.error != nil && control.error?.offender == nil)
  }

  @Test("Nothing, and messages of other types, say nothing")
  func others() {
    let nothing = read([])
    #expect(nothing == read(Control.message(SOL_SOCKET, 1, [1, 2, 3])))
    #expect(nothing.time == nil && nothing.error == nil && nothing.interface == 0)
  }

  @Test("Cut anywhere, it keeps the whole messages before", arguments: 0..<Control.everything.count)
  func cut(at count: Int) {
    let control = read(Array(Control.everything.prefix(count)))
    // 16 bytes of header and the content, without filler.
    #expect((control.time != nil) == (count >= 32))
    #expect((control.destination != nil) == (count >= 32 + 28))
    // The last message has no filler.
    #expect(control.error == nil)
  }

  @Test("A length that lies ends the list, and one too short for its type is passed over")
  func lies() {
    for length in [UInt64(0), 15, 33, 1 << 63, .max] {
      let bytes = Message.host(length) + Control.time.dropFirst(8) + Control.packetInfo
      #expect(read(bytes).destination == nil, "length \(length)")
    }
    for count in 0..<12 {
      let short = Control.message(SOL_IP, IP_PKTINFO, [UInt8](repeating: 1, count: count))
      let control = read(short + Control.time)
      #expect(control.destination == nil && control.interface == 0 && control.time != nil)
    }
  }

  @Test("Times that are none are left out")
  func times() {
    for (seconds, fraction) in [
      (UInt64(1), UInt64(1_000_000_000)), (1 << 62, 0), (UInt64(Int64.max), 999_999_999), (1, .max),
    ] {
      let content = Message.host(seconds) + Message.host(fraction)
      #expect(read(Control.message(SOL_SOCKET, SO_TIMESTAMPNS, content)).time == nil)
    }
  }

  @Test("No corrupted byte traps, or reaches back to the messages before")
  func corruption() {
    let whole = Control.everything + Control.packetInfo6
    for index in whole.indices {
      for value in [UInt8(0), 1, 0x0F, 0x7F, 0x80, 0xFF] {
        var copy = whole
        copy[index] = value
        let control = read(copy)
        // The first message is 32 bytes, and nothing behind it changes what it said.
        if index >= 32 { #expect(control.time == read(Control.time).time) }
      }
    }
  }
}

@Suite("Reports of a socket's error queue")
struct SocketErrorReportTests {
  private func report(
    code: Int32 = EMSGSIZE, origin: UInt8 = 2, type: UInt8 = 3, icmpCode: UInt8 = 4,
    info: UInt32 = 1300
  ) throws -> SocketErrorReport? {
    let bytes = Control.message(
      SOL_IP, IP_RECVERR,
      Control.error(code: code, origin: origin, type: type, icmpCode: icmpCode, info: info))
    return SocketErrorReport(
      try #require(ControlMessages(bytes.rawBytes).error),
      destination: Endpoint(IPAddress(v4: 0xC000_0207), 500), quoted: [1],
      time: Timestamp(nanoseconds: 1))
  }

  @Test("A router's MTU is taken from the messages that have one")
  func mtu() throws {
    #expect(try self.report()?.mtu == 1300)
    #expect(try self.report(info: 0)?.mtu == nil)
    #expect(try self.report(code: ECONNREFUSED, icmpCode: 3)?.mtu == nil)
    #expect(try self.report(origin: 3, type: 2, icmpCode: 0)?.mtu == 1300)
    #expect(try self.report(origin: 3, type: 4)?.mtu == nil)
    #expect(try self.report(origin: 1, type: 0, icmpCode: 0)?.mtu == 1300)
    #expect(try self.report(code: EHOSTUNREACH, origin: 1)?.mtu == nil)
  }

  @Test("Entries that are no errors are none")
  func noErrors() throws {
    for origin in [UInt8(0), 4, 5, 6, 255] { #expect(try report(origin: origin) == nil) }
  }

  @Test("One line says what, from whom and how large")
  func text() throws {
    #expect(
      try report()?.description
        == "fragmentation needed (ICMP 3/4) from 198.51.100.1, MTU 1300")
    #expect(
      try report(code: EHOSTUNREACH, icmpCode: 13)?.description
        == "administratively prohibited (ICMP 3/13) from 198.51.100.1")
    #expect(
      try report(origin: 3, type: 1, icmpCode: 4, info: 0)?.description
        == "port unreachable (ICMPv6 1/4) from 198.51.100.1")
    #expect(
      try report(origin: 1, type: 7)?.description == "this machine: Message too long, MTU 1300")
    #expect(try report(origin: 1, type: 7)?.icmpType == 0)
  }
}
