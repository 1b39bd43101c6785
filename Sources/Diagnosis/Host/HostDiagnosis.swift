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
    sas = []
    drops = []
    findings = []
    blindSpots = []
  }

  /// What `replay` looks for.
  package static let replaySubjects: Set<FindingID> = [
    .replayWindowTooSmall, .replaySuspected, .replayOff, .espSequenceWrap,
  ]
}
