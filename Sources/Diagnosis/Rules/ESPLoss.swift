internal import Capture
internal import PacketDissector

/// Sequence numbers that never came: the flows of one sender to one receiver are one finding.
enum ESPLoss {
  static let rule = Rule([.espLoss]) { evidence in
    var worst: [OuterPath: [ESPFlow]] = [:]
    var order: [OuterPath] = []
    for flow in evidence.flows.flows where isLossy(flow) {
      let path = OuterPath(source: flow.source, destination: flow.destination)
      if worst[path] == nil { order.append(path) }
      worst[path, default: []].append(flow)
    }
    let own = evidence.quality.live?.dropped
    return order.compactMap { path in finding(worst[path] ?? [], lostByCapture: own) }
  }

  private static let leastLost: UInt64 = 10
  /// Less are an outage, or a pause of the capture.
  private static let leastGaps: UInt64 = 3

  private static func isLossy(_ flow: ESPFlow) -> Bool {
    // Where more is missing than came, the capture holds a selection.
    flow.sequence.lost <= flow.sequence.received && flow.isCountedOn
      && isMuch(flow.sequence.lost, of: flow) && gaps(flow) >= leastGaps
  }

  /// One in a hundred at least.
  private static func isMuch(_ lost: UInt64, of flow: ESPFlow) -> Bool {
    lost >= leastLost && lost * 99 >= flow.sequence.received
  }

  private static func gaps(_ flow: ESPFlow) -> UInt64 {
    flow.sequence.disorder?.allBursts.byLogarithm.reduce(0, +) ?? 0
  }

  /// More numbers are missing than came: the capture was filtered, sampled, or overrun.
  static func isSample(_ flow: ESPFlow) -> Bool {
    flow.sequence.lost >= leastLost && flow.sequence.lost > flow.sequence.received
      && flow.isCountedOn
  }

  /// A live capture that lost packets itself explains as many; what it explains is no alarm. Files do not tell
  /// (nil).
  private static func finding(_ flows: [ESPFlow], lostByCapture told: UInt64?) -> Finding? {
    guard let flow = flows.max(by: { $0.sequence.lost < $1.sequence.lost }) else { return nil }
    let lost = flow.sequence.lost
    let own = told ?? 0
    let all = lost + flow.sequence.received
    var facts = [
      Finding.Evidence(
        "sequence numbers \(Int64(flow.firstSequence)) to \(Int64(flow.sequence.highest)): \(flow.sequence.received) came, \(lost) did not; the first gaps end here",
        gapFrames(flow))
    ]
    if let disorder = flow.sequence.disorder {
      let bursts = disorder.allBursts
      facts.append(
        Finding.Evidence(
          "\(bursts.byLogarithm.reduce(0, +)) gaps, the longest of \(bursts.longest) packets; \(bursts.byLogarithm[0]) of one packet"
        ))
    }
    if flow.isMirrored { facts.append(Finding.Evidence("counted without the mirror's copies")) }
    if own > 0 {
      facts.append(
        Finding.Evidence(
          "the capture lost \(own) packets itself, of all SAs together: at least \(lost - min(own, lost)) were lost elsewhere"
        ))
    }
    for other in flows.prefix(8) where other.spi != flow.spi {
      facts.append(
        Finding.Evidence(
          "\(spi: other.spi) too: \(other.sequence.lost) of \(other.sequence.lost + other.sequence.received) lost",
          [other.first]))
    }
    return Finding(
      .espLoss, severity: isMuch(lost - min(own, lost), of: flow) ? nil : .info,
      own > 0 ? .possible : .likely, about: flow.subject,
      "\(Quantity.percent(lost, of: all)) of the packets of \(flow.name) never came (\(lost) of \(all))",
      meaning: meaning(flow, lostByCapture: told), evidence: facts,
      remedies: remedies(flow, lostByCapture: told))
  }

  private static func gapFrames(_ flow: ESPFlow) -> [FrameReference] {
    flow.events.filter { event in
      if case .ahead(let missing) = event.arrival { missing > 0 } else { false }
    }.prefix(8).map(\.frame)
  }

  private static func meaning(_ flow: ESPFlow, lostByCapture own: UInt64?) -> Statement {
    let longest = flow.sequence.disorder?.allBursts.longest ?? 0
    let kind: Statement =
      longest >= 8
      ? "many in a row: a queue that overflows, a link that flaps, or a policer"
      : "one here and one there: congestion, or a bad link"
    let place: Statement =
      switch own {
      case nil:
        "lost between the sender and the capture, or by the capture itself (its own drop count tells)"
      case 0: "lost between the sender and here: the capture itself lost nothing"
      default: "lost between the sender and here, or by the capture itself"
      }
    return place + "; " + kind
  }

  private static let losslessCapture = Finding.Remedy(
    "capture again so that the capture loses nothing: a larger buffer, less of each packet, a filter",
    [.init(.shell, "ipsecdiag replay -i any --buffer-size 512MB -s 256 'esp or udp port 4500'")])

  private static func remedies(
    _ flow: ESPFlow, lostByCapture own: UInt64?
  ) -> [Finding.Remedy] {
    let hosts: Statement = "host \(flow.source) and host \(flow.destination)"
    let ruledOut = Finding.Remedy(
      "rule the capture out: tcpdump must say \"0 packets dropped by kernel\"",
      [
        .init(
          .shell,
          "tcpdump -ni any -s 128 -B 65536 -w loss.pcap '\(hosts) and (esp or udp port 4500)'")
      ])
    let first = own.map { $0 > 0 ? [losslessCapture] : [] } ?? [ruledOut]
    return first + [
      Finding.Remedy(
        "capture at the sender too: what it sent there and is missing here, the path lost"),
      Finding.Remedy(
        "look for drops in the sender's queues and at rate limits on the path",
        [.init(.shell, "tc -s qdisc show"), .init(.shell, "ip -s link show")]),
    ]
  }
}
