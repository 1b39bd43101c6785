internal import ArgumentParser
internal import Host
internal import IKE
internal import Measurement
internal import PacketDissector
internal import Report

/// What `replay TARGET` asks a peer with.
struct ReplayPeerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "With a target: the host behind the peer whose echoes tell what the peer takes. By default ESP echo where the peer announces it, else the first host that the tunnel covers.",
      valueName: "address"))
  var inner: IPAddress?

  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      "With a target: offer 64-bit sequence numbers (ESN) alone, or 32-bit ones alone. By default what --esp says."
    ))
  var esn: Bool?

  @Flag(help: "One line for a monitoring system; with a target or --local.")
  var nagios = false
}

/// `replay TARGET`: the peer's anti-replay protection, as agreed and as it behaves.
struct ReplayPeer {
  let target: String?
  let options: ReplayPeerOptions
  let peer: PeerOptions
  let verdict: VerdictOptions
  let isJSON: Bool

  func run() throws {
    Interruption.watch()
    var live = try peer.peer(target)
    switch options.esn {
    case true?: live.configuration.take([.partiallyTransmitted64])
    case false?: live.configuration.take([.sequential32])
    case nil: break
    }
    live.configuration.replayStatus = live.numbers.replayStatus(
      announcing: AntiReplayStatus(isProtected: true))
    var progress = ProgressLine(isQuiet: verdict.quiet || isJSON || options.nagios)
    let result: ReplayMeasurementResult
    do throws(SocketError) {
      result = try ReplayMeasurement(
        live, destination: options.inner, isStopped: { Interruption.isRequested },
        onProgress: { if $0 % 10 == 0 { progress.show("\($0) packets sent, 40 s at most") } }
      ).run()
    } catch {
      progress.clear()
      throw Failure(error)
    }
    progress.clear()
    let code = exitCode(result)
    try StandardOutput.write { output in
      if isJSON {
        ReplayPeerJSON(result, verdict.naming)
          .write(live.name, toolVersion: Ipsecdiag.version, to: &output.text)
      } else if options.nagios {
        let state = NagiosReport.State(rawValue: code) ?? .unknown
        ReplayPeerJSON(result, verdict.naming).writeNagios(state, to: &output.text)
      } else {
        ReplayPeerText(result, verdict.naming, verdict.textOptions).write(to: &output.text)
      }
    }
    if code != 0 {
      throw Failure(nil, exitCode: options.nagios ? min(code, ExitCodes.unknown) : code)
    }
  }

  private func exitCode(_ result: ReplayMeasurementResult) -> Int32 {
    let code = verdict.exitCode(of: result.findings)
    if code != 0 { return code }
    if result.isInterrupted { return ExitCodes.interrupted }
    let isKnown =
      if case .odd? = result.behaviour?.kind { false } else { result.isComplete }
    return isKnown ? 0 : ExitCodes.unknown
  }
}
