internal import Diagnosis
internal import Host
internal import PacketDissector
internal import Report

/// `replay --local` and `diagnose --local`: what this machine knows, read and told.
struct LocalReport {
  enum Format {
    case text, json, nagios, prometheus
  }

  let scope: HostReport.Scope
  let options: HostOptions
  let capture: CaptureOptions
  let live: LiveOptions
  let verdict: VerdictOptions
  let format: Format

  func run() throws {
    let began = ContinuousClock.now
    let reading = try HostReading(
      HostSnapshot.parts(for: scope), options, capture, LiveWatch(live, verdict))
    let report = HostReport(reading.diagnosis, scope, verdict.naming)
    let took = Nanoseconds(.now - began)
    let outcome = HostVerdict(report)
    let state = verdict.nagiosState(of: outcome)
    try StandardOutput.write { output in
      switch format {
      case .text: report.write(verdict.textOptions, to: &output.text)
      case .json: HostJSON(report, toolVersion: Ipsecdiag.version).write(to: &output.text)
      case .nagios: report.writeNagios(state, to: &output.text)
      case .prometheus: report.writePrometheus(took: took, to: &output.text)
      }
    }
    if format == .nagios {
      if state != .ok { throw Failure(nil, exitCode: state.rawValue) }
      return
    }
    try verdict.end(outcome)
  }
}

extension HostSnapshot {
  /// What a report is about, so that no more is read.
  static func parts(for scope: HostReport.Scope) -> Set<Part> {
    switch scope {
    case .replay: [.securityAssociations, .dropCounters, .addresses, .daemon]
    case .everything: Set(Part.allCases)
    }
  }
}

extension VerdictOptions {
  fileprivate func nagiosState(of outcome: HostVerdict) -> NagiosReport.State {
    switch exitCode(of: outcome.findings) {
    case ExitCodes.critical: .critical
    case ExitCodes.warning: .warning
    default: outcome.lacksPermission || outcome.hasNothing ? .unknown : .ok
    }
  }
}
