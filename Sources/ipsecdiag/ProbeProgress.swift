internal import Glibc
internal import IKE
internal import Report

/// How far a probe is, in one line on standard error that is written over: on a terminal alone, and not
/// before a person would wonder.
struct ProbeProgress {
  private let total: UInt64
  private let isWanted: Bool
  private let started: Instant
  private var shown: Instant
  private var isShown = false

  init(total: UInt64, isQuiet: Bool, now: Instant) {
    self.total = total
    isWanted = !isQuiet && isatty(STDERR_FILENO) == 1
    started = now
    shown = now
  }

  /// Shows how many of all are done, a few times a second.
  mutating func show(_ done: UInt64, up: UInt64, at now: Instant) {
    guard isWanted, now - shown > .milliseconds(200), now - started > .seconds(1) else { return }
    shown = now
    isShown = true
    var words = "\(Verdict.counted(done, "address", "es")) of \(total), \(up) up"
    if done > 0, done < total {
      let spent = (now - started) / .seconds(1)
      let left = spent * Double(total - done) / Double(done)
      words += ", about \(Int(min(left, 1e9).rounded(.up))) s left"
    }
    write("\r\u{1B}[K\(words)")
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
