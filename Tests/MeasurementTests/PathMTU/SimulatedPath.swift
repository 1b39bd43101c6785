import IKE
import PacketDissector

@testable import Measurement

/// A path in virtual time for one search: what it does to each size, how long it takes, what it loses.
struct SimulatedPath {
  enum Fate {
    case passes, vanishes
    case tooBig(mtu: Int?)
    case tooBigHere(mtu: Int)
  }

  var fate: (Int) -> Fate
  var roundTrip = Duration.milliseconds(20)
  /// The share of packets that never get an answer, whatever their size.
  var loss = 0.0
  /// Answers a second, with as many at once as one second allows; nil for as many as are asked for.
  var answersPerSecond: Double?
  var seed: UInt64 = 1

  static let router = IPAddress(v4: 0xC000_0201)

  /// Runs a search to its end; the search, and how long it took.
  func run(_ plan: SizeSearch.Plan) -> (search: SizeSearch, time: Duration) {
    var search = SizeSearch(plan)
    var random = SplitMix64(state: seed)
    var answers: [(id: Int, at: Instant, fate: Fate)] = []
    let start = Instant(nanoseconds: 7_000_000_000)
    var now = start
    var tokens = answersPerSecond ?? 0
    var filledAt = now
    while true {
      switch search.step(at: now) {
      case .done: return (search, now - start)
      case .send(let probe):
        let fate = fate(probe.size)
        switch fate {
        case .vanishes: continue
        case .tooBigHere(let mtu): search.refused(probe.id, .here(mtu: mtu))
        case .passes, .tooBig:
          if Double.random(in: 0..<1, using: &random) < loss { continue }
          if let rate = answersPerSecond {
            tokens = min(rate, tokens + rate * ((now - filledAt) / .seconds(1)))
            filledAt = now
            if tokens < 1 { continue }
            tokens -= 1
          }
          answers.append((probe.id, now + roundTrip, fate))
        }
      case .wait(let limit):
        let due = answers.indices.min { answers[$0].at < answers[$1].at }
        guard let due, answers[due].at <= limit else {
          now = limit
          continue
        }
        let answer = answers.remove(at: due)
        now = max(now, answer.at)
        if case .tooBig(let mtu) = answer.fate {
          search.refused(answer.id, .icmp(mtu: mtu, from: Self.router))
        } else {
          search.answered(answer.id, at: now)
        }
      }
    }
  }
}
