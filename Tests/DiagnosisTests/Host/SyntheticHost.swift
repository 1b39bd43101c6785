import Diagnosis
import Host
import IPsecCrypto
import PacketDissector

/// A gateway with a pair of SAs, and what happens to it.
enum SyntheticHost {
  static let own = IPAddress(v4: 0xc0a8_0001)
  static let peer = IPAddress(v4: 0xc0a8_0002)
  static let start = Timestamp(nanoseconds: 1_700_000_000_000_000_000)

  static func inbound(
    _ spi: UInt32 = 0x1111, window: UInt32 = 64, esn: Bool = false, integrity: String? = nil,
    seconds: UInt64? = nil
  ) -> KernelSA {
    var sa = KernelSA(source: peer, destination: own, spi: spi)
    sa.replay = KernelSA.Replay(incoming: 1000, window: window)
    sa.usesESN = esn
    sa.counters.packets = 1000
    sa.added = Timestamp(nanoseconds: start.nanoseconds - 3_600_000_000_000)
    sa.limits.age.hard = seconds
    if let integrity {
      var key = [UInt8](repeating: 1, count: 32)
      sa.integrity = .init(name: integrity, key: Secret(consuming: &key), icvBits: 128)
    }
    return sa
  }

  static func outbound(_ spi: UInt32 = 0x2222) -> KernelSA {
    var sa = KernelSA(source: own, destination: peer, spi: spi)
    sa.replay = KernelSA.Replay(outgoing: 1000, window: 0)
    sa.counters.packets = 1000
    sa.added = Timestamp(nanoseconds: start.nanoseconds - 3_600_000_000_000)
    return sa
  }

  static func snapshot(
    _ sas: [KernelSA], _ counters: [String: UInt64] = [:], after seconds: Int64 = 0
  ) -> HostSnapshot {
    var snapshot = HostSnapshot(
      .thisMachine, at: Timestamp(nanoseconds: start.nanoseconds + seconds * 1_000_000_000))
    snapshot.addresses = [own]
    snapshot.sas = sas
    snapshot.dropCounters = DropCounters(
      counters.sorted { $0.key < $1.key }.map { DropCounters.Entry($0.key, $0.value) })
    return snapshot
  }
}
