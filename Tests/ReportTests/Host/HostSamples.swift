import Diagnosis
import Host
import IPsecCrypto
import PacketDissector

/// A gateway with a tunnel: one SA each way, of a connection "office".
enum HostSamples {
  static let own = IPAddress(v4: 0x0A01_0002)
  static let peer = IPAddress(v4: 0x0A02_0002)
  static let start = Timestamp(nanoseconds: 1_800_000_000_000_000_000)
  static let secret: UInt8 = 0xAB

  static func algorithm(_ name: String, icvBits: Int) -> KernelSA.Algorithm {
    var key = [UInt8](repeating: secret, count: 20)
    return .init(name: name, key: Secret(consuming: &key), icvBits: icvBits)
  }

  static func snapshot(
    after seconds: Int64 = 0, late: UInt32 = 0, packets: UInt64 = 1000,
    counters: [DropCounters.Entry] = []
  ) -> HostSnapshot {
    var inbound = KernelSA(source: peer, destination: own, spi: 0xC0EB_461A)
    inbound.replay = KernelSA.Replay(incoming: packets + UInt64(late), window: 64)
    inbound.replay.received = 61
    inbound.counters = KernelSA.Counters(
      bytes: packets * 84, packets: packets, beforeWindow: late)
    var outbound = KernelSA(source: own, destination: peer, spi: 0xC0EB_461B)
    outbound.replay = KernelSA.Replay(outgoing: packets)
    outbound.counters = KernelSA.Counters(bytes: packets * 84, packets: packets)
    var snapshot = HostSnapshot(
      .thisMachine, at: Timestamp(nanoseconds: start.nanoseconds + seconds * 1_000_000_000))
    snapshot.sas = [inbound, outbound].map { sa in
      var sa = sa
      sa.aead = algorithm("rfc4106(gcm(aes))", icvBits: 128)
      sa.added = Timestamp(nanoseconds: start.nanoseconds - 100_000_000_000)
      sa.limits.age.hard = 3960
      return sa
    }
    snapshot.addresses = [own]
    snapshot.dropCounters = DropCounters(counters)
    snapshot.daemons = [daemon]
    return snapshot
  }

  private static var daemon: DaemonState {
    var daemon = DaemonState(.strongSwan)
    var connection = DaemonState.Connection(name: "office")
    var configured = DaemonState.ConfiguredChild(name: "net")
    configured.replayWindow = 32
    connection.children = [configured]
    var sa = DaemonState.IKESA(name: "office", state: "ESTABLISHED")
    var child = DaemonState.ChildSA(name: "net", state: "INSTALLED")
    child.inboundSPI = 0xC0EB_461A
    child.outboundSPI = 0xC0EB_461B
    sa.children = [child]
    daemon.connections = [connection]
    daemon.ikeSAs = [sa]
    return daemon
  }

  /// An SA with all that an SA can have.
  static var everything: KernelSA {
    var sa = KernelSA(source: own, destination: peer, spi: 7, ipProtocol: 51)
    sa.mode = 4
    sa.reqID = 9
    let prefix = TrafficMatch.Prefix(IPAddress(v4: 0xC0A8_0000), 16)
    var selector = TrafficMatch(source: prefix, destination: prefix)
    selector.sourcePort = .init(value: 80, mask: 0xFFFF)
    sa.selector = selector
    sa.usesESN = true
    sa.flags = [.esn, .align4]
    sa.extraFlags = [.outgoingMayWrap]
    sa.limits.bytes = .init(soft: 1, hard: 2)
    sa.limits.packets = .init(soft: 3, hard: 4)
    sa.limits.age = .init(soft: 5, hard: 6)
    sa.limits.use = .init(soft: 7, hard: 8)
    sa.added = start
    sa.firstUsed = start
    sa.lastUsed = start
    sa.replay = KernelSA.Replay(outgoing: 1, incoming: 1 << 40, window: 4096)
    sa.cipher = algorithm("cbc(aes)", icvBits: 0)
    sa.integrity = algorithm("hmac(sha256)", icvBits: 128)
    sa.compression = "deflate"
    sa.encapsulation = .init(type: 2, sourcePort: 4500, destinationPort: 4500)
    sa.interfaceID = 1
    sa.mark = .init(value: 0x2A, mask: .max)
    sa.outputMark = .init(value: 1, mask: 3)
    sa.offload = .init(interface: 3, isWholePacket: true)
    sa.cpu = 2
    sa.trafficPadding = 1400
    sa.direction = .outgoing
    return sa
  }

  static var policy: KernelPolicy {
    let prefix = TrafficMatch.Prefix(IPAddress(v4: 0xC0A8_0000), 16)
    var policy = KernelPolicy(TrafficMatch(source: prefix, destination: prefix), .forwarded)
    policy.templates = [.init(source: own, destination: peer)]
    policy.mark = .init(value: 1, mask: 1)
    return policy
  }
}
