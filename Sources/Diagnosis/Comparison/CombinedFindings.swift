internal import PacketDissector

/// One list of what two captures and their comparison show.
///
/// What both captures say of one subject is said once, as the surer of them says it. Where the comparison
/// has judged the same question between the same hosts, its answer stands alone; what it refutes goes.
struct CombinedFindings {
  private(set) var findings: [Finding] = []
  /// What capture A calls the addresses of capture B.
  private let namesAtA: [IPAddress: IPAddress]

  init(_ a: CaptureEvidence, _ b: CaptureEvidence, _ comparison: CaptureComparison, _ rules: [Rule])
  {
    namesAtA = comparison.namesAtA
    let compared = comparison.findings(a, b)
    findings = compared
    for (label, evidence, other) in [(CaptureLabel.a, a, b), (.b, b, a)] {
      for finding in rules.flatMap({ $0.judge(evidence) }) {
        let isJudged = compared.contains {
          $0.answers(finding.id) && $0.subject.hosts == hosts(finding, label)
        }
        if isJudged { takeOver(finding, label) }
        guard !isJudged, !comparison.refutes(finding) else { continue }
        add(reconsidered(finding, label, comparison, unseenBy: other), label)
      }
    }
  }

  /// A finding of one capture with what the other one adds to it.
  private func reconsidered(
    _ finding: Finding, _ label: CaptureLabel, _ comparison: CaptureComparison,
    unseenBy other: CaptureEvidence
  ) -> Finding {
    var finding = finding
    finding.evidence = finding.evidence.map { Finding.Evidence($0.text, $0.frames, of: label) }
    switch finding.id {
    case .espBlocked, .espOneWay:
      let path = comparison.paths.first { [$0.hostAtA, $0.hostAtB] == hosts(finding, label) }
      return path.flatMap { ComparedESP.atOneEnd(finding, $0) } ?? finding
    case .natDetected:
      if comparison.matched > 0, comparison.paths.allSatisfy(\.translations.isEmpty) {
        finding.evidence.append(
          Finding.Evidence(
            "between A and B nothing is translated: addresses and ports are the same"))
      }
      return finding
    case .ikeNoAnswer where comparison.matched == 0:
      guard let frame = finding.evidence.flatMap(\.frames).first,
        let first = other.quality.first, frame.time >= first.time, frame.time <= other.quality.end
      else { return finding }
      finding.evidence.append(
        Finding.Evidence(
          "nothing of it is in \(label.other.rawValue)'s capture, which ran meanwhile if its clock is right: lost on the way there",
          [first], of: label.other))
      return finding
    default: return finding
    }
  }

  /// A capture may know what a comparison cannot: who refused ESP with ICMP.
  private mutating func takeOver(_ finding: Finding, _ label: CaptureLabel) {
    guard finding.id == .espBlocked, finding.confidence == .certain,
      let icmp = finding.evidence.first,
      let place = findings.firstIndex(where: {
        $0.id == .espBlocked && $0.subject.hosts == hosts(finding, label)
      })
    else { return }
    findings[place].evidence.append(Finding.Evidence(icmp.text, icmp.frames, of: label))
  }

  private mutating func add(_ finding: Finding, _ label: CaptureLabel) {
    let known = findings.firstIndex {
      $0.id == finding.id && key($0, .a) == key(finding, label) && finding.subject != .capture
    }
    guard let known else { return findings.append(finding) }
    if finding.confidence > findings[known].confidence { findings[known] = finding }
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
    case .peers, .capture, .host, .connection: .hosts(hosts(finding, label))
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
    case .capture, .host, .connection: nil
    }
  }
}

extension Finding {
  /// Whether this finding of a comparison settles what one capture made a finding of that id of.
  fileprivate func answers(_ other: FindingID) -> Bool {
    switch other {
    case .ikeNoAnswer, .ikeReplyIgnored, .ikeAuthFragLost, .ikeSKFIncomplete, .ikeLargeUnanswered:
      [.ikeNoAnswer, .ikeReplyIgnored, .ikeAuthFragLost, .ikeSKFIncomplete, .ikeLargeUnanswered]
        .contains(id)
    case .espBlocked, .espOneWay: [.espBlocked, .espOneWay].contains(id)
    case .espLoss: [.espBlocked, .espOneWay, .espLoss, .mtuBlackhole, .mtuBand].contains(id)
    case .mtuBlackhole, .mtuBand: [.mtuBlackhole, .mtuBand].contains(id)
    case .natDetected: id == .natDetected
    default: false
    }
  }
}

extension CaptureComparison {
  /// Whether the other capture shows that a finding of one is not so.
  func refutes(_ finding: Finding) -> Bool {
    switch (finding.id, finding.subject) {
    case (.ikeReplyIgnored, .ikeSA(let spi, _, _)):
      // The answers left, and never came to whom they were for.
      messages.contains { message, fate in
        message.initiatorSPI == spi && message.isResponse && fate.timesSent >= 2
          && fate.timesArrived == 0
      }
    case (.espLoss, .flow(let spi, _, _)):
      // The numbers that a capture lacks are in the other one.
      paths.flatMap(\.directions).contains { $0.unsentSPIs[spi, default: 0] >= 10 }
    default: false
    }
  }
}
