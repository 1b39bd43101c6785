internal import IKE
internal import Report

/// How far a probe is, not shown before a person would wonder.
struct ProbeProgress {
  private let total: UInt64
  private var line: ProgressLine
  private let started: Instant
  private var shown: Instant

  init(total: UInt64, isQuiet: Bool, now: Instant) {
    self.total = total
    line = ProgressLine(isQuiet: isQuiet)
    started = now
    shown = now
  }

  /// Shows how many of all are done, a few times a second.
  mutating func show(_ done: UInt64, up: UInt64, at now: Instant) {
    guard line.isWanted, now - shown > .milliseconds(200), now - started > .seconds(1) else {
      return
    }
    shown = now
    var words = "\(Verdict.counted(done, "address", "es")) of \(total), \(up) up"
    if done > 0, done < total {
      let spent = (now - started) / .seconds(1)
      let left = spent * Double(total - done) / Double(done)
      words += ", about \(Int(min(left, 1e9).rounded(.up))) s left"
    }
    line.show(words)
  }

  /// Takes the line away before anything else is written.
  mutating func clear() { line.clear() }
}
