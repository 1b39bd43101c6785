package import Host
internal import IKE
internal import PacketDissector

/// Searches the sizes of all classes of packets to one address, side by side over this host's sockets.
package final class PathMeasurement {
  /// One class that is searched.
  private struct Track {
    let packetKind: PacketKind
    let prober: any SizeProber
    var search: SizeSearch
    var refusal: SocketErrorReport?
    var failure: SocketError?

    var isRunning: Bool { search.ending == nil }

    var result: KindResult {
      let outcome: KindResult.Outcome =
        if let failure {
          .impossible(failure.description)
        } else if let refusal, search.map.limit == nil {
          .unreachable(reason: Self.words(refusal), by: refusal.offender)
        } else {
          .searched(search.ending ?? .stopped)
        }
      return KindResult(packetKind, outcome, search)
    }

    /// Without the address of who says it, which stands apart.
    private static func words(_ report: SocketErrorReport) -> String {
      var report = report
      report.offender = nil
      return report.description
    }
  }

  private let plan: PathPlan
  private let isStopped: () -> Bool
  private var tracks: [Track] = []
  private var impossible: [KindResult] = []
  private var result: PathResult

  /// `target` is what was asked for: a name, or the address itself. `isStopped` says whether the user wants
  /// it to end, and is asked often.
  package init(_ target: String, _ plan: PathPlan, isStopped: @escaping () -> Bool) {
    self.plan = plan
    self.isStopped = isStopped
    result = PathResult(target: target, address: plan.route.peer.address, started: .now)
  }

  /// Measures; it waits for answers, and so keeps its thread.
  ///
  /// `progress` is told now and then how many packets were sent.
  package func run(
    _ advice: PathAdvice, progress: (_ packets: Int) -> Void = { _ in }
  ) throws(SocketError) -> PathResult {
    let started = Instant.now
    let route = try LocalRoute(
      to: plan.route.peer.address, from: plan.route.source, interface: plan.route.interface)
    result.own = route.source
    result.local = LocalPath(
      interface: route.interface.name, interfaceMTU: Int(route.interface.mtu),
      pathMTU: Int(route.pathMTU))
    open(interfaceMTU: Int(route.interface.mtu))
    while tracks.contains(where: \.isRunning), !isStopped() {
      let limit = advance(interfaceMTU: Int(route.interface.mtu))
      progress(tracks.reduce(0) { $0 + $1.search.packetsSent })
      if let limit { try wait(until: limit) }
    }
    result.isInterrupted = tracks.contains(where: \.isRunning)
    for index in tracks.indices { tracks[index].search.stop() }
    let results = tracks.map(\.result) + impossible
    result.classes = plan.classes.compactMap { wanted in
      results.first { $0.packetKind == wanted }
    }
    result.duration = Instant.now - started
    result.findings = PathFindings(result, advice).all
    return result
  }

  private func open(interfaceMTU: Int) {
    for packetKind in plan.classes {
      do throws(SocketError) {
        let prober = try prober(packetKind)
        let search = SizeSearch(plan.search(packetKind, interfaceMTU: interfaceMTU))
        tracks.append(Track(packetKind: packetKind, prober: prober, search: search))
      } catch {
        impossible.append(KindResult(packetKind, .impossible(error.description), nil))
      }
    }
  }

  private func prober(_ packetKind: PacketKind) throws(SocketError) -> any SizeProber {
    let fragmentation: FragmentationPolicy = packetKind.mayBeFragmented ? .allowed : .probing
    switch packetKind.content {
    case .icmpEcho: return try EchoProber(plan.route, fragmentation)
    case .udp500:
      return try IKEProber(plan.route, port: plan.ikePort, hasMarker: false, fragmentation)
    case .udp4500:
      return try IKEProber(plan.route, port: plan.natPort, hasMarker: true, fragmentation)
    }
  }

  /// Sends all that is due; until when to wait, or nil where there is nothing left to wait for.
  private func advance(interfaceMTU: Int) -> Instant? {
    var limit: Instant?
    for index in tracks.indices where tracks[index].isRunning {
      steps: while true {
        switch tracks[index].search.step(at: Instant.now) {
        case .done: break steps
        case .wait(let until):
          limit = min(limit ?? until, until)
          break steps
        case .send(let probe): send(probe, index, interfaceMTU: interfaceMTU)
        }
      }
    }
    return limit
  }

  private func send(_ probe: SizeSearch.Probe, _ index: Int, interfaceMTU: Int) {
    do throws(SocketError) {
      try tracks[index].prober.send(probe)
    } catch {
      switch error.meaning {
      case .tooLarge: tracks[index].search.refused(probe.id, .here(mtu: interfaceMTU))
      // The packet is missed, as if the path had lost it.
      case .noBuffers, .wouldWait: break
      default:
        tracks[index].failure = error
        tracks[index].search.stop()
      }
    }
  }

  private func wait(until limit: Instant) throws(SocketError) {
    var poll = SocketPoll()
    let running = tracks.indices.filter { tracks[$0].isRunning }
    for index in running { poll.add(tracks[index].prober.descriptor) }
    guard try poll.wait(until: limit.nanoseconds) == .ready else { return }
    for (place, index) in running.enumerated() where !poll.readiness(at: place).isEmpty {
      try receive(index)
    }
  }

  /// What is read of a socket at once: a flood must not keep the clock from being looked at.
  private static let burst = 256

  private func receive(_ index: Int) throws(SocketError) {
    for _ in 0..<Self.burst {
      guard let event = try tracks[index].prober.receive() else { return }
      switch event {
      case .answered(let id): tracks[index].search.answered(id, at: Instant.now)
      case .tooBig(let id?, let mtu, let from):
        tracks[index].search.refused(id, .icmp(mtu: mtu, from: from))
      case .tooBig(nil, let mtu, let from):
        tracks[index].search.refusedLargest(.icmp(mtu: mtu, from: from))
      case .unreachable(let report):
        tracks[index].refusal = report
        // One port may be closed by accident of the moment; a class that was answered goes on.
        if tracks[index].search.map.limit == nil { tracks[index].search.stop() }
      case .stray: break
      }
    }
  }
}
