package import Diagnosis
internal import ESP
internal import Host
internal import IKE
package import PacketDissector

/// Sets an SA up with a peer, finds which inner sizes it carries, and takes it down again.
package struct InnerMeasurement {
  package enum Outcome: Sendable {
    case measured(InnerSizes)
    /// There is an SA, and no address behind the peer whose echoes could be asked for.
    case noAddress
    /// There was no SA, or it ended.
    case failed(reason: String, Finding?)
    case interrupted
  }

  private let peer: LivePeer
  /// The host behind the peer that is asked for echoes; nil leaves it to what the peer announces and to the
  /// tunnel's selectors.
  private let destination: IPAddress?
  private let interfaceMTU: Int
  private let isStopped: () -> Bool

  package init(
    _ peer: LivePeer, destination: IPAddress?, interfaceMTU: Int, isStopped: @escaping () -> Bool
  ) {
    self.peer = peer
    self.destination = destination
    self.interfaceMTU = interfaceMTU
    self.isStopped = isStopped
  }

  /// Waits for answers, and so keeps its thread.
  package func run() -> Outcome {
    var configuration = peer.configuration
    if destination == nil, let announcement { configuration.announcements.append(announcement) }
    do throws(SocketError) {
      let tunnel = try Tunnel(to: peer.address, configuration, peer.options)
      defer { tunnel.close() }
      return measure(tunnel)
    } catch {
      return .failed(reason: "\(error)", nil)
    }
  }

  private var announcement: NotifyType? { peer.numbers.announcement(of: .merged) }

  private func measure(_ tunnel: Tunnel) -> Outcome {
    do throws(TunnelFailure) {
      let established = try tunnel.establish(isStopped: isStopped)
      let run = try InnerSizeRun(tunnel, interfaceMTU: interfaceMTU, isStopped: isStopped)
      guard
        let (prober, means) = try tunnel.innerProber(
          established, destination: destination, announcement: announcement)
      else { return .noAddress }
      return .measured(try run.run(prober, means))
    } catch .interrupted {
      return .interrupted
    } catch {
      return .failed(reason: error.reason, tunnel.finding(error))
    }
  }
}
