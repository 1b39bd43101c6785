internal import Glibc

/// One line on standard error that is written over, on a terminal alone.
struct ProgressLine {
  let isWanted: Bool
  private var isShown = false

  init(isQuiet: Bool) {
    isWanted = !isQuiet && isatty(STDERR_FILENO) == 1
  }

  mutating func show(_ words: String) {
    isShown = true
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
