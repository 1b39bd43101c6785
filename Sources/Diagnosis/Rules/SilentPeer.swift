internal import PacketDissector

/// A peer that answered requests inside the tunnel, and then neither these nor anything else: the packets
/// go on, nothing comes back, and no IKE message of either side asks or tells why. Only keys show it.
struct SilentPeer {
  let path: OuterPath
  let flow: ESPFlow
  let lasted: Nanoseconds
  let facts: [Finding.Evidence]

  private static let leastPackets: UInt64 = 5
  private static let leastSeconds = 5.0

  static func all(_ evidence: CaptureEvidence) -> [SilentPeer] {
    evidence.inner.requests.keys
      .map { OuterPath(source: $0.source, destination: $0.destination) }
      .sorted { ($0.source, $0.destination) < ($1.source, $1.destination) }
      .compactMap { SilentPeer($0, evidence) }
  }

  private init?(_ path: OuterPath, _ evidence: CaptureEvidence) {
    guard let requests = evidence.inner.requests[path.inner], requests.answered >= 3,
      requests.unanswered.count >= Self.leastPackets,
      requests.unanswered.duration.seconds >= Self.leastSeconds,
      let last = requests.unanswered.last,
      let here = evidence.peers.find(path.source, path.destination),
      let there = evidence.peers.find(path.destination, path.source),
      let start = here.unanswered.first, here.unanswered.count >= Self.leastPackets,
      there.lastIKE.map({ $0.time < start.time }) ?? true,
      here.lastIKE.map({ $0.time < start.time }) ?? true,
      let flow = evidence.flows(path.source, path.destination)
        .max(by: { $0.last.time < $1.last.time })
    else { return nil }
    self.path = path
    self.flow = flow
    lasted = Nanoseconds(from: start.time, to: last.time)
    facts = [
      Finding.Evidence(
        "\(requests.answered) requests inside were answered, the last here",
        requests.lastAnswer.map { [$0] } ?? []),
      Finding.Evidence(
        "\(requests.unanswered.count) since then were not, and no IKE message came", [start, last]),
    ]
  }
}
