internal import Diagnosis
internal import Report

/// What a probe's findings come to as an exit code.
enum ProbeExit {
  static func code(of summary: ProbeSummary, _ threshold: FailureThreshold) -> Int32 {
    let isWrong = (summary.refusals > 0 || summary.missing > 0) && threshold != .never
    if isWrong || isReached(.critical, summary, threshold) { return ExitCodes.critical }
    if isReached(.warning, summary, threshold) || isReached(.info, summary, threshold) {
      return ExitCodes.warning
    }
    if summary.lacksPermission { return ExitCodes.noPermission }
    if summary.isInterrupted { return ExitCodes.interrupted }
    return summary.failures > 0 || summary.incomplete > 0 || summary.up == 0
      ? ExitCodes.unknown : 0
  }

  private static func isReached(
    _ severity: Severity, _ summary: ProbeSummary, _ threshold: FailureThreshold
  ) -> Bool {
    threshold.includes(severity) && summary.findings[severity] ?? 0 > 0
  }

  /// The same as a plugin's state: whatever is no finding is unknown.
  static func state(
    of summary: ProbeSummary, _ threshold: FailureThreshold
  ) -> NagiosReport.State {
    switch code(of: summary, threshold) {
    case 0: .ok
    case ExitCodes.warning: .warning
    case ExitCodes.critical: .critical
    default: .unknown
    }
  }
}
