internal import ArgumentParser
internal import Diagnosis
internal import Glibc
internal import Host
internal import IKE
internal import Measurement
internal import PacketDissector
internal import Report

/// How a path is measured: whose address, by which way, how thoroughly.
struct PathOptions: ParsableArguments {
  @Flag(name: [.customShort("4"), .customLong("ipv4")], help: "An IPv4 address of the target.")
  var isIPv4 = false

  @Flag(name: .customShort("6"), help: "An IPv6 address of the target.")
  var isIPv6 = false

  @Option(help: ArgumentHelp("Send from this address.", valueName: "address"))
  var source: IPAddress?

  @Option(help: ArgumentHelp("Send to a target by this interface.", valueName: "name"))
  var via: String?

  @Option(
    help: ArgumentHelp(
      "The peer's port instead of 500 and 4500; 4500 alone is asked with the non-ESP marker.",
      valueName: "port"))
  var port: UInt16?

  @Option(
    help: ArgumentHelp(
      "How long the first packets of each kind wait for an answer.", valueName: "time"))
  var timeout = Seconds(1)

  @Flag(help: "Try fewer sizes: bands narrower than 60 bytes may stay unseen.")
  var quick = false

  mutating func validate() throws {
    if isIPv4 && isIPv6 { throw ValidationError("Give one of -4 and -6.") }
    if port == 0 { throw ValidationError("--port is 1 to 65535.") }
    if !(0.01...10).contains(timeout.value) {
      throw ValidationError("--timeout is 10 ms to 10 s.")
    }
    if let source, isIPv4 && source.isIPv6 || isIPv6 && !source.isIPv6 {
      throw ValidationError("--source is of the other address family.")
    }
  }

  /// Whether anything was asked for that goes with a target only.
  var isGiven: Bool {
    isIPv4 || isIPv6 || source != nil || via != nil || port != nil || quick
  }

  /// Whether only the addresses of one family are asked for, and which.
  private var isIPv6Wanted: Bool? { isIPv4 ? false : isIPv6 ? true : source.map(\.isIPv6) }

  /// The target's first address, and how to measure the way to it.
  func plan(_ target: String) throws -> PathPlan {
    let address = try TargetAddress.first(of: target, isIPv6Wanted: isIPv6Wanted) { count, first in
      StandardError.write("note: \(target) has \(count) addresses; this is about \(first)")
    }
    var plan = PathPlan(PathRoute(to: address, source: source, interface: via))
    plan.isQuick = quick
    plan.patience = .nanoseconds(Int64(timeout.value * 1e9))
    if let port {
      let kept: PacketKind.Content = port == 4500 ? .udp4500 : .udp500
      plan.classes.removeAll { $0.content != .icmpEcho && $0.content != kept }
      if port != 4500 { plan.ikePort = port }
    }
    return plan
  }
}

extension MTU {
  /// Measures the path to a target, and reports it.
  func measured(_ target: String) throws {
    let plan = try path.plan(target)
    let advice = PathAdvice(
      suite: suite.flatMap(ESPSuite.init(keywords:)), isInUDP: isInUDP ? true : nil,
      isIPv6: plan.route.peer.address.isIPv6)
    Interruption.watch()
    var progress = PathProgress(isQuiet: verdict.quiet || json || nagios)
    if inner != nil, !peer.isGiven {
      throw ValidationError("--inner takes credentials, such as --psk-file.")
    }
    let live = try peer.isGiven ? peer.peer(target) : nil
    var result: PathResult
    do throws(SocketError) {
      result = try PathMeasurement(target, plan) { Interruption.isRequested }
        .run(advice) { progress.show($0) }
    } catch {
      progress.clear()
      throw Failure("\(error)", exitCode: ExitCodes.unknown)
    }
    if let live, !result.isInterrupted { result.add(tunnel(live, result)) }
    progress.clear()
    try write(PathMTUReport(result, result.advice ?? advice, verdict.naming))
    let code = exitCode(of: result)
    if code != 0 { throw Failure(nil, exitCode: code) }
  }

  private func tunnel(_ live: LivePeer, _ result: PathResult) -> InnerMeasurement.Outcome {
    var live = live
    live.options.source = path.source ?? live.options.source
    live.options.interface = path.via ?? live.options.interface
    return InnerMeasurement(
      live, destination: inner, interfaceMTU: result.local?.interfaceMTU ?? 1500,
      isStopped: { Interruption.isRequested }
    ).run()
  }

  private func write(_ report: PathMTUReport) throws {
    try StandardOutput.write { output in
      if json {
        PathMTUJSON(report).write(toolVersion: Ipsecdiag.version, to: &output.text)
      } else if nagios {
        let state = NagiosReport.State(rawValue: exitCode(of: report.result)) ?? .unknown
        PathMTUNagios(report, state).write(to: &output.text)
      } else {
        PathMTUText(report, verdict.textOptions).write(to: &output.text)
      }
    }
  }

  private func exitCode(of result: PathResult) -> Int32 {
    let code = verdict.exitCode(of: result.findings)
    if code != 0 { return code }
    if result.isInterrupted { return nagios ? ExitCodes.unknown : ExitCodes.interrupted }
    return result.isIncomplete ? ExitCodes.unknown : 0
  }
}

/// How far a measurement is, not shown before a person would wonder.
private struct PathProgress {
  private var line: ProgressLine
  private let started = MonotonicClock.now()
  private var shown: Int64 = 0

  init(isQuiet: Bool) {
    line = ProgressLine(isQuiet: isQuiet)
  }

  mutating func show(_ packets: Int) {
    let now = MonotonicClock.now()
    guard line.isWanted, now - started > 1_000_000_000, now - shown > 200_000_000 else { return }
    shown = now
    line.show("\(packets) packets sent, 15 s at most")
  }

  mutating func clear() { line.clear() }
}
