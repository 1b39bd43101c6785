internal import PacketDissector

// The few shapes that the report's pictures are made of. Coordinates are CSS pixels; what a class looks
// like stands in `HTMLStyle`.

extension TextBuffer {
  /// A picture with its name and its description, for those who do not see it.
  mutating func svg(
    width: Double, height: Double, role: StaticString = "img", title: String, description: String,
    _ content: (inout TextBuffer) -> Void
  ) {
    put("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"")
    put(role)
    put("\"")
    attribute(" width", width)
    attribute(" height", height)
    put(" viewBox=\"0 0 ")
    coordinate(width)
    put(" ")
    coordinate(height)
    put("\">")
    element("title", title)
    element("desc", description)
    put("\n")
    content(&self)
    put("</svg>\n")
  }

  mutating func svgLine(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, class style: StaticString
  ) {
    put("<path class=\"")
    put(style)
    put("\" d=\"M")
    pair(x1, y1)
    put("L")
    pair(x2, y2)
    put("\"/>\n")
  }

  /// A closed or open path through `points`.
  mutating func svgPath(
    _ points: [(Double, Double)], closed: Bool = false, class style: StaticString
  ) {
    put("<path class=\"")
    put(style)
    put("\" d=\"")
    for (index, point) in points.enumerated() {
      put(index == 0 ? "M" : "L")
      pair(point.0, point.1)
    }
    if closed { put("Z") }
    put("\"/>\n")
  }

  mutating func svgRectangle(
    _ x: Double, _ y: Double, width: Double, height: Double, class style: StaticString
  ) {
    put("<rect class=\"")
    put(style)
    put("\"")
    attribute(" x", x)
    attribute(" y", y)
    attribute(" width", max(0, width))
    attribute(" height", max(0, height))
    put("/>\n")
  }

  enum Anchor { case start, middle, end }

  mutating func svgText(
    _ x: Double, _ y: Double, _ anchor: Anchor = .start, class style: StaticString = "",
    _ string: String
  ) {
    put("<text")
    attribute(" x", x)
    attribute(" y", y)
    switch anchor {
    case .start: break
    case .middle: put(" text-anchor=\"middle\"")
    case .end: put(" text-anchor=\"end\"")
    }
    if style.utf8CodeUnitCount > 0 {
      put(" class=\"")
      put(style)
      put("\"")
    }
    put(">")
    html(string)
    put("</text>\n")
  }

  /// Text that reads upwards, centred on its point: the name of a vertical axis.
  mutating func svgUpwardText(_ x: Double, _ y: Double, _ string: String) {
    put("<text text-anchor=\"middle\" transform=\"translate(")
    pair(x, y)
    put(") rotate(-90)\">")
    html(string)
    put("</text>\n")
  }

  mutating func pair(_ x: Double, _ y: Double) {
    coordinate(x)
    put(" ")
    coordinate(y)
  }

  private mutating func attribute(_ name: StaticString, _ value: Double) {
    put(name)
    put("=\"")
    coordinate(value)
    put("\"")
  }

  /// A tenth of a pixel is enough for any screen.
  mutating func coordinate(_ value: Double) {
    let tenths = Int((max(-1e6, min(1e6, value.isFinite ? value : 0)) * 10).rounded())
    if tenths < 0 { put("-") }
    decimal(UInt64(tenths.magnitude / 10))
    let rest = tenths.magnitude % 10
    if rest > 0 {
      put(".")
      decimal(UInt64(rest))
    }
  }
}
