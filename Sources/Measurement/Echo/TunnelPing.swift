package import ESP
internal import Host
package import IKE
internal import PacketDissector

/// A series of echoes through a Child SA, with IKE's liveness checks beside it.
package struct TunnelPing {
  private let tunnel: Tunnel
  private let plan: PingPlan
  private let onReply: (EchoSeries.Request) -> Void
  private var result: PingResult
  private var checkDue: Instant
  private static let checkInterval = Duration.seconds(10)
  /// The longest that one step waits, so that a signal is heeded.
  private static let patience = Duration.milliseconds(200)

  /// `tunnel` is established. `onReply` sees each request when its first reply has come, and again for each
  /// further one.
  package init(
    _ tunnel: Tunnel, _ established: EstablishedSA, _ plan: PingPlan,
    onReply: @escaping (EchoSeries.Request) -> Void = { _ in }
  ) {
    self.tunnel = tunnel
    self.plan = plan
    self.onReply = onReply
    result = PingResult(plan, from: tunnel.path.local.address, to: tunnel.remote)
    result.established = established
    result.spis = tunnel.child.map { ($0.inboundSPI, $0.outboundSPI) }
    checkDue = Instant.now + Self.checkInterval
  }

  package mutating func run(isStopped: () -> Bool) -> PingResult {
    do throws(TunnelFailure) {
      try ask(isStopped)
      if !isStopped() { try checkAtTheEnd(isStopped) }
    } catch {
      result.ending = error
    }
    result.isInterrupted = isStopped()
    result.counters = tunnel.counters
    return result
  }

  private mutating func ask(_ isStopped: () -> Bool) throws(TunnelFailure) {
    var schedule = PingSchedule(plan, from: .now)
    while !isStopped() {
      let now = Instant.now
      switch schedule.step(at: now, awaitingUntil: result.series.deadline) {
      case .send(let number): try send(plan.size(number))
      case .wait(let next):
        if checkDue <= now { check(at: now) }
        try step(until: min(next, now + Self.patience))
      case .done: return
      }
    }
  }

  private mutating func step(until limit: Instant) throws(TunnelFailure) {
    // What came before a failure counts as well.
    defer { take() }
    try tunnel.step(until: limit)
  }

  // MARK: Out

  private mutating func send(_ size: Int) throws(TunnelFailure) {
    guard let child = tunnel.child else { throw .noChild }
    let payload: [UInt8]
    let nextHeader: UInt8
    switch plan.probe {
    case .encrypted(let format, let path):
      payload =
        result.series.request(
          format, dataBytes: size, asksReply: path != .none,
          replySPI: path.spi(format, of: child), at: Instant.now
        ).payload
      nextHeader = ESPEcho.nextHeader
    case .inner(let source, let destination):
      let headers = InnerEcho.headerBytes(isIPv6: destination.isIPv6)
      let sequence = result.series.record(dataBytes: max(0, size - headers), at: Instant.now)
      let echo = InnerEcho(
        source: source, destination: destination, identifier: result.series.identifier,
        sequence: sequence, bytes: size, doNotFragment: plan.fragmentation != .allowed)
      payload = echo.packet()
      nextHeader = echo.nextHeader
    case .unencrypted: return
    }
    do throws(TunnelFailure) {
      let sent = try tunnel.send(payload, nextHeader: nextHeader, plan.fragmentation, on: child)
      result.series.sent(in: sent.datagramBytes)
    } catch {
      guard case .socket(let reason) = error else { throw error }
      result.series.withdraw()
      result.note(unsent: size, "\(reason)")
    }
  }

  // MARK: In

  private mutating func take() {
    while let arrival = tunnel.nextArrival() {
      switch match(arrival) {
      case .reply(let index), .duplicate(let index): onReply(result.series.requests[index])
      case .unknown: result.otherPackets += 1
      }
    }
    for event in tunnel.takeEvents() {
      if case .alive(let roundTrip, _) = event { result.liveness.roundTrips.append(roundTrip) }
    }
    // What this machine refused is known from sending.
    for report in tunnel.takeErrors() where report.origin != .local { result.note("\(report)") }
  }

  private mutating func match(_ arrival: Tunnel.Arrival) -> EchoSeries.Match {
    if arrival.nextHeader == ESPEcho.nextHeader {
      guard let echo = ReceivedESPEcho(payload: arrival.payload.rawBytes)?.echo else {
        return .unknown
      }
      return result.series.note(echo, on: arrival.inboundSPI, at: arrival.at)
    }
    guard case .inner = plan.probe, let echo = InnerEcho(packet: arrival.payload), echo.isReply
    else { return .unknown }
    let headers = InnerEcho.headerBytes(isIPv6: echo.destination.isIPv6)
    let data = Array(arrival.payload.prefix(echo.bytes).dropFirst(headers))
    return result.series.note(
      identifier: echo.identifier, sequence: echo.sequence, data: data, on: nil, at: arrival.at)
  }

  // MARK: IKE beside it

  private mutating func check(at now: Instant) {
    tunnel.session.checkLiveness(at: now)
    result.liveness.asked += 1
    checkDue = now + Self.checkInterval
  }

  /// Whether IKE is alive tells a dead peer from a dead data path.
  private mutating func checkAtTheEnd(_ isStopped: () -> Bool) throws(TunnelFailure) {
    check(at: Instant.now)
    // The session gives up by itself.
    while result.liveness.roundTrips.count < result.liveness.asked, !isStopped() {
      try step(until: Instant.now + Self.patience)
    }
  }
}

extension PingPlan.ReplyPath {
  /// What the request says; nil where its header then has no SPI.
  fileprivate func spi(_ format: ESPEchoFormat, of child: ChildSA) -> UInt32? {
    switch self {
    case .none: nil
    case .partner: format == .merged ? child.inboundSPI : nil
    case .spi(let spi): spi
    }
  }
}

extension PingResult {
  private static let noteLimit = 16

  mutating func note(unsent dataBytes: Int, _ reason: String) {
    guard unsent.count < Self.noteLimit else { return }
    unsent.append(Unsent(dataBytes: dataBytes, reason: reason))
  }

  mutating func note(_ error: String) {
    guard errors.count < Self.noteLimit, !errors.contains(error) else { return }
    errors.append(error)
  }
}
