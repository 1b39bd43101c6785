internal import ArgumentParser
internal import Diagnosis
internal import Report

struct Replay: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what replay windows would drop: late, lost and repeated packets of each SA.",
    discussion: """
      A packet is late by as many numbers as the highest before it is ahead; a window drops what is \
      late by its size or more. Capture at the receiver, before it decrypts.

      Exit codes: 0 no finding at or above --fail-on, 1 warning, 2 critical. Only without such a \
      finding do others count: 65 the capture ends inside a packet or is damaged, 66 a file is \
      missing, 77 it may not be read, 130 Ctrl-C while a file was read, 3 no IPsec in the capture.

      Examples:
        ipsecdiag replay -r wan.pcap
        ipsecdiag replay -r wan.pcap --window 200 --peer 192.0.2.1
        ipsecdiag replay -r wan.pcap --json
        ipsecdiag replay -i eth0 --count 1000000 'esp or udp port 4500'
      """)

  @OptionGroup var capture: CaptureOptions

  @OptionGroup var live: LiveOptions

  @OptionGroup var keys: KeyOptions

  @OptionGroup var verdict: VerdictOptions

  @Option(
    help: ArgumentHelp(
      "Also tell what a window of this size would drop: 1 to 1048576.", valueName: "packets"))
  var window: UInt32?

  @Flag(help: "One JSON document.")
  var json = false

  mutating func validate() throws {
    try capture.requireSource()
    try live.requireInterface(capture)
    if let window, !(1...1_048_576).contains(window) {
      throw ValidationError("--window takes 1 to 1048576 packets.")
    }
  }

  func run() throws {
    // Only decrypted IKE messages tell of ESN.
    let evidence = CaptureEvidence(
      keys.files.isEmpty ? .flows : .everything, askedWindow: window ?? 0)
    let reading = try CaptureReading(
      capture, keys.read(), evidence, LiveWatch(live, verdict))
    let diagnosis = ReplayDiagnosis(reading.evidence)
    let naming = verdict.naming
    try StandardOutput.write { output in
      if json {
        ReplayJSON(diagnosis, naming, toolVersion: Ipsecdiag.version).write(to: &output.text)
      } else {
        ReplayReport(diagnosis, naming, verdict.textOptions).write(to: &output.text)
      }
    }
    try verdict.end(diagnosis.findings, reading)
  }
}
