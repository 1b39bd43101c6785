package import Host
internal import PacketDissector

/// An inbound SA that stood at one reading and no longer at the next.
package struct Departure: Sendable {
  package enum Reason: Equatable, Sendable {
    /// A limit of its lifetime was reached.
    case lifetimeEnd
    /// Somebody removed it: its lifetime was not at its end, or had none.
    case removed
  }

  package let sa: KernelSA
  package let reason: Reason

  /// The SAs that are gone since the earlier reading, replaced or not; `risen` are the counters that rose between.
  static func find(
    _ snapshot: HostSnapshot, since earlier: HostSnapshot?,
    _ risen: [(counter: String, count: UInt64)]
  ) -> [Departure] {
    guard let earlier else { return [] }
    let now = Set(snapshot.sas.map(SAKey.init))
    let own = Set(snapshot.addresses)
    let hasExpired = risen.contains { $0.counter == "XfrmInStateExpired" }
    return earlier.sas.filter {
      !now.contains(SAKey($0)) && SAJudgement.Role(of: $0, on: own) == .inbound
    }.map { sa in
      Departure(
        sa: sa,
        reason: sa.isEnded(by: snapshot.time) || hasExpired && sa.hasVolumeLimit
          ? .lifetimeEnd : .removed)
    }
  }
}

extension KernelSA {
  /// What an SA has in common with the one that takes its place.
  struct Line: Hashable {
    let source: IPAddress
    let destination: IPAddress
    let reqID: UInt32
  }

  var line: Line { Line(source: source, destination: destination, reqID: reqID) }

  /// Whether its time was over at `time`. Readings are some time apart, and kernels count whole seconds.
  fileprivate func isEnded(by time: Timestamp) -> Bool {
    let slack = 1.5
    let limits: [(UInt64?, Timestamp?)] = [(limits.age.hard, added), (limits.use.hard, firstUsed)]
    return limits.contains { limit, start in
      guard let limit, let start else { return false }
      return Nanoseconds(from: start, to: time).seconds + slack >= Double(limit)
    }
  }

  fileprivate var hasVolumeLimit: Bool { limits.bytes.hard != nil || limits.packets.hard != nil }
}
