internal import Diagnosis
internal import PacketDissector

/// By how much packets came late, and what a replay window of each size makes of it.
struct ReorderHistogram {
  /// Late packets whose distance is of 2^place up to, but not, 2^(place+1).
  private let counts: [UInt64]
  private let dropped: [UInt64]
  private let packets: UInt64

  private static let width = 640.0
  private static let height = 330.0
  private static let area = (left: 92.0, right: 624.0, top: 64.0, bottom: 268.0)
  /// Up to the largest window at least.
  private static let leastBuckets = 13

  /// Nil where no packet came late.
  init?(_ flow: ESPFlow) {
    guard let disorder = flow.sequence.disorder, disorder.late > 0 else { return nil }
    packets = flow.packets
    dropped = disorder.dropped
    let all = (0..<32).map { place in
      disorder.distances.count(in: 1 << UInt32(place)..<Self.end(of: place))
    }
    let last = (all.lastIndex { $0 > 0 } ?? 0) + 1
    counts = Array(all.prefix(max(Self.leastBuckets, last)))
  }

  private static func end(of place: Int) -> UInt32 { place >= 31 ? .max : 1 << UInt32(place + 1) }

  private var step: Double { (Self.area.right - Self.area.left) / Double(counts.count) }

  // MARK: Picture

  func write(name: String, to text: inout TextBuffer) {
    let most = counts.max() ?? 0
    let axis = PlotAxis(
      0...Double(most), on: Self.area.top...Self.area.bottom, isUpward: true, tickCount: 4,
      isRounded: true, smallestStep: 1)
    text.svg(
      width: Self.width, height: Self.height, title: "Late packets of \(name) by distance",
      description: description
    ) { text in
      writeAxes(axis, to: &text)
      for (place, count) in counts.enumerated() where count > 0 {
        let x = Self.area.left + Double(place) * step
        let y = axis.pixel(Double(count))
        text.svgRectangle(
          x + 2, y, width: step - 4, height: Self.area.bottom - y, class: "bar")
      }
      writeWindows(to: &text)
    }
  }

  private var description: String {
    zip(Disorder.windows, dropped).map { "A window of \($0) packets would drop \($1)." }
      .joined(separator: " ")
  }

  private func writeAxes(_ axis: PlotAxis, to text: inout TextBuffer) {
    let area = Self.area
    for tick in axis.ticks {
      let y = axis.pixel(tick)
      text.svgLine(area.left, y, area.right, y, class: "grid")
      text.svgText(area.left - 8, y + 4, .end, axis.label(tick))
    }
    text.svgLine(area.left, area.bottom, area.right, area.bottom, class: "axis")
    for place in counts.indices {
      text.svgText(
        area.left + (Double(place) + 0.5) * step, area.bottom + 18, .middle, class: "small",
        Self.label(place))
    }
    text.svgText(
      (area.left + area.right) / 2, Self.height - 20, .middle,
      "late by so many packets (each bar up to the double of its lower end)")
    text.svgUpwardText(14, (area.top + area.bottom) / 2, "late packets")
  }

  /// "1", "2+", "512+", "1k+"
  private static func label(_ place: Int) -> String {
    place == 0 ? "1" : place < 10 ? "\(1 << place)+" : "\(1 << (place - 10))k+"
  }

  /// A window drops what is late by its size or more: all bars right of its line.
  private func writeWindows(to text: inout TextBuffer) {
    let area = Self.area
    text.svgText(area.left - 8, 18, .end, class: "small", "window")
    text.svgText(area.left - 8, 36, .end, class: "small", "would drop")
    for (index, window) in Disorder.windows.enumerated() {
      let x = area.left + Double(window.trailingZeroBitCount) * step
      text.svgLine(x, 44, x, area.bottom, class: dropped[index] > 0 ? "window bad" : "window")
      text.svgText(x, 18, .middle, class: "small", "\(window)")
      text.svgText(
        x, 36, .middle, class: dropped[index] > 0 ? "small bad" : "small",
        Self.short(dropped[index]))
    }
  }

  /// A number in no more than six characters; the table below has it in full.
  private static func short(_ count: UInt64) -> String {
    switch count {
    case ..<100_000: Quantity.grouped(Int64(count))
    case ..<10_000_000: "\(count / 1000)k"
    default: "\(count / 1_000_000)M"
    }
  }

  // MARK: Table

  func writeTable(to text: inout TextBuffer) {
    text.put("<table>\n<thead><tr><th scope=\"col\">Window (packets)</th>")
    text.put("<th scope=\"col\">Would drop (packets)</th>")
    text.put("<th scope=\"col\">Share of all packets</th></tr></thead>\n<tbody>\n")
    for (window, count) in zip(Disorder.windows, dropped) {
      text.put("<tr><th scope=\"row\" class=\"number\">")
      text.html(Quantity.grouped(Int64(window)))
      text.put("</th><td class=\"number\">")
      text.html(Quantity.grouped(Int64(clamping: count)))
      text.put("</td><td class=\"number\">")
      text.html(Quantity.percent(count, of: packets))
      text.put("</td></tr>\n")
    }
    text.put("</tbody>\n</table>\n")
  }
}
