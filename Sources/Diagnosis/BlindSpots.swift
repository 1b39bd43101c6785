internal import PacketDissector

/// What a capture cannot show: it begins in the middle, was cut, or found no room.
enum BlindSpots {
  /// An IKE SA that a CREATE_CHILD_SA between the same hosts brought, a moment before its first message.
  private static func isRekey(_ session: IKESession, _ evidence: CaptureEvidence) -> Bool {
    evidence.sessions(between: session.initiator.address, session.responder.address).contains {
      $0.exchanges(.createChildSA).contains { exchange in
        guard let answered = exchange.response?.first.frame.time else { return false }
        return answered <= session.first.time
          && Nanoseconds(from: answered, to: session.first.time) < .seconds(60)
      }
    }
  }

  static func of(_ evidence: CaptureEvidence) -> [Statement] {
    var spots: [Statement] = []
    let quality = evidence.quality
    let midway = evidence.sessions.sessions.count { session in
      !session.isSeenFromItsStart && !isRekey(session, evidence)
    }
    if midway > 0 {
      spots.append(
        "\(midway) of \(evidence.sessions.sessions.count) IKE SAs began before the capture: what was negotiated for them is not in it"
      )
    }
    let flows = evidence.flows.flows
    if evidence.sessions.sessions.isEmpty, !flows.isEmpty {
      spots.append("no IKE message is in the capture: how these SAs came to be is not to be seen")
    } else if flows.isEmpty, evidence.sessions.sessions.contains(where: \.isEstablished) {
      spots.append("no ESP is in the capture: whether traffic flows is not to be seen")
    }
    if !evidence.hasKeys, evidence.sessions.sessions.contains(where: \.isEstablished) {
      spots.append(
        "without keys (--keys) only the first payload's type of each encrypted IKE message is known"
      )
    }
    if quality.cutIPsec > 0 {
      spots.append("\(quality.cutIPsec) IPsec frames were cut when captured (snap length)")
    }
    if quality.backwards > 0 {
      spots.append(
        "\(quality.backwards) frames are out of time order, by up to \(quality.largestStepBack): times between frames may be off by that"
      )
    }
    if evidence.flows.agedOut > 0 {
      spots.append(
        "\(evidence.flows.agedOut) ESP flows (\(evidence.flows.agedOutPackets) packets) were given up to bound memory"
      )
    }
    if evidence.sessions.agedOut > 0 {
      spots.append("\(evidence.sessions.agedOut) IKE SAs were given up to bound memory")
    }
    for (version, frame) in evidence.strangeVersions.sorted(by: { $0.key < $1.key }) {
      spots.append(
        "messages of IKE version \(version) were not judged (first in frame \(frame.number))")
    }
    return spots + PacketBlindSpots.of(evidence)
  }
}

extension IKESession {
  /// Whether its first exchange is in the capture.
  package var isSeenFromItsStart: Bool {
    guard let first = exchanges.first else { return true }
    if majorVersion == 2 { return first.type == 34 || first.type == 38 }
    return first.messageID == 0 && first.request?.content.payloadTypes.first == 1
  }
}
