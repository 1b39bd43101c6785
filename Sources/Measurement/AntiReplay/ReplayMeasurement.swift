internal import ESP
package import Host
package import IKE
package import PacketDissector

/// Sets an SA up with a peer, finds how the peer's anti-replay protection behaves on it, and takes it down.
package struct ReplayMeasurement {
  private let peer: LivePeer
  /// The host behind the peer that is asked for echoes; nil leaves it to what the peer announces and to the
  /// tunnel's selectors.
  private let destination: IPAddress?
  private let isStopped: () -> Bool
  private let onProgress: (Int) -> Void

  /// `onProgress` is told how many packets were sent.
  package init(
    _ peer: LivePeer, destination: IPAddress?, isStopped: @escaping () -> Bool,
    onProgress: @escaping (Int) -> Void = { _ in }
  ) {
    self.peer = peer
    self.destination = destination
    self.isStopped = isStopped
    self.onProgress = onProgress
  }

  /// Waits for answers, and so keeps its thread.
  package func run() throws(SocketError) -> ReplayMeasurementResult {
    var configuration = peer.configuration
    if destination == nil, let announcement { configuration.announcements.append(announcement) }
    let tunnel = try Tunnel(to: peer.address, configuration, peer.options)
    defer { tunnel.close() }
    var result = ReplayMeasurementResult(
      from: tunnel.path.local.address, to: tunnel.remote)
    do throws(TunnelFailure) {
      try measure(tunnel, &result)
    } catch {
      result.failure = error
      result.setupFinding = result.behaviour == nil ? tunnel.finding(error) : nil
    }
    result.isInterrupted = isStopped()
    return result
  }

  private var announcement: NotifyType? { peer.numbers.announcement(of: .merged) }

  private func measure(
    _ tunnel: Tunnel, _ result: inout ReplayMeasurementResult
  ) throws(TunnelFailure) {
    let established = try tunnel.establish(isStopped: isStopped)
    guard let child = tunnel.child else { throw .noChild }
    result.local = tunnel.path.local.address
    result.child = child
    guard
      let (prober, means) = try tunnel.innerProber(
        established, destination: destination, announcement: announcement)
    else { return }
    result.means = means
    try search(tunnel, child, prober, &result)
  }

  // MARK: The search

  /// Octets of each packet: any size does.
  private static let packetBytes = 64

  private func search(
    _ tunnel: Tunnel, _ child: ChildSA, _ prober: some InnerProber,
    _ result: inout ReplayMeasurementResult
  ) throws(TunnelFailure) {
    let first = try tunnel.nextSequence(on: child)
    let last = child.usesESN ? UInt64.max : UInt64(UInt32.max)
    var search = WindowSearch(WindowSearch.Plan(numbers: first...last))
    // By their ids, which count from zero.
    var sealed: [Tunnel.SealedPacket] = []
    defer { result.note(search) }
    while true {
      if isStopped() { search.stop() }
      let now = Instant.now
      switch search.step(at: now) {
      case .keep(let packet):
        sealed.append(try seal(packet, prober, tunnel, child))
      case .send(let packet):
        if packet.id == sealed.count {
          sealed.append(try seal(packet, prober, tunnel, child))
        }
        guard sealed.indices.contains(packet.id) else { throw .esp(.sequenceExhausted) }
        try tunnel.send(sealed[packet.id])
        onProgress(search.packetsSent)
      case .wait(let moment):
        // What came before a failure counts as well.
        defer {
          while let arrival = tunnel.nextArrival() {
            guard let answer = prober.answer(in: arrival) else { continue }
            search.answered(answer.id, by: arrival.sequence, at: arrival.at)
          }
        }
        try tunnel.step(until: min(moment, now + .milliseconds(200)))
      case .done: return
      }
    }
  }

  private func seal(
    _ packet: WindowSearch.Packet, _ prober: some InnerProber, _ tunnel: Tunnel, _ child: ChildSA
  ) throws(TunnelFailure) -> Tunnel.SealedPacket {
    let echo = prober.packet(packet.id, bytes: max(prober.smallest, Self.packetBytes))
    return try tunnel.seal(
      echo.payload, nextHeader: echo.nextHeader, as: packet.number, on: child)
  }
}

extension ChildSA {
  package var usesESN: Bool { suite.sequenceNumbers == .partiallyTransmitted64 }
}
