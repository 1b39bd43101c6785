internal import Diagnosis
internal import Host
internal import Measurement
internal import PacketDissector
internal import Report

/// Writes what a sweep finds, as it comes, and what it comes to.
struct SweepWriter {
  enum Format { case text, json, ndjson }

  private let format: Format
  private let options: DiagnosisText.Options
  private let output = Output()
  private let json: SweepJSON
  private var text: SweepText
  private var failures: [ProbeFailure] = []
  private var failureCount = 0
  private var isFirst = true
  /// A document has room for so many targets that could not be asked; the others are counted.
  private static let failureLimit = 10_000

  init(_ format: Format, _ naming: Naming, _ options: DiagnosisText.Options) {
    self.format = format
    self.options = options
    text = SweepText(naming, options.page)
    json = SweepJSON(naming, toolVersion: Ipsecdiag.version)
    if format == .json { json.open(to: &output.text) }
  }

  /// Those who refuse by ICMP are told to programs, and to people who ask for it.
  mutating func add(_ result: SweepResult) throws(Failure) {
    switch format {
    case .text:
      let isAnswer = if case .answered = result.outcome { true } else { false }
      guard !options.isQuiet, isAnswer || options.isVerbose else { return }
      text.write(result, to: &output.text)
    case .json: json.write(result, at: .now, isFirst: isFirst, to: &output.text)
    case .ndjson: json.writeLine(result, at: .now, to: &output.text)
    }
    isFirst = false
    try attempt { () throws(Output.Failure) in try output.flushIfFull() }
  }

  mutating func add(_ failure: ProbeFailure) throws(Failure) {
    failureCount += 1
    switch format {
    case .text: StandardError.write("error: \(failure.target): \(failure.reason)")
    case .ndjson: json.writeLine(failure, to: &output.text)
    case .json: if failures.count < Self.failureLimit { failures.append(failure) }
    }
    try flush()
  }

  /// Ends the report; the exit code that it comes to.
  mutating func end(
    _ summary: SweepSummary, _ threshold: FailureThreshold
  ) throws(Failure) -> Int32 {
    let report = SweepReport(summary, failures: failureCount)
    switch format {
    case .text: report.write(options.page, to: &output.text)
    case .json: json.close(failures, report, to: &output.text)
    case .ndjson: json.writeLine(report, to: &output.text)
    }
    try flush()
    if summary.isInterrupted { return ExitCodes.interrupted }
    switch report.word {
    case .critical: return threshold.includes(.critical) ? ExitCodes.critical : 0
    case .unknown: return ExitCodes.unknown
    case .ok, .warning: return 0
    }
  }

  func flush() throws(Failure) {
    try attempt { () throws(Output.Failure) in try output.flush() }
  }

  private func attempt(_ body: () throws(Output.Failure) -> Void) throws(Failure) {
    do throws(Output.Failure) { try body() } catch {
      // A reader that went away ends the sweep as well.
      throw Failure(.output(error)) ?? Failure(nil, exitCode: 0)
    }
  }
}
