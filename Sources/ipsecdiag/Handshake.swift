internal import ArgumentParser
internal import Diagnosis
internal import Host
internal import IKE
internal import IPsecCrypto
internal import Measurement
internal import PacketDissector
internal import Report

struct Handshake: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Sets an SA up and takes it down again: what it costs, message by message.",
    discussion: """
      With a target, a real IKE SA with its Child SA is set up over UDP, timed exchange by exchange, and \
      deleted at once; --count repeats that. Nothing of this host's IPsec, routes or interfaces is touched.

      With --loss-model no packet is sent: the same state machines talk over a path in virtual time, and \
      each proposal of --ike is run on its own, one beside the other. With certificates given, both sides \
      prove themselves by those.

      Exit codes: 0 every handshake succeeded, 1 warning, 2 critical: one failed, 3 it could not be found \
      out, 64 usage, 66 a missing file, 130 Ctrl-C. With --nagios: 0 to 3 only.

      Examples:
        ipsecdiag handshake --psk-file office.psk --id me.example vpn.example.net
        ipsecdiag handshake --profile office --count 20 --interval 2s
        ipsecdiag handshake --connection office
        ipsecdiag handshake --psk-file office.psk --ike aes256-sha384-ecp384-ke1_mlkem768 \\
          192.0.2.1
        ipsecdiag handshake --loss-model --rtt 80ms --loss 3
        ipsecdiag handshake --loss-model --loss 1 --mtu 1400 --fragment-size 1280 \\
          --retransmit libreswan --ike aes256-sha256-ecp256,aes256-sha256-modp4096
      """)

  @Argument(
    help: ArgumentHelp(
      "A name or an address; by default what the profile or the connection names.",
      valueName: "target"))
  var target: String?

  @OptionGroup var credentials: PeerOptions

  @Option(help: ArgumentHelp("So many handshakes, one after the other.", valueName: "number"))
  var count = 1

  @Option(help: ArgumentHelp("From the start of one to the start of the next.", valueName: "time"))
  var interval = Seconds(1)

  @Option(
    help: ArgumentHelp(
      "When requests are sent again: strongswan, libreswan, ipsecdiag (0.5 s, 1 s, given up 2 s later), or the first wait in seconds, its factor and how often: 4,1.8,5. By default ipsecdiag, with --loss-model strongswan.",
      valueName: "schedule"))
  var retransmit: RetransmissionSettings?

  @Option(
    help: ArgumentHelp(
      "Octets of the largest IP packet with an IKE fragment (1280, then 576); 0 for no IKE fragments.",
      valueName: "octets"))
  var fragmentSize: Int?

  @Flag(help: "Compute what handshakes take on a path that loses packets; no target is needed.")
  var lossModel = false

  @OptionGroup var path: HandshakeModelOptions

  @OptionGroup var verdict: VerdictOptions

  @Flag(help: "One JSON document.")
  var json = false

  @Flag(help: "One line for a monitoring system, details below it.")
  var nagios = false

  mutating func validate() throws {
    if json, nagios { throw ValidationError("Give one of --json and --nagios.") }
    if lossModel {
      if target != nil { throw ValidationError("--loss-model sends nothing: it takes no target.") }
      if nagios {
        throw ValidationError("--loss-model measures nothing that --nagios could watch.")
      }
    } else {
      if path.isGiven {
        throw ValidationError(
          "--rtt, --loss, --mtu, --runs, --seed and --cpu go with --loss-model.")
      }
      guard credentials.isGiven else {
        throw ValidationError("Give credentials, such as --psk-file, or --loss-model.")
      }
    }
    if !(1...100_000).contains(count) { throw ValidationError("--count is 1 to 100000.") }
    if let fragmentSize, fragmentSize != 0, !(256...65_535).contains(fragmentSize) {
      throw ValidationError("--fragment-size is 256 to 65535 octets, or 0.")
    }
  }

  func run() throws {
    Interruption.watch()
    if lossModel { try runModel() } else { try runLive() }
  }

  private func adapted(_ configuration: PeerConfiguration) -> PeerConfiguration {
    var configuration = configuration
    if let retransmit { configuration.retransmission = retransmit.policy }
    if let fragmentSize {
      configuration.supportsFragmentation = fragmentSize > 0
      if fragmentSize > 0 { configuration.fragmentBytes = [fragmentSize] }
    }
    return configuration
  }

  // MARK: With a peer

  private func runLive() throws {
    var peer = try credentials.peer(target)
    peer.configuration = adapted(peer.configuration)
    let runs = try handshakes(with: peer)
    let report = HandshakeReport(
      target: peer.name, address: peer.address.address, runs,
      isInterrupted: Interruption.isRequested)
    let code = exitCode(of: report)
    try StandardOutput.write { output in
      if json {
        HandshakeJSON(report, verdict.naming).write(
          toolVersion: Ipsecdiag.version, to: &output.text)
      } else if nagios {
        let state = NagiosReport.State(rawValue: code) ?? .unknown
        HandshakeNagios(report, verdict.naming, state).write(to: &output.text)
      } else {
        HandshakeText(report, verdict.naming, verdict.textOptions).write(to: &output.text)
      }
    }
    if code != 0 { throw Failure(nil, exitCode: nagios && code > 3 ? ExitCodes.unknown : code) }
  }

  /// One after the other; fewer after Ctrl-C.
  private func handshakes(with peer: LivePeer) throws -> [HandshakeRun] {
    var progress = ProgressLine(isQuiet: verdict.quiet)
    defer { progress.clear() }
    var runs: [HandshakeRun] = []
    var next = MonotonicClock.now()
    while runs.count < count, !Interruption.isRequested {
      if progress.isWanted, count > 1 { progress.show("handshake \(runs.count + 1) of \(count)") }
      do throws(SocketError) {
        runs.append(try HandshakeRun(with: peer) { Interruption.isRequested })
        next += Int64(interval.value * 1e9)
        if runs.count < count { try wait(until: next) }
      } catch {
        progress.clear()
        throw Failure("\(error)", exitCode: ExitCodes.unknown)
      }
    }
    // One that Ctrl-C cut off says nothing of the others.
    if runs.count > 1, case .interrupted? = runs.last?.failure { runs.removeLast() }
    return runs
  }

  private func wait(until moment: Int64) throws(SocketError) {
    while !Interruption.isRequested, MonotonicClock.now() < moment {
      var poll = SocketPoll()
      _ = try poll.wait(until: moment)
    }
  }

  private func exitCode(of report: HandshakeReport) -> Int32 {
    if report.isInterrupted, !nagios { return ExitCodes.interrupted }
    let code = verdict.exitCode(of: report.findings)
    if code != 0 { return code }
    return report.word == .unknown ? ExitCodes.unknown : 0
  }

  // MARK: Without one

  private func runModel() throws {
    let proposals = try ProposalNotation.parse(
      credentials.ike ?? HandshakeModel.usualProposals, for: .ike)
    let model = path.model(adapted(try modelled()))
    let run = HandshakeModel(model: model, proposals: proposals, isQuiet: verdict.quiet)
    let results = try run.run()
    let isInterrupted = Interruption.isRequested
    try StandardOutput.write { output in
      if json {
        LossModelJSON(model, results, isInterrupted: isInterrupted).write(
          toolVersion: Ipsecdiag.version, to: &output.text)
      } else {
        LossModelReport(model, results, isInterrupted: isInterrupted).writeText(
          verdict.textOptions, to: &output.text)
      }
    }
    if isInterrupted { throw Failure(nil, exitCode: ExitCodes.interrupted) }
  }

  /// One side, of which the other is the mirror image.
  private func modelled() throws -> PeerConfiguration {
    guard credentials.isGiven else {
      return try HandshakeModel.initiator(Secret(copying: Array("loss model".utf8)))
    }
    // Documentation's address (RFC 5737): nothing is sent there.
    var configuration = try credentials.peer("192.0.2.1").configuration
    if case .eap = configuration.credential {
      throw ValidationError("--loss-model knows pre-shared keys and certificates, not EAP.")
    }
    configuration.remoteIdentity = nil
    // The other side has the same, so that only what mirrors itself can be agreed on.
    configuration.localSelectors = HandshakeModel.everything
    configuration.remoteSelectors = HandshakeModel.everything
    configuration.requestedAttributes = []
    configuration.retransmission = .patient
    return configuration
  }
}

/// When requests are sent again: a daemon's schedule as installed, or three numbers.
struct RetransmissionSettings: ExpressibleByArgument {
  let policy: RetransmissionPolicy

  init?(argument: String) {
    switch argument {
    case "strongswan": policy = .patient
    case "libreswan": policy = .libreswan
    case "ipsecdiag": policy = .quick
    default:
      let parts = argument.split(separator: ",")
      guard parts.count == 3, let wait = Double(parts[0]), let factor = Double(parts[1]),
        let tries = Int(parts[2]), (0.01...600).contains(wait), (1...10).contains(factor),
        (0...100).contains(tries)
      else { return nil }
      policy = RetransmissionPolicy(
        firstWait: .seconds(wait), factor: factor, longestWait: .seconds(600),
        transmissions: tries + 1)
    }
  }
}
