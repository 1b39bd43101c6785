/// When an IKE daemon sends an unanswered request again, and when it gives up.
///
/// A liveness check (RFC 7296, section 2.4) is a request like any other: the schedule decides how long
/// a dead peer goes unnoticed.
package struct RetransmissionSchedule: Equatable, Sendable {
  package let rule: Rule
  /// Seconds from each transmission to the next; the last is that from the last transmission until the
  /// sender gives up. Never empty.
  package let gaps: [Double]

  /// How the gaps come about, with the numbers that a configuration file sets.
  package enum Rule: Hashable, Sendable {
    case strongSwan(StrongSwan)
    case libreswan(Libreswan)
    /// 2 s, doubled by each of 5 retransmissions.
    case iked
  }

  /// strongswan.conf, section "charon"; docs.strongswan.org, Retransmission.
  package struct StrongSwan: Hashable, Sendable {
    /// Seconds until the first retransmission.
    package var timeout = 4.0
    /// By what each gap is longer than the one before.
    package var base = 1.8
    /// Retransmissions before giving up.
    package var tries = 5
    /// No gap is longer than this many seconds; nil for no limit.
    package var limit: Double?
    /// Each gap is shortened at random by up to this many percent; charon takes 20 at most.
    package var jitter = 0

    package init(
      timeout: Double = 4.0, base: Double = 1.8, tries: Int = 5, limit: Double? = nil,
      jitter: Int = 0
    ) {
      self.timeout = timeout
      self.base = base
      self.tries = tries
      self.limit = limit
      self.jitter = jitter
    }
  }

  /// ipsec.conf, retransmit-interval and retransmit-timeout; pluto's retransmit.c.
  package struct Libreswan: Hashable, Sendable {
    /// Seconds until the first retransmission.
    package var interval = 0.5
    /// Seconds after which no further retransmission is sent.
    package var timeout = 60.0

    package init(interval: Double = 0.5, timeout: Double = 60.0) {
      self.interval = interval
      self.timeout = timeout
    }
  }

  package init(_ rule: Rule) {
    self.rule = rule
    gaps =
      switch rule {
      case .strongSwan(let settings): Self.gaps(settings)
      case .libreswan(let settings): Self.gaps(settings)
      case .iked: [2, 4, 8, 16, 32, 64]
      }
  }

  package static let strongSwan = RetransmissionSchedule(.strongSwan(StrongSwan()))
  package static let libreswan = RetransmissionSchedule(.libreswan(Libreswan()))
  package static let iked = RetransmissionSchedule(.iked)

  /// charon keeps a gap in 32 bits of milliseconds.
  private static let longestGap = 4_294_967.295
  /// What a configuration could ask for without end.
  private static let mostGaps = 1000

  private static func gaps(_ settings: StrongSwan) -> [Double] {
    let longest = min(settings.limit ?? longestGap, longestGap)
    var gap = settings.timeout
    var gaps = [min(gap, longest)]
    for _ in 0..<min(max(0, settings.tries), mostGaps) {
      gap *= settings.base
      gaps.append(min(gap, longest))
    }
    return gaps
  }

  /// The first gap comes twice, then each is twice the one before, as long as that stays below the
  /// timeout; at most 12 retransmissions.
  private static func gaps(_ settings: Libreswan) -> [Double] {
    var gap = settings.interval
    var gaps = [gap]
    var waited = gap
    while waited < settings.timeout, gaps.count <= 12 {
      if gaps.count > 1, gap * 2 < settings.timeout { gap *= 2 }
      gaps.append(gap)
      waited += gap
    }
    return gaps
  }

  package var daemon: Daemon {
    switch rule {
    case .strongSwan: .strongSwan
    case .libreswan: .libreswan
    case .iked: .iked
    }
  }

  /// Seconds from the first transmission until the sender gives up, at most.
  package var total: Double { gaps.reduce(0, +) }

  /// As ``total``, with every gap as short as jitter can make it.
  package var shortestTotal: Double {
    guard case .strongSwan(let settings) = rule else { return total }
    return total * (1 - Double(min(max(0, settings.jitter), 20)) / 100)
  }

  package var retransmissions: Int { gaps.count - 1 }

  /// Seconds from the first transmission to the last: a loss that begins before the first and ends
  /// after the last is taken for a death.
  package var lastTransmission: Double { gaps.dropLast().reduce(0, +) }

  /// Seconds after the first transmission at which each retransmission leaves.
  package var retransmissionTimes: [Double] {
    var time = 0.0
    return gaps.dropLast().map { gap in
      time += gap
      return time
    }
  }
}

/// An IKE daemon whose schedule is known.
package enum Daemon: String, CaseIterable, Sendable {
  case strongSwan = "strongswan"
  case libreswan
  case iked

  package var name: String {
    switch self {
    case .strongSwan: "strongSwan"
    case .libreswan: "libreswan"
    case .iked: "OpenIKED"
    }
  }
}
