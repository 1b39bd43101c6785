internal import PacketDissector

/// Between whom packets crossed from one capture to the other, and from which end each of them starts.
///
/// Two packets of the same bytes tie the addresses of both captures together, whatever NAT made of them;
/// their hop limits, or the times of packets both ways, tell which capture is nearer to which address.
struct ComparedRoutes {
  /// One way of a pair of hosts.
  struct Route: Equatable {
    /// The place in ``hosts``.
    let hosts: Int
    /// Whether capture A lies before capture B on it.
    let isFromA: Bool
  }

  /// Two hosts by the addresses that capture A shows: the one on its side, and the one on B's.
  private(set) var hosts: [AddressPair] = []
  /// By the places of paths in the logs; nil for paths that the other capture does not see.
  private(set) var atA: [Route?]
  private(set) var atB: [Route?]

  init(_ a: PacketLog, _ b: PacketLog, _ pairs: [PacketMatching.Pair]) {
    var votes = DirectionVotes()
    // What capture A calls the addresses of capture B.
    var namesAtA: [AddressPair: AddressPair] = [:]
    var matchedAtA = [Bool](repeating: false, count: a.paths.count)
    var matchedAtB = [Bool](repeating: false, count: b.paths.count)
    for pair in pairs {
      let (left, right) = (a.packets[pair.a], b.packets[pair.b])
      let addresses = a.paths[Int(left.path)].addresses
      votes.add(addresses, left, right)
      let others = b.paths[Int(right.path)].addresses
      if namesAtA[others] == nil {
        namesAtA[others] = addresses
        namesAtA[others.back] = addresses.back
      }
      // IP fragments carry no ports.
      guard left.kind != .ipFragment else { continue }
      matchedAtA[Int(left.path)] = true
      matchedAtB[Int(right.path)] = true
    }
    var routes: [AddressPair: Route] = [:]
    for addresses in votes.order where routes[addresses] == nil {
      let isFromA = votes.startsAtA(addresses)
      hosts.append(isFromA ? addresses : addresses.back)
      routes[addresses] = Route(hosts: hosts.count - 1, isFromA: isFromA)
      routes[addresses.back] = Route(hosts: hosts.count - 1, isFromA: !isFromA)
    }
    atA = Self.admitted(a.paths, matchedAtA) { routes[$0] }
    atB = Self.admitted(b.paths, matchedAtB) { namesAtA[$0].flatMap { routes[$0] } }
  }

  /// A path counts where packets of it, or of its way back, are in both captures; and others between the
  /// same hosts, unless ports show that several stand behind one address.
  private static func admitted(
    _ paths: [PacketLog.Path], _ isMatched: [Bool], _ route: (AddressPair) -> Route?
  ) -> [Route?] {
    var matched: Set<PacketLog.Path> = []
    var translated: Set<AddressPair> = []
    for (path, isMatched) in zip(paths, isMatched) where isMatched {
      matched.insert(path)
      if !path.hasUsualPorts {
        translated.insert(path.addresses)
        translated.insert(path.addresses.back)
      }
    }
    return paths.map { path in
      let back = PacketLog.Path(source: path.destination, destination: path.source)
      let isKnown = matched.contains(path) || matched.contains(back)
      let hasNoPorts = path.source.port == 0 && path.destination.port == 0
      let isUsual = path.hasUsualPorts && (hasNoPorts || !translated.contains(path.addresses))
      return isKnown || isUsual ? route(path.addresses) : nil
    }
  }
}

/// Which of two captures the packets of a pair of addresses pass first.
private struct DirectionVotes {
  private(set) var order: [AddressPair] = []
  private var hops: [AddressPair: Int] = [:]
  private var times: [AddressPair: Int] = [:]
  private var latest: [AddressPair: Int64] = [:]

  mutating func add(
    _ addresses: AddressPair, _ a: PacketLog.Packet, _ b: PacketLog.Packet
  ) {
    if latest[addresses] == nil { order.append(addresses) }
    hops[addresses, default: 0] += (Int(a.hopLimit) - Int(b.hopLimit)).signum()
    let difference = b.time &- a.time
    // Of two packets that cross, the one from A to B gains the delay, the other loses it.
    if let other = latest[addresses.back] {
      let sign = (difference &- other).signum()
      times[addresses, default: 0] += Int(sign)
      times[addresses.back, default: 0] -= Int(sign)
    }
    latest[addresses] = difference
  }

  func startsAtA(_ addresses: AddressPair) -> Bool {
    let hops = hops[addresses, default: 0] - self.hops[addresses.back, default: 0]
    if hops != 0 { return hops > 0 }
    let times = times[addresses, default: 0]
    return times != 0 ? times > 0 : latest[addresses, default: 0] >= 0
  }
}
