internal import CLinux
internal import Glibc
package import PacketDissector

/// The clock that never jumps (CLOCK_MONOTONIC). Deadlines are its times.
package enum MonotonicClock {
  /// Nanoseconds since some moment before this process.
  package static func now() -> Int64 { time(of: CLOCK_MONOTONIC) }
}

/// CPU time of the thread that asks (CLOCK_THREAD_CPUTIME_ID).
package enum ThreadClock {
  /// Nanoseconds.
  package static func now() -> Int64 { time(of: CLOCK_THREAD_CPUTIME_ID) }
}

extension Timestamp {
  /// By this machine's clock.
  package static var now: Timestamp { Timestamp(nanoseconds: time(of: CLOCK_REALTIME)) }
}

/// In nanoseconds. The call fails for a number that is no clock's, and these are.
private func time(of clock: clockid_t) -> Int64 {
  var time = timespec()
  // The pointer is to a timespec, for the time of the call.
  unsafe _ = clock_gettime(clock, &time)
  // Good until the year 2262.
  return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
}
