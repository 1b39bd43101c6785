import Diagnosis
import Host
import IPsecCrypto
import PacketDissector
import Testing

@Suite("Which packets fit by what a machine knows")
struct LocalSizesTests {
  private let own = IPAddress(v4: 0x0A01_0002)
  private let peer = IPAddress(v4: 0x0A02_0002)

  private func snapshot(_ change: (inout HostSnapshot) -> Void = { _ in }) -> HostSnapshot {
    var snapshot = HostSnapshot(.thisMachine, at: Timestamp(nanoseconds: 0))
    snapshot.addresses = [own]
    for (spi, source, destination) in [(1 as UInt32, own, peer), (2, peer, own)] {
      var sa = KernelSA(source: source, destination: destination, spi: spi)
      sa.aead = .init(name: "rfc4106(gcm(aes))", key: Secret(copying: []), icvBits: 128)
      snapshot.sas.append(sa)
    }
    snapshot.network.interfaces = [
      NetworkInterface(index: 3, name: "eth0", mtu: 1500, isUp: true, isLoopback: false)
    ]
    var route = HostNetwork.Route(destination: .init(IPAddress(v4: 0), 0))
    route.interface = 3
    snapshot.network.routes = [route]
    change(&snapshot)
    return snapshot
  }

  @Test("AES-GCM over a path of 1500 bytes leaves 1446, with UDP around it 1438; no finding")
  func plain() throws {
    let plain = LocalSizes(snapshot())
    #expect(plain.tunnels.map(\.sa.spi) == [1])
    #expect(plain.tunnels.first?.innerMTU == 1446)
    #expect(plain.tunnels.first?.limit == .interface("eth0"))
    #expect(plain.findings.isEmpty)
    let inUDP = LocalSizes(
      snapshot { snapshot in
        for index in snapshot.sas.indices {
          snapshot.sas[index].encapsulation = .init(
            type: 2, sourcePort: 4500, destinationPort: 4500)
        }
      })
    #expect(inUDP.tunnels.first?.innerMTU == 1438)
  }

  @Test("A route's MTU counts where it is the longest prefix, and what ICMP told before it")
  func limits() throws {
    let routed = LocalSizes(
      snapshot { snapshot in
        var route = HostNetwork.Route(destination: .init(IPAddress(v4: 0x0A02_0000), 16))
        route.interface = 3
        route.mtu = 1400
        snapshot.network.routes.append(route)
      })
    #expect(routed.tunnels.first?.innerMTU == 1346)
    #expect(routed.findings.map(\.id) == [.mtuLocalLimit])
    let learned = LocalSizes(
      snapshot { $0.network.learned = [.init(destination: peer, mtu: 1280, expiresIn: 17)] })
    #expect(learned.tunnels.first?.innerMTU == 1226)
    #expect(learned.tunnels.first?.limit == .learned(expiresIn: 17))
  }

  @Test("A fixed MSS clamp above what the tightest tunnel takes is found; one that fits is not")
  func clamps() {
    let wide = LocalSizes(
      snapshot { $0.network.clamps = [.init(place: "inet filter forward", size: 1440)] })
    #expect(wide.findings.map(\.id) == [.mtuOuterFragments])
    #expect(wide.findings.first?.confidence == .possible)
    for size in [1406 as UInt32?, nil] {
      let fitting = LocalSizes(
        snapshot { $0.network.clamps = [.init(place: "inet filter forward", size: size)] })
      #expect(fitting.findings.isEmpty)
    }
  }

  @Test("Rekeyed SAs of one kind are one tunnel; an unknown cipher has no sizes")
  func kinds() {
    let many = LocalSizes(
      snapshot { snapshot in
        var again = snapshot.sas[0]
        again.spi = 9
        snapshot.sas.append(again)
        again.spi = 10
        again.aead?.name = "something(new)"
        snapshot.sas.append(again)
      })
    #expect(many.tunnels.map(\.innerMTU) == [1446, nil])
  }

  @Test("A prefix contains what agrees in its bits")
  func prefixes() {
    let prefix = TrafficMatch.Prefix(IPAddress(v4: 0x0A02_0000), 15)
    #expect(prefix.contains(IPAddress(v4: 0x0A03_FFFF)))
    #expect(!prefix.contains(IPAddress(v4: 0x0A04_0000)))
    #expect(!prefix.contains(IPAddress(v6High: 0, low: 0)))
    #expect(TrafficMatch.Prefix(peer, 32).contains(peer))
    #expect(!TrafficMatch.Prefix(peer, 200).contains(own))
  }
}
