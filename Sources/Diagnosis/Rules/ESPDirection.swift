internal import PacketDissector

/// IKE works, and ESP does not get through: in one direction, or in both.
///
/// That nothing comes back proves nothing: some traffic is one-way by nature. So a second fact is asked
/// for: requests inside the tunnel without answers, or a peer that checks whether the sender lives while
/// the sender's packets leave, and so hears none of them.
enum ESPDirection {
  static let rule = Rule([.espBlocked, .espOneWay]) { evidence in
    var findings: [Finding] = []
    let silent = SilentPeer.all(evidence)
    for pair in pairs(evidence) {
      if let finding = refused(pair, evidence) ?? refused(pair.back, evidence)
        ?? unheard(pair, evidence) ?? unheard(pair.back, evidence)
        ?? unansweredBack(pair, evidence) ?? unansweredBack(pair.back, evidence)
        ?? silenced(pair, silent, evidence)
      {
        findings.append(finding)
      }
    }
    return findings
  }

  private static let leastPackets: UInt64 = 5
  private static let leastSeconds = 5.0

  /// Peers with an IKE SA, each pair once.
  static func pairs(_ evidence: CaptureEvidence) -> [OuterPath] {
    var seen: Set<OuterPath> = []
    return evidence.sessions.sessions.compactMap { session in
      let pair = OuterPath(
        source: session.latestInitiator.address, destination: session.latestResponder.address)
      guard session.isEstablished, !seen.contains(pair), !seen.contains(pair.back) else {
        return nil
      }
      seen.insert(pair)
      return pair
    }
  }

  /// ESP of `path` while none came back: the run at the end of the capture, or the longest before.
  static func silentRun(_ path: OuterPath, _ evidence: CaptureEvidence) -> PeerTable.Run? {
    guard let activity = evidence.peers.find(path.source, path.destination) else { return nil }
    return [activity.unanswered, activity.longestUnanswered].first {
      $0.count >= leastPackets && $0.duration.seconds >= leastSeconds
    }
  }

  // MARK: ICMP

  private static func refused(_ path: OuterPath, _ evidence: CaptureEvidence) -> Finding? {
    let errors = evidence.icmp.entries.filter { entry in
      guard case .esp = entry.quoted else { return false }
      return entry.quotedSource.address == path.source
        && entry.quotedDestination.address == path.destination && entry.forbidsProtocol
    }
    guard let error = errors.first, let last = errors.map(\.last.time).max() else { return nil }
    // Something came back after all.
    if let back = evidence.peers.find(path.destination, path.source)?.lastESP, back.time >= last {
      return nil
    }
    let count = errors.reduce(0) { $0 + $1.count }
    let what = error.header.meaning ?? "unreachable"
    return Finding(
      .espBlocked, .certain, about: .peers(path.source, path.destination),
      "ESP from \(path.source) to \(path.destination) is refused: \(error.reporter) says \(what)",
      meaning: "IKE passes, so the tunnel looks up, and all its traffic is lost",
      evidence: [
        Finding.Evidence(
          "ICMP \(what) from \(error.reporter) quotes ESP, \(Quantity.times(count))", error.frames)
      ] + ikeWorks(path, since: error.frames.first?.time, evidence),
      remedies: remedies(path, evidence))
  }

  // MARK: Nothing comes back

  private static func unheard(_ path: OuterPath, _ evidence: CaptureEvidence) -> Finding? {
    guard let run = silentRun(path, evidence), let first = run.first, let last = run.last else {
      return nil
    }
    let alive = ikeWorks(path, since: first.time, evidence)
    guard !alive.isEmpty else { return nil }
    let checks = Self.checks(by: path.destination, of: path, from: first, to: last, evidence)
    let requests = unansweredRequests(path, since: first, evidence)
    // A large packet may be lost for its size, and some peers check now and then whatever they hear.
    let peerHearsNothing =
      requests == nil ? checks.count >= 2 && run.smallest <= 256 : !checks.isEmpty
    guard peerHearsNothing || requests != nil else { return nil }
    // ESP in UDP shares its port with IKE, which passes: a filter on protocol 50 stops both ways.
    let isBlocked = peerHearsNothing || isPlain(path, evidence)
    let wasAnswered = (evidence.inner.requests[path.inner]?.answered ?? 0) > 0
    var facts = [
      Finding.Evidence(
        "\(run.count) ESP packets from \(path.source) in \(run.duration), none back", [first, last])
    ]
    facts += requests.map { [$0] } ?? []
    if peerHearsNothing {
      facts.append(
        Finding.Evidence(
          "\(path.destination) checks meanwhile whether \(path.source) lives (\(Quantity.times(UInt64(checks.count)))): it hears no ESP",
          Array(checks.prefix(8))))
    }
    facts += alive
    let sure: Confidence =
      requests != nil && (peerHearsNothing || wasAnswered) ? .likely : .possible
    return Finding(
      isBlocked ? .espBlocked : .espOneWay, sure, about: .peers(path.source, path.destination),
      isBlocked
        ? "IKE between \(path.source) and \(path.destination) works, but no ESP gets through (\(run.count) packets in \(run.duration))"
        : "ESP leaves \(path.source), and none comes back from \(path.destination) (\(run.count) packets in \(run.duration))",
      meaning: isBlocked
        ? "the tunnel looks up, and all its traffic is lost: a filter passes IKE and stops ESP"
        : "what \(path.destination) sends is lost on the way, or it does not send: no SA, policy or route for the answers",
      evidence: facts,
      remedies: isBlocked ? remedies(path, evidence) : oneWayRemedies(path.back, evidence))
  }

  /// `path` carries ESP, but its receiver hears none of it, as its liveness checks and the requests
  /// without answers say; the other direction works.
  private static func unansweredBack(_ path: OuterPath, _ evidence: CaptureEvidence) -> Finding? {
    guard let run = evidence.inner.requests[path.inner]?.longestUnanswered,
      run.count >= leastPackets, run.duration.seconds >= leastSeconds - 1, let first = run.first,
      let last = run.last, let back = evidence.peers.find(path.destination, path.source),
      back.espPackets >= leastPackets, let lastBack = back.lastESP, lastBack.time > first.time
    else { return nil }
    let checks = Self.checks(by: path.destination, of: path, from: first, to: last, evidence)
    guard checks.count >= 2 else { return nil }
    return Finding(
      .espOneWay, .likely, about: .peers(path.source, path.destination),
      "ESP from \(path.source) does not reach \(path.destination), the other direction works",
      meaning: "the tunnel looks up, and no connection through it works",
      evidence: [
        Finding.Evidence(
          "\(run.count) requests inside the tunnel from \(path.source) in \(run.duration), none answered",
          [first, last]),
        Finding.Evidence(
          "\(path.destination) checks meanwhile whether \(path.source) lives (\(Quantity.times(UInt64(checks.count)))): it hears no ESP",
          Array(checks.prefix(8))),
        Finding.Evidence(
          "ESP from \(path.destination) keeps coming: \(back.espPackets) packets", [lastBack]),
      ], remedies: oneWayRemedies(path, evidence))
  }

  /// The peer answered, and then nothing comes from it any more, not even IKE, which nobody asked.
  private static func silenced(
    _ pair: OuterPath, _ peers: [SilentPeer], _ evidence: CaptureEvidence
  ) -> Finding? {
    let silent = peers.first { $0.path == pair || $0.path == pair.back }
    return silent.map { silent in
      let (source, peer) = (silent.path.source, silent.path.destination)
      return Finding(
        .espOneWay, .possible, about: .peers(source, peer),
        "ESP leaves \(source), and \(peer), which answered before, is silent since \(silent.lasted)",
        meaning:
          "\(peer) lost its SAs by a restart, or is gone; without liveness checks \(source) does not notice",
        evidence: silent.facts,
        remedies: [
          Finding.Remedy(
            "let \(source) check whether its peer lives, and begin anew where it does not",
            [.init(.swanctl, "dpd_delay = 10s"), .init(.libreswan, "dpddelay=10")]),
          Finding.Remedy(
            "now: bring the tunnel up again, and see whether \(peer) answers",
            [.init(.shell, "swanctl --terminate --ike CONNECTION")]),
        ] + oneWayRemedies(silent.path.back, evidence))
    }
  }

  // MARK: Facts

  /// Liveness checks that `asking` sent to the other of two peers.
  private static func checks(
    by asking: IPAddress, of path: OuterPath, from first: FrameReference, to last: FrameReference,
    _ evidence: CaptureEvidence
  ) -> [FrameReference] {
    evidence.sessions.sessions.filter { $0.involves(path.source, path.destination) }
      .flatMap { session in
        session.exchanges.filter { exchange in
          exchange.type == ExchangeType.informational.rawValue && exchange.isAnswered
            && exchange.request?.content.isEmpty == true
            && session.ends(of: exchange).asking == asking
        }
      }
      .compactMap { $0.request?.first.frame }
      .filter { $0.time > first.time && $0.time <= last.time }
  }

  /// Exchanges of an established IKE SA that were answered meanwhile.
  private static func ikeWorks(
    _ path: OuterPath, since start: Timestamp?, _ evidence: CaptureEvidence
  ) -> [Finding.Evidence] {
    guard let start else { return [] }
    let answers = evidence.sessions.sessions
      .filter { session in
        session.involves(path.source, path.destination)
          && session.establishedAt.map { $0.time <= start } ?? false
      }
      .flatMap(\.exchanges)
      .filter {
        $0.type != ExchangeType.ikeSAInit.rawValue && $0.type != ExchangeType.ikeAuth.rawValue
      }
      .compactMap { $0.response?.first.frame }.filter { $0.time > start }
    guard !answers.isEmpty else { return [] }
    return [
      Finding.Evidence(
        "IKE works meanwhile: \(answers.count) exchanges answered", Array(answers.prefix(4)))
    ]
  }

  private static func unansweredRequests(
    _ path: OuterPath, since start: FrameReference, _ evidence: CaptureEvidence
  ) -> Finding.Evidence? {
    guard let requests = evidence.inner.requests[path.inner] else { return nil }
    let run = requests.longestUnanswered
    guard run.count >= leastPackets, let first = run.first, let last = run.last,
      last.time > start.time, run.duration.seconds >= leastSeconds - 1
    else { return nil }
    return Finding.Evidence(
      requests.answered > 0
        ? "\(run.count) requests inside the tunnel without an answer, after \(requests.answered) with one"
        : "\(run.count) requests inside the tunnel, none answered", [first, last])
  }

  private static func isPlain(_ path: OuterPath, _ evidence: CaptureEvidence) -> Bool {
    evidence.flows(path.source, path.destination).contains { $0.encapsulation == .ip }
  }

  // MARK: Remedies

  private static func remedies(
    _ path: OuterPath, _ evidence: CaptureEvidence
  ) -> [Finding.Remedy] {
    guard isPlain(path, evidence) else {
      return [
        Finding.Remedy(
          "look for a filter that passes IKE on UDP 4500 and drops the rest, and allow the port as a whole",
          [.init(.nftables, "add rule inet filter forward udp dport 4500 accept")]),
        Finding.Remedy(
          "capture at \(path.destination) too: does ESP arrive there?",
          [.init(.shell, "tcpdump -ni any 'udp port 4500 and host \(path.source)'")]),
      ]
    }
    return [
      Finding.Remedy(
        "allow IP protocol 50 both ways in every firewall between",
        [.init(.nftables, "add rule inet filter forward meta l4proto esp accept")]),
      Finding.Remedy(
        "or put ESP into UDP 4500, which passes where IKE does; if that works, a filter was the cause",
        [.init(.swanctl, "encap = yes"), .init(.libreswan, "encapsulation=yes")]),
      Finding.Remedy(
        "capture at \(path.destination) too: does ESP arrive there?",
        [.init(.shell, "tcpdump -ni any 'esp and host \(path.source)'")]),
    ]
  }

  /// For ESP that is lost from `path`'s source to its destination.
  private static func oneWayRemedies(
    _ path: OuterPath, _ evidence: CaptureEvidence
  ) -> [Finding.Remedy] {
    let filter: Statement = isPlain(path, evidence) ? "esp" : "udp port 4500"
    return [
      Finding.Remedy(
        "capture at the outside of \(path.source): does its ESP leave?",
        [.init(.shell, "tcpdump -ni any '\(filter) and host \(path.destination)'")]),
      Finding.Remedy(
        "if it leaves, look for a filter on the way to \(path.destination), and for NAT that lost its mapping"
      ),
      Finding.Remedy(
        "if it does not, look at its SAs, policies and routes, and at the host that was asked",
        [.init(.shell, "ip -s xfrm state"), .init(.shell, "ip xfrm policy")]),
    ]
  }
}

extension ICMPErrors.Entry {
  /// The protocol itself is unknown or forbidden there.
  fileprivate var forbidsProtocol: Bool {
    if header.isICMPv6 {
      // RFC 4443: prohibited, policy, route rejected; unrecognized next header.
      return (header.type == 1 && [1, 5, 6].contains(header.code))
        || (header.type == 4 && header.code == 1)
    }
    // RFC 1122: protocol unreachable; network, host, or communication prohibited.
    return header.type == 3 && [2, 9, 10, 13].contains(header.code)
  }
}
