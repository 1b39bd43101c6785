internal import PacketDissector

/// One list of what two captures and their comparison show.
///
/// What both captures say of one subject is said once, as the surer of them says it. Where the comparison
/// has judged the same question between the same hosts, its answer stands alone.
struct CombinedFindings {
  private(set) var findings: [Finding] = []
  /// What capture A calls the addresses of capture B.
  private let namesAtA: [IPAddress: IPAddress]

  init(
    a: [Finding], b: [Finding], compared: [Finding], _ comparison: CaptureComparison
  ) {
    namesAtA = comparison.namesAtA
    findings = compared
    for (label, list) in [(CaptureLabel.a, a), (.b, b)] {
      for finding in list { add(finding, of: label, compared) }
    }
  }

  private mutating func add(_ finding: Finding, of label: CaptureLabel, _ compared: [Finding]) {
    let hosts = hosts(finding, label)
    let isJudged = compared.contains {
      $0.id.question != nil && $0.id.question == finding.id.question && $0.subject.hosts == hosts
    }
    guard !isJudged else { return }
    var labelled = finding
    labelled.evidence = finding.evidence.map {
      Finding.Evidence($0.text, $0.frames, of: label)
    }
    let known = findings.firstIndex {
      $0.id == finding.id && key($0, .a) == key(finding, label) && finding.subject != .capture
    }
    guard let known else { return findings.append(labelled) }
    if labelled.confidence > findings[known].confidence { findings[known] = labelled }
  }

  /// What a finding is about, by capture A's names.
  private enum Key: Equatable {
    case ikeSA(UInt64)
    case flow(UInt32)
    case hosts(Set<IPAddress>?)
  }

  private func key(_ finding: Finding, _ label: CaptureLabel) -> Key {
    switch finding.subject {
    case .ikeSA(let spi, _, _): .ikeSA(spi)
    case .flow(let spi, _, _): .flow(spi)
    case .peers, .capture: .hosts(hosts(finding, label))
    }
  }

  private func hosts(_ finding: Finding, _ label: CaptureLabel) -> Set<IPAddress>? {
    guard label == .b else { return finding.subject.hosts }
    return finding.subject.hosts.map { Set($0.map { namesAtA[$0] ?? $0 }) }
  }
}

extension Finding.Subject {
  /// The two hosts concerned.
  var hosts: Set<IPAddress>? {
    switch self {
    case .ikeSA(_, let one, let other), .flow(_, let one, let other), .peers(let one, let other):
      [one, other]
    case .capture: nil
    }
  }
}

/// Questions that several findings answer, of which two captures show more than one.
private enum PathQuestion {
  case whatBecameOfIKE, whatBecameOfESP, whichSizesPass, whichNAT
}

extension FindingID {
  fileprivate var question: PathQuestion? {
    switch self {
    case .ikeNoAnswer, .ikeReplyIgnored, .ikeAuthFragLost, .ikeSKFIncomplete, .ikeLargeUnanswered:
      .whatBecameOfIKE
    case .espBlocked, .espOneWay, .espLoss: .whatBecameOfESP
    case .mtuBlackhole, .mtuBand: .whichSizesPass
    case .natDetected: .whichNAT
    default: nil
    }
  }
}
