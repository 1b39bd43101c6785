internal import Host
internal import PacketDissector

/// How a path's sizes are searched.
package struct PathPlan: Sendable {
  package var route: PathRoute
  package var classes: [PacketKind]
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
      PacketKind.Content.allCases.map { PacketKind($0, mayBeFragmented: mayBeFragmented) }
    }
  }

  /// The largest size that is tried, in bytes of IP packet. Responders have limits of their own: this program's
  /// takes no IKE message beyond 8,192 bytes, strongSwan none beyond 10,000.
  package static let largestSize = 8192

  /// No router cuts IPv6 packets, so that this host must, in sizes that every link takes (RFC 8200, section 5).
  static let ipv6FragmentBytes: Int32 = 1280

  /// The search for one class; `interfaceMTU` is that of the interface which packets leave by, in bytes.
  func search(_ packetKind: PacketKind, interfaceMTU: Int) -> SizeSearch.Plan {
    var plan = SizeSearch.Plan(rungs: rungs(packetKind, interfaceMTU: interfaceMTU))
    plan.gap = .milliseconds(8)
    plan.patience = patience
    plan.timeLimit = timeLimit
    return plan
  }

  /// Sizes to begin with: what links and tunnels commonly carry, close to each other where limits are likely.
  private func rungs(_ packetKind: PacketKind, interfaceMTU: Int) -> [Int] {
    let isIPv6 = route.peer.address.isIPv6
    let smallest =
      packetKind.content == .icmpEcho ? EchoProber.smallest(isIPv6: isIPv6) : IKEProber.smallest
    let largest = max(smallest, min(interfaceMTU, Self.largestSize))
    let isCoarse = isQuick || packetKind.mayBeFragmented
    let common = (isCoarse ? Self.coarse : Self.fine).filter { $0 > smallest && $0 < largest }
    guard packetKind.mayBeFragmented else { return [smallest] + common + [largest] }
    // This machine itself must cut these, and of IPv6 it cuts no others.
    let cut = [largest + 100, largest * 2].filter { $0 <= Self.largestSize }
    let whole = isIPv6 ? [Int(Self.ipv6FragmentBytes)] : common + [largest]
    return [smallest] + whole + cut
  }

  /// 1,280 is IPv6's least (RFC 8200, section 5), 1,492 is PPPoE's (RFC 2516, section 7), 4,352 FDDI's.
  private static let fine =
    [576, 1024, 1152] + Array(stride(from: 1280, to: 1500, by: 20))
    + [1492, 1500, 2000, 3000, 4352, 6000]
  private static let coarse = [576, 1152, 1280, 1340, 1400, 1440, 1480, 1492, 1500, 3000, 6000]
}
