internal import Glibc
internal import Synchronization

/// Ctrl-C asks a command to stop and show what it has; a second one ends the process.
enum Interruption {
  private static let requested = Atomic<Bool>(false)

  static var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// Asks for the same without a signal.
  static func request() { requested.store(true, ordering: .relaxed) }

  /// Takes SIGINT and SIGTERM. Without SA_RESTART, so that a read which waits ends.
  static func watch() {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { number in
      Interruption.requested.store(true, ordering: .relaxed)
      _ = signal(number, SIG_DFL)
    }
    unsafe _ = sigaction(SIGINT, &action, nil)
    unsafe _ = sigaction(SIGTERM, &action, nil)
  }
}
