internal import Diagnosis
internal import PacketDissector

/// A flow's sequence numbers over time, with marks of different shapes where they do not follow one
/// another.
struct SequencePlotDrawing {
  private enum Kind: CaseIterable {
    case lost, late, again, restarted

    var legend: String {
      switch self {
      case .lost: "numbers lost before this packet"
      case .late: "late packet"
      case .again: "repeated packet"
      case .restarted: "counter began anew"
      }
    }
  }

  private struct Mark {
    let seconds: Double
    let number: Double
    let kind: Kind
  }

  private let flow: ESPFlow
  private let points: [(seconds: Double, number: Double)]
  private let marks: [Mark]
  private let xAxis: PlotAxis
  private let yAxis: PlotAxis
  let hasMoreMarks: Bool

  private static let width = 640.0
  private static let height = 330.0
  private static let area = (left: 92.0, right: 624.0, top: 40.0, bottom: 276.0)

  private static let manyMarks = 30

  /// Nil without a plot, or for a single packet.
  init?(_ flow: ESPFlow) {
    guard let plot = flow.plot, !plot.points.isEmpty else { return nil }
    let start = flow.first.time.nanoseconds
    func seconds(_ time: Int64) -> Double { Double(time &- start) / 1e9 }
    var numbers = ExtendedNumbers(flow.firstSequence)
    points =
      [(0, Double(flow.firstSequence))]
      + plot.points.map { (seconds($0.nanoseconds), numbers.extend($0.sequence)) }
    marks = Self.marks(of: flow, plot, seconds)
    hasMoreMarks = plot.marks.count >= SequencePlot.limit
    self.flow = flow
    let times = points.map(\.seconds) + marks.map(\.seconds)
    let heights = points.map(\.number) + marks.map(\.number)
    xAxis = PlotAxis(
      (times.min() ?? 0)...(times.max() ?? 0), on: Self.area.left...Self.area.right, tickCount: 6)
    yAxis = PlotAxis(
      (heights.min() ?? 0)...(heights.max() ?? 0), on: Self.area.top...Self.area.bottom,
      isUpward: true, tickCount: 5, isRounded: true, smallestStep: 1)
  }

  /// What a gap lacked and came late is no loss; nor is what may still have been under way at the end.
  private static func marks(
    of flow: ESPFlow, _ plot: SequencePlot, _ seconds: (Int64) -> Double
  ) -> [Mark] {
    let isLate: (SequenceTracker.Arrival) -> Bool = {
      switch $0 {
      case .late, .farBehind: true
      case .ahead, .again, .restarted: false
      }
    }
    let late = Set(plot.marks.lazy.filter { isLate($0.arrival) }.map(\.point.sequence))
    let margin = flow.sequence.disorder?.distances.largest ?? 0
    var numbers = ExtendedNumbers(flow.firstSequence)
    return plot.marks.compactMap { mark in
      let sequence = mark.point.sequence
      let number = numbers.extend(sequence)
      let kind: Kind
      switch mark.arrival {
      case .late, .farBehind: kind = .late
      case .again: kind = .again
      case .restarted: kind = .restarted
      case .ahead(let missing):
        let isUnderWay = flow.sequence.highest &- sequence < margin
        let isFilled =
          missing <= late.count
          && (1...max(1, missing)).allSatisfy { late.contains(sequence &- $0) }
        if missing == 0 || isUnderWay || isFilled { return nil }
        kind = .lost
      }
      return Mark(seconds: seconds(mark.point.nanoseconds), number: number, kind: kind)
    }
  }

  func write(name: String, to text: inout TextBuffer) {
    text.svg(
      width: Self.width, height: Self.height, title: "Sequence numbers of \(name) over time",
      description: description
    ) { text in
      writeLegend(to: &text)
      writeAxes(to: &text)
      writePoints(to: &text)
      for mark in marks {
        shape(mark.kind, xAxis.pixel(mark.seconds), yAxis.pixel(mark.number), to: &text)
      }
    }
  }

  private var description: String {
    let tallies = Kind.allCases.compactMap { kind -> String? in
      let count = marks.count { $0.kind == kind }
      return count == 0 ? nil : "\(count) \u{D7} \(kind.legend)"
    }
    let first = Quantity.grouped(Int64(flow.firstSequence))
    let highest = Quantity.grouped(Int64(flow.sequence.highest))
    return "From number \(first) to \(highest) in \(flow.duration). Marked: "
      + (tallies.isEmpty ? "nothing" : tallies.joined(separator: ", ")) + "."
  }

  // MARK: Parts

  private func writeLegend(to text: inout TextBuffer) {
    var x = Self.area.left
    text.svgPath([(x, 16), (x, 16)], class: "dot large")
    text.svgText(x + 10, 20, .start, "packet")
    x += 84
    for kind in Kind.allCases where marks.contains(where: { $0.kind == kind }) {
      shape(kind, x, 16, to: &text)
      text.svgText(x + 10, 20, .start, kind.legend)
      x += 40 + 7 * Double(kind.legend.count)
    }
  }

  private func writeAxes(to text: inout TextBuffer) {
    let area = Self.area
    for tick in yAxis.ticks {
      let y = yAxis.pixel(tick)
      text.svgLine(area.left, y, area.right, y, class: "grid")
      text.svgText(area.left - 8, y + 4, .end, yAxis.label(tick))
    }
    for tick in xAxis.ticks {
      let x = xAxis.pixel(tick)
      text.svgLine(x, area.bottom, x, area.bottom + 5, class: "axis")
      text.svgText(x, area.bottom + 20, .middle, xAxis.label(tick))
    }
    text.svgPath(
      [(area.left, area.top), (area.left, area.bottom), (area.right, area.bottom)], class: "axis")
    text.svgText(
      (area.left + area.right) / 2, Self.height - 12, .middle,
      "time since the flow's first packet (s)")
    text.svgUpwardText(14, (area.top + area.bottom) / 2, "sequence number")
  }

  /// Strokes of no length with round ends are the shortest way to write many dots.
  private func writePoints(to text: inout TextBuffer) {
    text.put(points.count > 100 ? "<path class=\"dot\" d=\"" : "<path class=\"dot large\" d=\"")
    for point in points {
      text.put("M")
      text.pair(xAxis.pixel(point.seconds), yAxis.pixel(point.number))
      text.put("h0")
    }
    text.put("\"/>\n")
  }

  private func shape(_ kind: Kind, _ x: Double, _ y: Double, to text: inout TextBuffer) {
    // Where many stand close together, small ones still show where they are.
    let r = marks.count > Self.manyMarks ? 3.0 : 5.0
    switch kind {
    case .lost:
      text.svgLine(x - r, y - r, x + r, y + r, class: "mark lost")
      text.svgLine(x - r, y + r, x + r, y - r, class: "mark lost")
    case .late:
      text.svgPath(
        [(x, y - r), (x + r, y), (x, y + r), (x - r, y)], closed: true, class: "mark late")
    case .again:
      text.svgRectangle(x - r, y - r, width: 2 * r, height: 2 * r, class: "mark repeated")
    case .restarted:
      text.svgPath(
        [(x, y - r), (x + r, y + r), (x - r, y + r)], closed: true, class: "mark restarted")
    }
  }
}

/// Numbers of 32 bits counted on where they wrap, as each is near the one before.
private struct ExtendedNumbers {
  private var previous: UInt32
  private var value: Double

  init(_ first: UInt32) {
    previous = first
    value = Double(first)
  }

  mutating func extend(_ number: UInt32) -> Double {
    value += Double(Int32(truncatingIfNeeded: number &- previous))
    previous = number
    return value
  }
}
