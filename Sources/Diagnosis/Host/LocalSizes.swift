package import Host
internal import IPsecCrypto
package import PacketDissector

/// Which packets fit through a machine's tunnels by all that it knows itself: interfaces, routes, and what
/// ICMP has told it. What the path beyond takes, only packets tell.
package struct LocalSizes: Sendable {
  /// What decides how large a packet to the peer may be.
  package enum Limit: Equatable, Sendable {
    case interface(String)
    case route(TrafficMatch.Prefix)
    /// ICMP said so; in so many seconds it is forgotten.
    case learned(expiresIn: UInt32?)
  }

  /// An outbound SA and what fits into it.
  package struct Tunnel: Sendable {
    package var sa: KernelSA
    /// Nil where its sizes cannot be computed.
    package var overhead: TunnelOverhead?
    /// The largest packet to the peer, and what decides it; nil where no route leads there.
    package var pathMTU: UInt32?
    package var limit: Limit?

    package var innerMTU: Int? {
      guard let overhead, let pathMTU else { return nil }
      return overhead.innerMTU(pathMTU: Int(pathMTU))
    }

    package var subject: Finding.Subject {
      .flow(spi: sa.spi, source: sa.source, destination: sa.destination)
    }
  }

  package let snapshot: HostSnapshot
  /// One of each kind to each peer: rekeyed SAs and those of single CPUs are alike.
  package let tunnels: [Tunnel]
  package let findings: [Finding]

  package init(_ snapshot: HostSnapshot) {
    self.snapshot = snapshot
    tunnels = Self.tunnels(snapshot)
    findings = Self.findings(snapshot.network, tunnels)
  }

  // MARK: Tunnels

  private struct Kind: Hashable {
    let source: IPAddress
    let destination: IPAddress
    let cipher: String?
    let icvBits: Int?
    let integrity: String?
    let encapsulation: UInt16?
    let mode: UInt8
  }

  private static func tunnels(_ snapshot: HostSnapshot) -> [Tunnel] {
    let own = Set(snapshot.addresses)
    var seen: Set<Kind> = []
    var tunnels: [Tunnel] = []
    for sa in snapshot.sas
    where sa.ipProtocol == 50 && SAJudgement.Role(of: sa, on: own) == .outbound {
      let kind = Kind(
        source: sa.source, destination: sa.destination, cipher: (sa.aead ?? sa.cipher)?.name,
        icvBits: sa.aead?.icvBits, integrity: sa.integrity?.name,
        encapsulation: sa.encapsulation?.type, mode: sa.mode)
      guard seen.insert(kind).inserted else { continue }
      let way = snapshot.network.pathMTU(to: sa.destination)
      tunnels.append(
        Tunnel(sa: sa, overhead: overhead(of: sa), pathMTU: way?.mtu, limit: way?.limit))
    }
    return tunnels
  }

  private static func overhead(of sa: KernelSA) -> TunnelOverhead? {
    // Transport and tunnel mode; BEET and IP-TFS have other sums.
    guard let suite = ESPSuite(sa), sa.mode <= 1 else { return nil }
    var overhead = TunnelOverhead(suite)
    overhead.mode = sa.mode == 0 ? .transport : .tunnel
    overhead.outerIsIPv6 = sa.destination.isIPv6
    if let encapsulation = sa.encapsulation {
      overhead.encapsulation =
        encapsulation.type == KernelSA.Encapsulation.espInTCP ? .tcp(timestamps: true) : .udp
    }
    return overhead
  }

  // MARK: Findings

  private static func findings(_ network: HostNetwork, _ tunnels: [Tunnel]) -> [Finding] {
    tunnels.compactMap(localLimit) + clamps(network, tunnels)
  }

  /// What an Ethernet takes.
  private static let usualMTU: UInt32 = 1500

  private static func localLimit(_ tunnel: Tunnel) -> Finding? {
    guard let mtu = tunnel.pathMTU, mtu < usualMTU, let limit = tunnel.limit,
      let inner = tunnel.innerMTU
    else { return nil }
    let why: Statement =
      switch limit {
      case .interface(let name): "the interface \(name) has an MTU of \(mtu) bytes"
      case .route(let prefix):
        "the route to \(network: "\(prefix)") has an MTU of \(mtu) bytes"
      case .learned(let seconds):
        "ICMP has told of \(mtu) bytes\(seconds.map { "; forgotten in \($0) s" } ?? "")"
      }
    return Finding(
      .mtuLocalLimit, .certain, about: tunnel.subject,
      "packets to \(tunnel.sa.destination) may have \(mtu) bytes, so that \(inner) fit inside",
      evidence: [Finding.Evidence(why)],
      remedies: [
        Finding.Remedy(
          "give routes through the tunnel that size, where hosts behind it do not learn it",
          [
            Finding.Setting(
              .shell,
              "ip route change NETWORK dev DEVICE mtu \(inner) advmss \(TunnelOverhead.maximumSegmentSize(innerMTU: inner, innerIsIPv6: false))"
            )
          ])
      ])
  }

  /// A clamp of a fixed size that lets larger segments pass than a tunnel takes. Whether its rule sees the
  /// tunnel's traffic is not to be seen.
  private static func clamps(_ network: HostNetwork, _ tunnels: [Tunnel]) -> [Finding] {
    let tightest = tunnels.compactMap { tunnel in
      tunnel.innerMTU.map { (tunnel: tunnel, innerMTU: $0) }
    }.min { $0.innerMTU < $1.innerMTU }
    guard let tightest else { return [] }
    let fitting = TunnelOverhead.maximumSegmentSize(
      innerMTU: tightest.innerMTU, innerIsIPv6: false)
    return network.clamps.compactMap { clamp in
      guard let size = clamp.size, size > fitting else { return nil }
      return Finding(
        .mtuOuterFragments, .possible, about: tightest.tunnel.subject,
        "the MSS clamp in \(clamp.place) is \(Int(size) - fitting) bytes too large for this tunnel",
        meaning:
          "TCP segments that it lets pass do not fit: they are cut into IP fragments after encryption, or lost",
        evidence: [
          Finding.Evidence(
            "the clamp sets \(size) bytes; \(tightest.innerMTU) bytes of packet fit inside, which is an MSS of \(fitting) over IPv4"
          )
        ],
        remedies: [
          Finding.Remedy(
            "where that rule sees the tunnel's traffic, give it the tunnel's size",
            [
              Finding.Setting(
                .nftables,
                "add rule \(clamp.place) tcp flags syn tcp option maxseg size set \(fitting)")
            ])
        ])
    }
  }
}

extension HostNetwork {
  /// The largest packet that this machine sends to `destination` whole, and what decides that; nil without a
  /// route. The main routing table alone is looked at, and no rules of policy routing.
  package func pathMTU(to destination: IPAddress) -> (mtu: UInt32, limit: LocalSizes.Limit)? {
    let route = routes.filter { $0.destination.contains(destination) }
      .max { $0.destination.length < $1.destination.length }
    guard let route, let link = interfaces.first(where: { $0.index == route.interface }) else {
      return nil
    }
    if let path = learned.first(where: { $0.destination == destination }), path.mtu < link.mtu,
      !route.isMTULocked
    {
      return (path.mtu, .learned(expiresIn: path.expiresIn))
    }
    if let mtu = route.mtu, mtu < link.mtu { return (mtu, .route(route.destination)) }
    return (link.mtu, .interface(link.name))
  }
}

extension TrafficMatch.Prefix {
  /// Whether an address lies in it.
  package func contains(_ other: IPAddress) -> Bool {
    guard address.isIPv6 == other.isIPv6 else { return false }
    // Asked of every route of a machine. Smart shifts: 64 or more leave no bit.
    let bits = Int(length) + (address.isIPv6 ? 0 : 96)
    return (address.high ^ other.high) >> UInt64(max(0, 64 - bits)) == 0
      && (address.low ^ other.low) >> UInt64(min(64, max(0, 128 - bits))) == 0
  }
}
