internal import ArgumentParser
internal import Diagnosis
internal import Host
internal import Measurement
internal import Report

/// `dpd --idle TIME TARGET`: how long a NAT on the way keeps a silent mapping.
struct DPDIdle {
  let target: String
  let limit: Seconds
  let options: DPDLiveOptions
  let verdict: VerdictOptions
  let isJSON: Bool

  func run() throws {
    Interruption.watch()
    let address = try TargetAddress.first(of: target, isIPv6Wanted: options.isIPv6Wanted)
    let search = MappingSearch(
      to: address, options.plan, limit: limit.duration, outside: options.outside
    ) { Interruption.isRequested }
    var line = ProgressLine(isQuiet: verdict.quiet)
    let result: MappingResult
    do throws(SocketError) {
      result = try search.run(target) { rest in
        if line.isWanted {
          line.show("waiting out silences, \(max(0, rest.components.seconds)) s left")
        }
      }
    } catch {
      throw Failure("\(error)", exitCode: ExitCodes.unknown)
    }
    line.clear()
    let report = MappingReport(result, verdict.naming)
    try StandardOutput.write { output in
      if isJSON {
        report.writeJSON(toolVersion: Ipsecdiag.version, to: &output.text)
      } else {
        report.writeText(verdict.textOptions, to: &output.text)
      }
    }
    let code = verdict.exitCode(of: result.findings)
    if code != 0 { throw Failure(nil, exitCode: code) }
    if result.isInterrupted { throw Failure(nil, exitCode: ExitCodes.interrupted) }
    if result.severity == nil { throw Failure(nil, exitCode: ExitCodes.unknown) }
  }
}
