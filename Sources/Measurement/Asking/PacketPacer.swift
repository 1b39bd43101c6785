internal import Host
package import IKE
internal import Synchronization

/// Spaces what is sent so that all who share it stay below a rate.
package final class PacketPacer: Sendable {
  private let gap: Duration
  private let next = Mutex(Instant(nanoseconds: 0))

  /// `rate` is in datagrams a second.
  package init(rate: Int) {
    gap = .nanoseconds(1_000_000_000 / Int64(max(1, rate)))
  }

  /// The moment at which the next datagram may leave; it counts as sent.
  package func slot(from now: Instant) -> Instant {
    next.withLock { next in
      let slot = max(now, next)
      next = slot + gap
      return slot
    }
  }
}
