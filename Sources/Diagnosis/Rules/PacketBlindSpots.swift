internal import Capture

/// What the capture cannot tell of ESP: what looks like a fault and need not be one.
package enum PacketBlindSpots {
  package static func of(_ evidence: CaptureEvidence) -> [Statement] {
    overrun(evidence) + samples(evidence) + unopened(evidence) + unanswered(evidence)
  }

  /// A live capture that was not read fast enough.
  static func overrun(_ evidence: CaptureEvidence) -> [Statement] {
    guard let live = evidence.quality.live, live.dropped > 0 else { return [] }
    return [
      "the capture lost \(live.dropped) packets itself (\(live.droppedByKernel) in the kernel, \(live.droppedByInterface) at the interface): as many sequence numbers and messages may be missing for no other reason"
    ]
  }

  private static func samples(_ evidence: CaptureEvidence) -> [Statement] {
    let flows = evidence.flows.flows.filter(ESPLoss.isSample)
    guard let flow = flows.first else { return [] }
    return [
      "more packets are missing than came of \(flows.count) ESP flows (\(flow.name), say): the capture holds a selection, and says nothing on loss"
    ]
  }

  /// SPIs with keys, none of which opened a packet.
  private static func unopened(_ evidence: CaptureEvidence) -> [Statement] {
    let flows = evidence.flows.flows.filter { $0.opening.opened == 0 && $0.opening.failed > 0 }
    guard let flow = flows.first else { return [] }
    return [
      "the keys given for \(flows.count) ESP flows (\(spi: flow.spi), say) open none of their packets: they are other SAs' keys"
    ]
  }

  private static func unanswered(_ evidence: CaptureEvidence) -> [Statement] {
    let judged = ESPDirection.rule.judge(evidence).map(\.subject)
    return ESPDirection.pairs(evidence).flatMap { [$0, $0.back] }.compactMap { path in
      guard let run = ESPDirection.silentRun(path, evidence),
        !judged.contains(.peers(path.source, path.destination)),
        !judged.contains(.peers(path.destination, path.source))
      else { return nil }
      return
        "ESP from \(path.source) to \(path.destination) went on for \(run.duration) without any back: one-way traffic, or a fault, which only decrypted requests would show"
    }
  }
}
