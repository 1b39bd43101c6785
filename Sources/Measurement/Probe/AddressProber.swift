package import Host
package import IKE
internal import Synchronization

/// Asks one address all that a plan wants to know. Several addresses are asked at the same time, each by a
/// thread of its own.
package protocol AddressProber: Sendable {
  /// - Parameters:
  ///   - target: What was asked for: a name, or the address itself.
  ///   - address: One of its addresses.
  ///   - isInterrupted: Asked between packets; what was found until then is the result.
  /// - Returns: What was found.
  func probe(
    _ target: String, at address: ResolvedAddress, isInterrupted: @Sendable () -> Bool
  ) -> AddressResult
}

/// Deals out the moments at which packets may leave, so that all threads together keep to a rate.
package final class ProbePacer: Sendable {
  private let gap: Int64
  private let next: Mutex<Int64>

  /// `rate`: packets a second; at least one.
  package init(rate: Int) {
    gap = 1_000_000_000 / Int64(max(1, rate))
    next = Mutex(.min)
  }

  /// When the next packet may leave: `now`, or later. It is taken with that, by whoever asked.
  package func slot(at now: Instant) -> Instant {
    next.withLock { next in
      let moment = max(next, now.nanoseconds)
      next = moment + gap
      return Instant(nanoseconds: moment)
    }
  }
}
