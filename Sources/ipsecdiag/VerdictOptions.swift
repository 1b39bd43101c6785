internal import ArgumentParser
internal import Diagnosis
internal import Glibc
internal import Report

/// How commands that judge captures report, and what they return: the same for all of them.
struct VerdictOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The mildest finding that makes the exit code 1 or 2: info, warning, critical or never.",
      valueName: "severity"))
  var failOn = FailureThreshold.warning

  @Flag(
    help:
      "Give addresses, SPIs, identities and networks other names, the same ones throughout: for reports that others read."
  )
  var redact = false

  @Flag(help: "Plain ASCII; the default where the locale is not UTF-8.")
  var ascii = false

  @Flag(name: .shortAndLong, help: "The verdict's line alone.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "All frames of the evidence, and every SA or answer in full.")
  var verbose = false

  @Option(
    help: ArgumentHelp(
      "auto, always or never: auto colours for a terminal, unless NO_COLOR is set; CLICOLOR_FORCE colours anything.",
      valueName: "when"))
  var color = ColourChoice.auto

  mutating func validate() throws {
    if quiet && verbose { throw ValidationError("Give one of --quiet and --verbose.") }
  }

  var naming: Naming { Naming(redacts: redact) }

  private var page: Page {
    Page(
      width: min(80, Terminal.width ?? 80), ascii: ascii || !Terminal.isUTF8,
      isColoured: color.isColoured)
  }

  var textOptions: DiagnosisText.Options {
    var options = DiagnosisText.Options()
    options.page = page
    options.isQuiet = quiet
    options.isVerbose = verbose
    return options
  }

  /// The exit code of `findings`: 0, or 1 or 2 for the worst that is at or above the threshold.
  func exitCode(of findings: [Finding]) -> Int32 {
    guard let worst = findings.map(\.severity).max(), failOn.includes(worst) else { return 0 }
    return worst == .critical ? ExitCodes.critical : ExitCodes.warning
  }

  /// Ends the command with the code of its findings; without one, with that of what was wrong with the
  /// capture, or 3 where there was nothing to judge.
  func end(_ findings: [Finding], _ reading: CaptureReading) throws {
    let code = exitCode(of: findings)
    if code != 0 { throw Failure(nil, exitCode: code) }
    if let problem = reading.problems.first {
      throw Failure(nil, exitCode: Failure.exitCode(of: problem))
    }
    if reading.isInterrupted { throw Failure(nil, exitCode: ExitCodes.interrupted) }
    if Verdict(findings, in: reading.evidence).word == .unknown {
      throw Failure(nil, exitCode: ExitCodes.unknown)
    }
  }
}

/// From which severity on a finding is a failure.
enum FailureThreshold: String, CaseIterable, ExpressibleByArgument {
  case info, warning, critical, never

  func includes(_ severity: Severity) -> Bool {
    switch self {
    case .info: true
    case .warning: severity >= .warning
    case .critical: severity >= .critical
    case .never: false
    }
  }
}

/// When a report is coloured.
enum ColourChoice: String, CaseIterable, ExpressibleByArgument {
  case auto, always, never

  /// no-color.org and bixense.com/clicolors: a variable that is set and not empty (of CLICOLOR_FORCE,
  /// not 0) counts; NO_COLOR before all.
  var isColoured: Bool {
    switch self {
    case .always: return true
    case .never: return false
    case .auto:
      if Self.variable("NO_COLOR") != nil { return false }
      if let force = Self.variable("CLICOLOR_FORCE"), force != "0" { return true }
      return isatty(STDOUT_FILENO) == 1 && Self.variable("TERM") != "dumb"
    }
  }

  private static func variable(_ name: String) -> String? {
    let value = unsafe getenv(name).map { unsafe String(cString: $0) }
    return value?.isEmpty == false ? value : nil
  }
}
