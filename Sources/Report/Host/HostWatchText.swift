package import Diagnosis
internal import Host
internal import PacketDissector

/// How `replay --local --watch` goes: lines to redraw on a terminal, or lines for a log of what has changed.
package struct HostWatchText {
  private let page: Page
  private let naming: Naming
  private let style: TimeStyle
  private static let saLimit = 8

  package init(_ options: DiagnosisText.Options, _ naming: Naming) {
    page = options.page
    style = options.timeStyle
    self.naming = naming
  }

  // MARK: A log

  /// A line for each counter that rose in the interval, with its time; empty where none did.
  package func lines(_ interval: HostDiagnosis) -> [String] {
    let writer = DropText(page, naming)
    return interval.drops.map { page.plain("\(time(interval))  \(writer.line($0))") }
  }

  /// A line that tells that all is watched still; `quiet` is for how long nothing was dropped.
  package func heartbeat(_ interval: HostDiagnosis, quiet: Nanoseconds) -> String {
    "\(time(interval))  no drops for \(quiet), \(Verdict.counted(interval.sas.count, "SA")), \(rate(interval))"
  }

  private func time(_ interval: HostDiagnosis) -> String {
    var text = TextBuffer(capacity: 64)
    var time = TimeText(style: style)
    // Whole seconds: readings are not more exact than that.
    let second = interval.snapshot.time.nanoseconds / 1_000_000_000 * 1_000_000_000
    time.write(Timestamp(nanoseconds: second), to: &text)
    return String(text.string.split(separator: ".", maxSplits: 1)[0])
  }

  private func rate(_ interval: HostDiagnosis) -> String {
    let perSecond = interval.sas.reduce(0.0) { sum, judgement in
      guard let forecast = judgement.forecast, case .measured = forecast.basis else { return sum }
      return sum + forecast.perSecond
    }
    return "\(Quantity.grouped(Int64(min(perSecond, 1e15).rounded()))) packets/s"
  }

  // MARK: A terminal

  /// At most `height` lines of at most `width` columns: what does not fit is cut off, as the next redraw must
  /// find them.
  package func screen(
    _ interval: HostDiagnosis, whole: HostDiagnosis, width: Int, height: Int
  ) -> [String] {
    let elapsed = whole.interval ?? Nanoseconds(0)
    let writer = DropText(page, naming)
    var lines = [
      "watched for \(elapsed): \(Verdict.counted(interval.sas.count, "SA")), \(rate(interval)); Ctrl-C ends"
    ]
    lines += whole.drops.sorted { $0.count > $1.count }.map { drop in
      let now = interval.drops.first { $0.counter == drop.counter }?.count ?? 0
      return writer.line(drop, now: now)
    }
    if whole.drops.isEmpty { lines.append("no drops") }
    lines += busiest(interval)
    return lines.prefix(max(1, height)).map { line in
      let plain = page.plain(line)
      return plain.count <= width ? plain : String(plain.prefix(max(1, width)))
    }
  }

  /// SAs by how many sequence numbers they took in the interval.
  private func busiest(_ interval: HostDiagnosis) -> [String] {
    let writer = HostSAText(page, naming, at: interval.snapshot.time)
    let moving = interval.sas.compactMap { judgement -> (SAJudgement, Double)? in
      guard let forecast = judgement.forecast, case .measured = forecast.basis else { return nil }
      return (judgement, forecast.perSecond)
    }
    return moving.sorted { $0.1 > $1.1 }.prefix(Self.saLimit).map { judgement, perSecond in
      let rate = Quantity.decimal(perSecond, places: perSecond < 10 ? 1 : 0)
      return "\(writer.title(judgement)): \(rate) packets/s"
    }
  }
}
