package import Diagnosis
package import PacketDissector

/// What `ipsecdiag diagnose --compare` adds to the report: the clocks, and what became of packets on the
/// way, by class and direction.
package struct ComparisonText {
  private let comparison: CaptureComparison
  private let page: Page
  private let naming: Naming
  /// All pairs of hosts, and every size of ESP.
  private let isVerbose: Bool
  private static let pathLimit = 4
  private static let sizeLimit = 6

  package init(
    _ comparison: CaptureComparison, _ page: Page, _ naming: Naming, isVerbose: Bool
  ) {
    self.comparison = comparison
    self.page = page
    self.naming = naming
    self.isVerbose = isVerbose
  }

  package func write(to text: inout TextBuffer) {
    text.put("\nBetween the two captures\n")
    line(clock, to: &text)
    line(scope, to: &text)
    let shown = isVerbose ? comparison.paths[...] : comparison.paths.prefix(Self.pathLimit)
    for path in shown { write(path, to: &text) }
    if comparison.paths.count > shown.count {
      line("\(comparison.paths.count - shown.count) more pairs of hosts: see --verbose", to: &text)
    }
  }

  private func line(_ words: String, to text: inout TextBuffer) {
    text.put("  ")
    page.paragraph(words, from: 2, indent: 2, to: &text)
  }

  // MARK: Clocks

  private var clock: String {
    let clock = comparison.clock
    let ahead = clock.offset.count >= 0
    let distance = Nanoseconds(Int64(clamping: clock.offset.count.magnitude))
    if let error = clock.uncertainty, clock.drift == 0, distance.count <= max(error.count, 10_000) {
      return "the clocks agree, \u{00B1} \(Self.precise(max(error, Nanoseconds(10_000))))"
    }
    let offset = "B's clock is \(Self.precise(distance)) \(ahead ? "ahead of" : "behind") A's"
    switch clock.basis {
    case .assumed: return "the clocks are taken for equal: nothing shows how far they differ"
    case .oneWay:
      return "\(offset), the delay included (packets crossed in one direction only)"
    case .bothWays:
      let error = clock.uncertainty.map { " \u{00B1} \(Self.precise($0))" } ?? ""
      let drift =
        clock.drift == 0
        ? ""
        : ", and \(clock.drift > 0 ? "gains" : "loses") \(Self.perMillion(clock.drift)) s a second"
      return "\(offset)\(error)\(drift)"
    }
  }

  /// "27 millionths of a", for a drift.
  private static func perMillion(_ drift: Double) -> String {
    "\(Quantity.decimal(abs(drift) * 1e6, places: 1)) millionths of a"
  }

  /// Offsets of seconds with their milliseconds.
  private static func precise(_ duration: Nanoseconds) -> String {
    duration.count >= 1_000_000_000 && duration.count < 100_000_000_000
      ? "\(Quantity.decimal(duration.seconds, places: 3)) s" : duration.description
  }

  private var scope: String {
    guard let overlap = comparison.overlap else { return "the captures did not run together" }
    let length = Nanoseconds(from: overlap.lowerBound, to: overlap.upperBound)
    let packets = Verdict.counted(comparison.matched, "packet")
    let copies = comparison.copiesAtA + comparison.copiesAtB
    let without =
      copies > 0
      ? "; \(Quantity.grouped(Int64(clamping: copies))) that a mirror copied are left out" : ""
    return "both ran for \(length), and both hold \(packets)\(without)"
  }

  // MARK: One pair of hosts

  private func write(_ path: PathComparison, to text: inout TextBuffer) {
    text.put("\n")
    line(naming.text("\(path.hostAtA) at A, \(path.hostAtB) at B"), to: &text)
    row(["", "", "sent", "arrived", "lost", "delay p50", "p99"], to: &text)
    for kind in PacketClass.allCases {
      for direction in path.directions {
        guard let count = direction.counts[kind], count.sent > 0 else { continue }
        row(
          [
            kind.title, way(direction), Quantity.grouped(Int64(clamping: count.sent)),
            Quantity.grouped(Int64(clamping: count.arrived)),
            Quantity.percent(count.lost, of: count.sent), count.medianDelay?.description ?? "",
            count.highDelay?.description ?? "",
          ], to: &text)
      }
    }
    for direction in path.directions {
      for note in notes(direction) { line("\(way(direction)): \(note)", to: &text) }
    }
    for mapping in path.translations {
      line(
        naming.text(
          "NAT: \(mapping.atA.words) at A is \(mapping.atB.words) at B (\(mapping.packets) packets)"
        ),
        to: &text)
    }
  }

  private func way(_ direction: DirectionComparison) -> String {
    "\(direction.sender.rawValue) \(page.arrow) \(direction.receiver.rawValue)"
  }

  /// Columns: the class to the left, numbers to the right.
  private func row(_ cells: [String], to text: inout TextBuffer) {
    let widths = [20, 6, 9, 9, 13, 10, 10]
    text.put("  ")
    for (index, cell) in cells.enumerated() {
      let padding = max(0, widths[index] - cell.unicodeScalars.count)
      if index < 2 {
        text.put(cell)
        if cells[2...].contains(where: { !$0.isEmpty }) { text.spaces(padding) }
      } else {
        text.spaces(padding)
        text.put(cell)
      }
    }
    text.put("\n")
  }

  // MARK: What else happened on the way

  private func notes(_ direction: DirectionComparison) -> [String] {
    var notes: [String] = []
    if let hops = direction.hops {
      notes.append(
        hops.lowerBound == hops.upperBound
          ? Verdict.counted(hops.lowerBound, "router") + " between"
          : "\(hops.lowerBound) to \(hops.upperBound) routers between: packets take several ways")
    }
    if direction.overtaken > 0 {
      notes.append("\(Verdict.counted(direction.overtaken, "ESP packet")) overtaken on the way")
    }
    for change in direction.classChanges {
      notes.append(
        "DSCP \(change.sent) arrives as \(change.arrived) (\(Verdict.counted(change.packets, "packet")))"
      )
    }
    let unsent = direction.total { _ in true }.unsent
    if unsent > 0 {
      notes.append("\(Verdict.counted(unsent, "packet")) not in the sender's capture")
    }
    return notes + sizes(direction)
  }

  /// ESP by size, where size matters or is asked for: sizes of the same fate in one.
  private func sizes(_ direction: DirectionComparison) -> [String] {
    var steps: [(least: UInt16, most: UInt16, sent: UInt64, arrived: UInt64)] = []
    for (size, count) in direction.sizes.sorted(by: { $0.key < $1.key }) {
      if let last = steps.last, (last.arrived == 0) == (count.arrived == 0) {
        steps[steps.count - 1] = (
          last.least, size, last.sent + count.sent, last.arrived + count.arrived
        )
      } else {
        steps.append((size, size, count.sent, count.arrived))
      }
    }
    guard isVerbose || (2...Self.sizeLimit).contains(steps.count) else { return [] }
    return steps.map { step in
      let range =
        step.least == step.most
        ? Quantity.grouped(Int64(step.least))
        : "\(Quantity.grouped(Int64(step.least))) to \(Quantity.grouped(Int64(step.most)))"
      return
        "ESP of \(range) bytes: \(Quantity.grouped(Int64(clamping: step.arrived))) of \(Quantity.grouped(Int64(clamping: step.sent))) arrive"
    }
  }
}

extension PacketClass {
  /// As the table names it.
  package var title: String {
    switch self {
    case .ikeSmall: "IKE below 1200 B"
    case .ikeLarge: "IKE, larger"
    case .ikeFragment: "IKE fragments"
    case .ipFragment: "IP fragments"
    case .espSmall: "ESP below 256 B"
    case .espMedium: "ESP below 1024 B"
    case .espLarge: "ESP, larger"
    case .ah: "AH"
    case .natKeepalive: "NAT keepalives"
    }
  }
}
