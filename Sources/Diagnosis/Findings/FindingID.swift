/// What can be found wrong, or worth knowing. The raw value is part of the interface: scripts depend on
/// it. One may be added; none is renamed or used for something else.
package enum FindingID: String, CaseIterable, Sendable {
  case ikeNoAnswer = "ike-no-answer"
  case ikeRefusedICMP = "ike-refused-icmp"
  case ikeReplyIgnored = "ike-reply-ignored"
  case ikeProposalMismatch = "ike-proposal-mismatch"
  case ikeProposalPosition = "ike-proposal-position"
  case ikeKELoop = "ike-ke-loop"
  case ikeVersion = "ike-version"
  case ikeCookie = "ike-cookie"
  case ikeCookieLoop = "ike-cookie-loop"
  case ikeAuthFragLost = "ike-auth-frag-lost"
  case ikeSKFIncomplete = "ike-skf-incomplete"
  case ikeLargeUnanswered = "ike-large-unanswered"
  case ikeAuthFailed = "ike-auth-failed"
  case ikeIntermediateSkipped = "ike-intermediate-skipped"
  case ikeRetransmits = "ike-retransmits"
  case ikeAggressivePSK = "ike-aggressive-psk"
  case ikeV1 = "ike-v1"
  case ikeWeakCrypto = "ike-weak-crypto"
  case ikeHalfOpenFlood = "ike-half-open-flood"
  case ikeMalformed = "ike-malformed"
  case childProposalMismatch = "child-proposal-mismatch"
  case childTSMismatch = "child-ts-mismatch"
  case childRekeyPFS = "child-rekey-pfs"
  case childRekeyCollision = "child-rekey-collision"
  case childLifetimeMismatch = "child-lifetime-mismatch"
  case dpdPeerDead = "dpd-peer-dead"
  case dpdFalseDeath = "dpd-false-death"
  case dpdDetectionTime = "dpd-detection-time"
  case espBlocked = "esp-blocked"
  case espOneWay = "esp-one-way"
  case espUnknownSPI = "esp-unknown-spi"
  case espICVBad = "esp-icv-bad"
  case espICVLength = "esp-icv-len"
  case espSequenceReuse = "esp-seq-reuse"
  case espSequenceWrap = "esp-seq-wrap"
  case espLoss = "esp-loss"
  case mtuExceeded = "mtu-exceeded"
  case mtuBlackhole = "mtu-blackhole"
  case mtuBand = "mtu-band"
  case mtuLocalLimit = "mtu-local-limit"
  case mtuOuterFragments = "mtu-outer-fragments"
  case replayWindowTooSmall = "replay-window-too-small"
  case replaySuspected = "replay-suspected"
  case replayOff = "replay-off"
  case replayStatusWrong = "replay-status-wrong"
  case natDetected = "nat-detected"
  case natRebind = "nat-rebind"
  case natKeepaliveSlow = "nat-keepalive-slow"
  case tcpNotIKE = "tcp-not-ike"
  case captureDuplicated = "capture-duplicated"
  case captureTruncated = "capture-truncated"
  case policyMismatch = "policy-mismatch"
  case policyNoSA = "policy-no-sa"
  case saExpired = "sa-expired"
  case saDirection = "sa-direction"
  case encapsulationMismatch = "encap-mismatch"
  case tunnelDown = "tunnel-down"
  case dpdOff = "dpd-off"

  /// How bad it is where nothing tells otherwise; two of them are milder in circumstances that their
  /// rules state.
  package var severity: Severity {
    switch self {
    case .ikeCookie, .ikeV1, .mtuLocalLimit, .natDetected, .captureDuplicated, .captureTruncated,
      .childRekeyCollision, .dpdOff:
      .info
    case .ikeProposalPosition, .ikeCookieLoop, .ikeRetransmits, .ikeAggressivePSK, .ikeWeakCrypto,
      .ikeHalfOpenFlood, .ikeMalformed, .childLifetimeMismatch, .dpdDetectionTime, .espSequenceWrap,
      .espLoss, .mtuOuterFragments, .replayWindowTooSmall, .replaySuspected, .replayOff,
      .replayStatusWrong, .natKeepaliveSlow, .tcpNotIKE, .policyMismatch, .saExpired, .saDirection:
      .warning
    default: .critical
    }
  }
}

/// How much a finding matters; the order is that of exit codes.
package enum Severity: String, CaseIterable, Comparable, Sendable {
  case info, warning, critical

  private var rank: Int {
    switch self {
    case .info: 0
    case .warning: 1
    case .critical: 2
    }
  }

  package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
}

/// How sure a finding is. `likely` rests on two independent facts, `possible` on one that has other
/// explanations.
package enum Confidence: String, CaseIterable, Comparable, Sendable {
  case possible, likely, certain

  private var rank: Int {
    switch self {
    case .possible: 0
    case .likely: 1
    case .certain: 2
    }
  }

  package static func < (left: Confidence, right: Confidence) -> Bool { left.rank < right.rank }
}
