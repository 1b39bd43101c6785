internal import ArgumentParser
internal import Capture
internal import Measurement
internal import Report

struct Probe: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Asks gateways from outside: are they there, who are they, what do they accept.",
    discussion: """
      A target is a name (all its addresses are asked), an address, a range such as 192.0.2.1-20, or \
      a network such as 192.0.2.0/24, of which those that answer are reported. Without options it takes a few dozen \
      packets and some seconds, needs no privilege and never the local port 500. Nothing is \
      authenticated: no SA is set up.

      Exit codes: 0 no finding at or above --fail-on, 1 warning, 2 critical: no answer, a proposal \
      refused, a policy violated. Only without such a finding do others count: 3 something could not \
      be found out, 64 usage, 65 a policy that cannot be read, 66 a missing file, 77 no permission, \
      130 Ctrl-C. With nagios: 0 to 3 only. With --sweep: 0 an address answered, 2 none did, 3 a name \
      has no address.

      Examples:
        ipsecdiag probe vpn.example.net
        ipsecdiag probe --enumerate vpn.example.net
        ipsecdiag probe --proposal aes256gcm16-prfsha384-ecp384 192.0.2.1
        ipsecdiag probe --policy gateways.policy --targets gateways.txt
        ipsecdiag probe --pq 2001:db8::7
        ipsecdiag probe --nagios -4 vpn.example.net
        ipsecdiag probe --sweep --rate 1000 10.0.0.0/16
        ipsecdiag probe --sweep --ndjson --targets gateways.txt | jq -r .result.address
        ipsecdiag probe --enumerate -w probe.pcapng vpn.example.net
      """)

  @Argument(help: ArgumentHelp("Names, addresses, networks.", valueName: "target"))
  var target: [String] = []

  @Option(
    help: ArgumentHelp(
      "Read targets from this file, a line each; - is standard input.", valueName: "file"))
  var targets: String?

  @Flag(
    help:
      "Ask every address one question on one port, and write a line for each that answers: for networks and lists of any length."
  )
  var sweep = false

  @OptionGroup var questions: ProbeQuestionOptions

  @OptionGroup var sending: ProbeSendingOptions

  @Option(
    name: [.customShort("w"), .customLong("write")],
    help: ArgumentHelp(
      "Write what was sent and received to this pcapng file, but for the first look through networks.",
      valueName: "file"))
  var capture: String?

  @OptionGroup var verdict: VerdictOptions

  @Option(
    help: ArgumentHelp(
      "text, json, ndjson, nagios or prometheus (text exposition).", valueName: "format"))
  var format: ProbeWriter.Format?

  @Flag(help: "Short for --format json: one document.")
  var json = false

  @Flag(help: "Short for --format ndjson: one object an address, as they come.")
  var ndjson = false

  @Flag(help: "Short for --format nagios: one line for a monitoring system, details below it.")
  var nagios = false

  mutating func validate() throws {
    if [json, ndjson, nagios, format != nil].count(where: { $0 }) > 1 {
      throw ValidationError("Give one of --format, --json, --ndjson and --nagios.")
    }
    guard !target.isEmpty || targets != nil else {
      throw ValidationError("Give a target, or a file of them with --targets.")
    }
    if targets == "-", questions.policy == "-" {
      throw ValidationError("Only one of --targets and --policy can be standard input.")
    }
    var all = ProbeTargets()
    for text in target { all.add(try Self.expression(text)) }
    if sweep { return try validateSweep() }
    if all.count > ProbeTargets.mostAddresses {
      throw ValidationError("More than \(ProbeTargets.mostAddresses) addresses are no one run.")
    }
  }

  private func validateSweep() throws {
    guard !questions.isAny else {
      throw ValidationError(
        "--sweep asks one question: not with --enumerate, --proposal, --policy or --pq.")
    }
    guard capture == nil else { throw ValidationError("Give one of --sweep and --write.") }
    guard !sending.tcp else { throw ValidationError("Give one of --sweep and --tcp.") }
    switch chosenFormat {
    case .text, .json, .ndjson: break
    case .nagios, .prometheus: throw ValidationError("--sweep writes text, json or ndjson.")
    }
  }

  private var chosenFormat: ProbeWriter.Format {
    format ?? (json ? .json : ndjson ? .ndjson : nagios ? .nagios : .text)
  }

  /// A target of the command line.
  private static func expression(_ text: String) throws -> TargetExpression {
    do throws(TargetExpression.Problem) {
      return try TargetExpression(text)
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func run() throws {
    var plan = ProbePlan()
    sending.apply(to: &plan)
    if sweep {
      Interruption.watch()
      return try runSweep(plan)
    }
    let policy = try questions.readPolicy()
    questions.apply(policy, to: &plan)
    var targets = ProbeTargets()
    try eachTarget { targets.add($0) }
    if targets.isEmpty { throw nothingNamed() }
    if targets.count > ProbeTargets.mostAddresses { throw tooManyNamed() }
    Interruption.watch()
    let writer = ProbeWriter(
      chosenFormat, verdict.naming, verdict.textOptions, addresses: targets.expectedAddresses)
    let summary = try recorded { recording in
      try ProbeRun(
        plan, isIPv6Wanted: sending.isIPv6Wanted, proposals: questions.proposal.count,
        policy: policy, concurrency: sending.concurrency, capture: recording
      ).run(targets, writer, verdict)
    }
    try end(summary)
  }

  /// Runs `body` with the capture file that was asked for.
  private func recorded(_ body: (ProbeCapture?) throws -> ProbeSummary) throws -> ProbeSummary {
    guard let capture else { return try body(nil) }
    do {
      let recording = try ProbeCapture(
        path: capture, application: "ipsecdiag \(Ipsecdiag.version)")
      let summary = try body(recording)
      try recording.finish()
      return summary
    } catch let error as CaptureError {
      throw Failure(error)
    }
  }

  /// Hands over all targets.
  private func eachTarget(_ body: (TargetExpression) -> Void) throws {
    for text in target { body(try Self.expression(text)) }
    if let targets { try TargetFile.read(targets, body) }
  }

  private var targetSource: String { targets == "-" ? "standard input" : targets ?? "" }

  private func nothingNamed() -> Failure {
    Failure("\(targetSource) names no target", exitCode: ExitCodes.badData)
  }

  private func tooManyNamed() -> Failure {
    Failure(
      "\(targetSource) names more than \(ProbeTargets.mostAddresses) addresses",
      exitCode: ExitCodes.badData)
  }

  private func runSweep(_ plan: ProbePlan) throws {
    var targets = ProbeSweep.Targets()
    try eachTarget { targets.add($0) }
    if targets.isEmpty { throw nothingNamed() }
    let format: SweepWriter.Format =
      switch chosenFormat {
      case .json: .json
      case .ndjson: .ndjson
      default: .text
      }
    let code = try ProbeSweep(
      plan: plan, isIPv6Wanted: sending.isIPv6Wanted, concurrency: sending.concurrency
    ).run(targets, SweepWriter(format, verdict.naming, verdict.textOptions), verdict)
    if code != 0 { throw Failure(nil, exitCode: code) }
  }

  private func end(_ summary: ProbeSummary) throws {
    let code = ProbeExit.code(of: summary, verdict.failOn)
    guard code != 0 else { return }
    if chosenFormat == .nagios {
      throw Failure(nil, exitCode: ProbeExit.state(of: summary, verdict.failOn).rawValue)
    }
    throw Failure(nil, exitCode: code)
  }
}
