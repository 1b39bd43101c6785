internal import ArgumentParser
internal import Diagnosis
internal import Report

struct Diagnose: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what is wrong by all that a capture shows: verdict, evidence, remedy.",
    discussion: """
      A live capture ends with --count or Ctrl-C, and is judged then. `ipsecdiag explain ID` tells \
      more of a finding.

      Exit codes: 0 no finding at or above --fail-on, 1 warning, 2 critical. Only without such a \
      finding do others count: 65 the capture ends inside a packet or is damaged, 66 a file is \
      missing, 77 it may not be read, 130 Ctrl-C while a file was read, 3 no IPsec in the capture. \
      With nagios: 0 to 3 only, 3 for everything that is no finding.

      Examples:
        ipsecdiag diagnose -r outage.pcap
        ipsecdiag diagnose -r outage.pcap --keys charon.keys -v
        ipsecdiag diagnose -r a.pcapng -r b.pcap.gz --peer 192.0.2.1
        ipsecdiag diagnose -r outage.pcap --redact --json
        ipsecdiag diagnose -i eth0 --count 100000 --nagios
        tcpdump -c 50000 -w - 'udp port 500 or udp port 4500 or esp' | ipsecdiag diagnose -r -
      """)

  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text, json, ndjson, nagios
  }

  @OptionGroup var capture: CaptureOptions

  @OptionGroup var keys: KeyOptions

  @OptionGroup var verdict: VerdictOptions

  @Option(help: ArgumentHelp("text, json, ndjson or nagios.", valueName: "format"))
  var format: Format?

  @Flag(help: "Short for --format json: one document.")
  var json = false

  @Flag(help: "Short for --format ndjson: one object a finding, then one for the rest.")
  var ndjson = false

  @Flag(help: "Short for --format nagios: one line for a monitoring system, details below it.")
  var nagios = false

  mutating func validate() throws {
    try capture.requireSource()
    if [json, ndjson, nagios, format != nil].count(where: { $0 }) > 1 {
      throw ValidationError("Give one of --format, --json, --ndjson and --nagios.")
    }
    try keys.refuseReport()
  }

  private var chosenFormat: Format {
    format ?? (json ? .json : ndjson ? .ndjson : nagios ? .nagios : .text)
  }

  func run() throws {
    let reading = try CaptureReading(capture, keys)
    let diagnosis = CaptureDiagnosis(reading.evidence)
    if chosenFormat == .nagios { return try NagiosCheck.report(diagnosis, verdict, reading) }
    let naming = verdict.naming
    try StandardOutput.write { output in
      switch chosenFormat {
      case .text, .nagios:
        DiagnosisText(diagnosis, naming, verdict.textOptions).write(to: &output.text)
      case .json:
        DiagnosisJSON(diagnosis, naming, toolVersion: Ipsecdiag.version)
          .writeDocument(to: &output.text)
      case .ndjson:
        DiagnosisJSON(diagnosis, naming, toolVersion: Ipsecdiag.version)
          .writeLines(to: &output.text)
      }
    }
    try verdict.end(diagnosis.findings, reading)
  }
}
