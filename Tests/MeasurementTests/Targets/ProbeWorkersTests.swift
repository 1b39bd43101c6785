import IKE
import Synchronization
import Testing

@testable import Measurement

@Suite("Threads and the pace that they share")
struct ProbeWorkersTests {
  @Test("Every task is done once, whatever the number of threads", arguments: [1, 3, 64])
  func all(threads: Int) {
    let next = Mutex(0)
    var results: [Int] = []
    ProbeWorkers(threads).run(
      next: {
        next.withLock { next in
          next += 1
          return next <= 500 ? next : nil
        }
      }, work: { $0 * 2 }, idle: {}
    ) { results.append($0) }
    #expect(results.sorted() == (1...500).map { $0 * 2 })
  }

  @Test("Tasks that wait do so at the same time")
  func sideBySide() {
    let running = Mutex((now: 0, most: 0))
    let left = Mutex(8)
    ProbeWorkers(8).run(
      next: {
        left.withLock { left in
          left -= 1
          return left >= 0 ? left : nil
        }
      },
      work: { task in
        running.withLock { state in
          state.now += 1
          state.most = max(state.most, state.now)
        }
        // Waits for the others, but not for ever.
        for _ in 0..<2000 where running.withLock({ $0.most }) < 8 { pause() }
        running.withLock { $0.now -= 1 }
        return task
      }, idle: {}
    ) { _ in }
    #expect(running.withLock { $0.most } == 8)
  }

  private func pause() {
    let clock = ContinuousClock()
    let end = clock.now + .milliseconds(1)
    while clock.now < end {}
  }

  @Test("Nothing to do ends at once")
  func nothing() {
    ProbeWorkers(4).run(next: { nil as Int? }, work: { $0 }, idle: {}) { _ in
      Issue.record("there was nothing")
    }
  }

  @Test("Slots come at the rate, and a pause is not made up for by a burst")
  func pace() {
    let pacer = PacketPacer(rate: 50)
    func slot(_ milliseconds: Int64) -> Int64 {
      pacer.slot(from: Instant(nanoseconds: milliseconds * 1_000_000)).nanoseconds / 1_000_000
    }
    #expect([slot(1000), slot(1000), slot(1000)] == [1000, 1020, 1040])
    #expect([slot(5000), slot(5000)] == [5000, 5020])
    #expect(PacketPacer(rate: 0).slot(from: Instant(nanoseconds: 7)).nanoseconds == 7)
  }
}
