internal import ArgumentParser
internal import Diagnosis
internal import Host
internal import IKE
internal import Measurement
internal import PacketDissector
internal import Report

/// `dpd TARGET`: asks a peer again and again whether it is there.
struct DPDLive {
  /// Nil where a profile or a connection names the peer.
  let target: String?
  let count: Int?
  let options: DPDLiveOptions
  let peer: PeerOptions
  let verdict: VerdictOptions
  let format: ProbeWriter.Format

  /// Checks of a run that nobody has limited.
  private static let usualCount = 10

  func run() throws {
    Interruption.watch()
    let (name, prober) = try makeProber()
    defer { prober.close() }
    var writer = DPDWriter(format, verdict, started: .now)
    let watch = LivenessWatch(
      interval: options.interval.duration,
      count: count ?? (options.watch ? nil : Self.usualCount))
    let began = MonotonicClock.now()
    let tally = watch.run(prober, isStopped: { Interruption.isRequested }) { beat, tally, change in
      writer.add(beat, tally, change, options.watch)
    }
    let result = LivenessResult(
      target: name, prober, started: writer.started,
      duration: .nanoseconds(MonotonicClock.now() - began), interval: options.interval.duration,
      tally: tally,
      isInterrupted: Interruption.isRequested && (!options.watch || tally.answered == 0),
      limits: options.limits)
    // Before the report: who reads it may end the program.
    prober.close()
    try writer.end(result, state(of: result))
    let code = format == .nagios ? state(of: result).rawValue : exitCode(of: result)
    if code != 0 { throw Failure(nil, exitCode: code) }
  }

  /// With credentials an SA is set up, without them none.
  private func makeProber() throws -> (name: String, any LivenessProber) {
    guard let target, !peer.isGiven else {
      var live = try peer.peer(target, isIPv6Wanted: options.isIPv6Wanted)
      options.apply(to: &live)
      if options.ikev1 {
        let prober = MainModeProber(to: live.address, try mainMode(live), live.options) {
          Interruption.isRequested
        }
        return (target ?? live.name, prober)
      }
      return (target ?? live.name, TunnelProber(live) { Interruption.isRequested })
    }
    let address = try TargetAddress.first(of: target, isIPv6Wanted: options.isIPv6Wanted)
    do throws(SocketError) {
      return (target, try InitProber(to: address, options.plan) { Interruption.isRequested })
    } catch {
      throw Failure(error)
    }
  }

  private func mainMode(_ live: LivePeer) throws(ValidationError) -> MainModeConfiguration {
    do throws(MainModeUnusable) {
      return try MainModeConfiguration(live)
    } catch {
      let problem =
        switch error {
        case .noPreSharedKey: "--ikev1 takes a pre-shared key: --psk-file"
        case .noProposal:
          "--ike has nothing for IKEv1: it takes AES-CBC or 3DES, a hash and a group"
        }
      throw ValidationError(problem)
    }
  }

  private func exitCode(of result: LivenessResult) -> Int32 {
    guard let severity = result.severity else {
      return result.isInterrupted ? ExitCodes.interrupted : ExitCodes.unknown
    }
    if severity > .info, verdict.failOn.includes(severity) {
      return severity == .critical ? ExitCodes.critical : ExitCodes.warning
    }
    return result.isInterrupted ? ExitCodes.interrupted : 0
  }

  private func state(of result: LivenessResult) -> NagiosReport.State {
    switch exitCode(of: result) {
    case ExitCodes.critical: .critical
    case ExitCodes.warning: .warning
    case 0: .ok
    default: .unknown
    }
  }
}

/// Writes what a live check tells in the form that was asked for.
struct DPDWriter {
  let started: Timestamp
  private let format: ProbeWriter.Format
  private let verdict: VerdictOptions
  private let json: LivenessJSON
  private let output = Output()
  private var line: ProgressLine
  /// The first failure to write: nobody reads the rest.
  private var failure: Output.Failure?

  init(_ format: ProbeWriter.Format, _ verdict: VerdictOptions, started: Timestamp) {
    self.format = format
    self.verdict = verdict
    self.started = started
    json = LivenessJSON(verdict.naming, toolVersion: Ipsecdiag.version)
    line = ProgressLine(isQuiet: verdict.quiet)
  }

  /// With `tellsChanges`, text has a line for each change of state.
  mutating func add(
    _ beat: LivenessBeat, _ tally: LivenessTally, _ change: LivenessTally.Change?,
    _ tellsChanges: Bool
  ) {
    line.clear()
    switch format {
    case .ndjson: json.writeLine(beat, tally.state, since: started, to: &output.text)
    case .text:
      if tellsChanges, let change {
        LivePeerReport.writeLine(change, since: started, verdict.naming, to: &output.text)
      }
    case .json, .nagios, .prometheus: break
    }
    flush()
    if line.isWanted { line.show(LivePeerReport.progress(tally)) }
  }

  mutating func end(_ result: LivenessResult, _ state: NagiosReport.State) throws {
    line.clear()
    switch format {
    case .text:
      LivePeerReport(result, verdict.naming, verdict.textOptions).write(to: &output.text)
    case .json, .ndjson: json.write(result, to: &output.text)
    case .nagios: LivenessNagios(result, verdict.naming).write(state, to: &output.text)
    case .prometheus: LivenessNagios(result, verdict.naming).writeMetrics(to: &output.text)
    }
    flush()
    if let failure, let told = Failure(.output(failure)) { throw told }
  }

  private mutating func flush() {
    guard failure == nil else { return }
    do throws(Output.Failure) {
      try output.flush()
    } catch {
      failure = error
      Interruption.request()
    }
  }
}
