internal import Host
internal import PacketDissector

/// What an SA is looked up by in a kernel.
struct SAKey: Hashable {
  let spi: UInt32
  let destination: IPAddress
  let ipProtocol: UInt8

  init(_ sa: KernelSA) {
    spi = sa.spi
    destination = sa.destination
    ipProtocol = sa.ipProtocol
  }
}

extension SAJudgement.Role {
  /// By what the kernel says, else by the machine's addresses; nil where those do not tell.
  init?(of sa: KernelSA, on addresses: Set<IPAddress>) {
    if let direction = sa.direction {
      self = direction == .incoming ? .inbound : .outbound
      return
    }
    switch (addresses.contains(sa.source), addresses.contains(sa.destination)) {
    case (false, true): self = .inbound
    case (true, false): self = .outbound
    default: return nil
    }
  }
}

/// What judging each SA of a snapshot takes, indexed once: machines have ten thousand of them.
struct SAJudging {
  private let time: Timestamp
  private let addresses: Set<IPAddress>
  private let before: [SAKey: KernelSA]
  private let interval: Nanoseconds?
  private var inboundOwners: [UInt32: (connection: String, child: String)] = [:]
  private var outboundOwners: [UInt32: (connection: String, child: String)] = [:]
  private var windows: [String: [String: UInt32]] = [:]
  private var recommended: [UInt32: (destination: IPAddress, window: UInt32)] = [:]

  init(_ snapshot: HostSnapshot, since earlier: HostSnapshot?, with capture: CaptureEvidence?) {
    time = snapshot.time
    addresses = Set(snapshot.addresses)
    interval = earlier.map { Nanoseconds(from: $0.time, to: snapshot.time) }
    before = Dictionary((earlier?.sas ?? []).map { (SAKey($0), $0) }) { $1 }
    for daemon in snapshot.daemons {
      for ikeSA in daemon.ikeSAs {
        for child in ikeSA.children {
          if let spi = child.inboundSPI { inboundOwners[spi] = (ikeSA.name, child.name) }
          if let spi = child.outboundSPI { outboundOwners[spi] = (ikeSA.name, child.name) }
        }
      }
      for connection in daemon.connections {
        for child in connection.children {
          windows[connection.name, default: [:]][child.name] = child.replayWindow
        }
      }
    }
    for flow in capture?.flows.flows ?? [] {
      guard flow.sequence.late > 0 else { continue }
      recommended[flow.spi] = (flow.destination, flow.sufficientWindow ?? 4096)
    }
  }

  func judge(_ sa: KernelSA) -> SAJudgement {
    let role = role(of: sa)
    let protection: SAJudgement.Protection =
      if role == .outbound {
        .notApplicable
      } else if sa.replay.window > 0 {
        .window(sa.replay.window)
      } else {
        role == .inbound ? .off : .notApplicable
      }
    var judgement = SAJudgement(sa, role, protection)
    judgement.owner =
      switch role {
      case .inbound: inboundOwners[sa.spi]
      case .outbound: outboundOwners[sa.spi]
      case .unknown: inboundOwners[sa.spi] ?? outboundOwners[sa.spi]
      }
    judgement.configuredWindow = judgement.owner.flatMap { windows[$0.connection]?[$0.child] }
    judgement.forecast = forecast(of: sa, role)
    if role != .outbound, let known = recommended[sa.spi], known.destination == sa.destination {
      judgement.recommendedWindow = known.window
    }
    return judgement
  }

  private func role(of sa: KernelSA) -> SAJudgement.Role {
    if let role = SAJudgement.Role(of: sa, on: addresses) { return role }
    switch (sa.replay.incoming > 0, sa.replay.outgoing > 0) {
    case (true, false): return .inbound
    case (false, true): return .outbound
    default: return .unknown
    }
  }

  /// Nil for an SA at rest, and for one whose numbers may begin anew.
  private func forecast(of sa: KernelSA, _ role: SAJudgement.Role) -> SAJudgement.Forecast? {
    guard !sa.extraFlags.contains(.outgoingMayWrap) else { return nil }
    let used = Self.used(sa, role)
    let rate: Double
    let basis: SAJudgement.Forecast.Basis
    if let interval, interval.count > 0, let old = before[SAKey(sa)],
      Self.used(old, role) <= used
    {
      rate = Double(used - Self.used(old, role)) / interval.seconds
      basis = .measured(interval)
    } else if let added = sa.added {
      let age = Nanoseconds(from: added, to: time)
      guard age.count > 0 else { return nil }
      rate = Double(used) / age.seconds
      basis = .average(age)
    } else {
      return nil
    }
    guard rate > 0 else { return nil }
    let last: UInt64 = sa.usesESN ? .max : UInt64(UInt32.max)
    let left = Double(used >= last ? 0 : last - used) / rate
    return SAJudgement.Forecast(perSecond: rate, left: .seconds(left), basis: basis)
  }

  private static func used(_ sa: KernelSA, _ role: SAJudgement.Role) -> UInt64 {
    switch role {
    case .inbound: sa.replay.incoming
    case .outbound: sa.replay.outgoing
    case .unknown: max(sa.replay.incoming, sa.replay.outgoing)
    }
  }

  /// What an SA counted since the earlier reading; all that it counted, without one or if it is new.
  func movement(of sa: KernelSA) -> SAMovement {
    let now = sa.counters
    let old = before[SAKey(sa)]?.counters ?? KernelSA.Counters()
    return SAMovement(
      packets: risen(now.packets, old.packets),
      beforeWindow: UInt64(risen(now.beforeWindow, old.beforeWindow)),
      replayed: UInt64(risen(now.replayed, old.replayed)),
      failed: UInt64(risen(now.integrityFailed, old.integrityFailed)))
  }
}

/// What an SA carried and refused, since the earlier reading or in its life.
struct SAMovement: Equatable {
  var packets: UInt64
  var beforeWindow: UInt64
  var replayed: UInt64
  var failed: UInt64

  /// Nothing was refused.
  var isClean: Bool { beforeWindow == 0 && replayed == 0 && failed == 0 }
}

/// How far a counter rose; one that fell began anew.
func risen<Count: FixedWidthInteger>(_ now: Count, _ old: Count) -> Count {
  now >= old ? now - old : now
}
