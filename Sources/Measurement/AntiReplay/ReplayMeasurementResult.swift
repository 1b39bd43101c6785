package import Diagnosis
package import IKE
package import PacketDissector

/// What was agreed with a peer of anti-replay protection, what the peer tells of it, and how it behaves.
package struct ReplayMeasurementResult: Sendable {
  package var local: IPAddress
  package var remote: IPAddress
  /// Nil without an SA.
  package var child: ChildSA?
  /// Nil where nothing could be asked: no address behind the peer is known.
  package var means: InnerMeans?
  package private(set) var behaviour: ReplayBehaviour?
  package private(set) var ending: WindowSearch.Ending?
  package private(set) var packetsSent = 0
  package private(set) var roundTrip: Duration?
  /// Why there was no SA, or why it ended.
  package var failure: TunnelFailure?
  package var setupFinding: Finding?
  package var isInterrupted = false

  package init(from local: IPAddress, to remote: IPAddress) {
    self.local = local
    self.remote = remote
  }

  mutating func note(_ search: WindowSearch) {
    behaviour = ReplayBehaviour(search.tallies)
    ending = search.ending
    packetsSent = search.packetsSent
    roundTrip = search.roundTrip
  }

  /// What the peer tells by the experimental notify; nil for nothing.
  package var told: AntiReplayStatus? { child?.peerReplayStatus }

  /// Whether the peer takes everything, or was seen to drop what protection drops; nil where neither is sure, as of
  /// one that takes repeated packets and drops late ones.
  package var isProtected: Bool? {
    guard let behaviour else { return nil }
    switch behaviour.kind {
    case .off: return false
    case .window, .windowOfAtLeast: return true
    case .odd, .unknown:
      return behaviour.repeatOfNewest == .dropped && behaviour.repeatOfOlder == .dropped
        ? true : nil
    }
  }

  /// Whether the answer is all that can be had.
  package var isComplete: Bool {
    guard let behaviour else { return false }
    switch behaviour.kind {
    case .off, .window, .windowOfAtLeast: return true
    case .odd: return ending == .complete
    case .unknown: return false
    }
  }

  // MARK: What is wrong

  package var findings: [Finding] {
    if let setupFinding { return [setupFinding] }
    return [off, denied].compactMap { $0 }
  }

  private var subject: Finding.Subject {
    guard let child else { return .peers(local, remote) }
    return .flow(spi: child.outboundSPI, source: local, destination: remote)
  }

  private var evidence: [Finding.Evidence] {
    guard let behaviour else { return [] }
    var words: [Finding.Evidence] = []
    if behaviour.repeatOfNewest != .undecided, behaviour.repeatOfOlder != .undecided {
      words.append(
        .init(
          "packets sent twice were \(behaviour.repeatOfNewest.rawValue) the second time if they were the newest, \(behaviour.repeatOfOlder.rawValue) if not"
        ))
    }
    if behaviour.longestTaken > 0 {
      words.append(.init("a packet late by \(behaviour.longestTaken) numbers was taken"))
    }
    return words
  }

  private var off: Finding? {
    guard isProtected == false else { return nil }
    return Finding(
      .replayOff, .certain, about: subject,
      "\(remote) takes packets again that it has had: its replay protection is off",
      meaning: "who records packets to it can send them again, and they are taken",
      evidence: evidence,
      remedies: [
        .init(
          "Give the peer's SAs a replay window.",
          [
            .init(.swanctl, "connections.NAME.children.CHILD.replay_window = 64"),
            .init(.libreswan, "replay-window=64"),
            .init(.cisco, "crypto ipsec security-association replay window-size 64"),
          ])
      ])
  }

  private var denied: Finding? {
    guard let told, let isProtected, told.isProtected != isProtected else { return nil }
    return Finding(
      .replayStatusWrong, .certain, about: subject,
      told.isProtected
        ? "\(remote) tells that its replay protection is on, and takes packets twice"
        : "\(remote) tells that its replay protection is off, and drops repeated packets",
      meaning: "this side counts on what the peer tells, and sends as if it were so",
      evidence: [
        .init(
          "the notify in IKE_AUTH: replay protection \(told.isProtected ? "on" : "off") (experimental, from an expired draft)"
        )
      ] + evidence,
      remedies: [
        .init("Look at the peer's settings, and at whether its kernel or card took them.")
      ])
  }
}
