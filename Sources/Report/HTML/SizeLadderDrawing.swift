internal import Diagnosis
internal import PacketDissector

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
