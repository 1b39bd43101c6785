internal import Measurement
internal import PacketDissector

/// All that a probe is to ask: names and addresses one by one, networks by a sweep.
struct ProbeTargets {
  private(set) var singles: [TargetExpression] = []
  private var networks4 = SweepTargets()
  private var networks6 = SweepTargets()

  mutating func add(_ target: TargetExpression) {
    switch target {
    case .name, .address: singles.append(target)
    case .range(let first, let count):
      if first.isIPv6 {
        networks6.append(first, count: count)
      } else {
        networks4.append(first, count: count)
      }
    case .network(let first, let length):
      if first.isIPv6 {
        networks6.append(first, prefixLength: length)
      } else {
        networks4.append(first, prefixLength: length)
      }
    }
  }

  /// The networks by family, those that there are.
  var networks: [SweepTargets] { [networks4, networks6].filter { $0.count > 0 } }

  var isEmpty: Bool { singles.isEmpty && networks.isEmpty }

  /// Names count as one.
  var count: UInt64 { networks.reduce(UInt64(singles.count)) { $0 + UInt64($1.count) } }

  /// Four IPv4 networks of prefix length 8: some 300 MB of what a sweep keeps.
  static let mostAddresses: UInt64 = 1 << 26

  /// How many addresses there may be in all, as far as that can be told: a name may have several.
  var expectedAddresses: UInt64 {
    if singles.count == 1, networks.isEmpty, case .address = singles[0] { return 1 }
    return max(2, count)
  }
}
