internal import PacketDissector

/// Receivers that tell, while an SA is made, that they do not check it for replays.
enum AnnouncedReplayProtection {
  static let rule = Rule([.replayOff]) { evidence in
    let negotiations = SequenceNegotiations(evidence)
    var order: [OuterPath] = []
    var found: [OuterPath: [(ESPFlow, SequenceNegotiation, SequenceNegotiation.Told)]] = [:]
    for flow in evidence.flows.flows {
      guard let negotiation = negotiations.of(flow), let told = negotiation.receiver,
        !told.status.isProtected
      else { continue }
      let path = OuterPath(source: flow.source, destination: flow.destination)
      if found[path] == nil { order.append(path) }
      found[path, default: []].append((flow, negotiation, told))
    }
    return order.compactMap { path in found[path].flatMap(finding) }
  }

  /// One finding for all SAs of a way: whoever has no window has none after a rekey, either.
  private static func finding(
    _ flows: [(flow: ESPFlow, negotiation: SequenceNegotiation, told: SequenceNegotiation.Told)]
  ) -> Finding? {
    guard let first = flows.first else { return nil }
    let receiver = first.flow.destination
    var evidence = [
      Finding.Evidence(
        "\(receiver) sent \(first.told.typeName): it does not check for replays",
        flows.prefix(8).map(\.told.frame)),
      numbers(first.negotiation),
    ]
    if flows.count > 1 {
      evidence.append(
        Finding.Evidence("of \(flows.count) SAs on this way, each of which it told so"))
    }
    return Finding(
      .replayOff, first.told.isProven ? .certain : .possible, about: first.flow.subject,
      "\(receiver) tells that it does not check \(first.flow.name) for replays",
      meaning:
        "a packet that is caught and sent again is taken again; the sender need not fear that its packets are dropped for coming late",
      evidence: evidence,
      remedies: [
        Finding.Remedy(
          "unless it is meant so, give \(receiver) a window",
          [
            .init(.swanctl, "connections.NAME.children.CHILD.replay_window = 1024"),
            .init(.libreswan, "replay-window=1024"),
          ]),
        Finding.Remedy(
          "see on \(receiver) what it has",
          [
            .init(
              .shell, "ip -s xfrm state get proto esp spi 0x\(spi: first.flow.spi) dst \(receiver)")
          ]),
      ])
  }

  private static func numbers(_ negotiation: SequenceNegotiation) -> Finding.Evidence {
    let follows = negotiation.receiver?.status.followsESN == true
    let words: Statement =
      switch negotiation.numbers {
      case .partiallyTransmitted64? where follows:
        "64-bit sequence numbers (ESN) were agreed on, which it tells it can follow without a window"
      case .partiallyTransmitted64?:
        "64-bit sequence numbers (ESN) were agreed on, although it does not tell that it can follow them without a window: 32-bit ones are safer"
      case .sequential32?: "32-bit sequence numbers were agreed on"
      case let other?: "the sequence numbers agreed on: \(other.description)"
      case nil: "which sequence numbers were agreed on does not show"
      }
    return Finding.Evidence(words)
  }
}
