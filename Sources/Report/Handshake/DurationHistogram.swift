internal import Diagnosis
internal import Measurement
internal import PacketDissector

/// Durations as bars, a line each.
struct DurationHistogram {
  private let statistics: DurationStatistics
  private let page: Page
  private static let barWidth = 40

  init(_ statistics: DurationStatistics, _ page: Page) {
    self.statistics = statistics
    self.page = page
  }

  /// `    from 81 ms  ########################  912`
  func write(to text: inout TextBuffer) {
    let bins = statistics.histogram()
    let most = bins.map(\.count).max() ?? 0
    for bin in bins {
      let start = text.count
      text.put("    from")
      text.right(bin.from.words, end: 18, from: start)
      text.put("  ")
      // Whatever is there at all shows.
      let width = most > 0 ? (bin.count * Self.barWidth + most - 1) / most : 0
      text.put(String(repeating: page.ascii ? "#" : "█", count: width))
      if width > 0 { text.put("  ") }
      text.put(Quantity.grouped(Int64(bin.count)))
      text.put("\n")
    }
  }
}
