/// Settings with which a dead peer is noticed in time.
package struct DetectionTarget: Equatable, Sendable {
  /// Seconds from the peer's death until it is noticed, at most.
  package let seconds: Double
  package let current: DetectionTime
  /// Best first; empty where the current settings do, or none can.
  package let proposals: [DetectionTime]

  package init(_ seconds: Double, _ settings: DetectionTime.Settings) {
    self.seconds = seconds
    current = DetectionTime(settings)
    let isMet = current.off == nil && current.longest <= seconds
    proposals = isMet ? [] : Self.proposals(within: seconds, settings)
  }

  package var isMet: Bool { current.off == nil && current.longest <= seconds }

  /// The quickest settings above the target that don't take loss for a death, to whole seconds.
  package var shortestSafe: DetectionTime? {
    for longer in 1...300 {
      let proposals = Self.proposals(
        within: seconds.rounded(.down) + Double(longer), current.settings)
      if let best = proposals.first, best.risks.isEmpty { return best }
    }
    return nil
  }

  private static func proposals(
    within seconds: Double, _ settings: DetectionTime.Settings
  ) -> [DetectionTime] {
    var base = settings
    // Whole seconds: neither daemon's delay takes fractions. A fifth leaves most of the time to the
    // retransmissions, which are what survives loss.
    let share = max(1, (seconds / 5).rounded(.down))
    base.delay = settings.delay > 0 ? min(max(1, settings.delay.rounded(.down)), share) : share
    let candidates: [DetectionTime.Settings]
    switch (base.version, base.daemon) {
    case (.v1, .strongSwan), (.v1, .libreswan):
      base.timeout = (seconds - DetectionTime(base).longestWait).rounded(.down)
      candidates = (base.timeout ?? 0) > 0 ? [base] : []
    case (_, .strongSwan): candidates = strongSwan(seconds - base.delay, base)
    case (_, .libreswan): candidates = libreswan(seconds - base.delay, base)
    case (_, .iked):
      base.delay = ((seconds - RetransmissionSchedule.iked.total) / 2).rounded(.down)
      candidates = base.delay >= 1 ? [base] : []
    }
    var times: [DetectionTime] = []
    for time in candidates.map(DetectionTime.init)
    where time.longest <= seconds + 0.001 && !times.contains(time) {
      times.append(time)
    }
    return times.filter(\.risks.isEmpty) + times.filter { !$0.risks.isEmpty }
  }

  /// Retransmissions of a factor 1.5, from 2 to 5 of them; before the others those of which most are
  /// sent without the first gap falling below 2 s, which would bother a peer that is merely slow.
  private static func strongSwan(
    _ room: Double, _ base: DetectionTime.Settings
  ) -> [DetectionTime.Settings] {
    var base = base
    base.timeout = nil
    if RetransmissionSchedule.strongSwan.total <= room {
      base.strongSwan = .init()
      return [base]
    }
    let candidates = [2, 3, 4, 5].compactMap { tries -> DetectionTime.Settings? in
      let unit = RetransmissionSchedule(.strongSwan(.init(timeout: 1, base: 1.5, tries: tries)))
      var timeout = (room / unit.total * 2).rounded(.down) / 2
      if timeout < 1 { timeout = (room / unit.total * 10).rounded(.down) / 10 }
      guard timeout > 0 else { return nil }
      var settings = base
      settings.strongSwan = .init(timeout: timeout, base: 1.5, tries: tries)
      return settings
    }
    guard let best = candidates.lastIndex(where: { $0.strongSwan.timeout >= 2 }) else {
      return candidates
    }
    return [candidates[best]] + candidates[..<best] + candidates[(best + 1)...]
  }

  /// The total is the interval times a power of two, and half of it is the last gap: more
  /// retransmissions want a shorter interval. That as installed is tried first.
  private static func libreswan(
    _ room: Double, _ base: DetectionTime.Settings
  ) -> [DetectionTime.Settings] {
    var base = base
    base.timeout = nil
    var candidates: [DetectionTime.Settings] = []
    for doublings in [3, 4] {
      let parts = Double(1 << doublings)
      let interval = (room / parts * 20).rounded(.down) / 20
      guard interval > 0, interval * parts >= 1 else { continue }
      base.libreswan = .init(interval: interval, timeout: (interval * parts).rounded(.down))
      candidates.append(base)
    }
    var standard = 1.0
    while standard * 2 <= min(room, 64) { standard *= 2 }
    if standard <= room {
      base.libreswan = .init(interval: 0.5, timeout: min(standard, 60))
      candidates.insert(base, at: 0)
    }
    return candidates
  }
}
