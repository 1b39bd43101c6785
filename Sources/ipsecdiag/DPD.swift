internal import ArgumentParser
internal import Diagnosis
internal import Host
internal import Report

struct DPD: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dpd",
    abstract:
      "Asks whether a peer lives, shows who checks that, or computes how long a dead one goes unnoticed.",
    usage: """
      ipsecdiag dpd [<options>] <target>
      ipsecdiag dpd [<options>] -r <file> [<filter> ...]
      ipsecdiag dpd [<options>] --calculate
      ipsecdiag dpd [<options>] [--local]
      """,
    discussion: """
      With a target, a name or an address: is it there, how fast does it answer, what is lost. Without \
      credentials by IKE_SA_INIT, of which the peer keeps nothing; with --psk-file, --cert or --eap-user by \
      empty INFORMATIONAL requests in an IKE SA of its own, which is deleted at the end; with --ikev1 by \
      R-U-THERE in one of IKEv1. Exit codes: 0 \
      it answers, 1 loss, outages or a limit of --warning, 2 it is down or a limit of --critical, 3 it \
      could not be asked, 130 Ctrl-C before --count is reached.

      With a capture: who checks whom how often, what was answered, and what is wrong with it. IKEv1's \
      checks are encrypted, so they take --keys. Exit codes are those of diagnose.

      Without any of these (--local): which connections of this machine's IKE daemon check whether their \
      peers live, and when ESP last came and went. Exit codes: 0 or, by --fail-on, 1; 3 nothing stands or \
      no daemon tells, 77 it may not be asked.

      With --calculate: without --daemon and --daemon-config, a table of the daemons as installed. Times may \
      have a unit: 30, 30s, 2m, 1h, 500ms.

      Examples:
        ipsecdiag dpd
        ipsecdiag dpd vpn.example.net
        ipsecdiag dpd --watch --interval 1 --psk-file key.txt 192.0.2.1
        ipsecdiag dpd --ikev1 --psk-file key.txt 192.0.2.1
        ipsecdiag dpd --nagios --warning 200ms,5% --critical 1s,30% 192.0.2.1
        ipsecdiag dpd --idle 5m --outside 198.51.100.7 192.0.2.1
        ipsecdiag dpd -r outage.pcap
        ipsecdiag dpd --calculate --daemon strongswan --dpd-delay 30s
        ipsecdiag dpd --calculate --daemon-config /etc/swanctl/swanctl.conf \\
          --daemon-config /etc/strongswan.conf
        ipsecdiag dpd --calculate --daemon libreswan --dpd-delay 3 --dpd-timeout 5 --target 10s
      """)

  @Flag(help: "Compute from settings; no capture is read.")
  var calculate = false

  @Flag(help: "What this machine's IKE daemon says; the default without target and capture.")
  var local = false

  @Option(
    help: ArgumentHelp(
      "With --local: where charon listens for VICI, as `daemon --vici` takes it.",
      valueName: "address"))
  var vici: String?

  @OptionGroup var live: DPDLiveOptions

  @OptionGroup var peer: PeerOptions

  @OptionGroup var liveness: LivenessOptions

  @OptionGroup var capture: CaptureOptions

  @OptionGroup var recording: LiveOptions

  @OptionGroup var keys: KeyOptions

  @OptionGroup var verdict: VerdictOptions

  @Flag(help: "One JSON document.")
  var json = false

  @Flag(help: "With a target: one object a check, as they come, and one of the whole run.")
  var ndjson = false

  @Flag(help: "With a target: one line for a monitoring system.")
  var nagios = false

  @Flag(help: "With a target: metrics in Prometheus's text exposition format.")
  var prometheus = false

  /// A single word without a capture to filter.
  private var target: String? { asksPeer ? capture.filter.first : nil }

  /// Neither a capture nor a computation, but a word or a profile that names a peer.
  private var asksPeer: Bool {
    !calculate && capture.files.isEmpty && capture.interface == nil
      && (!capture.filter.isEmpty || namesPeer)
  }

  /// Neither a target nor a capture nor a computation.
  private var isLocal: Bool {
    !calculate && !asksPeer && capture.files.isEmpty && capture.interface == nil
  }

  private var namesPeer: Bool { peer.profile != nil || peer.source.connection != nil }

  /// Whether options are given that only a peer is asked with; the environment may say more.
  private var hasPeerOptions: Bool {
    namesPeer || live.isGiven || peer.source.config != nil || peer.pskFile != nil
      || peer.cert != nil || peer.eapUser != nil || ndjson || nagios || prometheus
  }

  mutating func validate() throws {
    try recording.requireInterface(capture)
    if [json, ndjson, nagios, prometheus].count(where: { $0 }) > 1 {
      throw ValidationError("Give one of --json, --ndjson, --nagios and --prometheus.")
    }
    if local || vici != nil, !isLocal {
      throw ValidationError("--local and --vici take no target, no capture and no --calculate.")
    }
    try VICIAddress.requireSense(vici)
    if asksPeer { return try validateLive() }
    if calculate, peer.source.config != nil {
      throw ValidationError("With --calculate, a daemon's file goes with --daemon-config.")
    }
    if hasPeerOptions {
      throw ValidationError("Those options go with a target: ipsecdiag dpd vpn.example.net")
    }
    if isLocal {
      if liveness.isGiven { throw ValidationError("Settings of a daemon go with --calculate.") }
      if capture.count != nil { throw ValidationError("--count goes with a target or a capture.") }
      return
    }
    try capture.requireSource(orCalculate: calculate)
    if !calculate, liveness.isGiven {
      throw ValidationError("Settings of a daemon go with --calculate.")
    }
  }

  private func validateLive() throws {
    guard capture.filter.count == 1 || capture.filter.isEmpty && live.idle == nil else {
      throw ValidationError("Give one target: a name or an address.")
    }
    if let count = capture.count, !(1...1_000_000_000).contains(count) {
      throw ValidationError("--count is 1 to 1000000000.")
    }
    if liveness.isGiven {
      throw ValidationError("Settings of a daemon go with --calculate.")
    }
    if live.idle != nil, live.watch || peer.isGiven || ndjson || nagios || prometheus {
      throw ValidationError("--idle asks without credentials, once, and writes text or --json.")
    }
    if live.ikev1, !peer.isGiven {
      throw ValidationError("--ikev1 takes a pre-shared key: --psk-file")
    }
  }

  private var format: ProbeWriter.Format {
    json ? .json : ndjson ? .ndjson : nagios ? .nagios : prometheus ? .prometheus : .text
  }

  func run() throws {
    if calculate { return try self.computed() }
    if isLocal { return try DPDLocal(vici: vici, verdict: verdict, isJSON: json).run() }
    if let target, let limit = live.idle {
      return try DPDIdle(
        target: target, limit: limit, options: live, verdict: verdict, isJSON: json
      ).run()
    }
    if asksPeer {
      return try DPDLive(
        target: target, count: capture.count.map { Int(clamping: $0) }, options: live, peer: peer,
        verdict: verdict, format: format
      ).run()
    }
    let reading = try CaptureReading(
      capture, keys.read(), CaptureEvidence(), LiveWatch(recording, verdict))
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
