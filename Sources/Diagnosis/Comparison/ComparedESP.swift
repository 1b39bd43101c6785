internal import PacketDissector

/// ESP that is lost between two captures: all of it both ways, all of it one way, or some.
enum ComparedESP {
  static func findings(
    _ path: PathComparison, _ a: CaptureEvidence, _ b: CaptureEvidence
  ) -> [Finding] {
    let ways = path.directions.map { Way($0) }
    if let finding = silence(path, ways, a, b) { return [finding] }
    return ways.compactMap(loss)
  }

  /// One direction's ESP, without what its size explains.
  private struct Way {
    let direction: DirectionComparison
    let fates: [DirectionComparison.Fate]
    /// Those at the end of which none arrives; empty where that may be chance.
    let silent: ArraySlice<DirectionComparison.Fate>

    init(_ direction: DirectionComparison) {
      self.direction = direction
      let sizes = ComparedSizes(direction)
      fates = direction.fates.filter { !sizes.explains($0) }
      let start = fates.lastIndex(where: \.arrived).map { $0 + 1 } ?? 0
      let tail = fates[start...]
      let span = (tail.last?.time ?? 0) &- (tail.first?.time ?? 0)
      let isSilent = start == 0 ? tail.count >= 3 : tail.count >= 5 && span >= 3_000_000_000
      silent = isSilent ? tail : []
    }

    func arrives(after time: Int64) -> Bool { fates.contains { $0.arrived && $0.time > time } }

    /// IKE that left in this direction from then on, and arrived.
    func ike(since time: Int64) -> (sent: Int, arrived: Int) {
      let fates = direction.ikeFates.filter { $0.time >= time }
      return (fates.count, fates.count(where: \.arrived))
    }
  }

  // MARK: All of it

  private static func silence(
    _ path: PathComparison, _ ways: [Way], _ a: CaptureEvidence, _ b: CaptureEvidence
  ) -> Finding? {
    let silent = ways.filter { !$0.silent.isEmpty }
    guard
      let first = silent.min(by: {
        $0.silent[$0.silent.startIndex].time < $1.silent[$1.silent.startIndex].time
      }),
      let start = first.silent.first
    else { return nil }
    // IKE that was under way at the beginning counts where ESP never arrived.
    let isFromStart = silent.allSatisfy { $0.silent.count == $0.fates.count }
    let since = isFromStart ? Int64.min : start.time
    let ike = ways.map { $0.ike(since: since) }
    let ikeSent = ike.reduce(0) { $0 + $1.sent }
    let ikeArrived = ike.reduce(0) { $0 + $1.arrived }
    let works = ways.first { $0.silent.isEmpty && $0.arrives(after: start.time) }
    let isPlain = isPlain(start.spi, a) || isPlain(start.spi, b)
    var facts = silent.map { way in
      Finding.Evidence(
        "\(way.direction.way): \(way.silent.count) ESP packets in a row left, none arrived",
        way.silent.prefix(4).map(\.frame) + way.silent.suffix(1).map(\.frame),
        of: way.direction.sender)
    }
    if let works {
      let arrived = works.fates.count { $0.arrived && $0.time > start.time }
      facts.append(
        Finding.Evidence("\(works.direction.way): \(arrived) ESP packets arrived meanwhile"))
    }
    if ikeSent > 0 {
      facts.append(
        Finding.Evidence(
          "of IKE \(isFromStart ? "" : "since then ")\(ikeArrived) of \(ikeSent) messages arrived"))
    } else {
      facts.append(
        Finding.Evidence(
          "no IKE message was sent meanwhile that would show whether the path is open"))
    }
    let before = silent.flatMap { $0.fates.prefix($0.fates.count - $0.silent.count) }
    if !before.isEmpty {
      facts.append(
        Finding.Evidence(
          "before that, \(before.count(where: \.arrived)) of \(before.count) ESP packets arrived"))
    }
    let isOutage = ikeSent > 0 && ikeArrived == 0
    if isOutage, works == nil { return outage(path, silent.map(\.direction), facts) }
    let count = silent.reduce(0) { $0 + $1.silent.count }
    if works != nil {
      return Finding(
        .espOneWay, .certain, about: first.direction.subject,
        "ESP is lost \(first.direction.way): 0 of \(count) packets arrive; the other direction works",
        meaning:
          "\(first.direction.source) sends, and its packets never reach \(first.direction.destination): they are dropped between the two captures",
        evidence: facts, remedies: remedies(isPlain: isPlain, path))
    }
    return Finding(
      .espBlocked, ikeSent > 0 ? .certain : .likely, about: .peers(path.hostAtA, path.hostAtB),
      "no ESP passes between A and B: 0 of \(count) packets arrive\(ikeArrived > 0 ? ", while IKE does" : "")",
      meaning: "the tunnel looks up, and all its traffic is dropped between the two captures",
      evidence: facts, remedies: remedies(isPlain: isPlain, path))
  }

  private static func outage(
    _ path: PathComparison, _ directions: [DirectionComparison], _ facts: [Finding.Evidence]
  ) -> Finding {
    Finding(
      .espLoss, .certain, about: .peers(path.hostAtA, path.hostAtB),
      "from then on nothing arrives \(directions.count > 1 ? "either way" : directions[0].way), neither ESP nor IKE: the path is down",
      evidence: facts,
      remedies: [
        Finding.Remedy(
          "look for the link, route or firewall between that changed at that time",
          [.init(.shell, "mtr -n \(path.hostAtB)")])
      ])
  }

  private static func isPlain(_ spi: UInt32, _ evidence: CaptureEvidence) -> Bool {
    evidence.flows.flows.contains { $0.spi == spi && $0.encapsulation == .ip }
  }

  private static func remedies(isPlain: Bool, _ path: PathComparison) -> [Finding.Remedy] {
    if isPlain {
      return [
        Finding.Remedy(
          "allow IP protocol 50 both ways in every firewall between",
          [.init(.nftables, "add rule inet filter forward meta l4proto esp accept")]),
        Finding.Remedy(
          "or put ESP into UDP 4500, which passes where IKE does",
          [.init(.swanctl, "encap = yes"), .init(.libreswan, "encapsulation=yes")]),
      ]
    }
    return [
      Finding.Remedy(
        "look for a filter between that passes IKE on UDP 4500 and drops the rest; allow the port as a whole",
        [.init(.nftables, "add rule inet filter forward udp dport 4500 accept")]),
      Finding.Remedy(
        "to find where, capture at each hop between",
        [.init(.shell, "tcpdump -ni any 'udp port 4500 and host \(path.hostAtB)'")]),
    ]
  }

  // MARK: At one end

  /// What one capture alone takes for a path that stops ESP, where the comparison shows that ESP passes:
  /// one of the hosts gets it and sends none.
  static func atOneEnd(_ finding: Finding, _ path: PathComparison) -> Finding? {
    guard
      let quiet = path.directions.min(by: {
        ($0.fates.last?.time ?? .min) < ($1.fates.last?.time ?? .min)
      }),
      let busy = path.directions.first(where: { $0.isFromA != quiet.isFromA }),
      let last = busy.fates.last
    else { return nil }
    let since = busy.fates.filter { $0.time > quiet.fates.last?.time ?? .min }
    let arrived = since.count(where: \.arrived)
    guard arrived > 0, arrived * 2 >= since.count else { return nil }
    var result = Finding(
      .espOneWay, finding.confidence, about: busy.subject,
      "\(quiet.source) sends no ESP back, though what \(quiet.destination) sends arrives there (\(arrived) of \(since.count) packets)",
      meaning:
        "the path passes ESP: the cause is at \(quiet.source) or behind it: no SA, policy or route, or a host that does not answer",
      evidence: [
        Finding.Evidence(
          "\(busy.way): \(arrived) of \(since.count) ESP packets arrive, and none is sent back",
          [since.first?.frame, last.frame].compactMap { $0 }, of: busy.sender)
      ] + finding.evidence,
      remedies: [
        Finding.Remedy(
          "look at the SAs and their counters, the policies and the routes of \(quiet.source)",
          [
            .init(.shell, "ip -s xfrm state"), .init(.shell, "ip xfrm policy"),
            .init(.shell, "cat /proc/net/xfrm_stat"),
          ])
      ])
    result.severity = finding.severity
    return result
  }

  // MARK: Some of it

  private static let leastLost = 10

  private static func loss(_ way: Way) -> Finding? {
    let lost = way.fates.filter { !$0.arrived }
    guard lost.count >= leastLost, lost.count * 100 >= way.fates.count else { return nil }
    let runs = runs(way.fates)
    let longest = runs.max() ?? 0
    let isDoubtful = way.direction.esp.unsent >= UInt64(leastLost)
    var facts = [
      Finding.Evidence(
        "\(way.fates.count) left, \(way.fates.count - lost.count) arrived; lost in \(runs.count == 1 ? "one gap" : "\(runs.count) gaps"), \(runs.count { $0 == 1 }) of one packet, the longest of \(longest)",
        lost.prefix(8).map(\.frame), of: way.direction.sender)
    ]
    facts += bySize(way.direction)
    if isDoubtful {
      facts.append(
        Finding.Evidence(
          "\(way.direction.esp.unsent) ESP packets arrived that the sender's capture lacks: captures lost packets themselves"
        ))
    }
    return Finding(
      .espLoss, isDoubtful ? .likely : .certain, about: way.direction.subject,
      "\(Quantity.percent(UInt64(lost.count), of: UInt64(way.fates.count))) of ESP is lost \(way.direction.way) (\(lost.count) of \(way.fates.count) packets)",
      meaning: longest >= 8
        ? "lost between the two captures, many in a row: a queue that overflows, a link that flaps, or a policer"
        : "lost between the two captures, one here and one there: congestion, or a bad link",
      evidence: facts,
      remedies: [
        Finding.Remedy(
          "rule the captures out: tcpdump must say \"0 packets dropped by kernel\" at \(way.direction.receiver.rawValue)"
        ),
        Finding.Remedy(
          "look for drops in the queues of the routers between, and for rate limits",
          [.init(.shell, "tc -s qdisc show"), .init(.shell, "ip -s link show")]),
      ])
  }

  /// How many were lost in a row, each time.
  private static func runs(_ fates: [DirectionComparison.Fate]) -> [Int] {
    var runs: [Int] = []
    var length = 0
    for fate in fates {
      if fate.arrived {
        if length > 0 { runs.append(length) }
        length = 0
      } else {
        length += 1
      }
    }
    return length > 0 ? runs + [length] : runs
  }

  private static func bySize(_ direction: DirectionComparison) -> [Finding.Evidence] {
    let classes: [(PacketClass, Statement)] = [
      (.espSmall, "below 256 bytes"), (.espMedium, "256 to 1,023 bytes"),
      (.espLarge, "1,024 bytes and more"),
    ]
    let parts = classes.compactMap { entry -> Statement? in
      guard let count = direction.counts[entry.0], count.sent > 0 else { return nil }
      return "\(Quantity.percent(count.lost, of: count.sent)) \(entry.1)"
    }
    guard parts.count > 1, let first = parts.first else { return [] }
    return [
      Finding.Evidence(parts.dropFirst().reduce("lost by size: \(first)") { "\($0), \($1)" })
    ]
  }
}
