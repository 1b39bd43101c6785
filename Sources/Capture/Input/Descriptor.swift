import Glibc

/// A file descriptor, closed when its owner goes, unless it is standard input or output.
struct Descriptor: ~Copyable {
  let number: Int32
  /// A read can wait for someone: anything but a regular file.
  let mayWait: Bool

  /// Opens a file to read, or takes standard input for "-".
  init(reading path: String, name: String) throws(CaptureError) {
    let number = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else {
      switch errno {
      case ENOENT, ENOTDIR: throw .missing(path: name)
      case EACCES, EPERM: throw .permissionDenied(path: name)
      case let code: throw .cannotRead(path: name, code: code)
      }
    }
    var status = stat()
    let code = unsafe fstat(number, &status) == 0 ? 0 : errno
    let kind = status.st_mode & S_IFMT
    if code != 0 || kind == S_IFDIR {
      if number > STDERR_FILENO { _ = Glibc.close(number) }
      throw code != 0 ? .cannotRead(path: name, code: code) : .directory(path: name)
    }
    self.number = number
    mayWait = kind != S_IFREG
    if !mayWait { _ = posix_fadvise(number, 0, 0, POSIX_FADV_SEQUENTIAL) }
  }

  /// Creates a file to write, or empties it; "-" is standard output.
  init(writing path: String, name: String) throws(CaptureError) {
    let number =
      path == "-"
      ? STDOUT_FILENO : unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard number >= 0 else { throw .cannotWrite(path: name, code: errno) }
    self.number = number
    mayWait = false
  }

  /// Takes over a descriptor that was opened elsewhere.
  init(owning number: Int32) {
    self.number = number
    mayWait = true
  }

  deinit {
    if number > STDERR_FILENO { _ = close(number) }
  }

  /// A read would not wait now.
  var isReadable: Bool { isReadable(within: 0) }

  /// Waits until a read would not, `isStopped` says so, or a signal's handler made it say so; false
  /// if stopped.
  func awaitReadable(isStopped: () -> Bool) -> Bool {
    while !isStopped() {
      if isReadable(within: Self.patience) { return true }
    }
    return false
  }

  /// Milliseconds that a stop may take where its signal comes just before the wait.
  static let patience: Int32 = 50

  private func isReadable(within milliseconds: Int32) -> Bool {
    var request = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&request, 1, milliseconds) > 0
  }
}
