internal import Host
internal import PacketDissector

/// Which causes fit the counters that have risen, by what the SAs beside them show.
struct DropRules {
  /// SAs that refused something, with how much.
  let refusing: [(judgement: SAJudgement, movement: SAMovement)]
  /// Inbound SAs that are gone, without successors.
  let departures: [Departure]
  let risen: [(counter: String, count: UInt64)]

  typealias Candidate = DropCause.Candidate

  func causes() -> [DropCause] {
    risen.map { counter, count in
      var cause = DropCause(counter: counter, count: count, candidates: candidates(of: counter))
      cause.sas = refusing.compactMap { judgement, movement in
        let count =
          switch counter {
          case "XfrmInStateSeqError": movement.beforeWindow &+ movement.replayed
          case "XfrmInStateProtoError": movement.failed
          default: UInt64(0)
          }
        return count > 0 ? (judgement.subject, count) : nil
      }
      return cause
    }
  }

  private func candidates(of counter: String) -> [Candidate] {
    switch counter {
    case "XfrmInStateSeqError": sequence()
    case "XfrmInStateProtoError": integrity()
    case "XfrmInNoStates": noStates()
    case "XfrmInStateExpired", "XfrmOutStateExpired":
      [.init(.lifetimeEnd, .likely, "an SA was used after its lifetime had ended")]
    case "XfrmInTmplMismatch", "XfrmInNoPols":
      [.init(.policyMismatch, .possible, "packets were decrypted, and no policy here lets them in")]
    case "XfrmInPolBlock", "XfrmOutPolBlock", "XfrmFwdPolBlock":
      [.init(.blockedByPolicy, .likely, "a policy with the action block took the packets")]
    case "XfrmInStateMismatch":
      [
        .init(
          .encapsulationMismatch, .possible,
          "packets fit an SA by SPI, but not by UDP encapsulation or selector")
      ]
    case "XfrmOutNoStates", "XfrmAcquireError":
      [.init(.noOutboundSA, .likely, "a policy wants an SA, and there was none to send through")]
    case "XfrmOutStateSeqError":
      [.init(.sequenceExhausted, .likely, "an outbound SA has used up its sequence numbers")]
    case "XfrmInStateDirError", "XfrmOutStateDirError":
      [.init(.directionMismatch, .likely, "an SA made for one direction was used in the other")]
    case "XfrmInHdrError", "XfrmFwdHdrError":
      [.init(.malformedPackets, .possible, "headers could not be read; mostly harmless")]
    case "XfrmInBufferError", "XfrmOutError", "XfrmInError", "XfrmOutNoQueueSpace":
      [.init(.memory, .possible, "the kernel had no room for a packet")]
    default:
      [.init(.other, .possible, "the counter tells no more than its name")]
    }
  }

  private func sequence() -> [Candidate] {
    let late = refusing.reduce(UInt64(0)) { $0 &+ $1.movement.beforeWindow }
    let repeated = refusing.reduce(UInt64(0)) { $0 &+ $1.movement.replayed }
    let reordering = Candidate(
      .reordering, late > 0 ? .likely : .possible,
      late > 0
        ? "SAs counted \(late) packets older than their replay window"
        : "no SA that stands counted late packets; one that is gone may have")
    let duplicates = Candidate(
      .duplicates, repeated > 0 ? .likely : .possible,
      repeated > 0
        ? "SAs counted \(repeated) packets that had come before"
        : "no SA that stands counted repeated packets; one that is gone may have")
    if late == 0, repeated == 0 { return [reordering, duplicates] }
    if repeated == 0 { return [reordering] }
    if late == 0 { return [duplicates] }
    return late >= repeated ? [reordering, duplicates] : [duplicates, reordering]
  }

  /// By the SA that failed most.
  private func integrity() -> [Candidate] {
    let worst = refusing.filter { $0.movement.failed > 0 }
      .max { $0.movement.failed < $1.movement.failed }
    guard let worst else {
      return [.init(.wrongKeys, .possible, "no SA that stands counted failures")]
    }
    return Self.integrity(worst.judgement, worst.movement)
  }

  static func integrity(_ judgement: SAJudgement, _ movement: SAMovement) -> [Candidate] {
    let sa = judgement.sa
    if movement.packets > 0 {
      let damaged = Candidate(
        .malformedPackets, .possible,
        "\(movement.packets) packets passed and \(movement.failed) failed: the keys are right, packets are damaged or forged"
      )
      guard sa.usesESN, sa.replay.window > 0 else { return [damaged] }
      let isLate = movement.replayed > 0 || (judgement.recommendedWindow ?? 0) > sa.replay.window
      return [
        .init(
          .windowUnderESN, isLate ? .likely : .possible,
          "with extended numbers a packet later than the window of \(sa.replay.window) fails its ICV; \(movement.packets) others passed, so the keys are right"
        ),
        damaged,
      ]
    }
    guard sa.integrity?.name == "hmac(sha256)" else {
      return [
        .init(.wrongKeys, .likely, "all \(movement.failed) packets of SA \(spi: sa.spi) failed")
      ]
    }
    let bits = sa.integrity?.icvBits ?? 128
    // RFC 4868 has 128 bits; 96 are those of an early draft, which kernels before 2.6.33 and some peers take.
    let isDraft = bits == 96
    let isLengthLikely = judgement.owner != nil || isDraft
    let length = Candidate(
      .icvLength, isLengthLikely ? .likely : .possible,
      judgement.owner == nil
        ? "HMAC-SHA-256 with \(bits) bits here: the peer may use \(isDraft ? 128 : 96)"
        : "a daemon agreed on the keys, so they fit; HMAC-SHA-256 with \(bits) bits here, where some peers use \(isDraft ? 128 : 96)"
    )
    let keys = Candidate(
      .wrongKeys, .possible, "all \(movement.failed) packets of SA \(spi: sa.spi) failed")
    return isLengthLikely ? [length, keys] : [keys, length]
  }

  private func noStates() -> [Candidate] {
    let hasExpired = risen.contains { $0.counter == "XfrmInStateExpired" }
    let missing = Candidate(
      .missingSA, .possible,
      "packets named an SPI that no SA here has: the peer may hold an old SA, or it is no peer's")
    if let ended = departures.last(where: { $0.reason == .lifetimeEnd })?.sa {
      return [
        .init(
          .lifetimeEnd, .likely,
          "SA \(spi: ended.spi) from \(ended.source) has reached its lifetime's end, and no other took its place"
        ), missing,
      ]
    }
    if let removed = departures.last?.sa {
      return [
        .init(
          .missingSA, .likely,
          "SA \(spi: removed.spi) from \(removed.source) stood before and was removed, and its peer still sends; its lifetime was not at its end"
        )
      ]
    }
    return hasExpired
      ? [.init(.lifetimeEnd, .likely, "SAs expired in the same time"), missing] : [missing]
  }
}
