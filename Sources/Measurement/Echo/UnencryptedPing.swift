package import ESP
package import Host
internal import IKE
package import PacketDissector

/// A series of echoes in clear on SPI 7: raw ESP where this process may, else ESP in UDP to port 4500.
package struct UnencryptedPing {
  private let plan: PingPlan
  private let remote: ResolvedAddress
  private let port: UInt16
  private let onReply: (EchoSeries.Request) -> Void
  private let carrier: UnencryptedCarrier
  private var result: PingResult
  /// The format of 2023 has nothing to match by but the order.
  private var awaited: [UInt16] = []
  /// The longest that one step waits, so that a signal is heeded.
  private static let patience = Duration.milliseconds(200)

  /// `inUDP`: nil takes raw ESP where the capability is there. `port` is the peer's for ESP in UDP.
  package init(
    to remote: ResolvedAddress, _ plan: PingPlan, source: IPAddress? = nil,
    interface: String? = nil, inUDP: Bool? = nil, port: UInt16 = 4500,
    onReply: @escaping (EchoSeries.Request) -> Void = { _ in }
  ) throws(SocketError) {
    let isIPv6 = remote.address.isIPv6
    let isInUDP = inUDP ?? !Capabilities.effective.contains(.netRaw)
    carrier = try UnencryptedCarrier(
      isIPv6: isIPv6, inUDP: isInUDP, source: source, interface: interface, plan.fragmentation)
    self.plan = plan
    self.remote = remote
    self.port = port
    self.onReply = onReply
    let route = try LocalRoute(to: remote.address, from: source, interface: interface)
    result = PingResult(plan, from: source ?? route.source, to: remote.address)
    result.isInUDP = isInUDP
  }

  package mutating func run(isStopped: () -> Bool) throws(SocketError) -> PingResult {
    var schedule = PingSchedule(plan, from: .now)
    asking: while !isStopped() {
      let now = Instant.now
      switch schedule.step(at: now, awaitingUntil: result.series.deadline) {
      case .send(let number): send(plan.size(number))
      case .wait(let next): try wait(until: min(next, now + Self.patience).nanoseconds)
      case .done: break asking
      }
    }
    result.isInterrupted = isStopped()
    return result
  }

  // MARK: Out

  private mutating func send(_ size: Int) {
    guard case .unencrypted(let format, let isOneWay) = plan.probe else { return }
    let asksReply = !isOneWay
    let content: UnencryptedESPEcho.Content
    switch format {
    case .merged, .draft03:
      let echo = result.series.request(
        .merged, dataBytes: size, asksReply: asksReply, replySPI: UnencryptedESPEcho.replySPI,
        at: Instant.now)
      content = .merged(ReceivedESPEcho(echo))
    case .kernel:
      content = .kernel(
        result.series.request(.kernel, dataBytes: size, replySPI: nil, at: Instant.now))
    case .colitti2023:
      awaited.append(result.series.record(dataBytes: 0, at: Instant.now))
      content = .colitti2023(paddingBytes: size)
    }
    let packet = UnencryptedESPEcho(isReply: false, sequenceNumber: 0, content: content).packet
    do throws(SocketError) {
      try carrier.send(packet, to: remote, port: port)
      let ip = InternetPacket.headerBytes(isIPv6: remote.address.isIPv6)
      result.series.sent(in: ip + (result.isInUDP ? 8 : 0) + packet.count)
    } catch {
      if format == .colitti2023 { awaited.removeLast() }
      result.series.withdraw()
      result.note(unsent: size, "\(error)")
    }
  }

  // MARK: In

  private mutating func wait(until deadline: Int64) throws(SocketError) {
    var poll = SocketPoll()
    poll.add(carrier.descriptor)
    guard try poll.wait(until: deadline) == .ready else { return }
    while let datagram = try carrier.receive() {
      guard datagram.source.address == remote.address,
        let packet = UnencryptedESPEcho(packet: datagram.bytes.rawBytes), packet.isReply
      else { continue }
      switch match(packet) {
      case .reply(let index), .duplicate(let index): onReply(result.series.requests[index])
      case .unknown: result.otherPackets += 1
      }
    }
    while let report = carrier.receiveError() {
      // What this machine refused is known from sending.
      if report.origin != .local { result.note("\(report)") }
    }
  }

  private mutating func match(_ packet: UnencryptedESPEcho) -> EchoSeries.Match {
    if let echo = packet.content.echo { return result.series.note(echo, on: nil, at: Instant.now) }
    guard let sequence = awaited.first else { return .unknown }
    awaited.removeFirst()
    return result.series.note(
      identifier: result.series.identifier, sequence: sequence, data: [], on: nil, at: Instant.now)
  }
}

/// The socket of echoes in clear: raw ESP, or UDP.
private final class UnencryptedCarrier {
  private var raw: RawSocket?
  private var udp: UDPSocket?

  init(
    isIPv6: Bool, inUDP: Bool, source: IPAddress?, interface: String?,
    _ fragmentation: FragmentationPolicy
  ) throws(SocketError) {
    if inUDP {
      raw = nil
      udp = try UDPSocket(
        isIPv6: isIPv6, source: source.map { Endpoint($0, 0) }, interface: interface,
        fragmentation: fragmentation)
    } else {
      udp = nil
      raw = try RawSocket(
        .esp, isIPv6: isIPv6, source: source, interface: interface, fragmentation: fragmentation)
    }
  }

  var descriptor: Int32 { raw?.descriptor ?? udp?.descriptor ?? -1 }

  func send(_ packet: [UInt8], to remote: ResolvedAddress, port: UInt16) throws(SocketError) {
    try raw?.send(packet, to: remote.address, interface: remote.interface)
    try udp?.send(packet, to: Endpoint(remote.address, port))
  }

  func receive() throws(SocketError) -> ReceivedDatagram? {
    if let datagram = try raw?.receive() { return datagram }
    return try udp?.receive()
  }

  func receiveError() -> SocketErrorReport? { raw?.receiveError() ?? udp?.receiveError() }
}
