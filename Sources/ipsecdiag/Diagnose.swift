internal import ArgumentParser
internal import Diagnosis
internal import Report

struct Diagnose: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what is wrong by all that this machine or a capture shows.",
    discussion: """
      Verdict, evidence, remedy. Without a capture: of this machine (--local), by the kernel's SAs, policies \
      and counters, its routes and clamps, and the IKE daemon.

      A live capture ends with --count or Ctrl-C, and is judged then. `ipsecdiag explain ID` tells \
      more of a finding.

      Exit codes: 0 no finding at or above --fail-on, 1 warning, 2 critical. Only without such a \
      finding do others count: 65 the capture ends inside a packet or is damaged, 66 a file is \
      missing, 77 no permission, 130 Ctrl-C while a file was read, 3 no IPsec there. \
      With nagios: 0 to 3 only, 3 for everything that is no finding.

      Examples:
        ipsecdiag diagnose
        ipsecdiag diagnose --local --sample 5 --nagios
        ipsecdiag diagnose -r outage.pcap
        ipsecdiag diagnose -r outage.pcap --keys charon.keys -v
        ipsecdiag diagnose -r a.pcapng -r b.pcap.gz --peer 192.0.2.1
        ipsecdiag diagnose -r at-a.pcap --compare at-b.pcap
        ipsecdiag diagnose -r outage.pcap --redact --format html >outage.html
        ipsecdiag diagnose -r outage.pcap --json | jq '.findings[].id'
        ipsecdiag diagnose -i eth0 --count 100000 --nagios
        tcpdump -c 50000 -w - esp or udp port 4500 | ipsecdiag diagnose -r -
      """)

  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text, json, ndjson, html, nagios, prometheus
  }

  @OptionGroup var host: HostOptions

  @OptionGroup var capture: CaptureOptions

  @Option(
    help: ArgumentHelp(
      "A second capture, called B, of the same time at another point, such as the other gateway: what is lost between the two, by class and direction. Clocks and NAT may differ; what is selected is selected in both.",
      valueName: "file"))
  var compare: String?

  @OptionGroup var live: LiveOptions

  @OptionGroup var keys: KeyOptions

  @OptionGroup var verdict: VerdictOptions

  @Option(
    help: ArgumentHelp(
      "text, json, ndjson, html (a page by itself, with plots), nagios, or prometheus (of --local).",
      valueName: "format"))
  var format: Format?

  @Flag(help: "Short for --format json: one document.")
  var json = false

  @Flag(help: "Short for --format ndjson: one object a finding, then one for the rest.")
  var ndjson = false

  @Flag(help: "Short for --format nagios: one line for a monitoring system, details below it.")
  var nagios = false

  mutating func validate() throws {
    try host.requireSense(capture, keys)
    try live.requireInterface(capture)
    if [json, ndjson, nagios, format != nil].count(where: { $0 }) > 1 {
      throw ValidationError("Give one of --format, --json, --ndjson and --nagios.")
    }
    if host.isWanted(capture) {
      if chosenFormat == .html || compare != nil {
        throw ValidationError("--compare and --format html go with a capture.")
      }
      if capture.count != nil, capture.interface == nil {
        throw ValidationError("--count goes with a capture.")
      }
      return
    }
    try capture.requireSource()
    if chosenFormat == .prometheus {
      throw ValidationError("--format prometheus goes with --local.")
    }
    if let compare {
      if capture.interface != nil {
        throw ValidationError("--compare goes with -r: both captures are files.")
      }
      if compare == "-", capture.files.contains("-") {
        throw ValidationError("Only one of -r and --compare can be standard input.")
      }
    }
  }

  private var chosenFormat: Format {
    format ?? (json ? .json : ndjson ? .ndjson : nagios ? .nagios : .text)
  }

  private func runLocal() throws {
    let format: LocalReport.Format =
      switch chosenFormat {
      case .text, .html: .text
      case .json, .ndjson: .json
      case .nagios: .nagios
      case .prometheus: .prometheus
      }
    try LocalReport(
      scope: .everything, options: host, capture: capture, live: live, verdict: verdict,
      format: format
    ).run()
  }

  func run() throws {
    if host.isWanted(capture) { return try runLocal() }
    let keys = try keys.read()
    let a = try CaptureReading(
      capture, keys,
      CaptureEvidence(withPlots: chosenFormat == .html, withPackets: compare != nil),
      LiveWatch(live, verdict, announces: true))
    let b = try compare.map { path in
      var other = capture
      other.files = [path]
      return try CaptureReading(other, keys, CaptureEvidence(withPackets: true))
    }
    let reading = a.noting(b)
    let diagnosis =
      b.map { CaptureDiagnosis(a.evidence, comparedWith: $0.evidence) }
      ?? CaptureDiagnosis(a.evidence)
    if chosenFormat == .nagios { return try NagiosCheck.report(diagnosis, verdict, reading) }
    let naming = verdict.naming
    try StandardOutput.write { output in
      switch chosenFormat {
      case .text, .nagios, .prometheus:
        DiagnosisText(diagnosis, naming, verdict.textOptions).write(to: &output.text)
      case .json:
        DiagnosisJSON(diagnosis, naming, toolVersion: Ipsecdiag.version)
          .writeDocument(to: &output.text)
      case .ndjson:
        DiagnosisJSON(diagnosis, naming, toolVersion: Ipsecdiag.version)
          .writeLines(to: &output.text)
      case .html:
        HTMLReport(
          diagnosis: diagnosis, naming: naming, toolVersion: Ipsecdiag.version,
          sources: verdict.redact ? [] : capture.interface.map { [$0] } ?? capture.files
        ).write(to: &output.text)
      }
    }
    try verdict.end(diagnosis.findings, reading)
  }
}
