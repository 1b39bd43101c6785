import ArgumentParser
import Glibc

@main
struct Ipsecdiag: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "ipsecdiag",
    abstract: "Says what is wrong with an IPsec tunnel, how it knows, and what to type.",
    discussion: """
      Exit codes: 0 fine, 1 warning, 2 critical, 3 unknown, 64 usage, 65 bad input data, \
      66 input missing, 73 and 74 output failed, 77 no permission, 130 interrupted.
      """,
    version: version,
    subcommands: [
      Diagnose.self, Probe.self, Ping.self, MTU.self, DPD.self, Handshake.self, Respond.self,
      DaemonCommand.self, Collect.self, Decode.self, Replay.self, Explain.self, Config.self,
    ])

  static func main() {
    // A reader that went away shows as an error of write(2) instead of ending the process.
    _ = signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as Failure {
      failure.explain()
      if let message = failure.message, NagiosCheck.isAskedFor(CommandLine.arguments) {
        NagiosCheck.writeUnknown(message)
        Glibc.exit(ExitCodes.unknown)
      }
      Glibc.exit(failure.exitCode)
    } catch {
      if !exitCode(for: error).isSuccess, NagiosCheck.isAskedFor(CommandLine.arguments) {
        NagiosCheck.writeUnknown(message(for: error))
        Glibc.exit(ExitCodes.unknown)
      }
      exit(withError: error)
    }
  }
}
