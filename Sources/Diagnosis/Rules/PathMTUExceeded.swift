internal import PacketDissector

/// A router says that ESP or IKE was too big for its next link.
enum PathMTUExceeded {
  static let rule = Rule([.mtuExceeded]) { evidence in
    var order: [OuterPath] = []
    var errors: [OuterPath: [ICMPErrors.Entry]] = [:]
    for entry in evidence.icmp.entries where entry.isTooBig {
      let path = OuterPath(
        source: entry.quotedSource.address, destination: entry.quotedDestination.address)
      if errors[path] == nil { order.append(path) }
      errors[path, default: []].append(entry)
    }
    return order.compactMap { path in finding(path, errors[path] ?? [], evidence) }
  }

  /// What every host must take whole (RFC 791); smaller MTUs are those of attackers.
  private static let leastMTU = 576

  /// Whether ICMP about the size of packets from the one to the other is in the capture.
  static func isReported(_ path: OuterPath, _ evidence: CaptureEvidence) -> Bool {
    evidence.icmp.entries.contains {
      $0.isTooBig && $0.quotedSource.address == path.source
        && $0.quotedDestination.address == path.destination
    }
  }

  private enum Sender {
    /// Sends packets that are too big a second later still.
    case goesOn
    /// Sends on, and no router complains any more.
    case adapted
    case unknown
  }

  private static func finding(
    _ path: OuterPath, _ errors: [ICMPErrors.Entry], _ evidence: CaptureEvidence
  ) -> Finding? {
    guard let first = errors.first,
      let lowest = errors.min(by: { mtu($0) < mtu($1) })
    else { return nil }
    let count = errors.reduce(0) { $0 + $1.count }
    let sender = sender(path, errors, evidence)
    let limit = lowest.header.nextHopMTU.map { Int(clamping: $0) }
    let size: Statement =
      limit.map { "its next link carries \($0) bytes" } ?? "it does not say for which size"
    let limits = InnerLimits(path, evidence)
    var facts = [
      Finding.Evidence(
        "ICMP \(first.header.meaning ?? "too big") from \(lowest.reporter), \(Quantity.times(count)), about packets of up to \(errors.map(\.quotedBytes).max() ?? 0) bytes",
        Array(errors.flatMap(\.frames).sorted { $0.number < $1.number }.prefix(8)))
    ]
    facts += senderFacts(sender, errors)
    if let limit {
      facts +=
        limit >= leastMTU
        ? limits.lines(pathMTU: limit)
        : [Finding.Evidence("no real link carries so little: the message is forged, or broken")]
    }
    let isIKE = errors.allSatisfy { if case .ike = $0.quoted { true } else { false } }
    return Finding(
      .mtuExceeded, severity: severity(sender), .certain,
      about: .peers(path.source, path.destination),
      "\(isIKE ? "IKE" : "ESP") from \(path.source) is too big for the path: \(lowest.reporter) says \(size)",
      meaning: meaning(sender), evidence: facts,
      remedies: isIKE ? ikeRemedies : remedies(limit, limits, sender, path))
  }

  /// Zero where the router does not say.
  private static func mtu(_ entry: ICMPErrors.Entry) -> UInt32 { entry.header.nextHopMTU ?? .max }

  private static func severity(_ sender: Sender) -> Severity {
    switch sender {
    case .goesOn: .critical
    case .unknown: .warning
    case .adapted: .info
    }
  }

  private static func sender(
    _ path: OuterPath, _ errors: [ICMPErrors.Entry], _ evidence: CaptureEvidence
  ) -> Sender {
    // What is told once a minute may have been forgotten meanwhile, as path MTUs age.
    let goesOn = errors.contains { entry in
      zip(entry.frames, entry.frames.dropFirst()).contains { earlier, later in
        let since = Nanoseconds(from: earlier.time, to: later.time).seconds
        return since >= 1 && since < 60
      } || isSpread(entry)
    }
    if goesOn { return .goesOn }
    guard let last = errors.map(\.last.time).max() else { return .unknown }
    let sendsOn = evidence.flows(path.source, path.destination).contains {
      $0.packets >= 5 && Nanoseconds(from: last, to: $0.last.time).seconds >= 1
    }
    let isStuck = evidence.inner.segments.contains {
      $0.outerSource == path.source && $0.outerDestination == path.destination
        && PathMTUBlackhole.isStuck($0)
    }
    return isStuck ? .goesOn : sendsOn ? .adapted : .unknown
  }

  private static func isSpread(_ entry: ICMPErrors.Entry) -> Bool {
    guard let first = entry.frames.first, entry.count >= 3 else { return false }
    let span = Nanoseconds(from: first.time, to: entry.last.time).seconds
    return span >= 1 && span / Double(entry.count - 1) < 60
  }

  private static func senderFacts(
    _ sender: Sender, _ errors: [ICMPErrors.Entry]
  ) -> [Finding.Evidence] {
    switch sender {
    case .goesOn:
      [Finding.Evidence("packets that are too big go on", errors.last.map { [$0.last] } ?? [])]
    case .adapted: [Finding.Evidence("ESP goes on, and no further ICMP came: the sender adapted")]
    case .unknown: []
    }
  }

  private static func meaning(_ sender: Sender) -> Statement {
    switch sender {
    case .goesOn:
      "the error does not reach whoever chooses the size: a firewall drops it, the gateway does not pass it on to the inner sender, or that one ignores it; large packets are lost"
    case .adapted: "as path MTU discovery has it: one packet was lost, and then the size was right"
    case .unknown:
      "large packets are lost until the sender adapts; the capture does not show whether it does"
    }
  }

  private static func remedies(
    _ limit: Int?, _ limits: InnerLimits, _ sender: Sender, _ path: OuterPath
  ) -> [Finding.Remedy] {
    if case .adapted = sender { return [] }
    let inner = limit.flatMap { $0 >= leastMTU ? limits.innerMTU(pathMTU: $0) : nil }
    var remedies = inner.map(InnerLimits.remedies(inner:)) ?? []
    remedies.append(
      Finding.Remedy(
        "let ICMP errors in on \(path.source), and out to the inner senders",
        [
          .init(.nftables, "add rule inet filter input icmp type destination-unreachable accept"),
          .init(.nftables, "add rule inet filter input icmpv6 type packet-too-big accept"),
        ]))
    return remedies
  }

  private static let ikeRemedies = [
    Finding.Remedy(
      "let IKE split large messages itself (RFC 7383), on both sides",
      [
        .init(.swanctl, "fragmentation = yes"), .init(.strongswan, "charon.fragment_size = 1280"),
        .init(.libreswan, "fragmentation=yes"),
      ])
  ]
}
