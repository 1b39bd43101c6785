internal import PacketDissector

/// The same packet again: at once, by a port that mirrors both ways; later, by someone who replays.
enum RepeatedPackets {
  static let rule = Rule([.captureDuplicated, .replaySuspected]) { evidence in
    mirror(evidence) + evidence.flows.flows.compactMap(replay)
  }

  // MARK: Mirrored

  private static func mirror(_ evidence: CaptureEvidence) -> [Finding] {
    let flows = evidence.flows.flows.filter(\.isMirrored)
    let sessions = evidence.sessions.sessions.filter { session in
      let once = session.messages &- min(session.messages, session.copies)
      return session.copies >= 4 && session.copies * 5 >= once * 4
    }
    guard !flows.isEmpty || !sessions.isEmpty else { return [] }
    let packets = flows.reduce(0) { $0 + $1.copies.atOnce }
    let messages = sessions.reduce(0) { $0 + $1.copies }
    var facts: [Finding.Evidence] = []
    for flow in flows.prefix(4) {
      let frames = flow.copies.firstAtOnce.map { [$0.frame] } ?? []
      facts.append(
        Finding.Evidence(
          "\(flow.name): \(flow.copies.atOnce) of \(flow.packets) packets are copies, equal in all bytes and within \(Int64(ESPFlow.Copies.captureDelay)) ms",
          frames))
    }
    for session in sessions.prefix(4) {
      facts.append(
        Finding.Evidence(
          "IKE SA \(ikeSPI: session.initiatorSPI): \(session.copies) of \(session.messages) messages are copies",
          [session.first]))
    }
    return [
      Finding(
        .captureDuplicated, .certain, about: .capture,
        "the capture holds packets twice (\(packets) of ESP, \(messages) of IKE): all else is counted without copies",
        meaning:
          "a mirror port that copies what enters and what leaves, or a capture on several interfaces; the network itself is fine",
        evidence: facts,
        remedies: [
          Finding.Remedy(
            "mirror one direction of the port only, or capture on one interface",
            [.init(.cisco, "monitor session 1 source interface Gi0/1 rx")]),
          Finding.Remedy(
            "or take the copies out of the file",
            [.init(.shell, "editcap -d capture.pcapng once.pcapng")]),
        ])
    ]
  }

  // MARK: Replayed

  /// Networks double a packet within milliseconds: what comes again after a second, or by another way,
  /// was sent again.
  private static let networkDelay: UInt32 = 1000

  private static func replay(_ flow: ESPFlow) -> Finding? {
    let copies = flow.copies
    guard copies.later >= 2, let pair = copies.firstLater,
      copies.longestDelay >= networkDelay || copies.otherHopLimit >= 2
    else { return nil }
    var facts = [
      Finding.Evidence(
        "number \(Int64(pair.sequence)) in frame \(Int64(pair.earlierFrame)), and the same bytes again \(Nanoseconds(Int64(pair.milliseconds) * 1_000_000)) later",
        [pair.frame]),
      Finding.Evidence(
        "\(copies.later) packets came again like that, up to \(Nanoseconds(Int64(copies.longestDelay) * 1_000_000)) later"
      ),
    ]
    if copies.otherHopLimit > 0 {
      facts.append(
        Finding.Evidence(
          "\(copies.otherHopLimit) of them with another TTL (\(pair.hopLimits.earlier), then \(pair.hopLimits.later)): they came another way"
        ))
    }
    return Finding(
      .replaySuspected, copies.otherHopLimit > 0 ? .likely : .possible, about: flow.subject,
      "\(copies.later) packets of \(flow.name) came again, byte for byte, up to \(Nanoseconds(Int64(copies.longestDelay) * 1_000_000)) later",
      meaning:
        "someone records and replays, or a loop or a broken path doubles traffic; a receiver with replay protection drops the copies",
      evidence: facts,
      remedies: [
        Finding.Remedy(
          "make sure that the receiver has a replay window, and see what it drops",
          [.init(.shell, "ip -s xfrm state"), .init(.swanctl, "replay_window = 128")]),
        Finding.Remedy(
          "find the second sender by its MAC address",
          [.init(.shell, "tcpdump -e -nr capture.pcap 'host \(flow.source) and esp'")]),
      ])
  }
}
