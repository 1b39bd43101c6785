import Host
import IKE
import PacketDissector
import Synchronization
import Testing

@testable import Measurement

/// Sends datagrams that answer nothing to whoever asks it, as fast as it can, until it is stopped.
///
/// One thread runs it; the socket is touched by no other.
private final class Flooder: @unchecked Sendable {
  private var socket: UDPSocket
  let port: UInt16
  private let isStopped = Mutex(false)

  init() throws {
    socket = try UDPSocket(isIPv6: false, source: Endpoint(HostileDaemon.address, 0))
    port = socket.localPort
  }

  func stop() { isStopped.withLock { $0 = true } }

  func run(for span: Duration) {
    let end = MonotonicClock.now() + Int64(span.components.seconds) * 1_000_000_000
    var target: Endpoint?
    let bytes = [UInt8](repeating: 0x5A, count: 60)
    while MonotonicClock.now() < end, !isStopped.withLock({ $0 }) {
      if let datagram = try? socket.receive() { target = datagram.source }
      // What its buffer has no room for is lost, or refused: either is a flood.
      if let target { try? socket.send(bytes, to: target) }
    }
  }
}

// Each of them keeps two threads busy.
@Suite("Floods that do not end", .serialized)
struct FloodTests {
  private static let longest = Duration.seconds(20)

  private enum Role: Sendable {
    case flood
    case ask
  }

  /// What `ask` comes to while the port that it is given floods whoever asks there.
  private func flooded<Result: Sendable>(
    _ ask: @escaping @Sendable (UInt16) -> Result
  ) throws -> Result {
    let flooder = try Flooder()
    let roles = Mutex([Role.flood, .ask])
    var found: Result?
    ProbeWorkers(2).run(
      next: { roles.withLock { $0.popLast() } },
      work: { role -> Result? in
        switch role {
        case .flood:
          flooder.run(for: Self.longest)
          return nil
        case .ask:
          defer { flooder.stop() }
          return ask(flooder.port)
        }
      }, idle: {}
    ) { if let result = $0 { found = result } }
    return try #require(found)
  }

  @Test("A probe ends in its own time, counts the flood, and finds nobody")
  func probe() throws {
    let result = try flooded { port in
      var plan = ProbePlan()
      plan.ikePort = port
      plan.ways = [.udp500]
      plan.timeout = .milliseconds(50)
      plan.transmissions = 2
      plan.rate = 100_000
      return PeerProbe(
        "flood", ResolvedAddress(HostileDaemon.address), plan, pacer: PacketPacer(rate: plan.rate)
      ).run()
    }
    #expect(result.traffic.duration < .seconds(5))
    #expect(result.traffic.strays > 100)
    #expect(!result.isAlive)
  }

  @Test("A sweep ends in its own time and counts the flood")
  func sweep() throws {
    let summary = try flooded { port -> SweepSummary? in
      var targets = SweepTargets()
      targets.append(HostileDaemon.address, count: 1)
      let question = SweepQuestion(
        InitRequest(
          initiatorSPI: 1, proposals: [],
          keyExchange: KeyExchangePayload(
            method: .curve25519, data: Array(repeating: 9, count: 32)),
          nonce: Array(repeating: 7, count: 32)),
        withMarker: false)
      let options = Sweep.Options(
        port: port, rate: 1000, passes: 2, patience: .milliseconds(100))
      guard var sweep = try? Sweep(targets, asking: question, options) else { return nil }
      return try? sweep.run(isInterrupted: { _ in false }, { _ in })
    }
    let found = try #require(summary)
    #expect(found.duration < .seconds(3))
    #expect(found.strays > 100)
    #expect(found.answered == 0)
    #expect(found.silent == 1)
  }
}
