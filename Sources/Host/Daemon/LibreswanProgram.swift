internal import Glibc
internal import PacketDissector

/// Asks pluto for its status by libreswan's own program, as its control socket speaks the version's own
/// binary form.
enum LibreswanProgram {
  private static let controlSocket = "/run/pluto/pluto.ctl"
  /// No shell, and no search along PATH.
  private static let paths = [
    "/usr/libexec/ipsec/whack", "/usr/local/libexec/ipsec/whack", "/usr/lib/ipsec/whack",
  ]
  private static let outputLimit = 16 << 20
  /// Nanoseconds for all of it.
  private static let patience: Int64 = 5_000_000_000

  enum Answer {
    case state(DaemonState)
    case notRunning
    case missing(reason: String, isPermission: Bool)
  }

  static func read() -> Answer {
    // The folder is root's alone.
    guard unsafe access(controlSocket, F_OK) == 0 else {
      guard errno == EACCES else { return .notRunning }
      return .missing(
        reason: "no permission to ask libreswan's pluto: it takes root", isPermission: true)
    }
    guard unsafe access(controlSocket, W_OK) == 0 else {
      return .missing(
        reason: "no permission to ask libreswan's pluto: it takes root", isPermission: true)
    }
    guard let program = paths.first(where: { unsafe access($0, X_OK) == 0 }) else {
      return .missing(
        reason: "libreswan's pluto is here, but not its program whack: \(paths[0])",
        isPermission: false)
    }
    let deadline = MonotonicClock.now() + patience
    guard var text = output(of: [program, "--status"], until: deadline) else {
      return .missing(
        reason: "`ipsec whack --status` did not tell libreswan's state within 5 s",
        isPermission: false)
    }
    text +=
      [UInt8(ascii: "\n")] + (output(of: [program, "--trafficstatus"], until: deadline) ?? [])
    let now = Timestamp.now.nanoseconds / 1_000_000_000
    return .state(DaemonState(libreswanStatus: text, now: now))
  }

  /// What a program writes to its standard output; nil where it did not start, failed, wrote more than the
  /// limit or took too long.
  static func output(of words: [String], until deadline: Int64) -> [UInt8]? {
    var ends: [Int32] = [-1, -1]
    // The array has the two places that pipe fills.
    guard unsafe pipe(&ends) == 0 else { return nil }
    defer { close(ends[0]) }
    // The program's end goes on to block.
    for number in ends { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    let process = start(words, output: ends[1])
    close(ends[1])
    guard let process else { return nil }
    let text = read(ends[0], until: deadline)
    return end(process, isDone: text != nil, until: deadline) ? text : nil
  }

  /// Its input and errors are /dev/null, and its environment is empty.
  private static func start(_ words: [String], output: Int32) -> pid_t? {
    guard let program = words.first else { return nil }
    var actions = unsafe posix_spawn_file_actions_t()
    guard unsafe posix_spawn_file_actions_init(&actions) == 0 else { return nil }
    defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    // Copies that live until the call has returned, and a nil that ends each list.
    let arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    defer { unsafe arguments.forEach { unsafe free($0) } }
    let environment: [UnsafeMutablePointer<CChar>?] = unsafe [nil]
    var process: pid_t = 0
    let code = unsafe posix_spawn(&process, program, &actions, nil, arguments, environment)
    return code == 0 ? process : nil
  }

  /// All that comes until the other end is closed; nil past the deadline or the limit.
  private static func read(_ descriptor: Int32, until deadline: Int64) -> [UInt8]? {
    var text: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 << 10)
    while text.count <= outputLimit {
      // The count given is the array's.
      let count = unsafe Glibc.read(descriptor, &part, part.count)
      if count > 0 {
        text += part.prefix(count)
        continue
      }
      if count == 0 { return text }
      guard errno == EAGAIN || errno == EINTR else { return nil }
      var poll = SocketPoll()
      poll.add(descriptor)
      guard let outcome = try? poll.wait(until: deadline), outcome == .ready else { return nil }
    }
    return nil
  }

  /// Takes the process's end, and brings it about where it does not come. Whether it ended well.
  private static func end(_ process: pid_t, isDone: Bool, until deadline: Int64) -> Bool {
    var status: Int32 = 0
    if isDone {
      while MonotonicClock.now() < deadline {
        let ended = unsafe waitpid(process, &status, WNOHANG)
        if ended == process { return status == 0 }
        if ended < 0, errno != EINTR { return false }
        usleep(5000)
      }
    }
    kill(process, SIGKILL)
    while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
    return false
  }
}
