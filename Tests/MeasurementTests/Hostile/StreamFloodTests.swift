import Host
import IKE
import PacketDissector
import Synchronization
import Testing

@testable import Measurement

@Suite("A TCP connection that never says anything of IKE")
struct StreamFloodTests {
  /// Writes records of ESP as fast as they are taken.
  private static func flood(_ listener: borrowing TCPListener, while isWanted: () -> Bool) {
    // SPI 7, and what may be a packet.
    let record: [UInt8] = [0, 62, 0, 0, 0, 7] + [UInt8](repeating: 0x5A, count: 56)
    let records = [[UInt8]](repeating: record, count: 500).flatMap(\.self)
    let end = MonotonicClock.now() + 15_000_000_000
    func goesOn() -> Bool { MonotonicClock.now() < end && isWanted() }
    while goesOn() {
      guard let connection = (try? listener.accept()) ?? nil else { continue }
      // A record that was cut goes on where it stopped.
      var rest = records[...]
      while goesOn(), let count = try? connection.write(Array(rest).rawBytes) {
        rest = rest.dropFirst(count)
        if rest.isEmpty { rest = records[...] }
      }
      return
    }
  }

  @Test("is left when the time is up", .timeLimit(.minutes(1)))
  func records() throws {
    let port = Mutex<UInt16?>(nil)
    let isDone = Mutex(false)
    let tasks = Mutex([true, false])
    var events: [(isDeadline: Bool, took: Duration)] = []
    ProbeWorkers(2).run(
      next: { tasks.withLock { $0.popLast() } },
      work: { isAsking -> [(isDeadline: Bool, took: Duration)] in
        guard isAsking else {
          guard let listener = try? TCPListener(on: Endpoint(HostileDaemon.address, 0)) else {
            return []
          }
          port.withLock { $0 = listener.localEndpoint?.port }
          Self.flood(listener) { !isDone.withLock { $0 } }
          return []
        }
        defer { isDone.withLock { $0 = true } }
        var known: UInt16?
        for _ in 0..<1_000_000 where known == nil { known = port.withLock { $0 } }
        let started = Instant.now
        guard let known,
          let carrier = try? TCPCarrier(
            to: Endpoint(HostileDaemon.address, known), ProbePlan(), until: started + .seconds(3))
        else { return [] }
        let limit = Instant.now + .milliseconds(300)
        guard let event = try? carrier.receive(until: limit) else { return [] }
        let isDeadline = if case .deadline = event { true } else { false }
        return [(isDeadline, Instant.now - started)]
      }, idle: {}
    ) { events += $0 }
    let event = try #require(events.first)
    #expect(event.isDeadline)
    #expect(event.took < .seconds(3))
  }
}
