import Glibc
@testable import Host
import PacketDissector
import Testing

@Suite("What the network makes of packet sizes")
struct HostNetworkTests {
  @Test("Interfaces, routes with their sizes, what was learned of paths, and MSS clamps are read")
  func everything() throws {
    let namespaces = try Namespaces.make()
    let commands = [
      "ip route add 10.99.7.0/24 via 10.99.0.2 mtu lock 1338 advmss 1298",
      "nft add table inet filter",
      "nft add chain inet filter forward '{ type filter hook forward priority 0; }'",
      "nft add rule inet filter forward tcp flags syn tcp option maxseg size set 1298",
      "nft add rule inet filter forward tcp flags syn tcp option maxseg size set rt mtu",
      "nft add rule inet filter forward tcp dport 80 accept",
      "ping -c 1 -W 1 -M do -s 1400 10.99.1.1 >/dev/null; ping -c 1 -W 1 -s 1400 10.99.1.1 >/dev/null",
    ]
    for command in commands { try #require(namespaces.run(command, in: "a"), "\(command)") }
    let (network, missing) = try namespaces.inside("a") { HostNetwork.read() }
    #expect(missing.isEmpty)
    #expect(network.interfaces.contains { $0.isLoopback })
    let link = try #require(network.interfaces.first { !$0.isLoopback })
    #expect(link.mtu == 1500 && link.isUp)
    let prefix = TrafficMatch.Prefix(IPAddress(v4: 0x0A63_0700), 24)
    let route = try #require(network.routes.first { $0.destination == prefix })
    #expect(route.mtu == 1338 && route.isMTULocked && route.advertisedMSS == 1298)
    #expect(route.gateway == IPAddress(text: "10.99.0.2") && route.interface == link.index)
    #expect(
      network.routes.contains { $0.destination.length == 0 && !$0.destination.address.isIPv6 })
    let learned = try #require(
      network.learned.first { $0.destination == IPAddress(text: "10.99.1.1") })
    #expect(learned.mtu == Namespaces.narrow)
    #expect((1...600).contains(learned.expiresIn ?? 0))
    let place = "inet filter forward"
    #expect(
      network.clamps == [.init(place: place, size: 1298), .init(place: place, size: nil)])
    #expect(network.settings.contains { $0.name == "net.ipv4.ip_no_pmtu_disc" && $0.value == "0" })
  }

  @Test("Messages cut anywhere are errors or nothing, and never more")
  func cut() {
    var route = ByteWriter()
    route.append([2, 24, 0, 0, 254, 3, 0, 1])
    route.zeros(4)
    RouteAttribute.write(1, [10, 0, 0, 0], to: &route)
    RouteAttribute.write(8, [8, 0, 2, 0, 0, 5, 0, 0], to: &route)
    for count in 0...route.bytes.count {
      let part = Array(route.bytes.prefix(count))
      var reader = ByteReader(part.rawBytes)
      _ = try? RouteEntry(from: &reader)
      var rule = ByteReader(part.rawBytes)
      _ = try? HostNetwork.SegmentClamp(rule: &rule)
    }
    let all = route.bytes
    var reader = ByteReader(all.rawBytes)
    guard case .route(let whole)? = try? RouteEntry(from: &reader) else {
      Issue.record("the whole message is not read")
      return
    }
    #expect(whole.mtu == 1280 && whole.destination.description == "10.0.0.0/24")
  }
}
