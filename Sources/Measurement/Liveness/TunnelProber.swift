internal import Host
package import IKE
package import PacketDissector

/// Asks by empty INFORMATIONAL requests in an IKE SA of this program's own (RFC 7296, section 1.4).
///
/// Once the SA is gone, each further question tries to set up another: the peer is up again when that works.
package final class TunnelProber: LivenessProber {
  package let method = LivenessMethod.informational
  private let peer: LivePeer
  private let isStopped: () -> Bool
  private var tunnel: Tunnel?
  private var loss: LivenessBeat.Answer?
  /// Set where an unprotected message says that the peer does not know the SA.
  private var isUnknownAtPeer = false
  private var route: IKEPath?
  /// Of the last attempt to set an SA up: what ICMP said, and how many requests were sent.
  private var refusal: SocketErrorReport?
  private var unansweredSetUp = 0

  /// The first question sets up the SA.
  package init(_ peer: LivePeer, isStopped: @escaping () -> Bool) {
    self.peer = peer
    self.isStopped = isStopped
  }

  package var local: Endpoint {
    route?.local ?? Endpoint(.any(isIPv6: peer.address.address.isIPv6), 0)
  }
  package var remote: Endpoint {
    route?.remote ?? Endpoint(peer.address.address, peer.configuration.ports.plain)
  }

  private func establish() throws(TunnelFailure) -> Tunnel {
    let tunnel: Tunnel
    do throws(SocketError) {
      tunnel = try Tunnel(to: peer.address, peer.configuration, peer.options)
    } catch {
      throw .socket(error)
    }
    // A peer that was there answers soon, or is still away: asking again is for the next question.
    let limit = route.map { _ in Instant.now + peer.configuration.retransmission.firstWait * 3
    }
    do throws(TunnelFailure) {
      _ = try tunnel.establish {
        isStopped() || limit.map { Instant.now > $0 } ?? false
      }
    } catch .refusedChild(_) where tunnel.session.isEstablished {
      // Liveness is the IKE SA's: it does not take a Child SA.
    } catch {
      refusal = tunnel.takeErrors().last { $0.origin != .local }
      unansweredSetUp = tunnel.session.counters.sent
      tunnel.close()
      throw error
    }
    _ = tunnel.takeEvents()
    isUnknownAtPeer = false
    tunnel.observer = { [unowned self] _, _, isSent, bytes in
      if !isSent, Self.saysUnknownSPI(bytes) { isUnknownAtPeer = true }
    }
    route = tunnel.path
    self.tunnel = tunnel
    return tunnel
  }

  package func beat() -> LivenessBeat.Answer? {
    if let loss {
      self.loss = nil
      return loss
    }
    if let tunnel { return check(tunnel) }
    do throws(TunnelFailure) {
      return check(try establish())
    } catch {
      return answer(noSA: error)
    }
  }

  /// One liveness check; nil where the user wants it to end.
  private func check(_ tunnel: Tunnel) -> LivenessBeat.Answer? {
    let before = tunnel.session.counters.sent
    tunnel.session.checkLiveness(at: Instant.now)
    do throws(TunnelFailure) {
      while true {
        if isStopped() { return nil }
        try tunnel.step(until: Instant.now + .milliseconds(200))
        for case .alive(let roundTrip, let transmissions) in tunnel.takeEvents() {
          return LivenessBeat.Answer(
            .answered(roundTrip: transmissions == 1 ? roundTrip : nil), sent: transmissions,
            answered: 1)
        }
      }
    } catch {
      return end(tunnel, error, sent: max(1, tunnel.session.counters.sent - before))
    }
  }

  /// Forgets the tunnel, which has ended, and says how.
  private func end(
    _ tunnel: Tunnel, _ failure: TunnelFailure, sent: Int
  ) -> LivenessBeat.Answer {
    self.tunnel = nil
    let report = tunnel.takeErrors().last { $0.origin != .local }
    let isUnknown = isUnknownAtPeer
    tunnel.observer = nil
    tunnel.close()
    switch failure {
    case .ended(by: .peer): return LivenessBeat.Answer(.deleted, sent: 0, answered: 0)
    case .session(.noAnswer):
      if isUnknown { return LivenessBeat.Answer(.unknownSA, sent: sent, answered: 0) }
      var answer = LivenessBeat.Answer(
        report.map { .refused($0) } ?? .silent, sent: sent, answered: 0)
      answer.endsSA = true
      return answer
    case .socket(let error):
      return LivenessBeat.Answer(.local(error.description), sent: 0, answered: 0)
    default: return LivenessBeat.Answer(.noSA(failure.words), sent: sent, answered: 0)
    }
  }

  /// What it means that no SA could be set up; nil where the user wanted that.
  private func answer(noSA failure: TunnelFailure) -> LivenessBeat.Answer? {
    switch failure {
    case .interrupted where isStopped(): nil
    case .socket(let error): LivenessBeat.Answer(.local(error.description), sent: 0, answered: 0)
    case .interrupted, .session(.noAnswer):
      LivenessBeat.Answer(
        refusal.map { .refused($0) } ?? .silent, sent: max(1, unansweredSetUp), answered: 0)
    default: LivenessBeat.Answer(.noSA(failure.words), sent: 1, answered: 0)
    }
  }

  /// Answers the peer's own requests, and holds a NAT's mapping open.
  package func rest(until moment: Instant) {
    guard let tunnel else { return wait(until: moment) }
    do throws(TunnelFailure) {
      while !isStopped(), Instant.now < moment {
        try tunnel.step(until: moment)
      }
    } catch {
      loss = end(tunnel, error, sent: 0)
    }
  }

  private func wait(until moment: Instant) {
    var poll = SocketPoll()
    while !isStopped(), Instant.now < moment {
      guard (try? poll.wait(until: moment.nanoseconds)) != nil else { return }
    }
  }

  package func close() {
    tunnel?.observer = nil
    tunnel?.close()
    tunnel = nil
  }

  /// An unprotected answer in which the peer does not know the SA (RFC 7296, section 2.21.4).
  private static func saysUnknownSPI(_ datagram: [UInt8]) -> Bool {
    let bytes = NonESPMarker.removed(from: datagram) ?? datagram
    var reader = ByteReader(bytes.rawBytes)
    guard let message = try? IKEMessage(from: &reader) else { return false }
    return message.notifies.contains { $0.type == .invalidIKESPI }
  }
}
