internal import PacketDissector

/// What a capture says of sequence numbers and of the replay windows that would hold them.
package struct ReplayDiagnosis: Sendable {
  package let evidence: CaptureEvidence
  package let findings: [Finding]
  /// What IKE agreed on and told, for the SAs of which that shows.
  package let negotiations: SequenceNegotiations
  /// What was not to be seen.
  package let blindSpots: [Statement]

  /// What it looks for.
  package static let subjects: Set<FindingID> = [
    .replayWindowTooSmall, .replaySuspected, .replayOff, .espLoss, .espSequenceReuse,
    .espSequenceWrap, .captureDuplicated,
  ]

  package init(_ evidence: CaptureEvidence) {
    self.evidence = evidence
    negotiations = SequenceNegotiations(evidence)
    let rules = Rule.all.filter { !Self.subjects.isDisjoint(with: $0.findings) }
    findings = CaptureDiagnosis.inOrder(
      rules.flatMap { $0.judge(evidence) }.filter { Self.subjects.contains($0.id) })
    blindSpots = Self.blindSpots(evidence)
  }

  private static func blindSpots(_ evidence: CaptureEvidence) -> [Statement] {
    var spots = PacketBlindSpots.overrun(evidence)
    if evidence.quality.backwards > 0 {
      spots.append(
        "\(evidence.quality.backwards) frames are out of time order: what was merged wrongly looks like packets that came late"
      )
    }
    if evidence.flows.agedOut > 0 {
      spots.append(
        "\(evidence.flows.agedOut) ESP flows (\(evidence.flows.agedOutPackets) packets) were given up to bound memory"
      )
    }
    return spots
  }

  /// The flows by what there is to say of them: those of findings, then those with late, lost or repeated
  /// packets, then the busiest.
  package var flows: [ESPFlow] {
    let found = Set(findings.map(\.subject))
    let ranked = evidence.flows.flows.enumerated().map { entry in
      let flow = entry.element
      return (
        offset: entry.offset, packets: flow.packets,
        rank: found.contains(flow.subject) ? 0 : flow.isInOrder ? 2 : 1
      )
    }.sorted { left, right in
      if left.rank != right.rank { return left.rank < right.rank }
      return left.packets != right.packets
        ? left.packets > right.packets : left.offset < right.offset
    }
    return ranked.map { evidence.flows.flows[$0.offset] }
  }
}

extension ESPFlow {
  /// Every number came once, after the one before it.
  package var isInOrder: Bool {
    sequence.late == 0 && sequence.repeated == 0 && sequence.restarts == 0 && sequence.leaps == 0
      && sequence.wraps == 0 && sequence.lost == 0
  }

  /// The smallest usual window that would have dropped nothing; nil where none would.
  package var sufficientWindow: UInt32? {
    guard let disorder = sequence.disorder else { return Disorder.windows.first }
    return zip(Disorder.windows, disorder.dropped).first { $1 == 0 }?.0
  }

  /// Sequence numbers used up in a second, and how long until 2^32 at that rate; nil below a second, and
  /// where the counter did not simply run on.
  package var exhaustion: (perSecond: Double, left: Nanoseconds)? {
    let used = sequence.highest &- firstSequence
    guard duration.seconds >= 1, sequence.restarts == 0, sequence.leaps == 0, sequence.wraps == 0,
      sequence.highest > firstSequence
    else { return nil }
    let rate = Double(used) / duration.seconds
    return (rate, .seconds(Double(UInt32.max - sequence.highest) / rate))
  }
}

/// The replay windows that receivers have.
package struct ReplayPlatform: Sendable {
  package let name: String
  package let window: String

  /// Sources: the daemons' and kernels' own documentation and code, as of 2026.
  package static let all: [ReplayPlatform] = [
    ReplayPlatform(name: "strongSwan", window: "32 unless replay_window says otherwise"),
    ReplayPlatform(name: "libreswan", window: "32, newer versions 128; replay-window= sets it"),
    ReplayPlatform(name: "Linux", window: "up to 4096; 32 through the old attribute (no bitmap)"),
    ReplayPlatform(name: "OpenBSD", window: "64, fixed"),
    ReplayPlatform(name: "NetBSD", window: "up to 255"),
    ReplayPlatform(
      name: "others", window: "64 by default: Cisco IOS, Juniper, Windows, Check Point"),
  ]
}
