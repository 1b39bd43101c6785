internal import Host
internal import IKE

/// Asks again and again whether a peer is there.
package struct LivenessWatch {
  /// From the start of one question to the start of the next.
  package var interval: Duration
  /// How many questions; nil for as many as there is time.
  package var count: Int?
  /// Seen by tests as a time of their own.
  var now: () -> Instant = { Instant.now }

  package init(interval: Duration, count: Int?) {
    self.interval = interval
    self.count = count
  }

  /// Hands over each beat with all that is known then. It ends with the last question, or when `isStopped`
  /// says so, and does not close the prober.
  package func run(
    _ prober: any LivenessProber, isStopped: () -> Bool,
    _ body: (LivenessBeat, LivenessTally, LivenessTally.Change?) -> Void
  ) -> LivenessTally {
    var tally = LivenessTally()
    let start = now()
    var due = start
    while count.map({ tally.beats < $0 }) ?? true, !isStopped() {
      let began = now()
      guard let answer = prober.beat() else { break }
      let beat = LivenessBeat(
        number: tally.beats + 1, at: began - start, took: now() - began, answer)
      let change = tally.add(beat)
      body(beat, tally, change)
      if tally.beats == count || beat.isHopeless(tally.state) { break }
      // A question that took longer than the interval makes the next ones no more frequent.
      due = max(due + interval, now())
      prober.rest(until: due)
    }
    return tally
  }
}

extension LivenessBeat {
  /// The peer answered, and there has never been an SA: asking again would only fill its log.
  fileprivate func isHopeless(_ state: LivenessTally.State) -> Bool {
    guard case .noSA = answer.outcome else { return false }
    return state == .unknown
  }
}
