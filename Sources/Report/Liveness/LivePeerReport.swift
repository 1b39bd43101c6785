internal import Diagnosis
package import Measurement
package import PacketDissector

/// What `ipsecdiag dpd TARGET` prints for people: is the peer there, how fast does it answer, what was lost, and
/// when was it gone.
package struct LivePeerReport {
  private let result: LivenessResult
  private let naming: Naming
  private let options: DiagnosisText.Options
  private var page: Page { options.page }
  private var tally: LivenessTally { result.tally }
  private static let barWidth = 30
  /// Of fewer round trips a histogram shows nothing.
  private static let histogramLeast = 20

  package init(_ result: LivenessResult, _ naming: Naming, _ options: DiagnosisText.Options) {
    self.result = result
    self.naming = naming
    self.options = options
  }

  package func write(to text: inout TextBuffer) {
    let words = LivenessWords(result, naming)
    let word = words.word
    text.put(page.coloured(word.rawValue, word.colour))
    text.put("  ")
    let column = word.rawValue.count + 2
    page.paragraph(words.headline, from: column, indent: column, to: &text)
    if options.isQuiet { return }
    page.fact("asked", words.question, to: &text)
    roundTrips(to: &text)
    page.fact("loss", words.loss, to: &text)
    outages(to: &text)
    let writer = FindingText(page, naming, start: result.started, isVerbose: options.isVerbose)
    for finding in result.findings {
      text.put("\n")
      writer.write(finding, to: &text)
    }
  }

  private func roundTrips(to text: inout TextBuffer) {
    let trips = tally.roundTrips
    guard let least = trips.least, let most = trips.most, let median = trips.median else { return }
    var line = "min \(least.words), median \(median.words), max \(most.words)"
    if let jitter = trips.jitter { line += "; jitter \(jitter.words)" }
    page.fact("round trip", line, to: &text)
    if let p95 = trips.percentile(95) {
      let p99 = trips.percentile(99).map { ", 99 % within \($0.words)" } ?? ""
      page.fact("", "95 % within \(p95.words)\(p99)", to: &text)
    }
    guard trips.count >= Self.histogramLeast || options.isVerbose else { return }
    let buckets = trips.histogram(options.isVerbose ? 20 : 8)
    let highest = buckets.map(\.count).max() ?? 0
    guard buckets.count > 1, highest > 0 else { return }
    for (index, bucket) in buckets.enumerated() {
      let full = (bucket.count * Self.barWidth + highest - 1) / highest
      let label = index == 0 ? "  histogram" : ""
      text.put(label)
      text.spaces(ProbeText.column - label.count)
      text.put("from")
      Self.put(bucket.from.words, width: 9, to: &text)
      Self.put("\(bucket.count)", width: 7, to: &text)
      text.put(" ")
      text.put(String(repeating: page.ascii ? "#" : "\u{2587}", count: full))
      text.put("\n")
    }
  }

  private static func put(_ words: String, width: Int, to text: inout TextBuffer) {
    text.spaces(max(1, width - words.count))
    text.put(words)
  }

  private func outages(to text: inout TextBuffer) {
    guard tally.outageCount > 0 else { return }
    let words = LivenessWords(result, naming)
    let shown = options.isVerbose ? tally.outages[...] : tally.outages.suffix(4)
    for (index, outage) in shown.enumerated() {
      page.fact(index == 0 ? "outages" : "", words.outage(outage), to: &text)
    }
    let rest = tally.outageCount - shown.count
    if rest > 0 { page.fact("", "and \(rest) before these", to: &text) }
  }

  // MARK: While it goes on

  /// A change of state, as a line with its time.
  package static func writeLine(
    _ change: LivenessTally.Change, since start: Timestamp, _ naming: Naming,
    to text: inout TextBuffer
  ) {
    let (moment, words): (Duration, String) =
      switch change {
      case .up(let moment, after: nil): (moment, "up")
      case .up(let moment, after: let outage?):
        (moment, "up again after \((moment - outage.start).words)")
      case .down(let moment, let outage):
        (
          moment,
          "DOWN since \(LivenessWords.time(outage.start, since: start)): "
            + LivenessWords.cause(outage.cause, naming)
        )
      }
    text.put("\(LivenessWords.utc(moment, since: start))Z")
    text.put("  ")
    text.escaped(words)
    text.put("\n")
  }

  /// What a line that is written over says.
  package static func progress(_ tally: LivenessTally) -> String {
    var words = "\(tally.state.rawValue), \(tally.answered) of \(tally.beats) answered"
    if let median = tally.roundTrips.median { words += ", median \(median.words)" }
    if let loss = tally.loss { words += ", loss \(Quantity.decimal(loss * 100, places: 1)) %" }
    return words
  }
}
