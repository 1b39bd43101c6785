internal import ArgumentParser
internal import Diagnosis
internal import Host
internal import Report

struct Replay: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says whether replay windows suit: this machine's, or what a capture takes.",
    discussion: """
      Without a capture and a target: the kernel's SAs (--local): their windows, where their sequence numbers stand and \
      when those end, what they dropped and the likely cause. Beside it, -i NAME captures meanwhile and \
      tells which window the packets take. --watch goes on and tells what changes.

      With a target and credentials (--psk-file, --profile, ...): the peer's protection, as agreed and as it \
      behaves. On an SA of its own, packets are sent late and twice, and the largest number by which one may \
      be late is found, which is the peer's window. It takes some hundred packets and a few seconds; the SA is \
      deleted at the end, Ctrl-C included, and nothing of this host is changed.

      With a capture: late, lost and repeated packets of each SA, and what windows would drop of them. \
      A packet is late by as many numbers as the highest before it is ahead; a window drops what is \
      late by its size or more. Capture at the receiver, before it decrypts.

      Exit codes: 0 no finding at or above --fail-on, 1 warning, 2 critical. Only without such a \
      finding do others count: 65 the capture ends inside a packet or is damaged, 66 a file is \
      missing, 77 no permission, 130 Ctrl-C while a file was read, 3 no IPsec there, or the peer does \
      not tell.

      Examples:
        ipsecdiag replay
        ipsecdiag replay --watch --interval 10
        ipsecdiag replay --local -i eth0 --peer 192.0.2.1
        ipsecdiag replay vpn.example.net --psk-file office.psk --inner 10.2.0.1
        ipsecdiag replay -r wan.pcap
        ipsecdiag replay -r wan.pcap --window 200 --peer 192.0.2.1
        ipsecdiag replay -r wan.pcap --json
        ipsecdiag replay -i eth0 --count 1000000 'esp or udp port 4500'
      """)

  @OptionGroup var host: HostOptions

  @Flag(
    help:
      "With --local: read again each --interval, --count times or until Ctrl-C, and tell what was dropped between and why; redrawn on a terminal, a line a change elsewhere. Ends with a report of the whole time."
  )
  var watch = false

  @Option(
    help: ArgumentHelp("Between two readings of --watch, 0.1 to 86400.", valueName: "seconds"))
  var interval = Seconds(1)

  @OptionGroup var measurement: ReplayPeerOptions

  @OptionGroup var peer: PeerOptions

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

  @Flag(help: "One object a line: with --watch one an interval.")
  var ndjson = false

  mutating func validate() throws {
    if !isPeer { try host.requireSense(capture, keys) }
    if json && ndjson { throw ValidationError("Give one of --json and --ndjson.") }
    try live.requireInterface(capture)
    if !isPeer, measurement.inner != nil || measurement.esn != nil {
      throw ValidationError("--inner and --esn go with a target.")
    }
    if measurement.nagios, json || ndjson || watch || !isPeer && !host.isWanted(capture) {
      throw ValidationError("--nagios goes with a target or --local, and with no other form.")
    }
    if isPeer {
      if watch || ndjson || window != nil || host.local || host.root != nil || capture.count != nil
      {
        throw ValidationError(
          "A target takes none of --local, --watch, --ndjson, --window and --count.")
      }
      if !peer.isGiven {
        throw ValidationError("A target takes credentials, such as --psk-file: see --help.")
      }
      return
    }
    if host.isWanted(capture) { return try validateLocal() }
    try capture.requireSource()
    if watch || ndjson { throw ValidationError("--watch and --ndjson go with --local.") }
    if let window, !(1...1_048_576).contains(window) {
      throw ValidationError("--window takes 1 to 1048576 packets.")
    }
  }

  /// What is to be measured: a single word without a capture, which a filter would need.
  private var target: String? {
    guard capture.files.isEmpty, capture.interface == nil, capture.filter.count == 1 else {
      return nil
    }
    return capture.filter.first
  }

  /// A target, or a profile or connection of the command line that has one.
  private var isPeer: Bool {
    let isNamed = peer.profile != nil || peer.source.connection != nil
    return target != nil || isNamed && capture.files.isEmpty && capture.interface == nil
  }

  private func validateLocal() throws {
    if window != nil { throw ValidationError("--window goes with a capture.") }
    guard watch else {
      if capture.count != nil, capture.interface == nil {
        throw ValidationError("--count goes with --watch, or with -i NAME.")
      }
      return
    }
    if host.sample != nil || host.root != nil || capture.interface != nil || json {
      throw ValidationError(
        "--watch takes no --root, no --sample, no -i and no --json: use --ndjson.")
    }
    if !(0.1...86_400).contains(interval.value) {
      throw ValidationError("--interval takes 0.1 to 86400 seconds.")
    }
  }

  private func runLocal() throws {
    guard watch else {
      return try LocalReport(
        scope: .replay, options: host, capture: capture, live: live, verdict: verdict,
        format: measurement.nagios ? .nagios : json || ndjson ? .json : .text
      ).run()
    }
    let outcome = try HostWatch(
      parts: HostSnapshot.parts(for: .replay), capture: capture, vici: host.vici,
      verdict: verdict, interval: interval.duration, count: capture.count, isNDJSON: ndjson
    ).run()
    try verdict.end(outcome)
  }

  func run() throws {
    if isPeer {
      return try ReplayPeer(
        target: target, options: measurement, peer: peer, verdict: verdict, isJSON: json
      ).run()
    }
    if host.isWanted(capture) { return try runLocal() }
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
