internal import ArgumentParser
internal import Host
internal import IKE
internal import Measurement
internal import PacketDissector

/// How a peer is asked whether it is there, and when to stop.
struct DPDLiveOptions: ParsableArguments {
  @Option(help: ArgumentHelp("From one check to the next.", valueName: "time"))
  var interval = Seconds(0.5)

  @Flag(
    help: "Ask by R-U-THERE in an SA of IKEv1: main mode with the pre-shared key.")
  var ikev1 = false

  @Flag(help: "Go on until Ctrl-C; each change of state is told when it happens.")
  var watch = false

  @Option(
    help: ArgumentHelp(
      "How long a request waits for its answer; in an SA, until it is sent again.",
      valueName: "time"))
  var timeout = Seconds(1)

  @Option(
    help: ArgumentHelp(
      "In an SA, how often an unanswered check is sent again, 1.5 times as long each, before the SA counts as dead.",
      valueName: "number"))
  var retries = 4

  @Option(
    help: ArgumentHelp(
      "The peer's port instead of 500 and 4500; 4500 is asked with the non-ESP marker.",
      valueName: "port"))
  var port: UInt16?

  @Option(help: ArgumentHelp("Send from this address.", valueName: "address"))
  var source: IPAddress?

  @Option(help: ArgumentHelp("Send from this port; any free one by default.", valueName: "port"))
  var sport: UInt16 = 0

  @Flag(name: [.customShort("4"), .customLong("ipv4")], help: "The IPv4 address of a name.")
  var isIPv4 = false

  @Flag(name: [.customShort("6"), .customLong("ipv6")], help: "The IPv6 address of a name.")
  var isIPv6 = false

  @Option(
    help: ArgumentHelp(
      "Find how long a NAT on the way keeps a silent mapping, up to this time, which it takes: 5m.",
      valueName: "time"))
  var idle: Seconds?

  @Option(
    help: ArgumentHelp(
      "With --idle: the NAT's address towards the peer, which the peer's answers only have as a hash.",
      valueName: "address"))
  var outside: IPAddress?

  @Option(
    help: ArgumentHelp(
      "A warning from this median round trip or this loss on: 200ms, 5% or 200ms,5%.",
      valueName: "limits"))
  var warning: LivenessLimit?

  @Option(help: ArgumentHelp("Critical from these on.", valueName: "limits"))
  var critical: LivenessLimit?

  mutating func validate() throws {
    if isIPv4 && isIPv6 { throw ValidationError("Give one of -4 and -6.") }
    if port == 0 { throw ValidationError("--port is 1 to 65535.") }
    if !(0.05...86_400).contains(interval.value) {
      throw ValidationError("--interval is 50 ms to a day.")
    }
    if !(0.01...60).contains(timeout.value) {
      throw ValidationError("--timeout is 10 ms to 60 s.")
    }
    if !(0...10).contains(retries) { throw ValidationError("--retries is 0 to 10.") }
    if let idle, !(1...86_400).contains(idle.value) {
      throw ValidationError("--idle is 1 s to a day.")
    }
    if idle == nil, outside != nil { throw ValidationError("--outside goes with --idle.") }
    if let source, isIPv4 && source.isIPv6 || isIPv6 && !source.isIPv6 {
      throw ValidationError("--source is of the other address family.")
    }
  }

  /// Whether any was given that says nothing to a capture.
  var isGiven: Bool {
    ikev1 || watch || idle != nil || port != nil || source != nil || sport != 0 || isIPv4 || isIPv6
      || warning != nil
      || critical != nil
  }

  var isIPv6Wanted: Bool? {
    if isIPv4 { return false }
    if isIPv6 { return true }
    return source.map(\.isIPv6)
  }

  var limits: LivenessLimits {
    LivenessLimits(
      warning: warning?.limit ?? LivenessLimits.Limit(),
      critical: critical?.limit ?? LivenessLimits.Limit())
  }

  /// For IKE_SA_INIT.
  var plan: ProbePlan {
    var plan = ProbePlan()
    switch port {
    case nil: break
    case 4500: plan.ways = [.udp4500]
    case let port?:
      plan.ways = [.udp500]
      plan.ikePort = port
    }
    plan.source = source
    plan.sourcePort = sport
    plan.timeout = timeout.duration
    return plan
  }

  /// The same in what an SA is set up with.
  func apply(to peer: inout LivePeer) {
    peer.configuration.retransmission.firstWait = timeout.duration
    peer.configuration.retransmission.factor = 1.5
    peer.configuration.retransmission.transmissions = retries + 1
    if let source { peer.options.source = source }
    if sport != 0 { peer.options.sourcePort = sport }
    if let port {
      peer.configuration.ports.plain = port
      if port == 4500 { peer.configuration.ports.encapsulated = port }
    }
  }
}

/// "200ms", "5%", or both with a comma between.
struct LivenessLimit: ExpressibleByArgument {
  let limit: LivenessLimits.Limit

  init?(argument: String) {
    var limit = LivenessLimits.Limit()
    for part in argument.split(separator: ",") {
      if part.last == "%" {
        guard limit.lossPercent == nil, let share = Double(part.dropLast()),
          (0...100).contains(share)
        else { return nil }
        limit.lossPercent = share
      } else {
        guard limit.roundTrip == nil, let time = Seconds(argument: String(part)), time.value > 0
        else { return nil }
        limit.roundTrip = time.duration
      }
    }
    guard limit.roundTrip != nil || limit.lossPercent != nil else { return nil }
    self.limit = limit
  }
}
