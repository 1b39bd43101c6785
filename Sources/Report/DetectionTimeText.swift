internal import Diagnosis
internal import PacketDissector

/// One connection's lines: the verdict, then why, the schedule, and what to set.
struct DetectionTimeText {
  private let subject: DetectionTimeReport.Subject
  private var time: DetectionTime { subject.time }
  private var settings: DetectionTime.Settings { subject.time.settings }
  /// Column of the second one.
  private static let indent = 14
  private static let width = 80
  /// More rows of a schedule tell nothing new.
  private static let mostRows = 13

  init(_ subject: DetectionTimeReport.Subject) {
    self.subject = subject
  }

  func write(to text: inout TextBuffer) {
    verdict(to: &text)
    row("settings", settingsText, to: &text)
    if time.off == nil {
      row("why", reason, to: &text)
      row("at most", longest, to: &text)
      row("on average", average, to: &text)
      schedule(to: &text)
      row("outage", outage(time), to: &text)
    }
    remedy(to: &text)
  }

  private func verdict(to text: inout TextBuffer) {
    let start = text.count
    text.put(subject.isWarning ? "WARNING  dpd-detection-time  " : "OK  ")
    if let connection = subject.connection {
      text.escaped(connection.name)
      text.put(": ")
    }
    text.put("a dead peer ")
    switch time.off {
    case .noDelay: text.put("goes unnoticed: no checks are sent")
    case .noTimeout: text.put("goes unnoticed: IKEv1 wants dpdtimeout as well as dpddelay")
    case nil:
      text.put("is noticed after up to ")
      text.put(Seconds.short(time.longest))
      if subject.isWarning, let target = subject.target {
        text.put(", not ")
        text.put(Seconds.short(target.seconds))
      }
    }
    text.wrapLine(from: start, width: Self.width, indent: 2)
    text.put("\n")
  }

  /// A line of two columns, broken at spaces.
  private func row(_ name: String, _ value: String, to text: inout TextBuffer) {
    let start = text.count
    text.put("  ")
    text.put(name)
    text.pad(to: Self.indent, from: start)
    text.put(value)
    text.wrapLine(from: start, width: Self.width, indent: Self.indent)
    text.put("\n")
  }

  private var settingsText: String {
    var text = "\(settings.daemon.name), IKEv\(settings.version.rawValue), "
    text += "\(delayName) \(Seconds.short(settings.delay))"
    if let file = subject.file, let connection = subject.connection {
      var name = TextBuffer(capacity: 64)
      name.escaped(file)
      text += " (\(name.string) line \(connection.line))"
    }
    return text
  }

  /// ipsec.conf spells both without the line, for strongSwan as well.
  private var isIPsecConf: Bool {
    settings.daemon == .libreswan || subject.connection?.place == .libreswan
  }

  private var delayName: String {
    settings.daemon == .iked ? "dpd_check_interval" : isIPsecConf ? "dpddelay" : "dpd_delay"
  }

  private var timeoutName: String { isIPsecConf ? "dpdtimeout" : "dpd_timeout" }

  private var reason: String {
    let wait = Seconds.bare(time.longestWait)
    let after = Seconds.short(time.afterCheck)
    if settings.version == .v1 {
      let given = (settings.timeout ?? 0) > 0
      let ticks =
        settings.daemon == .libreswan
        ? "; pluto looks once every dpddelay, so that two may pass" : ""
      return given
        ? "IKEv1: detection = delay + \(timeoutName) = \(wait) + \(after)\(ticks)"
        : "IKEv1 without \(timeoutName) waits as long as for an IKEv2 request: detection = "
          + "delay + retransmission schedule = \(wait) + \(after)"
    }
    var text = ""
    if let ignored = time.ignoredTimeout {
      text = "IKEv2 ignores \(timeoutName) (\(Seconds.short(ignored))); "
    }
    text += "detection = delay + retransmission schedule = \(wait) + \(after)"
    switch settings.daemon {
    case .strongSwan: break
    case .libreswan:
      let later = Seconds.short(time.gaps.dropFirst().reduce(0, +))
      text += ", \(later) of them after the first retransmission"
    case .iked: text += "; iked looks once every dpd_check_interval, so that two may pass"
    }
    return text
  }

  private var longest: String {
    "\(Seconds.short(time.longest)), where traffic came in until the peer died"
  }

  private var average: String {
    settings.daemon == .iked
      ? "\(Seconds.short(time.average)); without traffic to the peer iked never checks"
      : "\(Seconds.short(time.average)), where the tunnel was idle: half the delay"
  }

  private func schedule(to text: inout TextBuffer) {
    let rows = time.gaps.prefix(Self.mostRows)
    row("schedule", "sent after     then waits", to: &text)
    var sent = 0.0
    for gap in rows {
      let start = text.count
      text.pad(to: Self.indent, from: start)
      text.put(Seconds.exact(sent))
      text.pad(to: Self.indent + 15, from: start)
      text.put(Seconds.exact(gap))
      text.put("\n")
      sent += gap
    }
    let more = time.gaps.count - rows.count
    if more > 0 { row("", "and \(more) times more", to: &text) }
    row("", "gives up after \(Seconds.exact(time.afterCheck))\(jitter)", to: &text)
  }

  private var jitter: String {
    let shortest = settings.schedule.shortestTotal
    guard time.gaps == settings.schedule.gaps, shortest < time.afterCheck else { return "" }
    return ", with jitter \(Seconds.exact(shortest)) at least"
  }

  private func outage(_ time: DetectionTime) -> String {
    let sent = time.transmissions == 1 ? "1 transmission" : "\(time.transmissions) transmissions"
    var text =
      time.survivedOutage > 0
      ? "shorter than \(Seconds.short(time.survivedOutage)) never looks like a death (\(sent))"
      : "of any length may look like a death (\(sent))"
    if !time.risks.isEmpty { text += "; \(caution(time))" }
    return text
  }

  private func caution(_ time: DetectionTime) -> String {
    time.risks.contains(.shortOutage)
      ? "CAUTION: would take a 3 s outage for a death"
      : time.transmissions == 1
        ? "CAUTION: one lost packet is taken for a death"
        : "CAUTION: \(time.transmissions) lost packets are taken for a death"
  }
}

extension DetectionTimeText {
  private func remedy(to text: inout TextBuffer) {
    guard let target = subject.target, !target.isMet else {
      if time.off != nil { linesToSwitchOn(to: &text) }
      return
    }
    let goal = Seconds.short(target.seconds)
    if target.proposals.isEmpty {
      row("for \(goal)", unreachable, to: &text)
    } else {
      row("for \(goal)", Self.heading(settings), to: &text)
      for proposal in target.proposals {
        row("", Self.columns(proposal), to: &text)
        if !proposal.risks.isEmpty { row("", "  \(caution(proposal))", to: &text) }
      }
    }
    if let best = target.proposals.first, best.risks.isEmpty {
      lines(of: best, name: "set", to: &text)
      noteScope(best, to: &text)
    } else {
      let none = target.proposals.isEmpty ? "" : "No setting reaches \(goal) without that; "
      row("", none + failover, to: &text)
      guard let best = target.shortestSafe else { return }
      row(
        "instead", "the shortest that survives a 3 s outage is \(Seconds.short(best.longest)):",
        to: &text)
      lines(of: best, name: "set", to: &text)
      noteScope(best, to: &text)
    }
  }

  private var failover: String {
    "for a faster change keep two tunnels and let BFD or routing choose."
  }

  /// Liveness checks have no schedule of their own.
  private func noteScope(_ best: DetectionTime, to text: inout TextBuffer) {
    guard settings.version == .v2, best.settings.schedule != settings.schedule else { return }
    let owner = settings.daemon == .strongSwan ? "every connection's" : "this connection's"
    row(
      "note",
      "the retransmit settings hold for \(owner) logins and rekeys, too: a peer that answers "
        + "more slowly fails them", to: &text)
  }

  private var unreachable: String {
    switch settings.daemon {
    case .iked: "not with iked: its schedule is fixed and takes 126 s"
    case .strongSwan, .libreswan: "too short for a delay of 1 s and a schedule"
    }
  }

  private static func heading(_ settings: DetectionTime.Settings) -> String {
    switch (settings.version, settings.daemon) {
    case (.v1, _): "delay   timeout   noticed in   survives under"
    case (_, .strongSwan): "delay   tries  timeout  base   noticed in   survives under"
    case (_, .libreswan): "delay   interval  timeout  sent      noticed in   survives under"
    case (_, .iked): "dpd_check_interval   noticed in   survives under"
    }
  }

  private static func columns(_ time: DetectionTime) -> String {
    let settings = time.settings
    let delay = padded(Seconds.short(settings.delay), 8)
    let result =
      padded(Seconds.short(time.longest), 13) + Seconds.short(time.survivedOutage)
    switch (settings.version, settings.daemon) {
    case (.v1, _): return delay + padded(Seconds.short(settings.timeout ?? 0), 10) + result
    case (_, .strongSwan):
      return delay + padded("\(settings.strongSwan.tries)", 7)
        + padded(Seconds.short(settings.strongSwan.timeout), 9)
        + padded(Seconds.bare(settings.strongSwan.base), 7) + result
    case (_, .libreswan):
      return delay + padded(milliseconds(settings.libreswan.interval), 10)
        + padded(Seconds.short(settings.libreswan.timeout), 9)
        + padded("\(time.transmissions) times", 10) + result
    case (_, .iked): return padded(Seconds.short(settings.delay), 21) + result
    }
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func milliseconds(_ seconds: Double) -> String {
    "\(Quantity.decimal(seconds * 1000, places: 0)) ms"
  }

  private func lines(of time: DetectionTime, name: String, to text: inout TextBuffer) {
    var name = name
    var previous: String?
    for line in DetectionTimeLines(
      time.settings, current: settings, connection: subject.connection
    ).lines {
      if line.section != previous {
        row(name, "in \(line.file), \(line.section):", to: &text)
        previous = line.section
        name = ""
      }
      row("", "  \(line.setting)", to: &text)
    }
  }

  /// Checks every 30 s, as strongSwan's ipsec.conf has them.
  private func linesToSwitchOn(to text: inout TextBuffer) {
    var on = settings
    if on.delay <= 0 { on.delay = 30 }
    if on.version == .v1 { on.timeout = on.delay * 4 }
    lines(of: DetectionTime(on), name: "set", to: &text)
    row(
      "", "A dead peer is then noticed after up to \(Seconds.short(DetectionTime(on).longest)).",
      to: &text)
  }
}
