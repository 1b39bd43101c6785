internal import Glibc
internal import Synchronization

/// SIGUSR1 asks `respond` to fall silent, or to answer again.
enum SilenceSignal {
  private static let requested = Atomic<Bool>(false)

  static func watch() {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { _ in
      SilenceSignal.requested.store(true, ordering: .relaxed)
    }
    unsafe _ = sigaction(SIGUSR1, &action, nil)
  }

  /// Whether it came since the last call.
  static func take() -> Bool { requested.exchange(false, ordering: .relaxed) }
}
