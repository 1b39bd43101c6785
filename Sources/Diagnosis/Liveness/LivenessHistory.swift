package import PacketDissector

/// How one side of an IKE SA checked whether the other lives, as far as a capture shows it.
///
/// IKEv2 checks with an empty INFORMATIONAL request (RFC 7296, section 2.4); IKEv1 with R-U-THERE
/// (RFC 3706), which is encrypted and takes keys to be seen.
package struct LivenessHistory: Sendable {
  package let session: IKESession
  package let byInitiator: Bool
  /// Checks that were answered.
  package let answered: UInt64
  /// Checks that were not; one that left too late for an answer to be in the capture is none.
  package let unanswered: UInt64
  /// From one answered check to the next: the median, and the shortest, which traffic in between did not
  /// put off.
  package let interval: Nanoseconds?
  package let shortestInterval: Nanoseconds?
  package let medianRoundTrip: Nanoseconds?
  package let lastAnswer: FrameReference?
  /// The last request of this side, where nothing answered it.
  package let silence: Silence?

  /// A request that was sent again and again.
  package struct Silence: Sendable {
    package let first: FrameReference
    package let last: FrameReference
    package let transmissions: Int
    /// The last IKE message or ESP packet from the other side before it; nil where ESP kept coming.
    package let lastSign: FrameReference?
    /// ESP packets that came from the other side between the first transmission and the last.
    package let espMeanwhile: UInt64
    /// From its first transmission until the sender gave up by its schedule, or as far as the capture
    /// goes.
    package let waited: Nanoseconds
    /// Whether it is the capture's end that the waiting was seen until.
    package let isCutByEnd: Bool
    package let schedule: ScheduleMatch?
  }

  package var checks: UInt64 { answered &+ unanswered }

  /// The address that checks, and the one that is checked.
  package var ends: (asking: IPAddress, asked: IPAddress) {
    byInitiator
      ? (session.latestInitiator.address, session.latestResponder.address)
      : (session.latestResponder.address, session.latestInitiator.address)
  }

  /// Both sides of every IKE SA that got beyond its first exchange.
  package static func all(in evidence: CaptureEvidence) -> [LivenessHistory] {
    evidence.sessions.sessions.filter { $0.isEstablished || !$0.isSeenFromItsStart }
      .flatMap { session in
        [true, false].map { LivenessHistory(session, byInitiator: $0, evidence) }
      }
  }

  init(_ session: IKESession, byInitiator: Bool, _ evidence: CaptureEvidence) {
    self.session = session
    self.byInitiator = byInitiator
    let open = Self.open(session, byInitiator, until: evidence.quality.end)
    if session.majorVersion == 1 {
      let checks = Self.ikev1Checks(session, byInitiator)
      answered = UInt64(checks.count { $0.acknowledged != nil })
      unanswered = UInt64(checks.count { $0.acknowledged == nil })
      let intervals = zip(checks, checks.dropFirst()).map {
        Nanoseconds(from: $0.asked.time, to: $1.asked.time)
      }
      interval = Self.median(intervals)
      shortestInterval = intervals.min()
      medianRoundTrip = Self.median(
        checks.compactMap { check in
          check.acknowledged.map { Nanoseconds(from: check.asked.time, to: $0.time) }
        })
      lastAnswer = checks.compactMap(\.acknowledged).last
    } else {
      let record = byInitiator ? session.initiatorLiveness : session.responderLiveness
      answered = record.answeredCount
      unanswered = UInt64(open.count { $0.content.isEmpty })
      interval = record.medianInterval
      shortestInterval = record.intervals.min()
      medianRoundTrip = record.medianRoundTrip
      lastAnswer = record.lastAnswered
    }
    silence = open.last.flatMap { request in
      Self.isLast(request, session, byInitiator) ? Self.silence(request, evidence) : nil
    }
  }

  private static func median(_ values: [Nanoseconds]) -> Nanoseconds? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
  }

  // MARK: IKEv2

  /// Requests of that side without an answer, but for one that the capture's end cut short.
  private static func open(
    _ session: IKESession, _ byInitiator: Bool, until end: Timestamp
  ) -> [IKEMessageTrack] {
    guard session.majorVersion == 2 else { return [] }
    return session.exchanges.compactMap { exchange in
      guard exchange.isInitiators == byInitiator, !exchange.isAnswered,
        let request = exchange.request,
        request.count > 1 || Nanoseconds(from: request.first.frame.time, to: end).seconds >= 1
      else { return nil }
      return request
    }
  }

  private static func isLast(
    _ request: IKEMessageTrack, _ session: IKESession, _ byInitiator: Bool
  ) -> Bool {
    session.exchanges.last { $0.isInitiators == byInitiator }?.request?.first.frame
      == request.first.frame
  }

  private static func silence(_ request: IKEMessageTrack, _ evidence: CaptureEvidence) -> Silence {
    let first = request.first
    let espMeanwhile = request.last.espFromPeer &- min(request.last.espFromPeer, first.espFromPeer)
    let waited = request.waited(until: evidence.quality.end)
    let seen = Nanoseconds(from: first.frame.time, to: evidence.quality.end)
    return Silence(
      first: first.frame, last: request.last.frame, transmissions: request.count,
      lastSign: espMeanwhile > 0
        ? nil
        : lastSign(
          of: first.destination.address, to: first.source.address, before: first.frame, evidence),
      espMeanwhile: espMeanwhile,
      waited: waited, isCutByEnd: waited >= seen, schedule: request.schedule)
  }

  /// Of ESP the last packet of a flow is known, so one that went on is no sign before that moment.
  private static func lastSign(
    of peer: IPAddress, to asker: IPAddress, before frame: FrameReference,
    _ evidence: CaptureEvidence
  ) -> FrameReference? {
    let messages = evidence.sessions.sessions.filter { $0.involves(peer, asker) }
      .flatMap(\.exchanges).flatMap { [$0.request, $0.response].compactMap { $0 } }
      .flatMap(\.transmissions).filter { $0.source.address == peer }.map(\.frame)
    let packets = evidence.flows.flows.filter { $0.source == peer && $0.destination == asker }
      .map(\.last)
    return (messages + packets).filter { $0.time < frame.time }.max { $0.time < $1.time }
  }

  // MARK: IKEv1

  private struct IKEv1Check {
    let asked: FrameReference
    let number: UInt64?
    var acknowledged: FrameReference?
  }

  private static func ikev1Checks(_ session: IKESession, _ byInitiator: Bool) -> [IKEv1Check] {
    var checks: [IKEv1Check] = []
    for exchange in session.exchanges
    where exchange.type == IKEv1ExchangeType.informational.rawValue {
      guard let message = exchange.request else { continue }
      for notify in message.content.notifies {
        if notify.type == IKEv1NotifyType.rUThere.rawValue, exchange.isInitiators == byInitiator {
          checks.append(IKEv1Check(asked: message.first.frame, number: notify.number))
        } else if notify.type == IKEv1NotifyType.rUThereAck.rawValue,
          exchange.isInitiators != byInitiator,
          let place = checks.lastIndex(where: {
            $0.number == notify.number && $0.acknowledged == nil
          })
        {
          checks[place].acknowledged = message.first.frame
        }
      }
    }
    return checks
  }

  /// Whether checks of IKEv1 may be in the capture that no key opened.
  package var isHidden: Bool {
    session.majorVersion == 1
      && session.exchanges.contains {
        $0.type == IKEv1ExchangeType.informational.rawValue
          && $0.request?.content.isOpened == false
      }
  }
}
