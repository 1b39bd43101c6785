internal import Diagnosis
internal import IKE
package import Measurement
package import PacketDissector

/// What `ipsecdiag replay TARGET` prints: the verdict, what was agreed and told, how the peer behaved, and what is
/// wrong with it.
package struct ReplayPeerText {
  private let result: ReplayMeasurementResult
  private let naming: Naming
  private let options: DiagnosisText.Options
  private var page: Page { options.page }
  private static let column = 16

  package init(
    _ result: ReplayMeasurementResult, _ naming: Naming, _ options: DiagnosisText.Options
  ) {
    self.result = result
    self.naming = naming
    self.options = options
  }

  package func write(to text: inout TextBuffer) {
    text.put(Verdict(result, naming), options)
    if options.isQuiet { return }
    text.put("\n")
    if let child = result.child { measured(child, to: &text) }
    let writer = FindingText(page, naming, start: nil, isVerbose: options.isVerbose)
    for (index, finding) in result.findings.enumerated() {
      if index > 0 || result.child != nil { text.put("\n") }
      writer.write(finding, to: &text)
    }
  }

  private func measured(_ child: ChildSA, to text: inout TextBuffer) {
    let words = ReplayPeerWords(result)
    line(
      "path",
      naming.text(
        "\(result.local) \(page.arrow) \(result.remote), SPI \(spi: child.outboundSPI) there"),
      to: &text)
    if let means = result.means { line("asked by", asked(means), to: &text) }
    line("agreed", words.agreed, to: &text)
    line("peer tells", words.told, to: &text)
    guard let behaviour = result.behaviour else { return }
    line("late packets", words.late(behaviour), to: &text)
    line("repeated", words.repeated(behaviour), to: &text)
    if let bearing = words.bearing(behaviour) { line("that bears", bearing, to: &text) }
    let trip = result.roundTrip.map { ", an answer within \(Nanoseconds($0))" } ?? ""
    line("sent", "\(Verdict.counted(result.packetsSent, "packet"))\(trip)", to: &text)
    if let failure = result.failure { line("ended", failure.reason, to: &text) }
    if result.isInterrupted {
      line("ended", "interrupted; this is what came until then", to: &text)
    }
  }

  private func asked(_ means: InnerMeans) -> String {
    switch means {
    case .espEcho: "ESP echo, which the peer announces (experimental, not in any RFC)"
    case .icmpEcho(let host): naming.text("ICMP echo to \(host) behind the peer")
    }
  }

  private func line(_ label: String, _ words: String, to text: inout TextBuffer) {
    page.line(label, words, column: Self.column, to: &text)
  }
}

/// What the forms of the report have in common.
struct ReplayPeerWords {
  private let result: ReplayMeasurementResult

  init(_ result: ReplayMeasurementResult) { self.result = result }

  /// By the name of RFC 9827.
  var agreed: String {
    guard let numbers = result.child?.suite.sequenceNumbers else { return "nothing" }
    return "\(numbers.name ?? "sequence numbers of a kind unknown")"
      + " (\(numbers.rawValue)\(result.child?.usesESN == true ? ", ESN" : ""))"
  }

  var told: String {
    guard let told = result.told else {
      return "nothing: only an expired draft has a notify for it"
    }
    let follows = told.followsESNUnprotected ? ", can follow ESN without it" : ""
    return "replay protection \(told.isProtected ? "on" : "off")\(follows) (experimental notify)"
  }

  func late(_ behaviour: ReplayBehaviour) -> String {
    let taken =
      behaviour.longestTaken > 0
      ? "taken up to \(Self.grouped(behaviour.longestTaken)) numbers behind the newest"
      : "none was taken"
    switch behaviour.kind {
    case .off, .windowOfAtLeast: return "\(taken), the farthest that was asked"
    case .window(let size): return "\(taken), dropped from \(Self.grouped(size)) on"
    case .odd, .unknown:
      let dropped = behaviour.shortestDropped.map { ", dropped from \(Self.grouped($0)) on" } ?? ""
      let odd =
        behaviour.droppedBefore.isEmpty
        ? ""
        : "; dropped though nearer: "
          + behaviour.droppedBefore.prefix(8).map { Self.grouped($0) }.joined(separator: ", ")
      return taken + dropped + odd
    }
  }

  func repeated(_ behaviour: ReplayBehaviour) -> String {
    let (newest, older) = (behaviour.repeatOfNewest, behaviour.repeatOfOlder)
    if newest == older { return newest.rawValue }
    return "the newest packet \(newest.rawValue), an older one \(older.rawValue)"
  }

  /// What reordering a window bears.
  func bearing(_ behaviour: ReplayBehaviour) -> String? {
    guard case .window(let size) = behaviour.kind, size > 1 else { return nil }
    // So much time does a packet have that is on the way with 10,000 others a second.
    let span = Nanoseconds(Int64(size - 1) * 100_000)
    return
      "packets that \(Self.grouped(size - 1)) others overtake; at 10,000 packets/s, \(span) late"
  }

  static func grouped(_ count: Int) -> String { Quantity.grouped(Int64(count)) }

  /// Why nothing, or not all, could be told.
  var lack: String? {
    if result.isComplete { return nil }
    if result.isInterrupted { return "interrupted" }
    if let failure = result.failure { return failure.reason }
    guard result.means != nil else {
      return
        "no address behind the peer is known to ask: give --inner ADDRESS of a host that answers ping"
    }
    switch result.ending {
    case .silent:
      return
        "nothing was answered: give --inner ADDRESS of a host behind the peer that answers ping"
    case .wentSilent: return "answers ceased; the peer or what is before it may limit them"
    case .exhausted: return "too much is lost on the way to tell within the time"
    case .complete, .stopped, nil: return "not all could be told apart"
    }
  }
}

extension Verdict {
  package init(_ result: ReplayMeasurementResult, _ naming: Naming) {
    let findings = result.findings
    if let worst = findings.max(by: { $0.severity < $1.severity }), worst.severity > .info {
      self.init(
        worst.severity == .critical ? .critical : .warning,
        "\(worst.id.rawValue): \(naming.text(worst.summary))")
      return
    }
    let words = ReplayPeerWords(result)
    let peer = naming.text("\(result.remote)")
    switch result.behaviour?.kind {
    case .window(let size)?:
      self.init(.ok, "\(peer) has a replay window of \(ReplayPeerWords.grouped(size))")
    case .windowOfAtLeast(let size)?:
      self.init(.ok, "\(peer) has a replay window of \(ReplayPeerWords.grouped(size)) or more")
    case .odd? where result.isComplete:
      self.init(.unknown, "\(peer) checks for replays in a way of its own")
    default: self.init(.unknown, words.lack ?? "not known")
    }
  }
}
