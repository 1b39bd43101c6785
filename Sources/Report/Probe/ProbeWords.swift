internal import Diagnosis
internal import IKE
internal import Measurement
internal import PacketDissector

/// What a probe found, in words that every form of report shares. What came off the wire stands in them
/// as it came: who writes them to a terminal escapes them.
struct ProbeWords {
  let result: AddressResult
  let naming: Naming

  /// "IKEv2 on UDP 500 and 4500, 12.4 ms, 0 of 3 lost", "no answer on UDP 500 and 4500"
  var headline: String {
    let alive = result.ways.filter(\.isAnswered)
    guard !alive.isEmpty else {
      if let version1 = result.ikev1, version1.isAnswered { return "IKEv1 only" }
      return whyDown
    }
    var words = "\(version) on \(Self.list(alive.map(\.way)))"
    let trips = ProbeRoundTrips(result)
    if let median = trips.median { words += ", \(median.words)" }
    return words + ", \(trips.lost) of \(trips.sent) lost"
  }

  private var version: String {
    for way in result.ways {
      if case .answered(.otherVersion(let major)) = way.outcome { return "IKEv\(major)" }
    }
    return "IKEv2"
  }

  private var whyDown: String {
    var kinds: [(words: String, ways: [ProbeWay])] = []
    for way in result.ways {
      let words = reason(way.outcome)
      if let index = kinds.firstIndex(where: { $0.words == words }) {
        kinds[index].ways.append(way.way)
      } else {
        kinds.append((words, [way.way]))
      }
    }
    guard !kinds.isEmpty else { return "not asked" }
    return kinds.map { kind in
      let ways = Self.list(kind.ways)
      return kind.words.contains(" ") && kind.words != Self.silence
        ? "\(ways): \(kind.words)" : "\(kind.words) on \(ways)"
    }.joined(separator: "; ")
  }

  /// "UDP 500 and 4500 and TCP 4500"
  static func list(_ ways: [ProbeWay]) -> String {
    var words: [String] = []
    for way in ways {
      let parts = way.rawValue.split(separator: " ")
      let isSame = words.isEmpty == false && way != .tcp4500
      words.append(isSame ? String(parts.last ?? "") : way.rawValue)
    }
    return words.joined(separator: " and ")
  }

  private static let silence = "no answer"

  /// What came back, or did not.
  func reason(_ outcome: WayResult.Outcome) -> String {
    switch outcome {
    case .answered(let meaning): answer(meaning)
    case .silent: Self.silence
    case .refused(let reason, let sender, _):
      sender.map { "\(reason), says \(naming.name(of: $0))" } ?? reason
    case .notIKE: "an answer that is not IKE"
    case .local(let reason): "not asked (\(reason))"
    }
  }

  func answer(_ meaning: InitAnswer.Meaning) -> String {
    AnswerWords(naming: naming).answer(meaning)
  }

  func name(of gateway: GatewayIdentity) -> String { AnswerWords(naming: naming).name(of: gateway) }

  // MARK: The peer

  func daemon(_ guess: DaemonGuess) -> String {
    let reasons = guess.reasons.isEmpty ? "" : ": \(guess.reasons.joined(separator: "; "))"
    return "\(guess.name) (\(guess.confidence.rawValue)\(reasons))"
  }

  /// What the peer said it can do; nil where it said nothing.
  func announcements(_ peer: PeerDescription) -> String? {
    var words = peer.notifies.filter { !Self.quiet.contains($0) }.map {
      Self.capabilities[$0] ?? $0.name ?? "notify \($0.rawValue)"
    }
    if let hashes = peer.signatureHashes, !hashes.isEmpty {
      words.append("signature hashes \(hashes.map { "\($0)" }.joined(separator: " "))")
    }
    return words.isEmpty ? nil : words.joined(separator: ", ")
  }

  /// Told elsewhere, or saying nothing of what the peer can do.
  private static let quiet: Set<NotifyType> = [
    .natDetectionSourceIP, .natDetectionDestinationIP, .signatureHashAlgorithms, .cookie,
  ]

  private static let capabilities: [NotifyType: String] = [
    .ikev2FragmentationSupported: "IKE fragments",
    .intermediateExchangeSupported: "IKE_INTERMEDIATE",
    .childlessIKEv2Supported: "childless IKE SAs",
    .multipleAuthSupported: "several authentications",
    .redirectSupported: "redirection",
    .usePPK: "PPK",
  ]

  func nat(_ verdict: NATVerdict) -> String {
    switch (verdict.weAreBehindNAT, verdict.peerIsBehindNAT) {
    case (nil, nil): "cannot tell: the answer has no NAT detection hashes"
    case (true, true): "between: both of us are behind NAT"
    case (true, false): "we are behind NAT; the peer is not"
    case (false, true): "the peer is behind NAT, or makes it look so; we are not"
    case (false, false): "none between us"
    case (let we, let peer):
      [
        we.map { $0 ? "we are behind NAT" : "we are not behind NAT" },
        peer.map { $0 ? "the peer is behind NAT" : "the peer is not behind NAT" },
      ].compactMap(\.self).joined(separator: "; ") + "; of the other side nothing is known"
    }
  }

  func version1(_ found: IKEv1Result) -> String {
    let main = mode(found.mainMode)
    let aggressive = mode(found.aggressiveMode)
    var words =
      main == aggressive
      ? "main and aggressive mode: \(main)" : "main mode: \(main); aggressive mode: \(aggressive)"
    if found.exposesHash { words += "; gives out a hash of its pre-shared key" }
    if found.announcesDPD { words += "; announces DPD" }
    return words
  }

  private func mode(_ outcome: IKEv1Result.Outcome) -> String {
    switch outcome {
    case .accepted(let suite): "accepted \(suite)"
    case .notify(let number): IKEv1NotifyType.name(of: number) ?? "notify \(number)"
    case .otherVersion: "answered in IKEv2 only"
    case .silent: "no answer"
    case .notTried: "not tried"
    }
  }

  // MARK: Suites

  /// As swanctl.conf writes it, or by registered names where strongSwan has no word.
  static func suite(_ suite: Proposal) -> String {
    ProposalNotation.strongSwan(suite) ?? ProposalNotation.readable(suite)
  }

  /// "RFC 8247: fair (HMAC_SHA1 MUST-)"
  static func grade(_ suite: Proposal) -> String {
    let grade = SuiteGrade(suite)
    let reasons = grade.reasons.isEmpty ? "" : " (\(grade.reasons.joined(separator: ", ")))"
    return "RFC 8247: \(grade.word.rawValue)\(reasons)"
  }

  /// What was asked, as it was offered.
  static func question(_ question: ProposalQuestion) -> String {
    question.proposals.map(suite).joined(separator: ", ")
  }
}
