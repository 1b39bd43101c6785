package import IKE

/// Finds out how a peer's anti-replay protection behaves: how late a packet may come, and whether one that came
/// before is taken again.
///
/// No I/O and no clock: whoever drives it seals and sends what ``step(at:)`` asks for, and tells which echoes
/// were answered. It goes in rounds. Some packets are sealed and kept; a control with a higher number is sent,
/// and its answer proves that the peer's highest number is that one. Then the kept packets go out, each late by
/// as much as the control is ahead, and the control once more. An answer proves that a packet was taken; silence
/// counts only if the control of the next round is answered, and then only after several misses, more of them
/// the more is lost of what is known to be taken. Numbers are never used again.
package struct WindowSearch: Sendable {
  package struct Plan: Equatable, Sendable {
    /// How late packets are at first, in sequence numbers; the largest is what "off" is told by.
    package var rungs = Self.usualRungs
    /// Packets that must be missed before they count as dropped; more where the path loses at random.
    package var misses = 3
    package var gap = Duration.milliseconds(3)
    /// How long to wait for answers before any has come.
    package var patience = Duration.seconds(1)
    /// What a round waits for answers at least.
    package var shortestWait = Duration.milliseconds(100)
    package var timeLimit = Duration.seconds(40)
    package var packetLimit = 600
    /// The numbers that may be used.
    package var numbers: ClosedRange<UInt64>

    /// Both sides of the edges of usual windows.
    package static let usualRungs =
      [1, 8, 15, 16] + (5...12).flatMap { [1 << $0 - 1, 1 << $0] } + [8192, 16_384, 32_768]
      + [65_535, 65_536]

    package init(numbers: ClosedRange<UInt64>) {
      self.numbers = numbers
    }
  }

  package struct Packet: Equatable, Sendable {
    /// Of the echo inside; never used for two packets.
    package let id: Int
    /// The ESP sequence number.
    package let number: UInt64
  }

  package enum Step: Equatable, Sendable {
    /// Seal it now, for sending it later.
    case keep(Packet)
    /// Send it: what was kept or sent before as it is, else sealed now.
    case send(Packet)
    /// Nothing to do until this moment, or until an answer comes.
    case wait(Instant)
    case done
  }

  /// How a search ended.
  package enum Ending: Equatable, Sendable {
    case complete
    /// Not a single packet was ever answered.
    case silent
    /// Answers came, and then none any more.
    case wentSilent
    /// Time, packets or numbers were used up before every answer was sure.
    case exhausted
    /// Who drives the search stopped it.
    case stopped
  }

  /// What a packet is in its round.
  private enum Role: Equatable, Sendable {
    /// Its answer proves that the peer's highest number is this one.
    case control
    /// Sent with the control, a few numbers before it, so that an older packet can be repeated as well.
    case companion
    case late(Int)

    /// What it asks when it goes out once more.
    var repetition: WindowQuestion { self == .companion ? .repeatOfOlder : .repeatOfNewest }
  }

  private struct SentPacket: Sendable {
    let packet: Packet
    let role: Role
    /// When it was sent last; nil while it is kept.
    var at: Instant?
    var timesSent = 0
    /// The ESP sequence numbers of the first two different replies.
    var replies: [UInt64] = []
  }

  private enum Phase: Sendable {
    case controls, late
  }

  package let plan: Plan
  package private(set) var ending: Ending?
  package private(set) var tallies: WindowTallies
  /// From a packet to its answer: the longest that did not come late.
  package private(set) var roundTrip: Duration?
  package private(set) var packetsSent = 0
  private var packets: [SentPacket] = []
  private var round = 0
  private var phase = Phase.controls
  private var queue: ArraySlice<Step> = []
  /// Packets of the round under way, by their places in ``packets``.
  private var kept: [Int] = []
  private var controls: [Int] = []
  /// Those whose answers the phase under way awaits, and how many replies each then has.
  private var awaited: [(id: Int, replies: Int)] = []
  /// Questions of the round before that nothing answered, until the control tells whether that counts.
  private var unconfirmed: [WindowQuestion] = []
  private var nextNumber: UInt64
  private var voidRounds = 0
  private var gap: Duration
  private var startedAt: Instant?
  private var nextSend = Instant(nanoseconds: 0)
  private var lastSent = Instant(nanoseconds: 0)

  private static let openingLimit = 4
  private static let voidLimit = 6
  private static let longestGap = Duration.milliseconds(100)
  private static let companionDistance = 5

  package init(_ plan: Plan) {
    self.plan = plan
    tallies = WindowTallies(rungs: plan.rungs, misses: plan.misses)
    gap = plan.gap
    nextNumber = max(1, plan.numbers.lowerBound)
  }

  // MARK: Driving

  package mutating func step(at now: Instant) -> Step {
    if startedAt == nil {
      startedAt = now
      nextSend = now
      beginRound(at: now)
    }
    while ending == nil {
      if let next = queue.first {
        if case .send = next, now < nextSend { return .wait(nextSend) }
        queue = queue.dropFirst()
        if case .send(let packet) = next { note(sent: packet.id, at: now) }
        return next
      }
      let end = lastSent + wait
      guard now >= end || awaited.allSatisfy(isAnswered) else { return .wait(end) }
      switch phase {
      case .controls: judgeControls(at: now)
      case .late: judgeLate(at: now)
      }
    }
    return .done
  }

  /// The echo of a packet was answered, however late, by the ESP packet of this number. A reply that the path
  /// has doubled has the number of the first.
  package mutating func answered(_ id: Int, by reply: UInt64, at now: Instant) {
    guard packets.indices.contains(id), let sentAt = packets[id].at,
      packets[id].replies.count < 2, !packets[id].replies.contains(reply)
    else { return }
    packets[id].replies.append(reply)
    if packets[id].replies.count == 2 {
      if packets[id].timesSent == 1 { tallies.noteDoubledReply() }
      return tallies.answered(packets[id].role.repetition)
    }
    if case .late(let distance) = packets[id].role { tallies.answered(.late(distance)) }
    // Answers to packets of rounds before came late.
    if packets[id].timesSent == 1, awaited.contains(where: { $0.id == id }) {
      roundTrip = max(roundTrip ?? .zero, now - sentAt)
    }
  }

  /// Ends the search with what it has.
  package mutating func stop() {
    if ending == nil { ending = .stopped }
  }

  private mutating func note(sent id: Int, at now: Instant) {
    packets[id].at = now
    packets[id].timesSent += 1
    packetsSent += 1
    let role = packets[id].role
    if packets[id].timesSent > 1 {
      tallies.asked(role.repetition)
    } else if case .late(let distance) = role {
      tallies.asked(.late(distance))
    }
    awaited.append((id, packets[id].timesSent))
    lastSent = now
    nextSend = now + gap
  }

  private var wait: Duration {
    guard let roundTrip else { return plan.patience }
    return min(max(roundTrip * 2, plan.shortestWait), max(plan.patience, plan.shortestWait))
  }

  private func isAnswered(_ wanted: (id: Int, replies: Int)) -> Bool {
    packets[wanted.id].replies.count >= wanted.replies
  }

  // MARK: Rounds

  private mutating func beginRound(at now: Instant) {
    let distances = tallies.distancesToAsk
    let isOver = distances.isEmpty && tallies.repetitionsToAsk.isEmpty
    guard !isOver || !unconfirmed.isEmpty else {
      ending = .complete
      return
    }
    let reach = UInt64(max(distances.max() ?? 0, Self.companionDistance))
    let top = nextNumber &+ reach
    guard top > nextNumber, top < plan.numbers.upperBound, packetsSent < plan.packetLimit,
      startedAt.map({ now - $0 < plan.timeLimit }) ?? true
    else {
      ending = .exhausted
      return
    }
    round += 1
    phase = .controls
    awaited = []
    seal(distances, top)
    nextNumber = top + 1
  }

  /// Has the packets of a round made, in the order of their numbers, and its controls sent.
  private mutating func seal(_ distances: [Int], _ top: UInt64) {
    var roles = distances.map(Role.late)
    // Where the place is taken, this round has none.
    if !distances.contains(Self.companionDistance) { roles.append(.companion) }
    func number(_ role: Role) -> UInt64 {
      switch role {
      case .control: top
      case .companion: top - UInt64(Self.companionDistance)
      case .late(let distance): top - UInt64(distance)
      }
    }
    roles.sort { number($0) < number($1) }
    kept = []
    controls = []
    var steps: [Step] = []
    for role in roles + [.control] {
      let packet = Packet(id: packets.count, number: number(role))
      packets.append(SentPacket(packet: packet, role: role))
      if case .late = role { kept.append(packet.id) } else { controls.append(packet.id) }
      if role != .control { steps.append(.keep(packet)) }
    }
    queue = (steps + controls.map { .send(packets[$0].packet) })[...]
  }

  private mutating func judgeControls(at now: Instant) {
    let hasOpened = packets.contains { !$0.replies.isEmpty }
    if hasOpened {
      tallies.noteControls(sent: controls.count, answered: controls.count { hasAnswer($0) })
    }
    guard let control = controls.last, hasAnswer(control) else {
      // The round before may have been lost as this one was.
      unconfirmed = []
      voidRounds += 1
      gap = min(gap * 2, Self.longestGap)
      if voidRounds >= (hasOpened ? Self.voidLimit : Self.openingLimit) {
        ending = hasOpened ? .wentSilent : .silent
      } else {
        beginRound(at: now)
      }
      return
    }
    voidRounds = 0
    gap = max(gap * 0.75, plan.gap)
    for question in unconfirmed { tallies.missed(question) }
    unconfirmed = []
    sendLate(at: now)
  }

  private func hasAnswer(_ id: Int) -> Bool { !packets[id].replies.isEmpty }

  /// What was kept goes out, the last first, with controls once more between. Who is first differs from round to
  /// round, so that a limit on answers does not always hit the same.
  private mutating func sendLate(at now: Instant) {
    let repetitions = tallies.repetitionsToAsk
    var late = Array(kept.reversed())
    late += controls.filter { hasAnswer($0) && repetitions.contains(packets[$0].role.repetition) }
    guard !late.isEmpty else { return beginRound(at: now) }
    let first = round * 7 % late.count
    phase = .late
    awaited = []
    queue = (late[first...] + late[..<first]).map { .send(packets[$0].packet) }[...]
  }

  private mutating func judgeLate(at now: Instant) {
    for wanted in awaited where !isAnswered(wanted) {
      switch packets[wanted.id].role {
      case .late(let distance): unconfirmed.append(.late(distance))
      case let role: unconfirmed.append(role.repetition)
      }
    }
    beginRound(at: now)
  }
}
