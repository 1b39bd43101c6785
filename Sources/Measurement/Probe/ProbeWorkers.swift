internal import Glibc
internal import Synchronization

/// Threads that do tasks side by side; the results are handed over one by one by the thread that waits for
/// them.
package struct ProbeWorkers {
  private let count: Int

  /// `count`: how many tasks run at the same time, 1 to 256.
  package init(_ count: Int) { self.count = max(1, min(count, 256)) }

  /// Runs `work` on everything that `next` gives, until it gives nil, and hands each result to `body`.
  ///
  /// `next` is called by one thread at a time, `idle` every few milliseconds while there is no result.
  package func run<Task: Sendable, Result: Sendable>(
    next: @escaping @Sendable () -> Task?, work: @escaping @Sendable (Task) -> Result,
    idle: () -> Void, _ body: (Result) -> Void
  ) {
    let queue = ResultQueue<Result>(running: count)
    for _ in 0..<count {
      let isStarted = WorkerThread.start {
        while let task = queue.locked(next) { queue.add(work(task)) }
        queue.end()
      }
      // With no thread to be had, one task after the other in those that there are.
      if !isStarted { queue.end() }
    }
    if queue.isAbandoned {
      while let task = next() { body(work(task)) }
      return
    }
    while true {
      let (results, isDone) = queue.take()
      for result in results { body(result) }
      if isDone { return }
      if results.isEmpty {
        idle()
        usleep(5000)
      }
    }
  }
}

/// What the threads have done, and how many of them are at it.
private final class ResultQueue<Result: Sendable>: Sendable {
  private struct State: Sendable {
    var results: [Result] = []
    var running: Int
    var wasUsed = false
  }

  private let state: Mutex<State>
  private let turn = Mutex(())

  init(running: Int) { state = Mutex(State(running: running)) }

  /// Lets one thread at a time call `body`.
  func locked<Task: Sendable>(_ body: @Sendable () -> Task?) -> Task? {
    state.withLock { $0.wasUsed = true }
    return turn.withLock { _ in body() }
  }

  func add(_ result: Result) { state.withLock { $0.results.append(result) } }

  func end() { state.withLock { $0.running -= 1 } }

  /// No thread could be started.
  var isAbandoned: Bool { state.withLock { $0.running == 0 && !$0.wasUsed } }

  /// What is there, and whether nothing more will come.
  func take() -> (results: [Result], isDone: Bool) {
    state.withLock { state in
      defer { state.results.removeAll() }
      return (state.results, state.running == 0)
    }
  }
}

/// A thread of the system's: the pool of Swift's tasks has as many as there are cores, and blocks.
private enum WorkerThread {
  private final class Body: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// - Returns: Whether there is one.
  static func start(_ run: @escaping @Sendable () -> Void) -> Bool {
    var thread = pthread_t()
    // The thread takes over the one reference that is passed, and gives it up when it begins.
    let body = unsafe Unmanaged.passRetained(Body(run))
    let code = unsafe pthread_create(
      &thread, nil,
      { raw in
        guard let raw = unsafe raw else { return nil }
        let body = unsafe Unmanaged<Body>.fromOpaque(raw).takeRetainedValue()
        body.run()
        return nil
      }, body.toOpaque())
    guard code == 0 else {
      unsafe body.release()
      return false
    }
    pthread_detach(thread)
    return true
  }
}
