/// What stands behind a finding, whatever capture or run it is raised on.
package struct FindingKnowledge: Sendable {
  package let id: FindingID
  /// When it is raised, in one line.
  package let summary: String
  package let meaning: String
  /// What must be seen for it.
  package let evidence: [String]
  /// How sure the evidence makes it.
  package let certainty: String
  /// The wrong conclusions that lie near.
  package let not: [String]
  package let remedies: [Finding.Remedy]

  init(
    _ id: FindingID, _ summary: String, meaning: String, evidence: [String], certainty: String,
    not: [String] = [], remedies: [Finding.Remedy] = []
  ) {
    self.id = id
    self.summary = summary
    self.meaning = meaning
    self.evidence = evidence
    self.certainty = certainty
    self.not = not
    self.remedies = remedies
  }

  /// One for each finding, in their order.
  package static let all: [FindingKnowledge] =
    reachability + negotiation + largeMessages + ikeHealth + childSAs + liveness + espPackets
    + paths
    + replay + translation + captures + hosts

  var topic: Topic {
    Topic(
      .finding, id.rawValue, severity: id.severity, summary: summary,
      [
        .init(.meaning, .text(meaning)), .init(.evidence, .list(evidence)),
        .init(.certainty, .text(certainty)), .init(.not, .list(not)),
        .init(.remedies, .remedies(remedies)),
      ])
  }
}
