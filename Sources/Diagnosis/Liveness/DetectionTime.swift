/// How long a dead peer goes unnoticed: the time until a liveness check leaves, and the time until its
/// sender gives up on it.
///
/// IKEv2 checks with an ordinary request, so its retransmission schedule decides (RFC 7296, section
/// 2.4); IKEv1 sends R-U-THERE again and again until a timeout of its own (RFC 3706).
package struct DetectionTime: Equatable, Sendable {
  package enum IKEVersion: Int, CaseIterable, Sendable {
    case v1 = 1
    case v2 = 2
  }

  /// What a connection's configuration says.
  package struct Settings: Equatable, Sendable {
    package var daemon: Daemon
    package var version = IKEVersion.v2
    /// Seconds without anything from the peer before a check leaves; 0 for no checks.
    package var delay: Double
    /// Seconds of IKEv1's own timeout; nil where none is set, and then as the daemon takes that.
    package var timeout: Double?
    package var strongSwan = RetransmissionSchedule.StrongSwan()
    package var libreswan = RetransmissionSchedule.Libreswan()

    package init(_ daemon: Daemon, version: IKEVersion = .v2, delay: Double) {
      self.daemon = daemon
      self.version = version
      self.delay = delay
    }

    /// That of IKEv2's requests, and of IKEv1's as far as they are retransmitted.
    package var schedule: RetransmissionSchedule {
      switch daemon {
      case .strongSwan: RetransmissionSchedule(.strongSwan(strongSwan))
      case .libreswan: RetransmissionSchedule(.libreswan(libreswan))
      case .iked: .iked
      }
    }
  }

  /// Why no check is ever sent.
  package enum Off: Equatable, Sendable {
    case noDelay
    /// libreswan's IKEv1 wants dpdtimeout as well as dpddelay.
    case noTimeout
  }

  package let settings: Settings
  /// Nil where checks are sent.
  package let off: Off?
  /// Seconds from the peer's death until the first check that goes unanswered, at most.
  package let longestWait: Double
  /// The same on average.
  package let averageWait: Double
  /// Seconds between the transmissions of that check; the last until the peer is declared dead.
  package let gaps: [Double]

  package init(_ settings: Settings) {
    self.settings = settings
    let delay = settings.delay
    off =
      if delay <= 0 {
        .noDelay
      } else if settings.daemon == .libreswan, settings.version == .v1,
        (settings.timeout ?? 0) <= 0
      {
        .noTimeout
      } else {
        nil
      }
    // iked and libreswan's IKEv1 look once every delay whether anything came in since the last look;
    // the others set their timer anew from what came in last.
    let looksInTicks =
      settings.daemon == .iked || settings.daemon == .libreswan && settings.version == .v1
    longestWait = looksInTicks ? delay * 2 : delay
    averageWait = settings.daemon == .iked ? delay * 1.5 : delay / 2
    gaps = Self.gaps(settings)
  }

  private static func gaps(_ settings: Settings) -> [Double] {
    guard settings.version == .v1, settings.delay > 0 else { return settings.schedule.gaps }
    // Without a timeout of its own charon waits as long as for a retransmitted message, but an R-U-THERE
    // is not sent again: a new one leaves every delay. More than a thousand tell nothing new.
    let given = settings.timeout ?? 0
    let timeout = given > 0 ? given : settings.schedule.total
    let checks = min(max(1, (timeout / settings.delay).rounded(.up)), 1000)
    return Array(repeating: settings.delay, count: Int(checks) - 1)
      + [timeout - settings.delay * (checks - 1)]
  }

  /// Seconds from the first unanswered check until the peer is declared dead.
  package var afterCheck: Double { gaps.reduce(0, +) }

  /// Seconds from the peer's death until it is noticed: the longest and the average.
  package var longest: Double { longestWait + afterCheck }
  package var average: Double { averageWait + afterCheck }

  /// How often a check is sent before the sender gives up.
  package var transmissions: Int { gaps.count }

  /// Seconds from the first transmission of a check to the last. An outage that is shorter never looks
  /// like a death, a longer one may.
  package var survivedOutage: Double { gaps.dropLast().reduce(0, +) }

  /// IKEv2 has no such timeout: what the configuration says is without effect.
  package var ignoredTimeout: Double? {
    settings.version == .v2 && (settings.timeout ?? 0) > 0 ? settings.timeout : nil
  }

  package enum Risk: Equatable, Sendable {
    /// An outage of about 3 s, as when a route changes, may be taken for a death.
    case shortOutage
    /// Fewer than 3 transmissions: two lost packets end the tunnel.
    case fewTransmissions
  }

  /// What makes these settings mistake loss for death.
  package var risks: [Risk] {
    var risks: [Risk] = []
    if survivedOutage < 3 { risks.append(.shortOutage) }
    if transmissions < 3 { risks.append(.fewTransmissions) }
    return risks
  }
}
