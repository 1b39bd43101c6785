internal import PacketDissector

/// A NAT that gave a peer another port or address: the other side still sends to the old one, or
/// keepalives come too rarely to hold the mapping.
enum NATMapping {
  static let rule = Rule([.natRebind, .natKeepaliveSlow]) { evidence in
    var done: Set<OuterPath> = []
    let rebinds = evidence.flows.flows.compactMap { flow -> Finding? in
      let path = OuterPath(source: flow.source, destination: flow.destination)
      guard !done.contains(path), let finding = portRebind(flow, evidence) else { return nil }
      done.insert(path)
      return finding
    }
    return rebinds + addressRebinds(evidence) + evidence.peers.entries.compactMap(slowKeepalives)
  }

  private static let leastPackets: UInt64 = 5
  private static let leastSeconds = 3.0

  // MARK: Another port

  /// `flow` comes from another port since some packet, and ESP for it goes to the old one.
  private static func portRebind(_ flow: ESPFlow, _ evidence: CaptureEvidence) -> Finding? {
    for change in flow.portChanges {
      let back = evidence.flows(flow.destination, flow.source).filter {
        $0.encapsulation != .ip && $0.last.time > change.frame.time
      }
      let stale = back.compactMap { staleUse($0, change) }
      guard let worst = stale.max(by: { $0.last.time < $1.last.time }) else { continue }
      let lasted = Nanoseconds(from: change.frame.time, to: worst.last.time)
      let packets = stale.reduce(0) { $0 + $1.packets }
      guard lasted.seconds >= leastSeconds, packets >= leastPackets else { continue }
      var facts = [
        Finding.Evidence(
          "ESP from \(flow.source) came from port \("\(change.from)"), then from \("\(change.to)"), after a silence of \(change.silence)",
          [change.frame]),
        Finding.Evidence(
          "\(flow.destination) sent \(packets) packets to port \("\(change.from)") after that, the last here",
          [worst.last]),
      ]
      if let healed = healed(back, change) {
        facts.append(Finding.Evidence("then it followed to port \("\(change.to)")", [healed]))
      }
      return finding(
        flow,
        "NAT moved \(flow.source) from port \("\(change.from)") to \("\(change.to)"); \(flow.destination) sent to the old one for \(lasted)",
        facts)
    }
    return nil
  }

  private struct StaleUse {
    let packets: UInt64
    let last: FrameReference
  }

  /// Packets of `back` to the port that `change` left, as far as counts tell.
  private static func staleUse(_ back: ESPFlow, _ change: ESPFlow.PortChange) -> StaleUse? {
    // Packets of other SAs before the change count as this one's: too few are assumed.
    let before = back.first.time > change.frame.time ? 0 : change.packetsBack
    if let followed = back.destinationPortChanges.first(where: {
      $0.from == change.from && $0.frame.time > change.frame.time
    }) {
      return StaleUse(
        packets: followed.packets &- min(followed.packets, before), last: followed.frame)
    }
    guard back.destinationPort == change.from else { return nil }
    return StaleUse(packets: back.packets &- min(back.packets, before), last: back.last)
  }

  private static func healed(_ back: [ESPFlow], _ change: ESPFlow.PortChange) -> FrameReference? {
    let followed = back.flatMap(\.destinationPortChanges)
      .first { $0.to == change.to && $0.frame.time > change.frame.time }?.frame
    let born = back.filter { $0.destinationPort == change.to && $0.destinationPortChanges.isEmpty }
      .map(\.first).min { $0.time < $1.time }
    return followed ?? born
  }

  // MARK: Another address

  /// The same SPI goes on from another address, and ESP still goes to the first.
  private static func addressRebinds(_ evidence: CaptureEvidence) -> [Finding] {
    let flows = evidence.flows.flows.filter { $0.packets >= 2 }
    let bySPI = Dictionary(grouping: flows) { flow in
      OuterSA(spi: flow.spi, destination: flow.destination)
    }
    return bySPI.values.filter { $0.count > 1 }.flatMap { same -> [Finding] in
      let inTime = same.sorted { $0.first.time < $1.first.time }
      return zip(inTime, inTime.dropFirst()).compactMap { old, new in
        guard new.first.time >= old.last.time, new.firstSequence > old.sequence.highest,
          new.firstSequence - old.sequence.highest < 4096
        else { return nil }
        return addressRebind(old, new, evidence)
      }
    }.sorted {
      ($0.evidence.first?.frames.first?.number ?? 0)
        < ($1.evidence.first?.frames.first?.number ?? 0)
    }
  }

  private struct OuterSA: Hashable {
    let spi: UInt32
    let destination: IPAddress
  }

  private static func addressRebind(
    _ old: ESPFlow, _ new: ESPFlow, _ evidence: CaptureEvidence
  ) -> Finding? {
    let stale = evidence.flows(old.destination, old.source)
      .filter { Nanoseconds(from: new.first.time, to: $0.last.time).seconds >= leastSeconds }
    guard let last = stale.map(\.last).max(by: { $0.time < $1.time }),
      let run = evidence.peers.find(old.destination, old.source)?.unanswered,
      run.count >= leastPackets
    else { return nil }
    return finding(
      new,
      "the peer moved from \(old.source) to \(new.source), and \(old.destination) sent to the old address for \(Nanoseconds(from: new.first.time, to: last.time))",
      [
        Finding.Evidence("\(spi: old.spi) goes on from \(new.source)", [new.first]),
        Finding.Evidence("ESP still goes to \(old.source), the last here", [last]),
      ])
  }

  private static func finding(
    _ flow: ESPFlow, _ summary: Statement, _ facts: [Finding.Evidence]
  ) -> Finding {
    Finding(
      .natRebind, .certain, about: flow.subject, summary,
      meaning:
        "what goes to the old mapping is lost: the tunnel works one way until IKE tells the new one (Linux sends to the old until then)",
      evidence: facts,
      remedies: [
        Finding.Remedy(
          "let the side behind NAT keep the mapping, and notice its loss: keepalives, and liveness checks from it",
          [
            .init(.strongswan, "charon.keep_alive = 20s"), .init(.swanctl, "dpd_delay = 10s"),
            .init(.libreswan, "nat-keepalive=yes"), .init(.libreswan, "dpddelay=10"),
          ]),
        Finding.Remedy(
          "allow MOBIKE (RFC 4555) on both sides, so that a change is told at once",
          [.init(.swanctl, "mobike = yes"), .init(.libreswan, "mobike=yes")]),
        Finding.Remedy(
          "now: a liveness check or a rekey from the side behind NAT mends it",
          [.init(.shell, "swanctl --rekey --ike CONNECTION")]),
      ])
  }

  // MARK: Keepalives

  /// Ports that come back belong to several peers behind one address.
  private static func isOneMapping(_ activity: PeerTable.Activity) -> Bool {
    let ports = activity.mappingChanges.prefix(1).map(\.from) + activity.mappingChanges.map(\.to)
    return Set(ports).count == ports.count
  }

  /// Mappings end in silences that keepalives should have broken.
  private static func slowKeepalives(_ activity: PeerTable.Activity) -> Finding? {
    let ended = activity.mappingChanges.filter { $0.silence.seconds >= 15 }
    // Mappings that end amid traffic end for another reason.
    guard ended.count == activity.mappingChanges.count, isOneMapping(activity),
      let shortest = ended.map(\.silence).min()
    else { return nil }
    let gap = activity.longestKeepaliveGap
    var facts = ended.prefix(8).map { change in
      Finding.Evidence(
        "port \("\(change.from)") became \("\(change.to)") after \(change.silence) without a packet from \(activity.source)",
        [change.frame])
    }
    facts.append(
      Finding.Evidence(
        activity.keepalives == 0
          ? "no NAT keepalive is in the capture"
          : gap.count > 0
            ? "\(activity.keepalives) keepalives, up to \(gap) apart"
            : "one keepalive is in the capture",
        activity.lastKeepalive.map { [$0] } ?? []))
    return Finding(
      .natKeepaliveSlow, ended.count >= 2 ? .certain : .likely,
      about: .peers(activity.source, activity.destination),
      "the NAT in front of \(activity.source) forgets its mapping within \(shortest), and no keepalive comes in time",
      meaning:
        "after a pause nothing reaches the side behind NAT until it sends something itself: the first packets towards it are lost",
      evidence: facts,
      remedies: [
        Finding.Remedy(
          "send keepalives more often than the mapping lives: every 20 s, on the side behind NAT",
          [
            .init(.strongswan, "charon.keep_alive = 20s"), .init(.libreswan, "keep-alive=20s"),
            .init(.cisco, "crypto isakmp nat keepalive 20"),
          ]),
        Finding.Remedy(
          "or lengthen the UDP timeout of the NAT",
          [.init(.shell, "sysctl net.netfilter.nf_conntrack_udp_timeout_stream=180")]),
      ])
  }
}
