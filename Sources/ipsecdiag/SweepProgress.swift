internal import Glibc
internal import IKE
internal import Measurement
internal import Report

/// How far a sweep is, in one line on standard error that is written over: on a terminal alone, and not
/// before a person would wonder.
struct SweepProgress {
  private let isWanted: Bool
  private var shown = Duration.seconds(1)
  private var isShown = false

  init(isQuiet: Bool) {
    isWanted = !isQuiet && isatty(STDERR_FILENO) == 1
  }

  /// Shows it, a few times a second.
  mutating func show(_ summary: SweepSummary) {
    guard isWanted, summary.duration - shown > .milliseconds(200) else { return }
    shown = summary.duration
    isShown = true
    write("\r\u{1B}[K\(Self.words(summary))")
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
  mutating func clear() {
    guard isShown else { return }
    isShown = false
    write("\r\u{1B}[K")
  }

  private func write(_ text: String) {
    let bytes = Array(text.utf8)
    // The pointer and count are the array's.
    unsafe bytes.withUnsafeBytes {
      unsafe _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count)
    }
  }
}
