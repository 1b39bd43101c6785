internal import Glibc

/// A line or a few on a terminal, by default standard error's, that are written over.
struct ProgressLine {
  let isWanted: Bool
  private let descriptor: Int32
  private var linesShown = 0

  init(isQuiet: Bool) {
    self.init(isWanted: !isQuiet && isatty(STDERR_FILENO) == 1)
  }

  init(isWanted: Bool, to descriptor: Int32 = STDERR_FILENO) {
    self.isWanted = isWanted
    self.descriptor = descriptor
  }

  mutating func show(_ words: String) { show([words]) }

  mutating func show(_ lines: [String]) {
    var drawing = start
    for (index, line) in lines.enumerated() {
      drawing += (index > 0 ? "\n" : "") + "\u{1B}[K" + line
    }
    // What is left of a longer drawing goes.
    if lines.count < linesShown { drawing += "\u{1B}[J" }
    Terminal.write(drawing, to: descriptor)
    linesShown = lines.count
  }

  /// Takes the lines away before anything else is written.
  mutating func clear() {
    guard linesShown > 0 else { return }
    Terminal.write(start + "\u{1B}[J", to: descriptor)
    linesShown = 0
  }

  /// Back to where the drawing begins.
  private var start: String {
    linesShown > 1 ? "\r\u{1B}[\(linesShown - 1)A" : "\r"
  }
}
