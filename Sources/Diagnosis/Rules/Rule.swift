/// Judges evidence: some findings that belong together, and what leads to them. A rule sees all of a
/// capture, and only that: it holds no state and knows of no report.
package struct Rule: Sendable {
  /// What it may find.
  package let findings: [FindingID]
  package let judge: @Sendable (CaptureEvidence) -> [Finding]

  package init(_ findings: [FindingID], _ judge: @escaping @Sendable (CaptureEvidence) -> [Finding])
  {
    self.findings = findings
    self.judge = judge
  }

  /// Every rule for captures. What they find is put in order of severity afterwards.
  package static let all: [Rule] =
    [
      IKEReachability.rule, IKENegotiation.rule, IKELargeMessages.rule, IKEAuthentication.rule,
      IKEPractice.rule, ChildNegotiation.rule, ChildRekey.rule, PeerDeath.rule,
    ] + packetRules
}
