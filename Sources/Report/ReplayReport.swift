package import Diagnosis
package import PacketDissector

/// What `ipsecdiag replay` prints: the verdict, each SA's sequence numbers and what windows would drop of
/// them, the findings, and the windows that receivers have.
package struct ReplayReport {
  private let diagnosis: ReplayDiagnosis
  private let naming: Naming
  private let options: DiagnosisText.Options
  private var page: Page { options.page }
  private var isVerbose: Bool { options.isVerbose }
  package static let flowLimit = 50
  /// Where the words of an SA's lines stand.
  private static let column = 14

  package init(
    _ diagnosis: ReplayDiagnosis, _ naming: Naming, _ options: DiagnosisText.Options
  ) {
    self.diagnosis = diagnosis
    self.naming = naming
    self.options = options
  }

  package func write(to text: inout TextBuffer) {
    text.put(Verdict(diagnosis.findings, in: diagnosis.evidence), options)
    if options.isQuiet { return }
    flows(to: &text)
    let writer = FindingText(
      page, naming, start: diagnosis.evidence.quality.first?.time, isVerbose: isVerbose)
    for finding in diagnosis.findings {
      text.put("\n")
      writer.write(finding, to: &text)
    }
    page.list("Not to be seen", diagnosis.blindSpots.map(naming.text), to: &text)
    platforms(to: &text)
  }

  private func flows(to text: inout TextBuffer) {
    let all = diagnosis.flows
    let shown = isVerbose ? all[...] : all.prefix(Self.flowLimit)
    for flow in shown where !isPlain(flow) || isVerbose { self.flow(flow, to: &text) }
    let inOrder = isVerbose ? [] : shown.filter(isPlain)
    if !inOrder.isEmpty { text.put("\nAll in order\n") }
    for flow in inOrder {
      let words = "\(title(flow)), \(Verdict.counted(flow.packets, "packet"))"
      text.spaces(2)
      page.paragraph(words + asked(flow), from: 2, indent: 4, to: &text)
    }
    if shown.count < all.count {
      let rest = Verdict.counted(all.count - shown.count, "more SA")
      text.put("\nand \(rest): -v shows all\n")
    }
  }

  /// Nothing came out of order, and nobody told of replay protection.
  private func isPlain(_ flow: ESPFlow) -> Bool {
    let negotiation = diagnosis.negotiations.of(flow)
    return flow.isInOrder && negotiation?.receiver == nil && negotiation?.sender == nil
  }

  /// "SPI c0eb461a  10.2.0.2 → 10.1.0.2"
  private func title(_ flow: ESPFlow) -> String {
    let spi = Quantity.hexadecimal(UInt64(naming.name(of: flow.spi)), digits: 8)
    return "\(flow.isAH ? "AH SPI" : "SPI") \(spi)  \(naming.name(of: flow.source)) \(page.arrow) "
      + "\(naming.name(of: flow.destination))"
  }

  private func asked(_ flow: ESPFlow) -> String {
    guard let disorder = flow.sequence.disorder, disorder.askedWindow > 0 else { return "" }
    return
      ", window \(disorder.askedWindow) drops \(Quantity.grouped(Int64(disorder.droppedByAsked)))"
  }

  // MARK: One SA

  private func flow(_ flow: ESPFlow, to text: inout TextBuffer) {
    text.put("\n")
    text.put(title(flow))
    text.put("\n")
    line("received", received(flow), to: &text)
    if let disorder = flow.sequence.disorder, disorder.late > 0 {
      line("late by", distances(disorder), to: &text)
      line("window", drops(disorder), to: &text)
      if (disorder.dropped.first ?? 0) > 0 {
        line("enough", enough(flow), to: &text)
        line("classes", classes(flow.classes), to: &text)
      }
    }
    if let disorder = flow.sequence.disorder, disorder.askedWindow > 0 {
      line("asked", asked(disorder, of: flow), to: &text)
    }
    if let window = flow.opening.replayWindow {
      line("receiver", "has a window of \(window), its keys' file says", to: &text)
    }
    line("sequence", sequence(flow), to: &text)
    if let words = numbers(flow) { line("agreed", words, to: &text) }
    guard let negotiation = diagnosis.negotiations.of(flow) else { return }
    if let told = negotiation.receiver { line("receiver", tells(told), to: &text) }
    if let told = negotiation.sender { line("sender", tells(told), to: &text) }
  }

  private func line(_ label: String, _ words: String, to text: inout TextBuffer) {
    page.line(label, words, column: Self.column, to: &text)
  }

  private func received(_ flow: ESPFlow) -> String {
    var words = Verdict.counted(flow.packets, "packet")
    words += ", \(grouped(flow.sequence.lost)) lost"
    if let bursts = flow.sequence.disorder?.allBursts, bursts.longest > 0 {
      let gaps = bursts.byLogarithm.reduce(0, &+)
      words += " (\(Verdict.counted(gaps, "gap")), longest \(grouped(bursts.longest)))"
    }
    words += ", \(grouped(flow.sequence.late)) late, \(grouped(flow.sequence.repeated)) repeated"
    if flow.copies.atOnce > 0 {
      words += " (\(grouped(flow.copies.atOnce)) within \(ESPFlow.Copies.captureDelay) ms: copies)"
    }
    return words
  }

  /// "p50 41, p99 180, max 610 packets  ▁▂▇█▅▂▁▁▁  (1 to 1023, doubling)"
  private func distances(_ disorder: Disorder) -> String {
    let distances = disorder.distances
    let (bars, end) = histogram(distances)
    return "p50 \(grouped(UInt64(distances.percentile(0.5)))), "
      + "p99 \(grouped(UInt64(distances.percentile(0.99)))), "
      + "max \(grouped(UInt64(distances.largest))) packets  \(bars)  (1 to \(end), doubling)"
  }

  /// A bar for each doubling of the distance, up to the largest.
  private func histogram(_ distances: DistanceHistogram) -> (bars: String, end: UInt64) {
    var counts: [UInt64] = []
    var low: UInt64 = 1
    while low <= UInt64(distances.largest) {
      counts.append(distances.count(in: UInt32(low)..<UInt32(clamping: low * 2)))
      low *= 2
    }
    let most = max(1, counts.max() ?? 1)
    let levels = Array(page.ascii ? "_.-:=+*#" : "▁▂▃▄▅▆▇█")
    let bars = counts.map { count in
      String(levels[min(levels.count - 1, Int(Double(count) / Double(most) * 7.999))])
    }
    return (bars.joined(), low - 1)
  }

  /// "32: 3,020 dropped, 64: 2,211, 128: 0", up to the first that drops nothing.
  private func drops(_ disorder: Disorder) -> String {
    var parts: [String] = []
    for (window, dropped) in zip(Disorder.windows, disorder.dropped) {
      parts.append("\(window): \(grouped(dropped))\(parts.isEmpty ? " dropped" : "")")
      if dropped == 0 { break }
    }
    return parts.joined(separator: ", ")
  }

  private func asked(_ disorder: Disorder, of flow: ESPFlow) -> String {
    let share = Quantity.percent(disorder.droppedByAsked, of: flow.sequence.received)
    return "\(disorder.askedWindow): \(grouped(disorder.droppedByAsked)) dropped (\(share))"
  }

  private func enough(_ flow: ESPFlow) -> String {
    guard let window = flow.sufficientWindow else {
      return "none: even 4096, Linux's largest, drops some"
    }
    return "\(window) is the smallest of these that drops nothing"
  }

  private func classes(_ classes: TrafficClasses) -> String {
    let entries = classes.entries.sorted { $0.packets > $1.packets }
    let late = entries.filter { $0.late > 0 }.sorted { $0.late > $1.late }
      .map { "\(DSCPName.of($0.dscp)) \(grouped(UInt64($0.late)))" }
    let onTime = entries.filter { $0.packets > $0.late }
      .map { "\(DSCPName.of($0.dscp)) \(grouped(UInt64($0.packets &- $0.late)))" }
    return "late: \(late.joined(separator: ", ")); "
      + "on time: \(onTime.isEmpty ? "none" : onTime.joined(separator: ", "))"
  }

  private func sequence(_ flow: ESPFlow) -> String {
    var words =
      "\(grouped(UInt64(flow.firstSequence))) to \(grouped(UInt64(flow.sequence.highest)))"
    if flow.sequence.wraps > 0 {
      words += ", past 2^32 \(Verdict.counted(flow.sequence.wraps, "time")): ESN"
    }
    if flow.sequence.restarts > 0 {
      words += ", begun anew \(Verdict.counted(flow.sequence.restarts, "time"))"
    }
    if flow.sequence.leaps > 0 { words += ", \(Verdict.counted(flow.sequence.leaps, "leap"))" }
    if let exhaustion = flow.exhaustion {
      let rate = Quantity.decimal(exhaustion.perSecond, places: exhaustion.perSecond < 10 ? 1 : 0)
      let isSoon = exhaustion.left.seconds < 365 * 86_400
      words += "; 2^32 \(isSoon ? "in \(exhaustion.left)" : "is years away") at \(rate) packets/s"
    }
    return words
  }

  /// "64-bit sequence numbers (ESN), which ICVs show: the upper half is 3"; nil where nothing is known.
  private func numbers(_ flow: ESPFlow) -> String? {
    let negotiation = diagnosis.negotiations.of(flow)
    var words: String?
    switch negotiation?.numbers {
    case .sequential32?: words = "32-bit sequence numbers"
    case .partiallyTransmitted64?: words = "64-bit sequence numbers (ESN)"
    case let other?: words = other.description
    case nil:
      if negotiation?.lacksTransform == true {
        words = "no word of sequence numbers (transform type 5 is missing): 32-bit ones"
      }
    }
    guard let epoch = flow.opening.epoch else { return words }
    return (words ?? "64-bit sequence numbers (ESN), though IKE does not show it")
      + ", as the ICVs prove: the upper half is \(epoch)"
  }

  private func tells(_ told: SequenceNegotiation.Told) -> String {
    let isESNKnown = told.typeName != IKEv1NotifyType.replayStatus.name
    var words =
      told.status.isProtected
      ? "tells that it checks for replays" : "tells that it does not check for replays"
    if isESNKnown, !told.status.isProtected {
      words +=
        told.status.followsESNUnprotected
        ? ", and can follow 64-bit numbers so" : ", nor can follow 64-bit numbers so"
    }
    return words + " (\(told.typeName), frame \(told.frame.number))"
  }

  private func grouped(_ count: UInt64) -> String { Quantity.grouped(Int64(clamping: count)) }

  // MARK: What receivers have

  private func platforms(to text: inout TextBuffer) {
    let smallest = Disorder.windows.first ?? 0
    let matters = diagnosis.evidence.flows.flows.contains {
      ($0.sequence.disorder?.distances.largest ?? 0) >= smallest
    }
    guard matters else { return }
    text.put("\nWindows that receivers have\n")
    for platform in ReplayPlatform.all { line(platform.name, platform.window, to: &text) }
    line(
      "ESN",
      "Linux counts what is later than the window as a failed ICV then (failed in ip -s xfrm state, XfrmInStateProtoError), not as a replay: no sign of wrong keys",
      to: &text)
  }
}
