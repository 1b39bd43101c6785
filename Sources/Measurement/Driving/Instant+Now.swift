internal import Host
package import IKE

extension Instant {
  /// This host's clock, which never goes back.
  package static var now: Instant { Instant(nanoseconds: MonotonicClock.now()) }
}
