package import Diagnosis
package import PacketDissector

/// What asking one peer again and again whether it is there has told.
package struct LivenessResult: Sendable {
  /// What was asked for: a name, or the address itself.
  package var target: String
  package var remote: Endpoint
  /// Where questions left from, as far as this host knows.
  package var local: Endpoint
  package var method: LivenessMethod
  package var started: Timestamp
  package var duration: Duration
  package var interval: Duration
  package var tally: LivenessTally
  package var isInterrupted: Bool
  /// Round trips and loss that the user does not put up with.
  package var limits: LivenessLimits

  package init(
    target: String, _ prober: any LivenessProber, started: Timestamp, duration: Duration,
    interval: Duration, tally: LivenessTally, isInterrupted: Bool,
    limits: LivenessLimits = LivenessLimits()
  ) {
    self.target = target
    remote = prober.remote
    local = prober.local
    method = prober.method
    self.started = started
    self.duration = duration
    self.interval = interval
    self.tally = tally
    self.isInterrupted = isInterrupted
    self.limits = limits
  }

  /// How bad it is, findings and limits together; nil where nothing could be measured.
  package var severity: Severity? {
    guard tally.answered > 0 || tally.sent > 0 else { return nil }
    guard tally.state == .up else { return .critical }
    let worst = findings.map(\.severity).max() ?? .info
    return max(worst, limits.severity(of: tally) ?? .info)
  }

  package var findings: [Finding] { LivenessFindings(self).all }
}

/// From where on a median round trip and a loss are a warning, or critical.
package struct LivenessLimits: Equatable, Sendable {
  package struct Limit: Equatable, Sendable {
    package var roundTrip: Duration?
    package var lossPercent: Double?

    package init(roundTrip: Duration? = nil, lossPercent: Double? = nil) {
      self.roundTrip = roundTrip
      self.lossPercent = lossPercent
    }

    func isReached(by tally: LivenessTally) -> Bool {
      if let roundTrip, let median = tally.roundTrips.median, median >= roundTrip { return true }
      guard let lossPercent, let loss = tally.loss else { return false }
      return loss * 100 >= lossPercent
    }
  }

  package var warning: Limit
  package var critical: Limit

  package init(warning: Limit = Limit(), critical: Limit = Limit()) {
    self.warning = warning
    self.critical = critical
  }

  /// Nil below all of them.
  package func severity(of tally: LivenessTally) -> Severity? {
    if critical.isReached(by: tally) { return .critical }
    return warning.isReached(by: tally) ? .warning : nil
  }
}
