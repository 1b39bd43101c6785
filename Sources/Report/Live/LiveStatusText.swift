package import Diagnosis
internal import PacketDissector

/// How a live capture goes, in words: a few lines for a terminal, or one for a log.
package struct LiveStatusText {
  private let naming: Naming
  private let page: Page

  package init(_ naming: Naming, ascii: Bool) {
    self.naming = naming
    page = Page(ascii: ascii)
  }

  /// Lines of at most `width` columns: what does not fit is cut off, as the next redraw must find them.
  ///
  ///     83 s  12,345 packets, 1,204/s, 9.8 Mbit/s
  ///     4 ESP flows, 2 IKE SAs, 0 lost by the capture
  ///     worst: SPI c0eb461a 10.2.0.2 → 10.1.0.2, 12 late, 3 lost of 1,204
  package func lines(_ status: LiveStatus, written: String?, width: Int) -> [String] {
    var lines = [
      "\(seconds(status))  \(packets(status)), \(bitRate(status.bitsPerSecond))",
      "\(subjects(status)), \(lost(status))",
    ]
    if let worst = status.worst { lines.append(words(worst)) }
    if let written { lines.append(written) }
    return lines.map { page.plain(cut($0, width: max(20, width))) }
  }

  /// All of it on one line, however long.
  package func line(_ status: LiveStatus, written: String?) -> String {
    var parts = ["\(seconds(status)): \(packets(status))", subjects(status), lost(status)]
    if let worst = status.worst { parts.append(words(worst)) }
    if let written { parts.append(written) }
    return page.plain(parts.joined(separator: ", "))
  }

  /// A finding that shows for the first time; `elapsed` is since the capture was opened.
  package func line(_ finding: Finding, elapsed: Nanoseconds) -> String {
    let severity = finding.severity.rawValue.uppercased()
    return page.plain(
      "\(Self.wholeSeconds(elapsed)): \(severity) \(finding.id.rawValue): "
        + naming.text(finding.summary))
  }

  private func seconds(_ status: LiveStatus) -> String { Self.wholeSeconds(status.elapsed) }

  private static func wholeSeconds(_ time: Nanoseconds) -> String {
    "\(Quantity.grouped(time.count / 1_000_000_000)) s"
  }

  private func packets(_ status: LiveStatus) -> String {
    "\(Verdict.counted(status.frames, "packet")), \(grouped(status.framesPerSecond))/s"
  }

  private func subjects(_ status: LiveStatus) -> String {
    let flows = Verdict.counted(status.espFlows, "ESP flow")
    guard let sas = status.ikeSAs else { return flows }
    return "\(flows), \(Verdict.counted(sas, "IKE SA"))"
  }

  private func lost(_ status: LiveStatus) -> String {
    "\(Quantity.grouped(Int64(clamping: status.lostByCapture))) lost by the capture"
  }

  private func words(_ worst: LiveStatus.Worst) -> String {
    let path: Statement =
      "worst: SPI \(spi: worst.spi) \(worst.source) \(page.arrow) \(worst.destination)"
    return naming.text(path)
      + ", \(Quantity.grouped(Int64(clamping: worst.late))) late, "
      + "\(Quantity.grouped(Int64(clamping: worst.lost))) lost of "
      + Quantity.grouped(Int64(clamping: worst.packets &+ worst.lost))
  }

  private func grouped(_ rate: Double) -> String {
    Quantity.grouped(Int64(min(max(rate, 0), 1e15).rounded()))
  }

  private func bitRate(_ rate: Double) -> String {
    switch rate {
    case ..<1e6: "\(Quantity.decimal(rate / 1e3, places: 1)) kbit/s"
    case ..<1e9: "\(Quantity.decimal(rate / 1e6, places: 1)) Mbit/s"
    default: "\(Quantity.decimal(rate / 1e9, places: 1)) Gbit/s"
    }
  }

  private func cut(_ line: String, width: Int) -> String {
    line.unicodeScalars.count <= width ? line : String(line.prefix(width))
  }
}
