internal import Diagnosis
package import Measurement
package import PacketDissector

/// What `ipsecdiag dpd TARGET --json` and `--ndjson` print. Schemas/dpd-1.schema.json describes both.
package struct LivenessJSON {
  private let naming: Naming
  private let toolVersion: String
  private static let buckets = 20

  package init(_ naming: Naming, toolVersion: String) {
    self.naming = naming
    self.toolVersion = toolVersion
  }

  /// The whole run: one document, or the last line of many.
  package func write(_ result: LivenessResult, to text: inout TextBuffer) {
    let tally = result.tally
    begin(result.started, to: &text)
    text.put(",\"target\":")
    text.json(naming.redacts ? naming.name(ofIdentity: result.target) : result.target)
    text.put(",\"address\":")
    text.json(result.remote.address, naming)
    text.put(",\"port\":")
    text.decimal(result.remote.port)
    text.put(",\"method\":")
    text.json(result.method.rawValue)
    text.put(",\"state\":")
    text.json(tally.state.rawValue)
    text.put(",\"reason\":")
    if let cause = tally.silenceCause, !naming.redacts {
      text.json(LivenessWords.cause(cause, naming))
    } else {
      text.put("null")
    }
    text.put(",\"verdict\":")
    text.json(LivenessWords(result, naming).word.rawValue)
    text.member("duration_s", seconds: Nanoseconds(result.duration))
    text.member("interval_s", seconds: Nanoseconds(result.interval))
    text.put(",\"interrupted\":")
    text.json(result.isInterrupted)
    text.member("checks", UInt64(clamping: tally.beats))
    text.member("checks_answered", UInt64(clamping: tally.answered))
    text.member("requests_while_up", UInt64(clamping: tally.sent))
    text.member("lost_while_up", UInt64(clamping: tally.lost))
    text.member("loss_percent", tally.loss.map { $0 * 100 }, places: 3)
    roundTrips(tally.roundTrips, to: &text)
    text.put(",\"outage_count\":")
    text.decimal(tally.outageCount)
    text.put(",\"outages\":")
    text.list(tally.outages) { outage($1, since: result.started, to: &$0) }
    text.put(",\"findings\":")
    text.list(result.findings) { $0.json($1, naming) }
    text.put("}\n")
  }

  /// One question, as a line.
  package func writeLine(
    _ beat: LivenessBeat, _ state: LivenessTally.State, since start: Timestamp,
    to text: inout TextBuffer
  ) {
    begin(moment(beat.at, since: start), to: &text)
    text.put(",\"beat\":{\"number\":")
    text.decimal(beat.number)
    text.put(",\"outcome\":")
    text.json(Self.name(of: beat.answer.outcome))
    var roundTrip: Duration?
    if case .answered(let time) = beat.answer.outcome { roundTrip = time }
    text.member("rtt_ms", milliseconds: roundTrip.map { Nanoseconds($0) })
    text.member("requests", UInt64(clamping: beat.answer.sent))
    text.put(",\"state\":")
    text.json(state.rawValue)
    text.put("}}\n")
  }

  private func begin(_ time: Timestamp, to text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.dpd/1\",\"tool_version\":")
    text.json(toolVersion)
    text.put(",\"ts\":\"")
    var style = TimeText(style: .utc)
    style.write(time, to: &text)
    text.put("\"")
  }

  private func moment(_ time: Duration, since start: Timestamp) -> Timestamp {
    Timestamp(nanoseconds: start.nanoseconds &+ Nanoseconds(time).count)
  }

  private func roundTrips(_ trips: BeatTimes, to text: inout TextBuffer) {
    func member(_ name: StaticString, _ time: Duration?) {
      text.member(name, milliseconds: time.map { Nanoseconds($0) })
    }
    member("rtt_min_ms", trips.least)
    member("rtt_median_ms", trips.median)
    member("rtt_p95_ms", trips.percentile(95))
    member("rtt_p99_ms", trips.percentile(99))
    member("rtt_max_ms", trips.most)
    member("jitter_ms", trips.jitter)
    text.put(",\"histogram\":")
    text.list(trips.histogram(Self.buckets)) { text, bucket in
      text.put("{\"count\":")
      text.decimal(bucket.count)
      text.member("from_ms", milliseconds: Nanoseconds(bucket.from))
      text.member("to_ms", milliseconds: Nanoseconds(bucket.to))
      text.put("}")
    }
  }

  private func outage(
    _ outage: LivenessTally.Outage, since start: Timestamp, to text: inout TextBuffer
  ) {
    var style = TimeText(style: .utc)
    text.put("{\"from\":\"")
    style.write(moment(outage.start, since: start), to: &text)
    text.put("\",\"to\":")
    if let end = outage.end {
      text.put("\"")
      style.write(moment(end, since: start), to: &text)
      text.put("\"")
    } else {
      text.put("null")
    }
    text.member(
      "duration_s",
      seconds: outage.end.map { Nanoseconds($0 - outage.start) })
    text.member("requests", UInt64(clamping: outage.sent))
    text.put(",\"cause\":")
    text.json(Self.name(of: outage.cause))
    text.put("}")
  }

  private static func name(of outcome: LivenessBeat.Outcome) -> String {
    switch outcome {
    case .answered: "answered"
    case .silent: "silent"
    case .refused: "refused"
    case .deleted: "deleted"
    case .unknownSA: "unknown_sa"
    case .noSA: "no_sa"
    case .local: "not_sent"
    }
  }

  private static func name(of cause: LivenessTally.Cause) -> String {
    switch cause {
    case .silence: "silence"
    case .refused: "refused"
    case .deleted: "deleted"
    case .unknownSA: "unknown_sa"
    case .noSA: "no_sa"
    }
  }
}
