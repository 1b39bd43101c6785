internal import Diagnosis
internal import PacketDissector

/// What a measured path means to an operator, in the findings that captures lead to as well.
struct PathFindings {
  let result: PathResult
  let advice: PathAdvice

  init(_ result: PathResult, _ advice: PathAdvice) {
    self.result = result
    self.advice = advice
  }

  var all: [Finding] {
    let limits = limitGroups.map { $0.refusal == nil ? blackhole($0) : exceeded($0) }
    var sizes = (bands + limits).sorted { $0.severity > $1.severity }
    // One size suits all of them.
    if !sizes.isEmpty { sizes[0].remedies = sizeRemedies + sizes[0].remedies }
    return (unreachable + sizes + [fragments].compactMap { $0 } + local).sorted {
      $0.severity > $1.severity
    }
  }

  var peer: IPAddress { result.address }
  var subject: Finding.Subject { .peers(result.own ?? peer, peer) }

  /// "ICMP echo, IKE on UDP 500"
  func names(_ classes: [KindResult]) -> String {
    classes.map(\.packetKind.content.rawValue).joined(separator: ", ")
  }

  // MARK: Reachability

  private var ike: [KindResult] { result.whole.filter { $0.packetKind.content != .icmpEcho } }

  private var unreachable: [Finding] {
    guard !ike.isEmpty, ike.allSatisfy({ $0.limit == nil }), !result.isInterrupted else {
      return []
    }
    let echo = result.whole.first { $0.limit != nil }
    let sent = ike.reduce(0) { $0 + $1.packetsSent }
    for entry in ike {
      guard case .unreachable(let reason, let by) = entry.outcome else { continue }
      let reporter = by ?? peer
      return [
        Finding(
          .ikeRefusedICMP, severity: echo == nil ? nil : .warning, .certain, about: subject,
          "\(reporter) refuses IKE to \(peer): \(reason)",
          meaning: reporter == peer
            ? "the host is there, and no IKE daemon listens on that port: sizes of UDP packets could not be measured"
            : "a router on the way says so: nothing could be measured",
          evidence: [
            Finding.Evidence("\(entry.packetKind.content.rawValue): \(reason)")
          ],
          remedies: [
            Finding.Remedy(
              "start the IKE daemon at \(peer), or correct the address",
              [.init(.shell, "ipsecdiag probe \(peer)")])
          ])
      ]
    }
    return [
      Finding(
        .ikeNoAnswer, severity: echo == nil ? nil : .warning, .certain, about: subject,
        "no answer from \(peer) to IKE_SA_INIT of any size (\(sent) sent)",
        meaning: echo == nil
          ? "nothing could be measured" : "the sizes below are those of ICMP echoes alone",
        evidence: ike.map { entry in
          Finding.Evidence(
            "\(entry.packetKind.content.rawValue): \(entry.packetsSent) sent, no answer")
        },
        remedies: [
          Finding.Remedy(
            "see whether the peer answers IKE at all", [.init(.shell, "ipsecdiag probe \(peer)")])
        ])
    ]
  }

  // MARK: Limits

  /// Classes that have the same limit in the same way.
  struct LimitGroup {
    let limit: Int
    /// The sizes above, as far as they were tried.
    let above: ClosedRange<Int>
    /// Who says so by ICMP; nil in silence.
    let refusal: SizeTally.Refusal?
    var classes: [KindResult]
  }

  private var limitGroups: [LimitGroup] {
    var groups: [LimitGroup] = []
    for entry in result.whole {
      guard entry.isComplete, let top = entry.map.top,
        let limit = entry.map.runs.last(where: \.passes)?.sizes.upperBound
      else { continue }
      if case .here = top.refusal { continue }
      let place = groups.firstIndex {
        $0.limit == limit && ($0.refusal == nil) == (top.refusal == nil)
      }
      if let place {
        groups[place].classes.append(entry)
      } else {
        groups.append(
          LimitGroup(limit: limit, above: top.sizes, refusal: top.refusal, classes: [entry]))
      }
    }
    return groups
  }

  /// "1400 bytes answered 9 of 9, 1401 bytes 0 of 15 (ICMP echo, IKE on UDP 500 with DF, 29 sizes tried)"
  func counts(_ classes: [KindResult], _ sizes: [Int]) -> Finding.Evidence {
    let words = sizes.compactMap { size -> String? in
      let tallies = classes.flatMap(\.tallies).filter { $0.size == size }
      guard !tallies.isEmpty else { return nil }
      let sent = tallies.reduce(0) { $0 + $1.sent }
      let answered = tallies.reduce(0) { $0 + $1.answered }
      return "\(size) bytes \(answered) of \(sent)"
    }
    let most = classes.map(\.tallies.count).max() ?? 0
    let way =
      peer.isIPv6
      ? "" : classes.first?.packetKind.mayBeFragmented == true ? " without DF" : " with DF"
    return Finding.Evidence(
      "answered: \(words.joined(separator: ", ")) (\(names(classes))\(way), \(most) sizes tried)"
    )
  }

  /// How much a limit hurts: Ethernet's 1,500 is what tunnels are set for.
  private func severity(_ limit: Int) -> Severity? { limit < 1500 ? nil : .warning }

  private func blackhole(_ group: LimitGroup) -> Finding {
    let inner = advice.innerMTU(pathMTU: result.pathMTU ?? group.limit)
    let overhead = inner.map { "anything over \($0) bytes inside the tunnel is lost" }
    return Finding(
      .mtuBlackhole, severity: severity(group.limit), .certain, about: subject,
      "\(String(group.above.lowerBound))–\(String(group.above.upperBound)) bytes vanish, and no ICMP says so",
      meaning:
        "\(overhead ?? "no tunnel of the usual suites fits"): small things work, transfers hang; \(cause(group))",
      evidence: [counts(group.classes, [group.limit, group.limit + 1])],
      remedies: [
        Finding.Remedy(
          "mend the path: let ICMP through that says \(tooBigWords), here and on the way",
          [
            peer.isIPv6
              ? .init(.nftables, "add rule inet filter input icmpv6 type packet-too-big accept")
              : .init(
                .nftables, "add rule inet filter input icmp type destination-unreachable accept")
          ])
      ])
  }

  private var tooBigWords: String {
    peer.isIPv6 ? "\"packet too big\"" : "\"fragmentation needed\""
  }

  /// Which of the usual causes the other packets point at.
  private func cause(_ group: LimitGroup) -> String {
    let told = result.whole.contains { entry in
      if case .icmp = entry.map.top?.refusal { true } else { false }
    }
    if told {
      return "ICMP about other packets does arrive: a filter or NAT drops that about these"
    }
    let echo = result.result(.icmpEcho, mayBeFragmented: false)
    if !group.classes.contains(where: { $0.packetKind.content == .icmpEcho }),
      echo?.limit ?? 0 > group.limit
    {
      return
        "echoes of that size pass: a filter drops large UDP packets, or the responder large requests"
    }
    if peer.isIPv6 { return "ICMPv6 is filtered on the way or by this host's own firewall" }
    let cut = group.classes.compactMap { entry in
      result.result(entry.packetKind.content, mayBeFragmented: true)
    }
    if cut.contains(where: {
      ($0.map.runs.last(where: \.passes)?.sizes.upperBound ?? 0) > group.limit
    }) {
      return
        "without DF larger ones pass in fragments: a router has the smaller MTU, and its ICMP is filtered on the way or by this host's own firewall"
    }
    return
      "without DF larger ones are lost as well: fragments are dropped, or the link drops what is too large without a word"
  }

  private func exceeded(_ group: LimitGroup) -> Finding {
    var sender: Statement = "a router says so"
    if case .icmp(let mtu, let from) = group.refusal {
      let size: Statement = mtu.map { "MTU \(String($0))" } ?? "without an MTU"
      sender = from.map { "\($0) says so: \(size)" } ?? "ICMP says so: \(size)"
    }
    return Finding(
      .mtuExceeded, severity: group.limit < 1500 ? .warning : .info, .certain, about: subject,
      "the path takes \(String(group.limit)) bytes, and \(sender)",
      meaning:
        "path MTU discovery works here; a gateway must hear that ICMP too, and pass it on to the senders inside the tunnel",
      evidence: [counts(group.classes, [group.limit, group.limit + 1])])
  }

  // MARK: Bands

  private var bands: [Finding] {
    var order: [ClosedRange<Int>] = []
    var classes: [ClosedRange<Int>: [KindResult]] = [:]
    for entry in result.classes where entry.isComplete {
      for band in entry.map.bands {
        if classes[band.sizes] == nil { order.append(band.sizes) }
        classes[band.sizes, default: []].append(entry)
      }
    }
    return order.map { band($0, classes[$0] ?? []) }
  }

  private func band(_ sizes: ClosedRange<Int>, _ classes: [KindResult]) -> Finding {
    let whole = classes.filter { !$0.packetKind.mayBeFragmented }
    let shown = whole.isEmpty ? classes : whole
    return Finding(
      .mtuBand, .certain, about: subject,
      "\(String(sizes.lowerBound))–\(String(sizes.upperBound)) bytes vanish, smaller and larger ones pass",
      meaning:
        "a device on the path drops those sizes alone, often such as it must cut after encapsulating; halving a range of sizes would not have shown it",
      evidence: [
        counts(
          shown, [sizes.lowerBound - 1, sizes.lowerBound, sizes.upperBound, sizes.upperBound + 1])
      ])
  }

  // MARK: Fragments

  /// What may be cut is lost where it must be.
  private var fragments: Finding? {
    let lost = result.classes.filter { entry in
      entry.packetKind.mayBeFragmented && entry.isComplete && entry.map.top != nil
    }
    let ike = lost.filter { $0.packetKind.content != .icmpEcho }
    let shown = ike.isEmpty ? lost : ike
    guard let limit = shown.first?.map.runs.last(where: \.passes)?.sizes.upperBound else {
      return nil
    }
    let largest = shown.compactMap { $0.tallies.last?.size }.max() ?? limit
    return Finding(
      .ikeAuthFragLost, severity: .warning, ike.isEmpty ? .likely : .certain, about: subject,
      "IP fragments do not get to \(peer): above \(String(limit)) bytes nothing is answered, cut or not",
      meaning:
        "an IKE_AUTH with certificates is larger than that: it is lost, unless both sides split it themselves (RFC 7383); nor does ESP pass in fragments",
      evidence: [counts(shown, [limit, limit + 1, largest])],
      remedies: [
        Finding.Remedy(
          "let IKE split large messages itself, on both sides, into fragments that pass",
          fragmentSettings(result.pathMTU ?? limit)),
        Finding.Remedy(
          "or let IP fragments through: a stateful filter must put them together first"),
      ])
  }

  /// strongSwan counts the IP header (charon.fragment_size in strongswan.conf(5)).
  private func fragmentSettings(_ limit: Int) -> [Finding.Setting] {
    [
      .init(.swanctl, "fragmentation = yes"),
      .init(.strongswan, "charon.fragment_size = \(String(limit))"),
      .init(.libreswan, "fragmentation=yes"),
    ]
  }

  // MARK: This machine

  private var local: [Finding] {
    guard let local = result.local, let pathMTU = result.pathMTU else { return [] }
    let mtu = local.interfaceMTU
    if local.pathMTU < pathMTU {
      return [
        Finding(
          .mtuLocalLimit, .certain, about: subject,
          "this machine takes the path's MTU for \(String(local.pathMTU)), and \(String(pathMTU)) pass",
          meaning:
            "a route's setting, or an ICMP message of the last ten minutes that is no longer true, or was forged",
          evidence: [
            Finding.Evidence(
              "the kernel's path MTU before measuring: \(String(local.pathMTU)) bytes; the interface \(local.interface): \(String(mtu))"
            )
          ],
          remedies: [
            Finding.Remedy(
              "see what it is from; what was learned by ICMP goes by itself, or with flush",
              [
                .init(.shell, "ip route get \(peer)"),
                .init(.shell, "ip\(peer.isIPv6 ? " -6" : "") route flush cache"),
              ])
          ])
      ]
    }
    guard !result.isLimited, mtu < 1500 else { return [] }
    return [
      Finding(
        .mtuLocalLimit, .certain, about: subject,
        "the first limit is this machine's own: its interface \(local.interface) sends \(String(mtu)) bytes",
        meaning: "all that it sends passes; the path may take more",
        evidence: [
          Finding.Evidence(
            "\(String(mtu)) bytes, the interface's MTU, pass; more cannot be sent from here")
        ])
    ]
  }

  // MARK: What fits inside

  /// What makes everything fit that passes on every kind of packet.
  private var sizeRemedies: [Finding.Remedy] {
    guard let limit = result.pathMTU, let inner = advice.innerMTU(pathMTU: limit) else { return [] }
    let mss = TunnelOverhead.maximumSegmentSize(innerMTU: inner, innerIsIPv6: false)
    let route = Finding.Remedy(
      "or both by the route into the tunnel",
      [
        .init(
          .shell,
          "ip route change NETWORK dev DEVICE mtu \(String(inner)) advmss \(String(mss))")
      ])
    let ike = Finding.Remedy("and let IKE send fragments that pass", fragmentSettings(limit))
    return InnerLimits.remedies(inner: inner) + [route] + (fragments == nil ? [ike] : [])
  }
}
