internal import IKE
internal import Measurement
internal import Report

/// How far a sweep is, not shown before a person would wonder.
struct SweepProgress {
  private var line: ProgressLine
  private var shown = Duration.seconds(1)

  init(isQuiet: Bool) {
    line = ProgressLine(isQuiet: isQuiet)
  }

  /// Shows it, a few times a second.
  mutating func show(_ summary: SweepSummary) {
    guard line.isWanted, summary.duration - shown > .milliseconds(200) else { return }
    shown = summary.duration
    line.show(Self.words(summary))
  }

  /// "1,200 of 65,536 requests at most, 31 answers, about 21 min left"
  static func words(_ summary: SweepSummary) -> String {
    let most = summary.requests + summary.remaining
    var words = "\(summary.requests) of \(Verdict.counted(most, "request")) at most, "
    words += Verdict.counted(summary.answered, "answer")
    if summary.requests > 0, summary.remaining > 0 {
      let rest = summary.duration * (Double(summary.remaining) / Double(summary.requests))
      words += ", about \(rest.words) left"
    }
    return words
  }

  /// Takes the line away before anything else is written.
  mutating func clear() { line.clear() }
}
