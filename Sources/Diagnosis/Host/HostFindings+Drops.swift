internal import Host

extension HostFindings {
  /// What a counter shows that no SA has counted as well. Old counts are told as such and alarm nobody.
  func dropped(_ drop: DropCause) -> Finding? {
    guard drop.sas.isEmpty, let likeliest = drop.candidates.first,
      let id = Self.id(of: likeliest.cause)
    else { return nil }
    // A few packets are usual while SAs are made and replaced.
    let isTransient =
      drop.count < 3 || isRekeyed && drop.counter == "XfrmInNoStates" && drop.count < 100
    let severity: Severity =
      if !isDelta || isTransient {
        .info
      } else if likeliest.confidence == .possible {
        min(id.severity, .warning)
      } else {
        id.severity
      }
    let period: Statement = isDelta ? "between the readings" : "since the machine was started"
    return Finding(
      id, severity: severity, isDelta ? likeliest.confidence : .possible, about: .host,
      "\(Self.what(likeliest.cause)): \(drop.count) packets \(period)",
      evidence: [.init("\(drop.counter): \(drop.count) \(period)"), .init(likeliest.reason)],
      remedies: isDelta
        ? FindingKnowledge.all.first { $0.id == id }?.remedies ?? [] : [Self.watching])
  }

  private static let watching = Finding.Remedy(
    "See whether it still happens.", [.init(.shell, "ipsecdiag replay --watch")])

  private static func id(of cause: DropCause.Cause) -> FindingID? {
    switch cause {
    case .reordering, .windowUnderESN: .replayWindowTooSmall
    case .duplicates: .replaySuspected
    case .wrongKeys: .espICVBad
    case .icvLength: .espICVLength
    case .missingSA: .espUnknownSPI
    case .lifetimeEnd: .saExpired
    case .policyMismatch, .blockedByPolicy: .policyMismatch
    case .encapsulationMismatch: .encapsulationMismatch
    case .noOutboundSA: .policyNoSA
    case .sequenceExhausted: .espSequenceWrap
    case .directionMismatch: .saDirection
    case .malformedPackets, .memory, .other: nil
    }
  }

  private static func what(_ cause: DropCause.Cause) -> String {
    switch cause {
    case .reordering, .windowUnderESN: "dropped by a replay window"
    case .duplicates: "dropped as repeated"
    case .wrongKeys, .icvLength: "failed their ICV"
    case .missingSA: "came for an SPI that no SA has"
    case .lifetimeEnd: "came or went after an SA had ended"
    case .policyMismatch: "decrypted and refused by policy"
    case .blockedByPolicy: "blocked by a policy"
    case .encapsulationMismatch: "fit an SA by SPI and not by encapsulation"
    case .noOutboundSA: "not sent for want of an SA"
    case .sequenceExhausted: "not sent for want of sequence numbers"
    case .directionMismatch: "refused for the SA's direction"
    case .malformedPackets, .memory, .other: "dropped"
    }
  }
}
