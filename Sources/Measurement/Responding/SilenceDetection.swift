package import Diagnosis
package import IKE

/// How a peer found out that this side had fallen silent, as the wire shows it.
package struct SilenceDetection: Sendable {
  /// How the moment of giving up is known.
  package enum Evidence: Equatable, Sendable {
    /// It began anew, with IKE_SA_INIT.
    case newInit
    /// No further transmission came when one was due: it waits once more as long as its schedule goes on.
    case schedule
    /// It sent its request too seldom for a schedule to show.
    case none
  }

  package let silentSince: Instant
  /// The last answer before; a peer sets its timer by that.
  package let lastAnswer: Instant?
  /// The transmissions of the first request without an answer, oldest first; the newest ones are left out
  /// past a limit.
  package let transmissions: [Instant]
  package let evidence: Evidence
  /// Nil without evidence.
  package let gaveUp: Instant?

  /// Seconds from each transmission to the next.
  package var gaps: [Double] {
    zip(transmissions.dropFirst(), transmissions).map { ($0 - $1).inSeconds }
  }

  /// Whose schedule it is.
  package var schedule: ScheduleMatch? { RetransmissionSchedule.matching(gaps: gaps) }

  /// From the last answer to the first request that got none: the peer's own delay between checks.
  package var wait: Duration? {
    guard let lastAnswer, let first = transmissions.first else { return nil }
    return first - lastAnswer
  }

  /// From the last answer to giving up: what `dpd --calculate` calls the longest time.
  package var sinceLastAnswer: Duration? {
    guard let lastAnswer, let gaveUp else { return nil }
    return gaveUp - lastAnswer
  }

  /// From the first request without an answer to giving up.
  package var sinceFirstRequest: Duration? {
    guard let first = transmissions.first, let gaveUp else { return nil }
    return gaveUp - first
  }
}

extension SilenceDetection {
  /// Seconds from the last transmission to the next, or to giving up: each gap is as many times the one
  /// before as the last one was. Nil for fewer than two gaps.
  static func nextGap(after gaps: [Double]) -> Double? {
    guard gaps.count >= 2, let last = gaps.last, gaps[gaps.count - 2] > 0 else { return nil }
    // Only libreswan sends the first gap twice; what doubles, doubles on.
    if case .libreswan = RetransmissionSchedule.matching(gaps: gaps)?.daemon { return last * 2 }
    return last * max(1, last / gaps[gaps.count - 2])
  }
}

extension Duration {
  package var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
