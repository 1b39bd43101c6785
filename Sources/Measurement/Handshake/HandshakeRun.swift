package import Diagnosis
package import Host
package import IKE
internal import PacketDissector

/// One handshake with a peer over this host's sockets, and what came of it; the SA is deleted at once.
package struct HandshakeRun: Sendable {
  package let trace: HandshakeTrace
  /// Nil where no IKE SA was made.
  package private(set) var established: EstablishedSA?
  package private(set) var child: ChildSA?
  package private(set) var failure: TunnelFailure?
  /// What the failure means, where it is the peer's or the path's.
  package private(set) var finding: Finding?
  /// This host and the peer.
  package let subject: Finding.Subject

  /// Sets an SA up with `peer`, and deletes it. Throws where this host has no socket or no route.
  package init(with peer: LivePeer, isStopped: () -> Bool) throws(SocketError) {
    let route = try LocalRoute(
      to: peer.address.address, from: peer.options.source, interface: peer.options.interface)
    let started = ThreadClock.now()
    func spent() -> Duration { .nanoseconds(ThreadClock.now() - started) }
    let tunnel = try Tunnel(to: peer.address, peer.configuration, peer.options)
    let sizes = PathSizeModel(
      mtu: Int(route.pathMTU), isIPv6: peer.address.address.isIPv6)
    let recorder = Recorder(HandshakeTrace(at: Instant.now, sizes, peer.configuration.ports))
    tunnel.observer = { local, remote, isSent, datagram in
      recorder.trace.note(
        datagram, isSent: isSent, local: local, remote: remote, at: Instant.now, cpu: spent())
    }
    var failure: TunnelFailure?
    do throws(TunnelFailure) {
      established = try tunnel.establish(isStopped: isStopped)
      recorder.trace.end(at: Instant.now, cpu: spent())
    } catch {
      failure = error
    }
    child = tunnel.child
    subject = .peers(tunnel.path.local.address, tunnel.path.remote.address)
    trace = recorder.trace
    finding = failure.flatMap { tunnel.finding($0, unanswered: trace.unanswered) }
    self.failure = failure
    tunnel.close()
  }

  /// What the observer writes to, while it lives.
  private final class Recorder {
    var trace: HandshakeTrace
    init(_ trace: HandshakeTrace) { self.trace = trace }
  }

}
