internal import Glibc

/// What the terminal and the locale say.
enum Terminal {
  /// Columns, where standard output is a terminal that tells.
  static var width: Int? { columns(of: STDOUT_FILENO) }

  /// The same of any descriptor.
  static func columns(of descriptor: Int32) -> Int? {
    size(of: descriptor)?.columns
  }

  static func size(of descriptor: Int32) -> (columns: Int, rows: Int)? {
    var size = winsize()
    guard isatty(descriptor) == 1,
      unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0
    else { return nil }
    return (Int(size.ws_col), size.ws_row > 0 ? Int(size.ws_row) : 24)
  }

  /// Whether what was drawn can be drawn over.
  static var canRedraw: Bool {
    unsafe getenv("TERM").map { unsafe String(cString: $0) } != "dumb"
  }

  /// As it is: a line of the caller's, or control sequences. A failure has nowhere to go.
  static func write(_ part: String, to descriptor: Int32) {
    let bytes = Array(part.utf8)
    // The pointer and count are the array's.
    unsafe bytes.withUnsafeBytes {
      unsafe _ = Glibc.write(descriptor, $0.baseAddress, $0.count)
    }
  }

  /// The first of LC_ALL, LC_CTYPE and LANG that is set decides, as in setlocale(3). Without any,
  /// output is UTF-8 all the same: pipes and logs of today are.
  static var isUTF8: Bool {
    for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
      guard let value = unsafe getenv(name).map({ unsafe String(cString: $0) }), !value.isEmpty
      else { continue }
      let lowered = value.lowercased()
      return lowered.contains("utf-8") || lowered.contains("utf8")
    }
    return true
  }
}
