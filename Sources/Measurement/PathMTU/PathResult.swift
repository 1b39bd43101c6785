package import Diagnosis
package import PacketDissector

/// What was measured of one class of packets.
package struct KindResult: Sendable {
  package enum Outcome: Sendable {
    case searched(SizeSearch.Ending)
    /// ICMP says that nothing gets there, or that nobody listens: in words, and who says it.
    case unreachable(reason: String, by: IPAddress?)
    /// This machine could not send such packets: why, in words.
    case impossible(String)
  }

  package let packetKind: PacketKind
  package let outcome: Outcome
  package let map: SizeMap
  /// All sizes that were tried, smallest first.
  package let tallies: [SizeTally]
  /// The longest from a packet to its answer.
  package let roundTrip: Duration?
  /// The share of packets that were lost, whatever their size.
  package let loss: Double
  package let packetsSent: Int

  package init(_ packetKind: PacketKind, _ outcome: Outcome, _ search: SizeSearch?) {
    self.packetKind = packetKind
    self.outcome = outcome
    map = search?.map ?? SizeMap(runs: [])
    tallies = search?.tallies ?? []
    roundTrip = search?.roundTrip
    loss = search?.loss ?? 0
    packetsSent = search?.packetsSent ?? 0
  }

  /// The largest packet up to which all sizes pass, in bytes with its IP header; nil where nothing was
  /// answered.
  package var limit: Int? { map.limit }

  /// Whether every edge is known to the byte.
  package var isComplete: Bool {
    if case .searched(.complete) = outcome { true } else { false }
  }

  package var isSilent: Bool {
    if case .searched(.silent) = outcome { true } else { false }
  }
}

/// What this machine itself knew of the way before anything was sent.
package struct LocalPath: Sendable {
  /// The name of the interface that packets leave by.
  package var interface: String
  /// In bytes of IP packet.
  package var interfaceMTU: Int
  /// What the kernel takes for the path's MTU: the interface's, or less where a route or an ICMP message says
  /// so.
  package var pathMTU: Int

  package init(interface: String, interfaceMTU: Int, pathMTU: Int) {
    self.interface = interface
    self.interfaceMTU = interfaceMTU
    self.pathMTU = pathMTU
  }
}

/// What was measured of one path, this way.
package struct PathResult: Sendable {
  package let target: String
  package let address: IPAddress
  /// Where packets left from; nil where there is no route.
  package var own: IPAddress?
  package var local: LocalPath?
  package let started: Timestamp
  package var duration = Duration.zero
  package var classes: [KindResult] = []
  /// What passes inside a tunnel to the peer; nil where none was asked for.
  package private(set) var inner: InnerMeasurement.Outcome?
  package var isInterrupted = false
  package var findings: [Finding] = []

  package init(target: String, address: IPAddress, started: Timestamp) {
    self.target = target
    self.address = address
    self.started = started
  }

  /// Those that must not be cut on their way.
  package var whole: [KindResult] { classes.filter { !$0.packetKind.mayBeFragmented } }

  package func result(_ content: PacketKind.Content, mayBeFragmented: Bool) -> KindResult? {
    classes.first { $0.packetKind == PacketKind(content, mayBeFragmented: mayBeFragmented) }
  }

  /// The largest packet of IKE, and so of ESP in UDP, that passes whole on every port that answers; that of
  /// echoes where none does. In bytes with the IP header; nil where nothing was answered.
  package var pathMTU: Int? {
    let ike = whole.filter { $0.packetKind.content != .icmpEcho }.compactMap(\.limit)
    return ike.min() ?? whole.compactMap(\.limit).min()
  }

  /// Whether that is a limit of the path, and not all that was tried, or that this machine's interface sends.
  package var isLimited: Bool {
    guard let pathMTU, let local else { return pathMTU != nil }
    return pathMTU < min(local.interfaceMTU, PathPlan.largestSize)
  }

  package var packetsSent: Int { classes.reduce(0) { $0 + $1.packetsSent } }

  /// A kind of packet could not be sent from here, and was left out.
  package var isDegraded: Bool {
    classes.contains { if case .impossible = $0.outcome { true } else { false } }
  }

  /// Something was asked and not found out.
  package var isIncomplete: Bool {
    let isUnsure = classes.contains { entry in
      guard case .searched(let ending) = entry.outcome else { return false }
      return ending != .complete && ending != .silent
    }
    return isInterrupted || isUnsure || isInnerOpen || !whole.contains(where: \.isComplete)
  }
}

extension PathResult {
  /// A tunnel was to be measured, and was not.
  private var isInnerOpen: Bool {
    switch inner {
    case nil: false
    case .measured(let sizes): sizes.limit == nil
    case .noAddress, .failed, .interrupted: true
    }
  }

  /// Adds what passes inside a tunnel, and judges all of it by the suite that the tunnel has.
  package mutating func add(_ outcome: InnerMeasurement.Outcome) {
    inner = outcome
    switch outcome {
    case .measured(let sizes):
      let advice = PathAdvice(tunnel: sizes.overhead)
      let inside = InnerFindings(sizes, from: own, to: address, pathMTU: pathMTU)
      findings = PathFindings(self, advice).all + inside.all
    case .failed(_, let finding?): findings.append(finding)
    case .failed(_, nil), .noAddress: break
    case .interrupted: isInterrupted = true
    }
    findings.sort { $0.severity > $1.severity }
  }

  /// What the tunnel that was measured has for its suite; nil without one.
  package var advice: PathAdvice? {
    if case .measured(let sizes) = inner { PathAdvice(tunnel: sizes.overhead) } else { nil }
  }
}
