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
  /// Those of ``findings`` that are about what SAs and the kernel refuse.
  package var replayFindings: [Finding] { findings.filter { !Self.otherKinds.contains($0.id) } }
  /// Inbound SAs that are gone, without successors: those of the earlier reading and those gone before it.
  package let departures: [Departure]
  /// What was not to be seen, so that nobody takes it for what did not happen.
  package let blindSpots: [Statement]

  /// - Parameters:
  ///   - snapshot: What the machine says now.
  ///   - earlier: What it said before: counters then count from there, and rates are measured.
  ///   - before: SAs that were gone at the earlier reading already, as its diagnosis has them.
  ///   - capture: A capture of the same machine's ESP, from which windows are recommended.
  package init(
    _ snapshot: HostSnapshot, since earlier: HostSnapshot? = nil,
    departures before: [Departure] = [], with capture: CaptureEvidence? = nil
  ) {
    self.snapshot = snapshot
    interval = earlier.map {
      Nanoseconds(from: $0.time, to: snapshot.time)
    }
    let judging = SAJudging(snapshot, since: earlier, with: capture)
    // Machines have ten thousand SAs: each is copied once.
    var judged: [SAJudgement] = []
    judged.reserveCapacity(snapshot.sas.count)
    for sa in snapshot.sas where sa.ipProtocol == 50 || sa.ipProtocol == 51 {
      judged.append(judging.judge(sa))
    }
    let refusing = judged.indices.compactMap { index in
      let movement = judging.movement(of: judged[index].sa)
      return movement.isClean ? nil : (judgement: judged[index], movement: movement)
    }
    let risen = Self.risenCounters(snapshot, since: earlier)
    let gone = Departure.find(snapshot, since: earlier, risen)
    let lines = before.isEmpty && gone.isEmpty ? [] : Set(snapshot.sas.map(\.line))
    departures = (before + gone).filter { !lines.contains($0.sa.line) }
      .suffix(Self.departureLimit)
    let rules = DropRules(refusing: refusing, departures: departures, risen: risen)
    drops = rules.causes()
    let found = HostFindings(
      snapshot: snapshot, isDelta: earlier != nil, judging: judging, sas: judged, drops: drops,
      isRekeyed: gone.contains { lines.contains($0.sa.line) })
    // Sizes are judged where routes were read.
    let sizes = snapshot.network.interfaces.isEmpty ? [] : LocalSizes(snapshot).findings
    findings = (found.all() + sizes).enumerated().sorted {
      ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset)
    }.map(\.element)
    var subjects: Set<Finding.Subject> = []
    for finding in findings where finding.severity > .info { subjects.insert(finding.subject) }
    if !subjects.isEmpty {
      let first = judged.filter { subjects.contains($0.subject) }
      judged.removeAll { subjects.contains($0.subject) }
      judged.insert(contentsOf: first, at: 0)
    }
    sas = judged
    blindSpots = Self.blindSpots(snapshot, isDelta: earlier != nil)
  }

  /// Where all of thousands of SAs end, some tell as much as all.
  private static let departureLimit = 1000

  private static let otherKinds: Set<FindingID> = [
    .ikeWeakCrypto, .espOneWay, .tunnelDown, .mtuLocalLimit, .mtuOuterFragments,
  ]

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
