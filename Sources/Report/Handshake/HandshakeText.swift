internal import Diagnosis
internal import IKE
internal import IPsecCrypto
internal import Measurement
package import PacketDissector

/// `ipsecdiag handshake` for people.
package struct HandshakeText {
  private let report: HandshakeReport
  private let naming: Naming
  private let options: DiagnosisText.Options
  private var page: Page { options.page }
  private static let column = 14
  /// A histogram of fewer handshakes tells nothing.
  private static let fewest = 10

  package init(_ report: HandshakeReport, _ naming: Naming, _ options: DiagnosisText.Options) {
    self.report = report
    self.naming = naming
    self.options = options
  }

  package func write(to text: inout TextBuffer) {
    let word = report.word
    text.put(page.coloured(word.rawValue, word.colour))
    text.put("  ")
    let phrase = Self.escaped(report.phrase(naming))
    if options.isQuiet {
      text.put(phrase)
      return text.put("\n")
    }
    page.paragraph(phrase, from: word.rawValue.count + 2, indent: 4, to: &text)
    if report.isInterrupted {
      row("stopped", "by Ctrl-C, the SA is deleted at the peer", to: &text)
    }
    if let run = report.runs.last(where: { $0.established != nil }) {
      algorithms(run, to: &text)
    }
    exchanges(to: &text)
    if report.succeeded >= Self.fewest {
      text.put("\n  how long the handshakes took\n")
      DurationHistogram(report.totals, page).write(to: &text)
    }
    let writer = FindingText(page, naming, start: nil, isVerbose: options.isVerbose)
    for finding in report.findings {
      text.put("\n")
      writer.write(finding, to: &text)
    }
  }

  private static func escaped(_ words: String) -> String {
    var text = TextBuffer(capacity: 128)
    text.escaped(words)
    return text.string
  }

  private func row(_ name: String, _ words: String, to text: inout TextBuffer) {
    let start = text.count
    text.put("  \(name)")
    text.pad(to: Self.column, from: start)
    page.paragraph(words, from: Self.column, indent: Self.column, to: &text)
  }

  // MARK: What was agreed on

  private func algorithms(_ run: HandshakeRun, to text: inout TextBuffer) {
    guard let sa = run.established else { return }
    let suite = sa.algorithms.suite
    let methods = ([suite.keyExchange] + suite.additional).map { $0.name ?? "\($0)" }
    row("exchanged", "keys by \(methods.joined(separator: ", then "))", to: &text)
    let own = sa.eapUserName == nil ? Self.name(sa.localMethod) : "EAP-MSCHAPv2"
    var proofs = "this side by \(own), the peer by \(Self.name(sa.remoteMethod))"
    if sa.usesPPK { proofs += ", with a post-quantum preshared key" }
    row("proved", proofs, to: &text)
    row("peer", Self.escaped(naming.name(ofIdentity: "\(sa.peerIdentity)")), to: &text)
    row(
      "fragments", sa.usesFragmentation ? "IKE fragments (RFC 7383) agreed on" : "no IKE fragments",
      to: &text)
  }

  private static func name(_ method: AuthenticationMethod) -> String {
    method == .sharedKeyMessageIntegrityCode ? "pre-shared key" : method.name ?? "\(method)"
  }

  // MARK: Exchange by exchange

  private func exchanges(to text: inout TextBuffer) {
    let rows = HandshakeRow.all(of: report.runs.map(\.trace))
    guard !rows.isEmpty else { return }
    let median = report.runs.count > 1 ? "median" : "  time"
    text.put("\n")
    text.put("  exchange            sent              received   \(median)  sent again  CPU here\n")
    for exchange in rows {
      let start = text.count
      text.put("  \(exchange.name)")
      text.right(Self.words(exchange.request), end: 34, from: start)
      text.right(Self.words(exchange.answer), end: 50, from: start)
      text.right(exchange.durations.median?.words ?? "-", end: 59, from: start)
      text.right(exchange.repeated == 0 ? "-" : "\(exchange.repeated)", end: 69, from: start)
      text.right(exchange.computing.median?.words ?? "-", end: 79, from: start)
      text.put("\n")
    }
    guard report.succeeded > 0 else { return }
    text.put("\n")
    row("time goes", timeWords, to: &text)
  }

  /// "1,204 B, 2 pkt"
  private static func words(_ size: ExchangeTrace.Size) -> String {
    guard size.messages > 0 else { return "-" }
    return "\(Quantity.grouped(Int64(size.octets))) B in \(size.packets)"
  }

  /// Over all handshakes that succeeded: waiting for answers, waiting before sending again, computing.
  private var timeWords: String {
    let traces = report.runs.map(\.trace).filter { $0.total != nil }
    let total = traces.reduce(Duration.zero) { $0 + ($1.total ?? .zero) }
    let again = traces.reduce(Duration.zero) { $0 + $1.waitedToRepeat }
    let cpu = traces.reduce(Duration.zero) { $0 + $1.computed }
    let answers = max(.zero, total - again - min(cpu, total - again))
    func share(_ part: Duration) -> String {
      Quantity.percent(
        UInt64(max(0, Nanoseconds(part).count)), of: UInt64(max(1, Nanoseconds(total).count)))
    }
    return
      "\(share(answers)) in waiting for the path and the peer, \(share(again)) in waiting before a request is sent again, \(share(min(cpu, total))) in computing here; sizes are IP packets, \"in 2\" is how many"
  }
}

/// The same exchange in many handshakes.
struct HandshakeRow {
  let name: String
  /// Of the last handshake that had it.
  let request: ExchangeTrace.Size
  let answer: ExchangeTrace.Size
  let durations: DurationStatistics
  let computing: DurationStatistics
  let repeated: Int

  /// By their order in a handshake.
  static func all(of traces: [HandshakeTrace]) -> [HandshakeRow] {
    let most = traces.map(\.exchanges.count).max() ?? 0
    return (0..<most).compactMap { index in
      let same = traces.compactMap { trace in
        trace.exchanges.indices.contains(index) ? trace.exchanges[index] : nil
      }
      return HandshakeRow(same)
    }
  }

  private init?(_ exchanges: [ExchangeTrace]) {
    guard let last = exchanges.last else { return nil }
    name = last.type.name ?? "exchange \(last.type.rawValue)"
    request = last.request
    answer = last.answer
    durations = DurationStatistics(exchanges.compactMap(\.duration))
    computing = DurationStatistics(exchanges.map(\.computing))
    repeated = exchanges.reduce(0) { $0 + $1.transmissions - 1 }
  }
}
