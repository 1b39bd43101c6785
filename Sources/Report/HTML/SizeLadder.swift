internal import Diagnosis
internal import PacketDissector

/// Which packet sizes pass between two outer addresses, in one direction: what echoes inside the tunnel
/// say, what ICMP says, and the largest packets seen.
struct SizeLadder {
  enum Outcome: Int {
    case passed, partly, lost, seen, limit

    var symbol: String {
      switch self {
      case .passed: "\u{2714}"
      case .partly: "\u{25D0}"
      case .lost: "\u{2716}"
      case .seen: "\u{25CF}"
      case .limit: "\u{25B2}"
      }
    }
  }

  struct Rung {
    var sizes: ClosedRange<Int>
    let what: String
    let outcome: Outcome
    var text: String
  }

  let source: IPAddress
  let destination: IPAddress
  let rungs: [Rung]

  /// More sizes than these are drawn as ranges of the same outcome.
  private static let singleSizes = 16

  /// Nil where nothing tells more than one size from another.
  init?(
    _ source: IPAddress, _ destination: IPAddress, _ evidence: CaptureEvidence, _ naming: Naming
  ) {
    self.source = source
    self.destination = destination
    let echoes = Self.echoes(
      evidence.inner.echoes[InnerTraffic.Path(source: source, destination: destination)] ?? [:])
    let limits = evidence.icmp.entries.filter {
      $0.isTooBig && $0.quotedSource.address == source
        && $0.quotedDestination.address == destination
    }.map { entry in
      let mtu = Int(entry.header.nextHopMTU ?? 0)
      return Rung(
        sizes: mtu...mtu, what: "MTU by ICMP", outcome: .limit,
        text: "said by \(naming.text(entry.reporter)), \u{D7}\(entry.count)")
    }
    let flows = evidence.flows.flows.filter {
      $0.source == source && $0.destination == destination
    }
    let hasFragments = flows.contains { $0.inFragments > 0 }
    guard echoes.count > 1 || !limits.isEmpty || hasFragments else { return nil }
    rungs = echoes + limits + Self.largest(flows)
  }

  private static func echoes(_ sizes: [Int: InnerTraffic.Echoes]) -> [Rung] {
    var rungs: [Rung] = []
    var sent: UInt64 = 0
    var answered: UInt64 = 0
    for (size, echoes) in sizes.sorted(by: { $0.key < $1.key }) {
      let outcome: Outcome =
        echoes.answered == 0 ? .lost : echoes.answered < echoes.sent ? .partly : .passed
      if let last = rungs.last, last.outcome == outcome, sizes.count > singleSizes {
        sent += echoes.sent
        answered += echoes.answered
        rungs[rungs.count - 1].sizes = last.sizes.lowerBound...size
      } else {
        (sent, answered) = (echoes.sent, echoes.answered)
        rungs.append(Rung(sizes: size...size, what: "inner echo", outcome: outcome, text: ""))
      }
      rungs[rungs.count - 1].text =
        "\(answered) of \(sent) answered" + (outcome == .lost ? ": lost" : "")
    }
    return rungs
  }

  private static func largest(_ flows: [ESPFlow]) -> [Rung] {
    var rungs: [Rung] = []
    if let whole = flows.map(\.largestWhole).max(), whole > 0 {
      rungs.append(
        Rung(
          sizes: whole...whole, what: "largest whole", outcome: .seen,
          text: "outer packet, not in fragments"))
    }
    let inFragments = flows.reduce(0) { $0 &+ $1.inFragments }
    if inFragments > 0,
      let largest = flows.filter({ $0.inFragments > 0 }).map(\.largestPacket).max()
    {
      rungs.append(
        Rung(
          sizes: largest...largest, what: "largest in fragments", outcome: .partly,
          text:
            "outer packet; \(Quantity.grouped(Int64(clamping: inFragments))) packets in IP fragments"
        ))
    }
    return rungs
  }
}

extension HTMLReport {
  /// So many paths are drawn.
  private static let ladderLimit = 12

  func writeSizeLadders(to text: inout TextBuffer) {
    let ladders = paths.lazy.compactMap { path in
      SizeLadder(path.source, path.destination, evidence, naming)
    }
    let drawn = ladders.prefix(Self.ladderLimit)
    guard !drawn.isEmpty else { return }
    text.put("<section>\n<h2>Packet sizes that pass</h2>\n")
    for ladder in drawn {
      let name = path(ladder.source, ladder.destination)
      text.put("<details open>\n<summary><h3>")
      text.html(name)
      text.put("</h3></summary>\n")
      text.scrollBox("Packet sizes from \(name)") { ladder.write(name: name, to: &$0) }
      text.put("</details>\n")
    }
    text.put("</section>\n")
  }

  /// The outer paths that have ESP or errors about it, those with errors first.
  private var paths: [InnerTraffic.Path] {
    let errors = evidence.icmp.entries.filter(\.isTooBig).map {
      InnerTraffic.Path(
        source: $0.quotedSource.address, destination: $0.quotedDestination.address)
    }
    let flows = evidence.flows.flows.map {
      InnerTraffic.Path(source: $0.source, destination: $0.destination)
    }
    var seen: Set<InnerTraffic.Path> = []
    return (errors + flows).filter { seen.insert($0).inserted }
  }
}

extension SizeLadder {
  private static let width = 810.0
  private static let rowHeight = 26.0
  private static let area = (left: 240.0, right: 430.0, top: 10.0)

  func write(name: String, to text: inout TextBuffer) {
    let shown = rungs.prefix(Self.rungLimit)
    let bottom = Self.area.top + Double(shown.count) * Self.rowHeight
    let largest = shown.map(\.sizes.upperBound).max() ?? 0
    let axis = PlotAxis(
      0...Double(largest), on: Self.area.left...Self.area.right, tickCount: 3, isRounded: true,
      smallestStep: 1)
    text.svg(
      width: Self.width, height: bottom + 46, role: "group", title: "Packet sizes from \(name)",
      description: "One bar a packet size in bytes, with what became of it."
    ) { text in
      for tick in axis.ticks {
        let x = axis.pixel(tick)
        text.svgLine(x, Self.area.top, x, bottom, class: "grid")
        text.svgText(x, bottom + 18, .middle, axis.label(tick))
      }
      for (index, rung) in shown.enumerated() {
        write(rung, axis, y: Self.area.top + Double(index) * Self.rowHeight, to: &text)
      }
      text.svgLine(Self.area.left, Self.area.top, Self.area.left, bottom, class: "axis")
      text.svgText(
        (Self.area.left + Self.area.right) / 2, bottom + 38, .middle, "packet size (bytes)")
    }
    let rest = rungs.count - shown.count
    if rest > 0 { text.element("p", "\(Verdict.counted(rest, "more row")) not drawn.") }
  }

  private static let rungLimit = 48

  private func write(
    _ rung: Rung, _ axis: PlotAxis, y: Double, to text: inout TextBuffer
  ) {
    let (low, high) = (rung.sizes.lowerBound, rung.sizes.upperBound)
    let size =
      high == 0
      ? "unknown"
      : low == high
        ? "\(Quantity.grouped(Int64(high))) bytes"
        : "\(Quantity.grouped(Int64(low))) to \(Quantity.grouped(Int64(high))) bytes"
    text.svgText(Self.area.left - 8, y + 17, .end, "\(rung.what), \(size)")
    let style: StaticString =
      switch rung.outcome {
      case .passed: "rung passed"
      case .partly: "rung partly"
      case .lost: "rung lost"
      case .seen: "rung seen"
      case .limit: "rung limit"
      }
    text.svgRectangle(
      Self.area.left, y + 5, width: axis.pixel(Double(high)) - Self.area.left,
      height: Self.rowHeight - 10, class: style)
    text.svgText(
      axis.pixel(Double(high)) + 8, y + 17, class: rung.outcome == .lost ? "bad" : "",
      "\(rung.outcome.symbol) \(rung.text)")
  }
}
