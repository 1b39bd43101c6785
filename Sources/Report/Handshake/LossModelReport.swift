internal import Diagnosis
internal import IKE
package import Measurement
package import PacketDissector

/// What `ipsecdiag handshake --loss-model` prints: how long handshakes take on a path, one proposal beside the
/// other. Schemas/handshake-model-1.schema.json describes the JSON.
package struct LossModelReport {
  private let model: LossModel
  private let results: [LossModel.Result]
  private let isInterrupted: Bool
  private var policy: RetransmissionPolicy { model.initiator.retransmission }

  /// The results are in the order of the proposals, and there is at least one.
  package init(_ model: LossModel, _ results: [LossModel.Result], isInterrupted: Bool) {
    self.model = model
    self.results = results
    self.isInterrupted = isInterrupted
  }

  static func name(of proposal: Proposal) -> String {
    ProposalNotation.strongSwan(proposal) ?? ProposalNotation.readable(proposal)
  }

  private static func letter(_ index: Int) -> String {
    String(UnicodeScalar(UInt8(ascii: "A") + UInt8(truncatingIfNeeded: index % 26)))
  }

  // MARK: Text

  package func writeText(_ options: DiagnosisText.Options, to text: inout TextBuffer) {
    let page = options.page
    text.put(page.coloured(isInterrupted ? "UNKNOWN" : "OK", isInterrupted ? .yellow : .green))
    text.put("  ")
    if options.isQuiet {
      text.put(phrase)
      return text.put("\n")
    }
    page.paragraph(phrase, from: isInterrupted ? 9 : 4, indent: 4, to: &text)
    row("path", pathWords, page, to: &text)
    row("sent again", scheduleWords, page, to: &text)
    row("computing", computingWords, page, to: &text)
    row(
      "runs", "\(Verdict.counted(results.first?.runs ?? 0, "run")) each, seed \(model.seed)", page,
      to: &text)
    text.put("\n")
    for (index, result) in results.enumerated() {
      row(Self.letter(index), Self.name(of: result.proposal), page, to: &text)
    }
    text.put("\n")
    times(to: &text)
    text.put("\n")
    sizes(to: &text)
    for (index, result) in results.enumerated() {
      text.put("\n  \(Self.letter(index))  how long the handshakes took\n")
      DurationHistogram(result.durations, page).write(to: &text)
    }
  }

  private var phrase: String {
    let stopped = isInterrupted ? "interrupted; so far: " : ""
    guard let first = results.first else { return "\(stopped)no handshake" }
    guard results.count > 1 else { return stopped + words(first) }
    let differences = results.dropFirst().enumerated().map { index, result in
      "\(Self.letter(index + 1)) \(difference(result, first))"
    }
    return "\(stopped)A takes \(words(first)); \(differences.joined(separator: "; "))"
  }

  private func words(_ result: LossModel.Result) -> String {
    guard let median = result.durations.median, let late = result.durations.percentile(99) else {
      return "no time: none of \(Verdict.counted(result.runs, "handshake")) comes to its end"
    }
    let lost = result.failures > 0 ? ", \(failureWords(result)) given up" : ""
    return "\(median.words) in the median, 99 of 100 within \(late.words)\(lost)"
  }

  private func failureWords(_ result: LossModel.Result) -> String {
    "\(Quantity.grouped(Int64(result.failures))) of \(Quantity.grouped(Int64(result.runs)))"
  }

  private func difference(_ result: LossModel.Result, _ first: LossModel.Result) -> String {
    guard let median = result.durations.median, let base = first.durations.median else {
      return "takes \(words(result))"
    }
    let packets = result.meanPackets - first.meanPackets
    let direction = median < base ? "less" : "more"
    let span = median < base ? base - median : median - base
    let traffic =
      abs(packets) < 0.05
      ? "as many packets"
      : "\(Quantity.decimal(abs(packets), places: 1)) packets \(packets < 0 ? "fewer" : "more")"
    return "takes \(span.words) \(direction), and \(traffic)"
  }

  private func row(_ name: String, _ words: String, _ page: Page, to text: inout TextBuffer) {
    let start = text.count
    text.put("  \(name)")
    text.pad(to: 14, from: start)
    page.paragraph(words, from: 14, indent: 14, to: &text)
  }

  private var pathWords: String {
    let path = model.path
    let loss = Quantity.decimal(
      path.loss * 100, places: path.loss * 1000 == (path.loss * 1000).rounded() ? 1 : 3)
    let sizes = model.initiator.fragmentBytes.map(String.init).joined(separator: ", then ")
    let fragments =
      model.initiator.supportsFragmentation ? "IKE fragments of \(sizes) B" : "no IKE fragments"
    return
      "round trip \(path.roundTrip.words), \(loss) % of the packets lost each way, MTU \(path.sizes.mtu), \(fragments)"
  }

  private var scheduleWords: String {
    let waits = (0..<policy.transmissions).map { policy.wait(after: $0) }
    let shown = waits.dropLast().prefix(7).map { Seconds.bare($0 / .seconds(1)) }
    let more = waits.count > 8 ? ", …" : ""
    let total = Seconds.short(policy.patience / .seconds(1))
    let gaps = shown.isEmpty ? "never" : "after \(shown.joined(separator: ", "))\(more) s"
    return "\(gaps); given up after \(total)"
  }

  private var computingWords: String {
    let times = results.enumerated().map { index, result in
      "\(Self.letter(index)) \(result.computing(.initiator).words) here, \(result.computing(.responder).words) at the peer"
    }
    let source = model.times == nil ? "as measured on this machine, for both sides" : "as given"
    return "\(times.joined(separator: "; ")) (\(source))"
  }

  private func times(to text: inout TextBuffer) {
    text.put("        undisturbed    median       p90       p99   longest   given up\n")
    for (index, result) in results.enumerated() {
      let start = text.count
      text.put("  \(Self.letter(index))")
      let cells =
        [result.undisturbed.total] + [50, 90, 99].map { result.durations.percentile($0) }
        + [result.durations.largest]
      for (cell, end) in zip(cells.map { $0?.words ?? "-" }, [19, 29, 39, 49, 59]) {
        text.right(cell, end: end, from: start)
      }
      text.right(failureWords(result), end: 72, from: start)
      text.put("\n")
    }
  }

  private func sizes(to text: inout TextBuffer) {
    text.put("                        without loss        with loss, on average\n")
    text.put("        exchanges   packets     octets       packets     octets\n")
    for (index, result) in results.enumerated() {
      let start = text.count
      let trace = result.undisturbed
      text.put("  \(Self.letter(index))")
      text.right("\(trace.exchanges.count)", end: 17, from: start)
      text.right("\(trace.packets)", end: 27, from: start)
      text.right(Quantity.grouped(Int64(trace.octets)), end: 38, from: start)
      text.right(Quantity.decimal(result.meanPackets, places: 1), end: 52, from: start)
      text.right(Quantity.grouped(Int64(result.meanOctets.rounded())), end: 63, from: start)
      text.put("\n")
    }
  }
}

extension TextBuffer {
  /// Words that end before a column, counted from where the line starts.
  mutating func right(_ words: String, end: Int, from start: Int) {
    let column = end - words.unicodeScalars.count
    pad(to: max(column, count - start + 1), from: start)
    put(words)
  }
}
