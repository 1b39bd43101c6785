internal import Diagnosis

/// Which IKE SAs and flows a report has pictures of, and which of those stand open: not all where there
/// are thousands.
struct DrawnSAs {
  /// Places among the evidence's sessions, in the order of the page: those that findings are about, then
  /// the first ones.
  let sessions: [Int]
  /// Places among the evidence's flows: those that findings are about, then those with most packets.
  let flows: [Int]
  private let subjects: Set<Finding.Subject>

  private static let sessionLimit = 24
  private static let flowLimit = 12
  /// As many pictures of a kind stand open; of more, those only that a finding is about.
  private static let openLimit = 4

  init(_ diagnosis: CaptureDiagnosis) {
    let subjects = Set(diagnosis.findings.map(\.subject))
    self.subjects = subjects
    let sessions = diagnosis.evidence.sessions.sessions
    let found = sessions.indices.filter { subjects.contains(sessions[$0].subject) }
    let others = sessions.indices.lazy.filter { !subjects.contains(sessions[$0].subject) }
    self.sessions = Array((found + others.prefix(Self.sessionLimit)).prefix(Self.sessionLimit))
    let flows = diagnosis.evidence.flows.flows
    let ranked = flows.indices.map { place in
      (place: place, isFound: subjects.contains(flows[place].subject))
    }.sorted { one, other in
      if one.isFound != other.isFound { return one.isFound }
      let (packets, others) = (flows[one.place].packets, flows[other.place].packets)
      return packets != others ? packets > others : one.place < other.place
    }
    self.flows = ranked.prefix(Self.flowLimit).map(\.place)
  }

  func isOpen(_ session: IKESession) -> Bool {
    sessions.count <= Self.openLimit || subjects.contains(session.subject)
  }

  func isOpen(_ flow: ESPFlow) -> Bool {
    flows.count <= Self.openLimit || subjects.contains(flow.subject)
  }
}
