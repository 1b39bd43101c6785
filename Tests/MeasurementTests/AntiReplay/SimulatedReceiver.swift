import IKE
import Testing

@testable import Measurement

/// A receiver behind a path in virtual time: which numbers it takes, what the path loses, doubles and delays.
struct SimulatedReceiver {
  /// Whether a packet is taken: its number, the highest before it, and whether it came before.
  var takes: (_ number: UInt64, _ highest: UInt64, _ isRepeated: Bool) -> Bool
  /// Each way.
  var delay = Duration.milliseconds(10)
  /// What packets may take longer, each way, at random.
  var jitter = Duration.zero
  /// The share that is lost, each way.
  var loss = 0.0
  /// The share that comes twice, each way.
  var doubled = 0.0
  /// The share of packets that hosts behind the receiver answer twice.
  var doubledBehind = 0.0
  /// Answers a second, with as many at once as a tenth of it; nil for as many as are asked for.
  var answersPerSecond: Double?
  /// From this moment on nothing is answered.
  var silentAfter: Duration?
  var seed: UInt64 = 1

  /// As RFC 4303 has it: nothing twice, nothing late by `size` or more; 0 takes everything.
  static func window(_ size: UInt64) -> SimulatedReceiver {
    SimulatedReceiver { number, highest, isRepeated in
      size == 0 || number > highest || highest - number < size && !isRepeated
    }
  }

  private struct Flight {
    let packet: WindowSearch.Packet
    /// The reply's number; nil for a request.
    let reply: UInt64?
    let at: Instant
  }

  /// Runs a search to its end; the search, and how long it took.
  func run(
    numbers: ClosedRange<UInt64> = 1...UInt64(UInt32.max),
    change: (inout WindowSearch.Plan) -> Void = { _ in }
  ) -> (search: WindowSearch, time: Duration) {
    var plan = WindowSearch.Plan(numbers: numbers)
    change(&plan)
    var search = WindowSearch(plan)
    var random = SplitMix64(state: seed)
    var flights: [Flight] = []
    var sealed: Set<UInt64> = []
    var highestSealed: UInt64 = 0
    var highest: UInt64 = 0
    var seen: Set<UInt64> = []
    var replies: UInt64 = 0
    var tokens = (answersPerSecond ?? 0) / 10
    let start = Instant(nanoseconds: 7_000_000_000)
    var filledAt = start
    var now = start

    func seal(_ packet: WindowSearch.Packet) {
      guard !sealed.contains(packet.number) else { return }
      #expect(packet.number > highestSealed, "numbers go up")
      #expect(numbers.contains(packet.number))
      highestSealed = packet.number
      sealed.insert(packet.number)
    }
    func fly(_ packet: WindowSearch.Packet, _ reply: UInt64?) {
      for _ in 0..<(Double.random(in: 0..<1, using: &random) < doubled ? 2 : 1) {
        guard Double.random(in: 0..<1, using: &random) >= loss else { continue }
        let late = jitter * Double.random(in: 0..<1, using: &random)
        flights.append(Flight(packet: packet, reply: reply, at: now + delay + late))
      }
    }
    func receive(_ packet: WindowSearch.Packet) {
      if let silentAfter, now - start > silentAfter { return }
      guard takes(packet.number, highest, seen.contains(packet.number)) else { return }
      seen.insert(packet.number)
      highest = max(highest, packet.number)
      if let rate = answersPerSecond {
        tokens = min(rate / 10, tokens + rate * ((now - filledAt) / .seconds(1)))
        filledAt = now
        if tokens < 1 { return }
        tokens -= 1
      }
      for _ in 0..<(Double.random(in: 0..<1, using: &random) < doubledBehind ? 2 : 1) {
        replies += 1
        fly(packet, replies)
      }
    }

    while true {
      let limit: Instant
      switch search.step(at: now) {
      case .done: return (search, now - start)
      case .keep(let packet):
        seal(packet)
        continue
      case .send(let packet):
        seal(packet)
        fly(packet, nil)
        continue
      case .wait(let moment): limit = moment
      }
      guard let next = flights.indices.min(by: { flights[$0].at < flights[$1].at }),
        flights[next].at <= limit
      else {
        now = limit
        continue
      }
      let flight = flights.remove(at: next)
      now = max(now, flight.at)
      if let reply = flight.reply {
        search.answered(flight.packet.id, by: reply, at: now)
      } else {
        receive(flight.packet)
      }
    }
  }
}
