internal import Capture
internal import Diagnosis
internal import Report

/// `diagnose` as a plugin of a monitoring system: one line whatever happens, exit codes 0 to 3.
enum NagiosCheck {
  /// Whether arguments ask for it, even such as make no sense otherwise.
  static func isAskedFor(_ arguments: [String]) -> Bool {
    arguments.contains("--nagios") || arguments.contains("--format=nagios")
      || zip(arguments, arguments.dropFirst()).contains { $0 == "--format" && $1 == "nagios" }
  }

  /// Reports that nothing could be judged.
  static func writeUnknown(_ reason: String) {
    // Output that cannot be written has nowhere to be complained of; the exit code tells.
    try? StandardOutput.write { NagiosReport.unknown(reason, to: &$0.text) }
  }

  /// Writes the report and ends with its state.
  static func report(
    _ diagnosis: CaptureDiagnosis, _ options: VerdictOptions, _ reading: CaptureReading
  ) throws {
    let state = state(diagnosis.findings, options, reading)
    if state == .unknown, let trouble = trouble(reading, options) {
      let phrase = Verdict(diagnosis.findings, in: reading.evidence).phrase
      writeUnknown("\(trouble); before that: \(phrase)")
    } else {
      try StandardOutput.write {
        NagiosReport(diagnosis, options.naming, state).write(to: &$0.text)
      }
    }
    if state != .ok { throw Failure(nil, exitCode: state.rawValue) }
  }

  private static func state(
    _ findings: [Finding], _ options: VerdictOptions, _ reading: CaptureReading
  ) -> NagiosReport.State {
    switch options.exitCode(of: findings) {
    case ExitCodes.critical: .critical
    case ExitCodes.warning: .warning
    default:
      trouble(reading, options) != nil || Verdict(findings, in: reading.evidence).word == .unknown
        ? .unknown : .ok
    }
  }

  private static func trouble(_ reading: CaptureReading, _ options: VerdictOptions) -> String? {
    if let problem = reading.problems.first {
      return options.redact ? "the capture could not be read to its end" : problem.description
    }
    return reading.isInterrupted ? "interrupted" : nil
  }
}
