internal import Glibc
internal import Measurement

/// A file of targets that the command line names, read piece by piece, as it may have millions of lines;
/// - is standard input.
enum TargetFile {
  private static let blockSize = 65_536

  /// Hands over every target, in the file's order.
  static func read(_ path: String, _ body: (TargetExpression) -> Void) throws(Failure) {
    let name = path == "-" ? "standard input" : path
    let descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(name, errno) }
    defer { if descriptor > STDERR_FILENO { close(descriptor) } }
    var words = TargetWords()
    var problem: String?
    func take(_ word: String, _ line: Int) {
      guard problem == nil else { return }
      do throws(TargetExpression.Problem) { body(try TargetExpression(word)) } catch {
        problem = "\(name), line \(line): \(error)"
      }
    }
    var block = [UInt8](repeating: 0, count: blockSize)
    while problem == nil, !Interruption.isRequested {
      // read() writes at most the count of bytes that the block has.
      let count = unsafe Glibc.read(descriptor, &block, block.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw failure(name, errno) }
      if count == 0 { break }
      words.add(block[..<count], take)
    }
    words.end(take)
    if let problem { throw Failure(problem, exitCode: ExitCodes.badData) }
  }

  private static func failure(_ name: String, _ code: Int32) -> Failure {
    switch code {
    case ENOENT, ENOTDIR: Failure("\(name) does not exist", exitCode: ExitCodes.inputMissing)
    case EISDIR:
      Failure("\(name) is a directory, not a list of targets", exitCode: ExitCodes.inputMissing)
    case EACCES, EPERM:
      Failure("no permission to open \(name)", exitCode: ExitCodes.noPermission)
    default:
      Failure(
        "cannot read \(name): \(unsafe strerror(code).map { unsafe String(cString: $0) } ?? "\(code)")",
        exitCode: ExitCodes.inputOutput)
    }
  }
}
