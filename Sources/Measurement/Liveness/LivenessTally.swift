internal import Glibc
package import PacketDissector

/// What became of all questions so far: how long answers took, what was lost, and when the peer was up.
///
/// A peer counts as down when loss as it was before does not explain its silence: at a loss of p, so many
/// transmissions in a row stay unanswered by chance in less than one case of a thousand. Three are the
/// fewest. Losses are taken for independent of each other, which a burst is not. A check that ends its SA is a
/// death whatever was lost before.
package struct LivenessTally: Sendable {
  package enum State: String, Sendable {
    /// It has not answered yet.
    case unknown
    case up
    case down
  }

  /// A time without answers.
  package struct Outage: Sendable {
    /// The first question without an answer, since the start.
    package var start: Duration
    /// The first answer behind it; nil where there was none.
    package var end: Duration?
    /// Requests without an answer.
    package var sent: Int
    package var cause: Cause
  }

  package enum Cause: Sendable {
    case silence
    case refused(reason: String, by: IPAddress?)
    case deleted
    case unknownSA
    case noSA(String)
  }

  /// What became of the state, and when that was known, since the start.
  package enum Change: Sendable {
    case up(Duration, after: Outage?)
    case down(Duration, Outage)
  }

  /// Outages of which the times are kept; more are counted.
  package static let outageLimit = 256
  /// How likely loss alone may be to be taken for a death.
  static let chance = 0.001
  static let fewest = 3
  static let most = 40

  package private(set) var state = State.unknown
  package private(set) var beats = 0
  package private(set) var answered = 0
  /// Requests while the peer was up, and those among them without an answer.
  package private(set) var sent = 0
  package private(set) var lost = 0
  package private(set) var roundTrips = BeatTimes()
  /// The latest ones; the last has no end while the peer is down.
  package private(set) var outages: [Outage] = []
  package private(set) var outageCount = 0
  package private(set) var lastAnswer: Duration?
  /// Why this host could not ask, the last time.
  package private(set) var localFault: String?
  /// Questions in a row without an answer.
  private var silence: Outage?

  package init() {}

  /// Requests that are lost among those sent while the peer was up; nil before there were any.
  package var loss: Double? { sent > 0 ? Double(lost) / Double(sent) : nil }

  /// Requests in a row without an answer that mean more than loss.
  package var patience: Int {
    let pending = silence?.sent ?? 0
    let share = Double(lost - pending + 1) / Double(sent - pending + 2)
    let needed = log(Self.chance) / log(min(share, 0.95))
    return min(Self.most, max(Self.fewest, Int(needed.rounded(.up))))
  }

  /// Takes a beat, and says whether the peer's state changed by it.
  package mutating func add(_ beat: LivenessBeat) -> Change? {
    beats += 1
    switch beat.answer.outcome {
    case .answered(let roundTrip):
      if let roundTrip { roundTrips.add(roundTrip) }
      return noteAnswer(beat)
    case .silent: return noteSilence(beat, .silence)
    case .refused(let reason, let by):
      return noteSilence(beat, .refused(reason: reason, by: by))
    case .deleted: return noteEnd(beat, .deleted)
    case .unknownSA: return noteEnd(beat, .unknownSA)
    case .noSA(let why): return noteEnd(beat, .noSA(why))
    case .local(let why):
      localFault = why
      return nil
    }
  }

  private mutating func noteAnswer(_ beat: LivenessBeat) -> Change? {
    answered += 1
    sent += beat.answer.sent
    lost += max(0, beat.answer.sent - beat.answer.answered)
    let known = beat.at + beat.took
    lastAnswer = known
    silence = nil
    defer { state = .up }
    switch state {
    case .up: return nil
    case .unknown: return .up(known, after: nil)
    case .down:
      guard var outage = outages.popLast() else { return .up(known, after: nil) }
      outage.end = known
      outages.append(outage)
      return .up(known, after: outage)
    }
  }

  private mutating func noteSilence(_ beat: LivenessBeat, _ cause: Cause) -> Change? {
    switch state {
    case .down:
      outages[outages.count - 1].sent += beat.answer.sent
      return nil
    case .unknown, .up:
      sent += beat.answer.sent
      lost += beat.answer.sent
      var run = silence ?? Outage(start: beat.at, end: nil, sent: 0, cause: cause)
      run.sent += beat.answer.sent
      run.cause = cause
      silence = run
      guard state == .up, beat.answer.endsSA || run.sent >= patience else { return nil }
      sent -= run.sent
      lost -= run.sent
      return end(run, known: beat.at + beat.took)
    }
  }

  /// The peer itself said that there is no SA.
  private mutating func noteEnd(_ beat: LivenessBeat, _ cause: Cause) -> Change? {
    if state == .unknown { return noteSilence(beat, cause) }
    guard state != .down else {
      outages[outages.count - 1].cause = cause
      return nil
    }
    return end(
      Outage(start: beat.at, end: nil, sent: beat.answer.sent, cause: cause),
      known: beat.at + beat.took)
  }

  private mutating func end(_ outage: Outage, known: Duration) -> Change {
    silence = nil
    state = .down
    outageCount += 1
    if outages.count == Self.outageLimit { outages.removeFirst() }
    outages.append(outage)
    return .down(known, outage)
  }

  /// Requests in a row that are unanswered now, while the peer does not count as down.
  package var pending: Int { silence?.sent ?? 0 }

  /// What the silence that goes on now looks like; nil while there is none.
  package var silenceCause: Cause? { state == .down ? outages.last?.cause : silence?.cause }
}
