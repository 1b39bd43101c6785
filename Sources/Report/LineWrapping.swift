internal import PacketDissector

extension TextBuffer {
  /// Breaks the line that begins at byte `start` at spaces, so that none of its parts is wider than
  /// `width` columns; the parts behind the first are indented.
  ///
  /// For terminals only: a pipe gets the line whole.
  mutating func wrapLine(from start: Int, width: Int, indent: Int = 12) {
    let line = unsafe withBytes { unsafe Array($0[start...]) }
    guard line.count > width, width > indent * 2 else { return }
    truncate(to: start)
    var column = 0
    var isFirst = true
    for word in line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false) {
      // Bytes that continue a UTF-8 sequence take no column.
      let columns = word.count { $0 & 0xC0 != 0x80 }
      if !isFirst, column + 1 + columns > width, column > indent {
        put("\n")
        spaces(indent)
        column = indent
      } else if !isFirst {
        put(" ")
        column += 1
      }
      put(Array(word))
      column += columns
      isFirst = false
    }
  }
}
