internal import Diagnosis
internal import Measurement
internal import PacketDissector

/// What a live check of a peer comes to, in words that all of its reports share.
struct LivenessWords {
  let result: LivenessResult
  let naming: Naming

  init(_ result: LivenessResult, _ naming: Naming) {
    self.result = result
    self.naming = naming
  }

  private var tally: LivenessTally { result.tally }

  var word: Verdict.Word {
    switch result.severity {
    case .critical: .critical
    case .warning: .warning
    case .info: .ok
    case nil: .unknown
    }
  }

  /// "vpn.example.net 192.0.2.1", or the address alone.
  var name: String {
    let address = naming.name(of: result.remote.address).description
    if result.target == result.remote.address.description { return address }
    return naming.redacts
      ? "\(naming.name(ofIdentity: result.target)) \(address)" : "\(result.target) \(address)"
  }

  /// "192.0.2.1 answers: 10 of 10 checks, median 12.1 ms"
  var headline: String {
    let checks = "\(tally.answered) of \(Verdict.counted(tally.beats, "check"))"
    let end = result.isInterrupted ? " (interrupted)" : ""
    switch tally.state {
    case .up:
      let median = tally.roundTrips.median.map { ", median \($0.words)" } ?? ""
      let pending =
        tally.pending > 1 ? "; the last \(tally.pending) requests are unanswered" : ""
      return "\(name) answers: \(checks)\(median)\(pending)\(end)"
    case .down: return "\(name) is down: \(checks) answered, \(down)\(end)"
    case .unknown where tally.sent > 0:
      if case .noSA(let why)? = tally.silenceCause { return "no SA with \(name): \(why)" }
      return "\(name) does not answer: \(checks)\(end)"
    case .unknown:
      let why = tally.localFault.map { ": \($0)" } ?? ""
      return "\(name) could not be asked\(naming.redacts ? "" : why)\(end)"
    }
  }

  private var down: String {
    guard let outage = tally.outages.last else { return "the last one not" }
    return "none since \(time(outage.start))"
  }

  /// "empty INFORMATIONAL in an IKE SA on UDP 4500, every 1.0 s for 9.1 s"
  var question: String {
    let what =
      switch result.method {
      case .initRequest: "IKE_SA_INIT, no SA is set up"
      case .informational: "empty INFORMATIONAL in an IKE SA of our own"
      case .areYouThere: "R-U-THERE in an IKEv1 phase 1 of our own"
      }
    return "\(what); UDP \(result.remote.port), every \(result.interval.words)"
      + " for \(result.duration.words)"
  }

  var loss: String {
    guard tally.sent > 0 else { return "no request was sent" }
    let share = Quantity.percent(
      UInt64(max(0, tally.lost)), of: UInt64(max(0, tally.sent)))
    let during = tally.outageCount > 0 ? " while it was up" : ""
    return "\(tally.lost) of \(Verdict.counted(tally.sent, "request"))\(during) (\(share))"
  }

  func outage(_ outage: LivenessTally.Outage) -> String {
    var words = "down at \(time(outage.start))"
    if let end = outage.end {
      words += ", up again after \((end - outage.start).words)"
    } else {
      words += " and since then"
    }
    return "\(words): \(Self.cause(outage.cause, naming))"
  }

  static func cause(_ cause: LivenessTally.Cause, _ naming: Naming) -> String {
    switch cause {
    case .silence: "no answer"
    case .refused(let reason, let by):
      by.map { "ICMP from \(naming.name(of: $0)): \(reason)" } ?? reason
    case .deleted: "the peer deleted the SA"
    case .unknownSA: "the peer does not know the SA (INVALID_IKE_SPI)"
    case .noSA(let why): why
    }
  }

  /// "14:44:29.310 UTC"
  func time(_ moment: Duration) -> String { Self.time(moment, since: result.started) }

  static func time(_ moment: Duration, since start: Timestamp) -> String {
    "\(Self.utc(moment, since: start).dropFirst(11)) UTC"
  }

  /// "2026-11-23T14:44:29.310": a moment of a run, in UTC.
  static func utc(_ moment: Duration, since start: Timestamp) -> String {
    var text = TextBuffer(capacity: 40)
    var style = TimeText(style: .utc)
    style.write(
      Timestamp(nanoseconds: start.nanoseconds &+ Nanoseconds(moment).count), to: &text)
    return String(text.string.prefix(23))
  }
}
