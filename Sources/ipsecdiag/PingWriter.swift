internal import ESP
internal import Measurement
internal import Report

/// Writes a ping in the form that was asked for, and ends the command with its exit code.
final class PingWriter {
  private let json: Bool
  private let ndjson: Bool
  private let nagios: Bool
  private let options: VerdictOptions
  private let naming: Naming
  private var progress: ProgressLine
  private var replies = 0

  init(
    json: Bool, ndjson: Bool, nagios: Bool, _ options: VerdictOptions
  ) {
    self.json = json
    self.ndjson = ndjson
    self.nagios = nagios
    self.options = options
    naming = options.naming
    progress = ProgressLine(isQuiet: options.quiet)
  }

  private var document: PingJSON { PingJSON(naming, toolVersion: Ipsecdiag.version) }

  /// When a reply has come. A reader that went away ends the series.
  func reply(_ request: EchoSeries.Request) {
    replies += 1
    guard ndjson else {
      if progress.isWanted { progress.show("\(replies) echoes answered") }
      return
    }
    do {
      try StandardOutput.write { document.writeLine(request, to: &$0.text) }
    } catch {
      Interruption.request()
    }
  }

  func end(_ result: PingResult, _ target: String) throws {
    progress.clear()
    let code = exitCode(result)
    try StandardOutput.write { output in
      if json || ndjson {
        document.write(result, target, withEchoes: json, to: &output.text)
      } else if nagios {
        PingNagios(result, naming, state(code)).write(to: &output.text)
      } else {
        PingText(result, naming, options.textOptions).write(to: &output.text)
      }
    }
    if nagios, code > ExitCodes.unknown { throw Failure(nil, exitCode: ExitCodes.unknown) }
    if code != 0 { throw Failure(nil, exitCode: code) }
  }

  private func exitCode(_ result: PingResult) -> Int32 {
    let code = options.exitCode(of: result.findings)
    if code != 0 { return code }
    if result.isInterrupted { return ExitCodes.interrupted }
    let isKnown = result.plan.probe.isOneWay ? result.sent > 0 : result.answered > 0
    return isKnown && result.ending == nil ? 0 : ExitCodes.unknown
  }

  private func state(_ code: Int32) -> NagiosReport.State {
    NagiosReport.State(rawValue: code) ?? .unknown
  }
}
