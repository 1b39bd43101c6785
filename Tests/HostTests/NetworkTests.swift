import CLinux
import Glibc
import Host
import PacketDissector
import Testing

@Suite("Names and their addresses")
struct NameResolutionTests {
  @Test(
    "A numeric address is itself, without asking anyone",
    arguments: ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"])
  func numeric(text: String) throws {
    let address = try #require(IPAddress(text: text))
    #expect(try NameResolution.addresses(of: text) == [ResolvedAddress(address)])
  }

  @Test("A link-local address keeps its interface")
  func scope() throws {
    let address = try #require(IPAddress(text: "fe80::1"))
    let loopback = unsafe if_nametoindex("lo")
    #expect(
      try NameResolution.addresses(of: "fe80::1%lo")
        == [ResolvedAddress(address, interface: loopback)])
  }

  @Test("A name of this machine's own has an address of the family that is asked for")
  func localhost() throws {
    let found = try NameResolution.addresses(of: "localhost", family: .ipv4)
    #expect(found == [ResolvedAddress(Loopback.v4)])
  }

  @Test("An address of the other family is none")
  func family() {
    for (text, family) in [("192.0.2.1", NameResolution.Family.ipv6), ("2001:db8::1", .ipv4)] {
      let error = #expect(throws: ResolutionError.self) {
        try NameResolution.addresses(of: text, family: family)
      }
      #expect(error?.reason == .noAddress)
    }
  }

  @Test("What is no name is not looked up")
  func noName() {
    for text in ["", "a\0b"] {
      #expect(throws: ResolutionError(name: text, family: .any, reason: .noSuchName)) {
        try NameResolution.addresses(of: text)
      }
    }
  }

  @Test("Each failure has its words")
  func words() {
    func text(_ code: Int32, _ family: NameResolution.Family = .any) -> String {
      "\(ResolutionError(name: "gw", family: family, reason: .init(code, systemCode: EMFILE)))"
    }
    #expect(text(EAI_NONAME) == "cannot resolve gw: no such name, or none with an address")
    #expect(text(-5, .ipv6) == "cannot resolve gw: the name has no IPv6 address")
    #expect(
      text(EAI_AGAIN) == "cannot resolve gw: the name server does not answer; try again later")
    #expect(text(EAI_FAIL) == "cannot resolve gw: the name server failed")
    #expect(text(EAI_SYSTEM) == "cannot resolve gw: Too many open files")
    #expect(text(EAI_MEMORY) == "cannot resolve gw: Memory allocation failure")
  }
}

@Suite("Routes and interfaces")
struct LocalRouteTests {
  @Test("The way to this machine itself is the loopback", arguments: [false, true])
  func loopback(isIPv6: Bool) throws {
    _ = try Loopback.socket(isIPv6: isIPv6)
    let address = Loopback.address(isIPv6: isIPv6)
    let route = try LocalRoute(to: address)
    #expect(route.source == address)
    #expect(route.gateway == nil)
    #expect(route.interface.name == "lo")
    #expect(route.interface.isLoopback && route.interface.isUp)
    #expect(route.pathMTU == min(route.interface.mtu, isIPv6 ? .max : 65_535))
  }

  @Test("The source and the interface that are asked for are used")
  func choice() throws {
    let source = IPAddress(v4: 0x7F00_0505)
    #expect(try LocalRoute(to: Loopback.v4, from: source, interface: "lo").source == source)
    let error = #expect(throws: SocketError.self) {
      try LocalRoute(to: Loopback.v4, interface: "no-such-if")
    }
    #expect(error?.meaning == .noSuchInterface)
    #expect(throws: SocketError(.ask("find the interface no-such-if"), code: ENODEV)) {
      try NetworkInterface(named: "no-such-if")
    }
  }

  // RTM_NEWROUTE: struct rtmsg, then RTA_DST, RTA_OIF, RTA_GATEWAY, and one that is not known.
  private static let route: [UInt8] =
    [2, 32, 0, 0, 254, 0, 0, 1] + Message.host(UInt32(0x200))
    + Message.attribute(1, [192, 0, 2, 9]) + Message.attribute(4, Message.host(UInt32(7)))
    + Message.attribute(5, [10, 0, 0, 1]) + Message.attribute(99, [1, 2, 3])
  private static let routeType = UInt16(RTM_NEWROUTE)

  private func read(_ bytes: [UInt8]) -> RouteMessage? {
    RouteMessage(bytes.rawBytes, sequence: 1)
  }

  @Test("A route names its interface and its next hop, which may be of the other family")
  func routeMessage() {
    let gateway = IPAddress(v4: 0x0A00_0001)
    #expect(
      read(Message.netlink(Self.routeType, Self.route)) == .route(interface: 7, gateway: gateway))
    let via = Message.attribute(
      18, Message.host(UInt16(10)) + [0xFE, 0x80] + [UInt8](repeating: 0, count: 13) + [1])
    #expect(
      read(Message.netlink(Self.routeType, Self.route.prefix(12) + via))
        == .route(interface: 0, gateway: IPAddress(text: "fe80::1")))
  }

  @Test("Messages of other requests are passed over; an error is its number")
  func otherMessages() {
    let mine = Message.netlink(Self.routeType, Self.route)
    let other = Message.netlink(Self.routeType, Self.route.prefix(12) + [], sequence: 9)
    #expect(read(other + mine) == read(mine))
    #expect(read(other) == nil)
    #expect(read(Message.error(-ENETUNREACH)) == .failed(ENETUNREACH))
    #expect(read(Message.error(.min)) == .failed(.min))
    #expect(read(Message.netlink(3, [])) == nil)
  }

  @Test("An interface has a name and an MTU")
  func interfaceMessage() {
    let fixed =
      [0, 0] + Message.host(UInt16(1)) + Message.host(UInt32(3)) + Message.host(UInt32(0x9))
    let content =
      fixed + Message.host(UInt32(0)) + Message.attribute(3, Array("wan0".utf8) + [0])
      + Message.attribute(4, Message.host(UInt32(1492)))
    #expect(
      read(Message.netlink(UInt16(RTM_NEWLINK), content))
        == .interface(
          NetworkInterface(index: 3, name: "wan0", mtu: 1492, isUp: true, isLoopback: true)))
  }

  @Test("Cut or corrupted anywhere, it is a message or none, and never a trap")
  func hostile() {
    let whole = Message.netlink(Self.routeType, Self.route)
    // The last attribute has one byte of filler.
    for count in 0..<whole.count - 1 { #expect(read(Array(whole.prefix(count))) == nil) }
    for index in whole.indices {
      for value in [UInt8(0), 1, 0x7F, 0x80, 0xFF] {
        var copy = whole
        copy[index] = value
        if case .interface = read(copy) { Issue.record("a route is no interface") }
      }
    }
  }

  @Test("A request is as long as it says, and names the target")
  func request() throws {
    let target = try #require(IPAddress(text: "2001:db8::5"))
    let bytes = RouteRequest.route(to: target, from: nil, interface: 3, sequence: 8)
    var reader = ByteReader(bytes.rawBytes)
    let header = try NetlinkHeader(from: &reader)
    #expect(Int(header.length) == bytes.count)
    #expect(header.type == UInt16(RTM_GETROUTE) && header.sequence == 8)
    #expect(
      reader.rest()
        == [10, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] + Message.attribute(1, target.octets)
        + Message.attribute(4, Message.host(UInt32(3))))
  }
}

@Suite("Bound ports and capabilities")
struct SystemTableTests {
  private static let table = """
      sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
     123: 0100007F:1194 00000000:0000 07 00000000:00000000 00:00000000 00000000   104        0 18446744073709551615 2 0000000000000000 0
     124: 00000000:01F4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 0
    """
  private static let table6 = """
      sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
      77: B80D0120000000000000000001000000:01F4 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4712 2 0000000000000000 0
    """

  @Test("The kernel's tables of UDP sockets are read, IPv4 and IPv6")
  func tables() {
    var ports = BoundPorts()
    ports.add(table: Array(Self.table.utf8))
    ports.add(table: Array(Self.table6.utf8))
    #expect(
      ports.entries == [
        .init(address: Loopback.v4, port: 4500, user: 104, inode: .max),
        .init(address: .any(isIPv6: false), port: 500, user: 0, inode: 4711),
        .init(
          address: IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 1), port: 500, user: 0,
          inode: 4712),
      ])
  }

  @Test("Lines that are none, cut or strange, are passed over")
  func strange() {
    let line = Array(Self.table.utf8.split(separator: 10)[2])
    var ports = BoundPorts()
    for count in line.indices { ports.add(table: Array(line.prefix(count))) }
    // From the inode's first digit on the line says all that is read.
    #expect(ports.entries.allSatisfy { $0.port == 500 })
    for text in [
      "", "\n\n", "a b c d e f g h i j", "1: 0:0 0 0 0 0 0 0 0 0",
      "1: 0000000G:01F4 0 0 0 0 0 0 0 0",
    ] {
      var none = BoundPorts()
      none.add(table: Array(text.utf8))
      #expect(none.entries.isEmpty, "\(text)")
    }
  }

  @Test("A port is bound while a socket has it", arguments: [false, true])
  func live(isIPv6: Bool) throws {
    let socket = try Loopback.socket(isIPv6: isIPv6)
    let port = socket.localPort
    #expect(BoundPorts.isBound(port))
    let local = socket.localEndpoint
    #expect(
      BoundPorts.read().entries.contains {
        $0.port == port && $0.address == local.address && $0.user == geteuid()
      })
    #expect(BoundPorts.read().owner(of: port)?.processID == getpid())
    #expect(BoundPorts().owner(of: port) == nil)
  }

  @Test("Capabilities are the bits of one line of proc(5)")
  func capabilities() {
    func read(_ text: String) -> Capabilities? { Capabilities(status: Array(text.utf8)) }
    #expect(read("Name:\tx\nCapEff:\t0000000000003000\nCapBnd:\tffff\n") == [.netAdmin, .netRaw])
    #expect(read("CapEff:\t0000000000002000") == .netRaw)
    #expect(read("CapEff:\t0000000000000000") == [])
    #expect(read("CapBnd:\tffff") == nil && read("") == nil && read("CapEff:\tx") == nil)
    #expect(Capabilities.missingNetRaw.contains("setcap cap_net_raw"))
  }
}
