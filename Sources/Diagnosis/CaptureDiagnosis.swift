/// What is wrong by all that a capture shows, the worst first; and what the capture could not show.
package struct CaptureDiagnosis: Sendable {
  package let evidence: CaptureEvidence
  package let findings: [Finding]
  /// What was not to be seen, so that nobody takes it for what did not happen.
  package let blindSpots: [Statement]
  /// What a second capture, taken elsewhere on the path, adds; nil without one.
  package private(set) var comparison: CaptureComparison?

  package init(_ evidence: CaptureEvidence, by rules: [Rule] = Rule.all) {
    self.evidence = evidence
    findings = Self.inOrder(rules.flatMap { $0.judge(evidence) })
    blindSpots = BlindSpots.of(evidence)
  }

  /// What two captures of the same tunnel show, taken at different points; both kept their packets.
  package init(
    _ a: CaptureEvidence, comparedWith b: CaptureEvidence, by rules: [Rule] = Rule.all
  ) {
    let comparison = CaptureComparison(a, b)
    self.comparison = comparison
    evidence = a
    findings = Self.inOrder(CombinedFindings(a, b, comparison, rules).findings)
    blindSpots =
      comparison.blindSpots + BlindSpots.of(a).map { "A: \($0)" }
      + BlindSpots.of(b).map { "B: \($0)" }
  }

  /// The worst first; of the same severity the surest, then the earliest in the capture.
  package static func inOrder(_ findings: [Finding]) -> [Finding] {
    findings.enumerated().sorted { left, right in
      let (one, other) = (left.element, right.element)
      if one.severity != other.severity { return one.severity > other.severity }
      if one.confidence != other.confidence { return one.confidence > other.confidence }
      let (start, otherStart) = (one.firstFrame ?? .max, other.firstFrame ?? .max)
      return start != otherStart ? start < otherStart : left.offset < right.offset
    }.map(\.element)
  }

  /// The worst that was found; nil where nothing was.
  package var worst: Severity? { findings.map(\.severity).max() }
}

extension Finding {
  fileprivate var firstFrame: UInt64? { evidence.flatMap(\.frames).map(\.number).min() }
}
