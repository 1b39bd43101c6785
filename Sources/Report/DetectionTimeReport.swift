package import Diagnosis
package import PacketDissector

/// What `ipsecdiag dpd --calculate` prints: how long a dead peer goes unnoticed, why, and what to set.
/// Schemas/dpd-calculate-1.schema.json describes the JSON.
package struct DetectionTimeReport {
  /// One connection, or one daemon's settings given as options.
  package struct Subject {
    /// Nil for settings that came from the command line alone.
    package let connection: ConfiguredConnection?
    package let file: String?
    package let time: DetectionTime
    /// What was asked for, or what the configuration promises in vain.
    package let target: DetectionTarget?

    package init(
      _ settings: DetectionTime.Settings, connection: ConfiguredConnection? = nil,
      file: String? = nil, target: Double? = nil
    ) {
      self.connection = connection
      self.file = file
      time = DetectionTime(settings)
      self.target = (target ?? time.ignoredTimeout).map { DetectionTarget($0, settings) }
    }

    /// Whether the real time is far from what was asked for or promised: the finding
    /// dpd-detection-time.
    package var isWarning: Bool {
      if time.off != nil { return true }
      guard let target else { return false }
      if time.ignoredTimeout == target.seconds {
        return abs(time.longest - target.seconds) > target.seconds / 5
      }
      return !target.isMet
    }
  }

  package struct Problem {
    package let file: String
    package let problem: ConfigurationProblem

    package init(_ file: String, _ problem: ConfigurationProblem) {
      self.file = file
      self.problem = problem
    }
  }

  let subjects: [Subject]
  package let problems: [Problem]

  package init(_ subjects: [Subject], problems: [Problem] = []) {
    self.subjects = subjects
    self.problems = problems
  }

  package var hasWarning: Bool { subjects.contains(where: \.isWarning) }

  package func writeText(to text: inout TextBuffer) {
    for (index, subject) in subjects.enumerated() {
      if index > 0 { text.put("\n") }
      DetectionTimeText(subject).write(to: &text)
    }
  }

  /// A row for each, where no daemon was named.
  package func writeTable(delay: Double, to text: inout TextBuffer) {
    text.put("Time until a dead peer is noticed, with a check every ")
    text.put(Seconds.short(delay))
    text.put(", daemons as installed\n\n")
    text.put("                  at most   on average  of it after the first unanswered check\n")
    for subject in subjects {
      let time = subject.time
      let start = text.count
      text.put(time.settings.daemon.name)
      text.pad(to: 11, from: start)
      text.put("IKEv")
      text.decimal(time.settings.version.rawValue)
      text.pad(to: 18, from: start)
      if time.off == .noTimeout {
        text.put("never: IKEv1 wants dpdtimeout, too (--dpd-timeout)")
      } else if time.off != nil {
        text.put("never: no checks are sent")
      } else {
        text.put(Seconds.short(time.longest))
        text.pad(to: 28, from: start)
        text.put(Seconds.short(time.average))
        text.pad(to: 40, from: start)
        text.put(Seconds.short(time.afterCheck))
        text.put(", sent ")
        text.decimal(time.transmissions)
        text.put(time.transmissions == 1 ? " time" : " times")
      }
      text.put("\n")
    }
  }
}

/// Seconds as a reader takes them in.
enum Seconds {
  /// "165 s", "63.5 s", "0.25 s"
  static func short(_ seconds: Double) -> String { "\(bare(seconds)) s" }

  static func bare(_ seconds: Double) -> String {
    let places = seconds >= 100 ? 0 : seconds >= 1 ? 1 : 3
    var text = Quantity.decimal(seconds, places: places)
    if places > 0 {
      while text.hasSuffix("0") { text.removeLast() }
      if text.hasSuffix(".") { text.removeLast() }
    }
    return text
  }

  /// "165.06 s"
  static func exact(_ seconds: Double) -> String { "\(Quantity.decimal(seconds, places: 2)) s" }
}
