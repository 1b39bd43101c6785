package import IKE

/// Finds out which sizes of a packet are answered: a ladder of sizes first, so that a band of sizes that is
/// lost between others shows, then halving between neighbours that fare differently, to the exact byte.
///
/// No I/O and no clock: whoever drives it sends what ``step(at:)`` asks for, and tells what came back. Rounds
/// of packets go out a little apart, each closed by a control, the smallest size. Silence counts against a
/// size only where the control of its round is answered; otherwise the round goes again, more slowly: random
/// loss and limits on answers are no edges. The more is lost of what passes, the more misses it takes.
package struct SizeSearch: Sendable {
  package struct Plan: Equatable, Sendable {
    /// Sizes in bytes of IP packet, smallest first; the smallest is the control.
    package var rungs: [Int]
    /// Packets of a size that must be missed before it is lost; more where the path loses at random.
    package var misses = 3
    package var gap = Duration.milliseconds(4)
    /// How long to wait for answers before any has come.
    package var patience = Duration.seconds(1)
    /// What a round waits for answers at least.
    package var shortestWait = Duration.milliseconds(100)
    /// How long the search may take in all.
    package var timeLimit = Duration.seconds(12)

    package init(rungs: [Int]) {
      self.rungs = Set(rungs).sorted()
    }
  }

  package struct Probe: Equatable, Sendable {
    /// Never used twice in a search.
    package let id: Int
    /// In bytes of IP packet, with its header.
    package let size: Int
  }

  package enum Step: Equatable, Sendable {
    case send(Probe)
    /// Nothing to do until this moment, or until an answer comes.
    case wait(Instant)
    case done
  }

  /// How a search ended.
  package enum Ending: Equatable, Sendable {
    /// Every edge is known to the byte.
    case complete
    /// Not even the smallest size was ever answered.
    case silent
    /// Answers came, and then none any more, not even to the smallest size.
    case wentSilent
    case outOfTime
    /// Who drives the search stopped it.
    case stopped
  }

  private struct SentProbe: Sendable {
    let size: Int
    let at: Instant
    let round: Int
    var isSettled = false
  }

  package let plan: Plan
  package private(set) var ending: Ending?
  /// Rounds in a row of which the control was not answered.
  private var voidRounds = 0
  /// From a packet to its answer: the longest that did not come late.
  package private(set) var roundTrip: Duration?
  private var tallied: [Int: SizeTally] = [:]
  private var probes: [SentProbe] = []
  private var round = 0
  private var queue: ArraySlice<Int> = []
  private var hints: Set<Int> = []
  private var gap: Duration
  private var startedAt: Instant?
  private var nextSend: Instant
  private var lastSent: Instant

  private static let voidLimit = 5
  /// Anybody can send ICMP, and each message may name another MTU.
  private static let hintLimit = 16
  private static let longestGap = Duration.milliseconds(200)
  private static let longWait = Duration.milliseconds(250)

  package init(_ plan: Plan) {
    self.plan = plan
    gap = plan.gap
    nextSend = Instant(nanoseconds: 0)
    lastSent = nextSend
  }

  // MARK: Results

  /// All sizes that were tried, smallest first.
  package var tallies: [SizeTally] { tallied.values.sorted { $0.size < $1.size } }

  package var map: SizeMap { SizeMap(tallies, misses: misses) }

  package var packetsSent: Int { probes.count }

  /// The share of packets without an answer among sizes that pass.
  package var loss: Double {
    var sent = 0
    var lost = 0
    for tally in tallied.values where tally.answered > 0 {
      sent += tally.sent
      lost += tally.sent - tally.answered
    }
    return sent > 0 ? Double(lost) / Double(sent) : 0
  }

  /// How many misses make a size lost: so many that chance alone does it once in 10,000 times.
  private var misses: Int {
    let loss = loss
    var count = plan.misses
    var chance = 1.0
    for _ in 0..<count { chance *= loss }
    while chance > 0.0001, count < 10 {
      chance *= loss
      count += 1
    }
    return count
  }

  // MARK: Driving

  package mutating func step(at now: Instant) -> Step {
    if startedAt == nil {
      startedAt = now
      nextSend = now
      queue = planned(at: now)[...]
    }
    while ending == nil {
      if let size = queue.first {
        guard now >= nextSend else { return .wait(nextSend) }
        queue = queue.dropFirst()
        return .send(send(size, at: now))
      }
      let end = lastSent + wait
      guard now >= end || isRoundSettled else { return .wait(end) }
      judge(at: now)
      if ending == nil { queue = planned(at: now)[...] }
    }
    return .done
  }

  /// An answer to a packet came, however late.
  package mutating func answered(_ id: Int, at now: Instant) {
    guard probes.indices.contains(id), !probes[id].isSettled else { return }
    let probe = probes[id]
    probes[id].isSettled = true
    tallied[probe.size]?.answered += 1
    let time = now - probe.at
    if probe.round == round { roundTrip = max(roundTrip ?? .zero, time) }
  }

  /// Somebody said that a packet is too large. An answer to the same size has more weight.
  package mutating func refused(_ id: Int, _ refusal: SizeTally.Refusal) {
    guard probes.indices.contains(id), !probes[id].isSettled else { return }
    probes[id].isSettled = true
    tallied[probes[id].size]?.refusal = refusal
    let mtu: Int? =
      switch refusal {
      case .here(let mtu): mtu
      case .icmp(let mtu, _): mtu
      }
    guard let mtu, mtu < probes[id].size, mtu >= plan.rungs.first ?? mtu,
      hints.count < Self.hintLimit
    else { return }
    hints.formUnion([mtu, mtu + 1])
  }

  /// The same where the message does not tell which packet it is about: it is taken to be the largest of
  /// those that wait for an answer.
  package mutating func refusedLargest(_ refusal: SizeTally.Refusal) {
    let waiting = probes.indices.filter { probes[$0].round == round && !probes[$0].isSettled }
    guard let id = waiting.max(by: { probes[$0].size < probes[$1].size }) else { return }
    refused(id, refusal)
  }

  /// Ends the search with what it has.
  package mutating func stop() {
    if ending == nil { ending = .stopped }
  }

  private mutating func send(_ size: Int, at now: Instant) -> Probe {
    let probe = Probe(id: probes.count, size: size)
    probes.append(SentProbe(size: size, at: now, round: round))
    tallied[size, default: SizeTally(size: size)].sent += 1
    lastSent = now
    nextSend = now + gap
    return probe
  }

  private var wait: Duration {
    guard let roundTrip else { return plan.patience }
    return min(max(roundTrip * 2, plan.shortestWait), max(plan.patience, plan.shortestWait))
  }

  private var isRoundSettled: Bool {
    probes.reversed().prefix { $0.round == round }.allSatisfy(\.isSettled)
  }

  // MARK: Rounds

  private mutating func judge(at now: Instant) {
    let sent = probes.reversed().prefix { $0.round == round }
    let control = plan.rungs.first
    let controls = sent.filter { $0.size == control }
    let missed = sent.filter { !$0.isSettled }
    let isOpening = control.flatMap { tallied[$0]?.answered } ?? 0 == 0
    if isOpening || controls.contains(where: \.isSettled) {
      for probe in missed { tallied[probe.size]?.missed += 1 }
      voidRounds = 0
      gap = max(gap * 0.75, plan.gap)
    } else {
      voidRounds += 1
      gap = min(gap * 2, Self.longestGap)
    }
    round += 1
    if voidRounds == Self.voidLimit { ending = .wentSilent }
  }

  /// The sizes of the next round; none, and the search is over.
  private mutating func planned(at now: Instant) -> [Int] {
    guard let control = plan.rungs.first else {
      ending = .silent
      return []
    }
    let first = tallied[control] ?? SizeTally(size: control)
    switch first.verdict(misses: plan.misses) {
    case .passes: break
    case .undecided: return [control]
    case .lost, .refused:
      ending = .silent
      return []
    }
    if let startedAt, now - startedAt >= plan.timeLimit {
      ending = .outOfTime
      return []
    }
    let sizes = candidates
    guard !sizes.isEmpty else {
      ending = .complete
      return []
    }
    return repeated(sizes.filter { $0 != control }) + [control]
  }

  /// Where answers take long, all packets that a size may need go out in one round.
  private func repeated(_ sizes: [Int]) -> [Int] {
    guard wait > Self.longWait else { return sizes }
    let misses = misses
    return (0..<misses).flatMap { copy in
      sizes.filter { copy == 0 || copy < misses - (tallied[$0]?.missed ?? 0) }
    }
  }

  /// What there is to learn, nearest questions first: rungs, then the middle between neighbours that fare
  /// differently, and at last both sides of each edge once more.
  private var candidates: [Int] {
    let asked = Set(plan.rungs).union(hints).union(tallied.keys)
    let undecided = asked.filter { verdict($0) == .undecided }
    if !undecided.isEmpty { return undecided.sorted() }
    let edges = zip(tallies, tallies.dropFirst()).filter {
      (verdict($0.size) == .passes) != (verdict($1.size) == .passes)
    }
    let middles = edges.compactMap { below, above in
      above.size - below.size > 1 ? (below.size + above.size) / 2 : nil
    }
    if !middles.isEmpty { return middles }
    return edges.flatMap { [$0, $1] }.filter { !isConfirmed($0) }.map(\.size)
  }

  private func verdict(_ size: Int) -> SizeTally.Verdict {
    (tallied[size] ?? SizeTally(size: size)).verdict(misses: misses)
  }

  /// Whether a size beside an edge was tried often enough.
  private func isConfirmed(_ tally: SizeTally) -> Bool {
    switch verdict(tally.size) {
    case .undecided: false
    case .passes: tally.sent >= plan.misses
    case .lost: tally.missed >= misses + 2
    case .refused: true
    }
  }
}
