internal import Host
internal import PacketDissector

/// How a path's sizes are searched.
package struct PathPlan: Sendable {
  package var route: PathRoute
  package var classes: [PacketClass]
  package var ikePort: UInt16 = 500
  package var natPort: UInt16 = 4500
  /// Fewer sizes to begin with: narrow bands may stay unseen.
  package var isQuick = false
  /// How long the first packets of each class wait for an answer.
  package var patience = Duration.seconds(1)
  /// How long each class may take; all run side by side.
  package var timeLimit = Duration.seconds(12)

  package init(_ route: PathRoute) {
    self.route = route
    classes = [true, false].reversed().flatMap { mayBeFragmented in
      PacketClass.Content.allCases.map { PacketClass($0, mayBeFragmented: mayBeFragmented) }
    }
  }

  /// The search for one class; `interfaceMTU` is that of the interface which packets leave by, in bytes.
  func search(_ packetClass: PacketClass, interfaceMTU: Int) -> SizeSearch.Plan {
    var plan = SizeSearch.Plan(rungs: rungs(packetClass, interfaceMTU: interfaceMTU))
    plan.gap = .milliseconds(8)
    plan.patience = patience
    plan.timeLimit = timeLimit
    return plan
  }

  /// Sizes to begin with: what links and tunnels commonly carry, close to each other where limits are likely.
  private func rungs(_ packetClass: PacketClass, interfaceMTU: Int) -> [Int] {
    let smallest =
      packetClass.content == .icmpEcho
      ? EchoProber.smallest(isIPv6: route.peer.address.isIPv6) : IKEProber.smallest
    let isCoarse = isQuick || packetClass.mayBeFragmented
    let common = isCoarse ? Self.coarse : Self.fine
    let sizes = common.filter { $0 > smallest && $0 < interfaceMTU } + [smallest, interfaceMTU]
    return packetClass.mayBeFragmented ? sizes + [interfaceMTU + 100, interfaceMTU * 2] : sizes
  }

  /// 1,280 is IPv6's least (RFC 8200, section 5), 1,492 is PPPoE's (RFC 2516, section 7), 4,352 FDDI's.
  private static let fine =
    [576, 1024, 1152] + Array(stride(from: 1280, to: 1500, by: 20))
    + [1492, 1500, 2000, 3000, 4352, 6000, 9000]
  private static let coarse = [576, 1152, 1280, 1340, 1400, 1440, 1480, 1492, 1500, 3000, 9000]
}
