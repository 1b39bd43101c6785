package import Host

/// What is wrong by all that a machine knows of its IPsec, the worst first; and what it could not tell.
package struct HostDiagnosis: Sendable {
  package let snapshot: HostSnapshot
  /// How long before it the earlier reading was made; nil where there is one reading.
  package let interval: Nanoseconds?
  /// A judgement for each SA of ESP and AH, those of findings first.
  package let sas: [SAJudgement]
  /// Since the machine was started or, with an earlier reading, since that one.
  package let drops: [DropCause]
  package let findings: [Finding]
  /// What was not to be seen, so that nobody takes it for what did not happen.
  package let blindSpots: [Statement]

  /// - Parameters:
  ///   - snapshot: What the machine says now.
  ///   - earlier: What it said before: counters then count from there, and rates are measured.
  ///   - capture: A capture of the same machine's ESP, from which windows are recommended.
  package init(
    _ snapshot: HostSnapshot, since earlier: HostSnapshot? = nil,
    with capture: CaptureEvidence? = nil
  ) {
    self.snapshot = snapshot
    interval = earlier.map {
      Nanoseconds(from: $0.time, to: snapshot.time)
    }
    let judging = SAJudging(snapshot, since: earlier, with: capture)
    let judged = snapshot.sas.lazy.filter { $0.ipProtocol == 50 || $0.ipProtocol == 51 }
      .map { (judgement: judging.judge($0), movement: judging.movement(of: $0)) }
    let all = Array(judged)
    let gone = Self.gone(snapshot, since: earlier)
    let rules = DropRules(
      refusing: all.filter { !$0.movement.isClean }, gone: gone,
      isRekeyed: Self.isReplaced(gone, in: snapshot),
      risen: Self.risenCounters(snapshot, since: earlier))
    drops = rules.causes()
    let found = HostFindings(
      snapshot: snapshot, isDelta: earlier != nil, sas: all, drops: drops,
      isRekeyed: rules.isRekeyed)
    findings = found.all()
    var subjects: Set<Finding.Subject> = []
    for finding in findings where finding.severity > .info { subjects.insert(finding.subject) }
    let judgements = all.map(\.judgement)
    sas =
      subjects.isEmpty
      ? judgements
      : judgements.filter { subjects.contains($0.subject) }
        + judgements.filter { !subjects.contains($0.subject) }
    blindSpots = Self.blindSpots(snapshot, isDelta: earlier != nil)
  }

  /// The counters that are not zero, or that rose since the earlier reading.
  private static func risenCounters(
    _ snapshot: HostSnapshot, since earlier: HostSnapshot?
  ) -> [(counter: String, count: UInt64)] {
    (snapshot.dropCounters?.entries ?? []).compactMap { entry in
      if let earlier, earlier.dropCounters == nil { return nil }
      let count = risen(entry.value, earlier?.dropCounters?[entry.name] ?? 0)
      return count > 0 ? (entry.name, count) : nil
    }
  }

  private static func gone(_ snapshot: HostSnapshot, since earlier: HostSnapshot?) -> [KernelSA] {
    guard let earlier else { return [] }
    let now = Set(snapshot.sas.map(SAKey.init))
    let own = Set(snapshot.addresses)
    return earlier.sas.filter {
      !now.contains(SAKey($0)) && SAJudgement.Role(of: $0, on: own) == .inbound
    }
  }

  /// Whether an SA that is gone has a successor with its addresses.
  private static func isReplaced(_ gone: [KernelSA], in snapshot: HostSnapshot) -> Bool {
    guard !gone.isEmpty else { return false }
    let paths = Set(snapshot.sas.map { OuterPath(source: $0.source, destination: $0.destination) })
    return gone.contains {
      paths.contains(OuterPath(source: $0.source, destination: $0.destination))
    }
  }

  private static func blindSpots(_ snapshot: HostSnapshot, isDelta: Bool) -> [Statement] {
    var spots = snapshot.missing.map { missing -> Statement in
      "\(missing.part.rawValue) could not be read: \(missing.reason)"
    }
    if !isDelta {
      spots.append("with one reading, counters do not tell whether they still rise")
    }
    if snapshot.dropCounters != nil {
      spots.append("drop counters are of the whole network namespace and name no SA")
    }
    if !snapshot.sas.isEmpty {
      spots.append("what the peers receive and drop is only to be seen on their side")
    }
    return spots
  }
}
