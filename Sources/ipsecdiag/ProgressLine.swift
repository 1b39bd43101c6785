internal import Glibc

/// A line or a few on standard error that are written over, on a terminal alone.
struct ProgressLine {
  let isWanted: Bool
  private var linesShown = 0

  init(isQuiet: Bool) {
    self.init(isWanted: !isQuiet && isatty(STDERR_FILENO) == 1)
  }

  init(isWanted: Bool) { self.isWanted = isWanted }

  mutating func show(_ words: String) { show([words]) }

  mutating func show(_ lines: [String]) {
    var drawing = start
    for (index, line) in lines.enumerated() {
      drawing += (index > 0 ? "\n" : "") + "\u{1B}[K" + line
    }
    // What is left of a longer drawing goes.
    if lines.count < linesShown { drawing += "\u{1B}[J" }
    StandardError.write(part: drawing)
    linesShown = lines.count
  }

  /// Takes the lines away before anything else is written.
  mutating func clear() {
    guard linesShown > 0 else { return }
    StandardError.write(part: start + "\u{1B}[J")
    linesShown = 0
  }

  /// Back to where the drawing begins.
  private var start: String {
    linesShown > 1 ? "\r\u{1B}[\(linesShown - 1)A" : "\r"
  }
}
