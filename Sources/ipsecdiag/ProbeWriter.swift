internal import ArgumentParser
internal import Diagnosis
internal import Measurement
internal import PacketDissector
internal import Report

/// Writes what a probe finds in the form that was asked for: each result as it comes where the form allows
/// it, and all together at the end.
struct ProbeWriter {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text, json, ndjson, nagios, prometheus
  }

  private let format: Format
  private let naming: Naming
  private var options: DiagnosisText.Options
  private let output = Output()
  private let json: ProbeJSON
  private(set) var summary = ProbeSummary()
  /// Kept where the form needs all of them at once.
  private var reports: [ProbeReport] = []
  private var failures: [ProbeFailure] = []
  private var isFirst = true

  /// More than one address may come, so that a closing line is of use.
  private let closes: Bool
  /// With more addresses than so many, each has a line alone, as long as no more is asked for.
  private static let blockLimit: UInt64 = 8

  init(
    _ format: Format, _ naming: Naming, _ options: DiagnosisText.Options, addresses: UInt64
  ) {
    self.format = format
    self.naming = naming
    self.options = options
    closes = addresses > 1
    if addresses > Self.blockLimit, !options.isVerbose { self.options.isQuiet = true }
    json = ProbeJSON(naming, toolVersion: Ipsecdiag.version)
    if format == .json { json.open(to: &output.text) }
  }

  mutating func add(_ report: ProbeReport) throws(Failure) {
    summary.add(report)
    switch format {
    case .text:
      if !isFirst, !options.isQuiet { output.text.put("\n") }
      ProbeText(report, naming, options).write(to: &output.text)
    case .json: json.write(report, isFirst: isFirst, to: &output.text)
    case .ndjson: json.writeLine(report, to: &output.text)
    case .nagios, .prometheus: reports.append(report)
    }
    isFirst = false
    try flush()
  }

  mutating func add(_ failure: ProbeFailure) throws(Failure) {
    summary.add(failure)
    switch format {
    case .text, .prometheus:
      StandardError.write("error: \(failure.target): \(failure.reason)")
    case .ndjson: json.writeLine(failure, to: &output.text)
    case .json, .nagios: failures.append(failure)
    }
    try flush()
  }

  /// Addresses of a network that do not speak IKE, as most do not.
  mutating func addUnused(_ count: UInt64) { summary.addUnused(count) }

  /// Ends the report under the state that its exit code says.
  mutating func end(
    isInterrupted: Bool, _ state: (ProbeSummary) -> NagiosReport.State
  ) throws(Failure) {
    summary.isInterrupted = isInterrupted
    switch format {
    case .text:
      if closes {
        if !isFirst, !options.isQuiet { output.text.put("\n") }
        summary.write(options.page, to: &output.text)
      }
    case .json: json.close(failures, summary, to: &output.text)
    case .ndjson: json.writeLine(summary, to: &output.text)
    case .nagios:
      ProbeNagios(reports, failures, summary, naming, state(summary)).write(to: &output.text)
    case .prometheus: ProbePrometheus(reports, naming).write(to: &output.text)
    }
    try flush()
  }

  private func flush() throws(Failure) {
    do throws(Output.Failure) {
      try output.flush()
    } catch {
      // A reader that went away ends the probe as well: there is nobody to ask for.
      throw Failure(.output(error)) ?? Failure(nil, exitCode: 0)
    }
  }
}
