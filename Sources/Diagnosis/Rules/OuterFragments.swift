internal import PacketDissector

/// ESP that leaves in IP fragments: slow at best, and lost wherever fragments are dropped.
enum OuterFragments {
  static let rule = Rule([.mtuOuterFragments]) { evidence in
    var order: [OuterPath] = []
    var seen: Set<OuterPath> = []
    for flow in evidence.flows.flows where flow.inFragments > 0 {
      let path = OuterPath(source: flow.source, destination: flow.destination)
      if seen.insert(path).inserted { order.append(path) }
    }
    return order.compactMap { path in finding(path, evidence) }
  }

  private static let leastPackets: UInt64 = 3

  private static func finding(_ path: OuterPath, _ evidence: CaptureEvidence) -> Finding? {
    let flows = evidence.flows(path.source, path.destination)
    let count = flows.reduce(0) { $0 + $1.inFragments }
    let all = flows.reduce(0) { $0 + $1.packets }
    let kind = flows.contains { !$0.isAH && $0.inFragments > 0 } ? "ESP" : "AH"
    guard count >= leastPackets, let largest = flows.map(\.largestPacket).max() else { return nil }
    let lost = evidence.fragments.incomplete.filter { entry in
      guard case .esp = entry.kind else { return false }
      return entry.source.address == path.source && entry.destination.address == path.destination
    }.reduce(0) { $0 + $1.count }
    let limits = InnerLimits(path, evidence)
    let link = evidence.fragments.largestFragment(path.source, path.destination)
    var facts = [
      Finding.Evidence(
        "\(count) of \(all) \(kind) packets came in fragments; the largest packet has \(largest) bytes",
        flows.compactMap(\.firstInFragments).prefix(4).map(\.self))
    ]
    if lost > 0 {
      facts.append(
        Finding.Evidence("\(lost) more never became whole: fragments of them are missing"))
    }
    if let link {
      facts.append(
        Finding.Evidence("the largest fragment has \(link) bytes: a link that carries no more"))
      facts += limits.lines(pathMTU: link)
    }
    let inner = link.flatMap { limits.innerMTU(pathMTU: $0) }
    return Finding(
      .mtuOuterFragments, .certain, about: .peers(path.source, path.destination),
      "\(Quantity.percent(count, of: all)) of the \(kind) packets from \(path.source) travel as IP fragments (\(count) of \(all))",
      meaning:
        "each needs both halves to arrive, the receiver must put them together before it decrypts, and many filters and NATs drop fragments",
      evidence: facts, remedies: inner.map(InnerLimits.remedies(inner:)) ?? unknownRemedies)
  }

  private static let unknownRemedies = [
    Finding.Remedy(
      "lower the MTU of the tunnel's interface until ESP leaves whole",
      [.init(.shell, "ip link set dev ipsec0 mtu 1400")])
  ]
}
