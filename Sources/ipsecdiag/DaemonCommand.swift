internal import ArgumentParser
internal import Diagnosis
internal import Host
internal import PacketDissector
internal import Report

struct DaemonCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "daemon",
    abstract: "Tells what the IKE daemon of this machine says: connections, SAs, counters, events.",
    discussion: """
      Asks strongSwan's charon over VICI, and libreswan's pluto by its own program whack. A tunnel is \
      wanted where the daemon keeps it up by itself, waits for traffic to set it up, or is trying to; \
      charon does not tell start_action, which --config reads from swanctl.conf. --json has all that \
      VICI told, with all keys, beside the summary.

      Exit codes: 0 no wanted tunnel is amiss, 1 one is being set up, 2 one is down, 3 no daemon told \
      its state, 77 no permission to ask it, 130 Ctrl-C before the first event.

      Examples:
        ipsecdiag daemon
        ipsecdiag daemon --json
        ipsecdiag daemon --vici tcp://127.0.0.1:4502
        ipsecdiag daemon --events --ndjson
      """)

  @Option(
    help: ArgumentHelp(
      "Where charon listens for VICI: unix:///PATH or tcp://ADDRESS:PORT. /run/charon.vici by default.",
      valueName: "address"))
  var vici: String?

  @Option(
    help: ArgumentHelp(
      "The swanctl.conf that charon has loaded, for what VICI does not tell. /etc/swanctl/swanctl.conf by default, unless --vici is given.",
      valueName: "file"))
  var config: String?

  @Flag(help: "Live events of charon until Ctrl-C: SAs that come up, go, and get new keys.")
  var events = false

  @Flag(help: "With --events, charon's log as well.")
  var log = false

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Stop after so many events.", valueName: "number"))
  var count: Int?

  @Flag(help: "One JSON document.")
  var json = false

  @Flag(help: "With --events, one JSON object a line.")
  var ndjson = false

  @OptionGroup var verdict: VerdictOptions

  mutating func validate() throws {
    if events, json { throw ValidationError("--events takes --ndjson instead of --json.") }
    if !events, ndjson || log || count != nil {
      throw ValidationError("--ndjson, --log and --count go with --events.")
    }
    if let count, count < 1 { throw ValidationError("--count is 1 or more.") }
    try VICIAddress.requireSense(vici)
  }

  func run() throws {
    Interruption.watch()
    if events {
      return try DaemonEvents(
        vici: vici, withLog: log, count: count, isJSON: ndjson, naming: verdict.naming
      ).run()
    }
    let report = try read()
    try StandardOutput.write { output in
      if json {
        DaemonJSON(verdict.naming, toolVersion: Ipsecdiag.version).write(report, to: &output.text)
      } else {
        DaemonText(report, verdict.naming, verdict.textOptions).write(to: &output.text)
      }
    }
    if let severity = report.severity, verdict.failOn.includes(severity) {
      throw Failure(
        nil, exitCode: severity == .critical ? ExitCodes.critical : ExitCodes.warning)
    }
    guard report.daemons.isEmpty else { return }
    throw Failure(
      nil,
      exitCode: report.missing.contains(where: \.isPermission)
        ? ExitCodes.noPermission : ExitCodes.unknown)
  }

  private func read() throws -> DaemonReport {
    let reading = DaemonReading(vici: vici)
    let daemons = try reading.daemons.map { state in
      guard state.kind == .strongSwan else { return DaemonReport.Daemon(state) }
      var daemon = DaemonReport.Daemon(state, vici: reading.vici)
      try DaemonConfiguration(config, isUsual: vici == nil)?.complete(&daemon)
      return daemon
    }
    return DaemonReport(daemons, missing: reading.missing, at: .now)
  }
}

extension VICIAddress {
  /// What a command with --vici calls from its `validate`.
  static func requireSense(_ text: String?) throws {
    if let text, (try? VICIAddress(text: text)) == nil {
      throw ValidationError("--vici is unix:///PATH or tcp://ADDRESS:PORT.")
    }
  }
}
