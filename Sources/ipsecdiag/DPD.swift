internal import ArgumentParser
internal import Diagnosis
internal import Report

struct DPD: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dpd",
    abstract: "Computes how long a dead peer really goes unnoticed.",
    discussion: """
      Without --daemon and --config, a table of the daemons as installed. Times may have a unit: \
      30, 30s, 2m, 1h, 500ms.

      Examples:
        ipsecdiag dpd --calculate --daemon strongswan --dpd-delay 30s
        ipsecdiag dpd --calculate --config /etc/swanctl/swanctl.conf \\
          --config /etc/strongswan.conf
        ipsecdiag dpd --calculate --daemon libreswan --dpd-delay 3 --dpd-timeout 5 --target 10s
      """)

  @Flag(help: "Compute, and send nothing. The one way there is today.")
  var calculate = false

  @OptionGroup var liveness: LivenessOptions

  @Flag(help: "One JSON document.")
  var json = false

  mutating func validate() throws {
    guard calculate else {
      throw ValidationError("Give --calculate; checking a peer or a capture is not built yet.")
    }
  }

  func run() throws {
    let report = try liveness.report()
    for problem in report.problems {
      StandardError.write("warning: \(problem.file): \(problem.problem)")
    }
    let output = Output()
    if json {
      report.writeJSON(toolVersion: Ipsecdiag.version, to: &output.text)
    } else if let delay = liveness.tableDelay {
      report.writeTable(delay: delay, to: &output.text)
    } else {
      report.writeText(to: &output.text)
    }
    do throws(Output.Failure) {
      try output.flush()
    } catch {
      if let failure = Failure(.output(error)) { throw failure }
    }
    if report.hasWarning, liveness.tableDelay == nil {
      throw Failure(nil, exitCode: ExitCodes.warning)
    }
  }
}
