internal import IKE
internal import PacketDissector

/// Times what peers do while this side is silent: how often each repeats its request, and when it gives up.
struct SilenceWatch {
  private struct Wait {
    let lastAnswer: Instant?
    let messageID: UInt32
    var transmissions: [Instant]
    var newest: Instant
    /// When it is taken to have given up, unless something comes before.
    var overdue: Instant
  }

  /// What one request was.
  struct Transmission: Equatable {
    let number: Int
    let gap: Duration?
  }

  let since: Instant
  private var waits: [Int: Wait] = [:]

  private static let transmissionLimit = 64
  /// Datagrams closer than this are fragments of one message.
  private static let oneMessage = Duration.milliseconds(50)
  /// How long a request that came once or twice may take to come again: longer than known daemons do.
  private static let patience = Duration.seconds(60)

  init(since: Instant) {
    self.since = since
  }

  var deadline: Instant? { waits.values.map(\.overdue).min() }

  /// Takes a request of a session's; nil for a fragment, and for another request than the first.
  mutating func note(
    messageID: UInt32, of session: Int, lastAnswer: Instant?, at now: Instant
  ) -> Transmission? {
    guard var wait = waits[session] else {
      waits[session] = Wait(
        lastAnswer: lastAnswer, messageID: messageID, transmissions: [now], newest: now,
        overdue: now + Self.patience)
      return Transmission(number: 1, gap: nil)
    }
    let gap = now - wait.newest
    guard wait.messageID == messageID, gap >= Self.oneMessage,
      wait.transmissions.count < Self.transmissionLimit
    else { return nil }
    wait.transmissions.append(now)
    wait.newest = now
    let next = Self.detection(since, wait, .schedule).flatMap { $0.gaveUp }
    // Twice the wait, and two seconds at least: what doubles only from the second gap on is no giving up.
    wait.overdue = next.map { $0 + max($0 - now, .seconds(2)) } ?? now + Self.patience
    waits[session] = wait
    return Transmission(number: wait.transmissions.count, gap: gap)
  }

  /// The session began anew: it has given up.
  mutating func noteNewInit(of session: Int, at now: Instant) -> SilenceDetection? {
    waits.removeValue(forKey: session).map { wait in
      SilenceDetection(
        silentSince: since, lastAnswer: wait.lastAnswer, transmissions: wait.transmissions,
        evidence: .newInit, gaveUp: now)
    }
  }

  /// Those from which nothing came when it was due.
  mutating func takeOverdue(at now: Instant) -> [(session: Int, detection: SilenceDetection)] {
    let gone = waits.filter { $0.value.overdue <= now }.sorted { $0.key < $1.key }
    for (session, _) in gone { waits[session] = nil }
    return gone.map { session, wait in
      (session, Self.detection(since, wait, .schedule) ?? Self.unknown(since, wait))
    }
  }

  private static func detection(
    _ since: Instant, _ wait: Wait, _ evidence: SilenceDetection.Evidence
  ) -> SilenceDetection? {
    let seen = unknown(since, wait)
    guard let gap = SilenceDetection.nextGap(after: seen.gaps) else { return nil }
    return SilenceDetection(
      silentSince: since, lastAnswer: wait.lastAnswer, transmissions: wait.transmissions,
      evidence: evidence, gaveUp: wait.newest + .seconds(gap))
  }

  private static func unknown(_ since: Instant, _ wait: Wait) -> SilenceDetection {
    SilenceDetection(
      silentSince: since, lastAnswer: wait.lastAnswer, transmissions: wait.transmissions,
      evidence: .none, gaveUp: nil)
  }
}
