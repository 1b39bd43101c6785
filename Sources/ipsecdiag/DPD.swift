internal import ArgumentParser
internal import Diagnosis
internal import Report

struct DPD: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dpd",
    abstract:
      "Shows who checks whether its peer lives, or computes how long a dead one goes unnoticed.",
    discussion: """
      With a capture: who checks whom how often, what was answered, and what is wrong with it. IKEv1's \
      checks are encrypted, so they take --keys. Exit codes are those of diagnose.

      With --calculate: without --daemon and --daemon-config, a table of the daemons as installed. Times may \
      have a unit: 30, 30s, 2m, 1h, 500ms.

      Examples:
        ipsecdiag dpd -r outage.pcap
        ipsecdiag dpd --calculate --daemon strongswan --dpd-delay 30s
        ipsecdiag dpd --calculate --daemon-config /etc/swanctl/swanctl.conf \\
          --daemon-config /etc/strongswan.conf
        ipsecdiag dpd --calculate --daemon libreswan --dpd-delay 3 --dpd-timeout 5 --target 10s
      """)

  @Flag(help: "Compute from settings; no capture is read.")
  var calculate = false

  @OptionGroup var liveness: LivenessOptions

  @OptionGroup var capture: CaptureOptions

  @OptionGroup var keys: KeyOptions

  @OptionGroup var verdict: VerdictOptions

  @Flag(help: "One JSON document.")
  var json = false

  mutating func validate() throws {
    try capture.requireSource(orCalculate: calculate)
    if !calculate, liveness.isGiven {
      throw ValidationError("Settings of a daemon go with --calculate.")
    }
  }

  func run() throws {
    if calculate { return try self.computed() }
    let reading = try CaptureReading(capture, keys)
    let report = LivenessReport(CaptureDiagnosis(reading.evidence), verdict.naming)
    try StandardOutput.write { output in
      if json {
        report.writeJSON(toolVersion: Ipsecdiag.version, to: &output.text)
      } else {
        report.writeText(verdict.textOptions, to: &output.text)
      }
    }
    try verdict.end(report.findings, reading)
  }

  private func computed() throws {
    let report = try liveness.report()
    for problem in report.problems {
      StandardError.write("warning: \(problem.file): \(problem.problem)")
    }
    try StandardOutput.write { output in
      if json {
        report.writeJSON(toolVersion: Ipsecdiag.version, to: &output.text)
      } else if let delay = liveness.tableDelay {
        report.writeTable(delay: delay, to: &output.text)
      } else {
        report.writeText(to: &output.text)
      }
    }
    if report.hasWarning, liveness.tableDelay == nil {
      throw Failure(nil, exitCode: ExitCodes.warning)
    }
  }
}
