import FoundationEssentials
import Glibc
import Testing

/// A run of the `ipsecdiag` that was built beside these tests, as a shell would start it.
struct Command {
  let exitCode: Int32
  let output: [UInt8]
  let errors: [UInt8]

  var text: String { String(decoding: output, as: UTF8.self) }
  var errorText: String { String(decoding: errors, as: UTF8.self) }
  var lines: [Substring] { text.split(separator: "\n") }
  var errorLines: [Substring] { errorText.split(separator: "\n") }

  /// Runs it to its end. Both outputs go through files, so that neither can fill a pipe.
  init(
    _ arguments: [String], executable: String = Place.binary, directory: String = Place.recordings,
    input: String = "/dev/null", output path: String? = nil, as user: UInt32? = nil
  ) throws {
    let output = try TemporaryFile()
    let errors = try TemporaryFile()
    let program = user.map {
      ["/usr/bin/setpriv", "--reuid=\($0)", "--regid=\($0)", "--clear-groups", executable]
    }
    let child = try Child(
      (program ?? [executable]) + arguments, directory: directory,
      input: .path(input), output: .path(path ?? output.path), errors: .path(errors.path))
    exitCode = child.wait()
    self.output = try contents(of: output.path)
    self.errors = try contents(of: errors.path)
  }
}

/// A process that was started and goes on beside the test.
struct Child {
  enum Stream {
    case path(String)
    case descriptor(Int32)
  }

  let process: pid_t

  init(
    _ arguments: [String], directory: String = Place.recordings, input: Stream, output: Stream,
    errors: Stream
  ) throws {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
    for (number, stream) in [(0, input), (1, output), (2, errors)] as [(Int32, Stream)] {
      switch stream {
      case .path(let path):
        let flags = number == 0 ? O_RDONLY : O_WRONLY
        unsafe posix_spawn_file_actions_addopen(&actions, number, path, flags, 0)
      case .descriptor(let descriptor):
        unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, number)
      }
    }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe _ = posix_spawnattr_destroy(&attributes) }
    // A signal that the test's own thread ignores or blocks would be so for the child as well.
    var signals = sigset_t()
    unsafe sigfillset(&signals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    // A place, a locale and a time zone that no machine's settings change.
    let command =
      ["/usr/bin/env", "-i", "-C", directory, "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
      + ["LC_ALL=C.UTF-8", "TZ=UTC-02"] + arguments
    var process: pid_t = 0
    let code = unsafe withCStrings(command) { arguments in
      unsafe posix_spawn(&process, "/usr/bin/env", &actions, &attributes, arguments, nil)
    }
    try #require(code == 0, "cannot start \(arguments[0]): error \(code)")
    self.process = process
  }

  func signal(_ number: Int32) {
    _ = kill(process, number)
  }

  /// Waits until the process takes the signal itself, ten seconds at most, and then a moment longer, so
  /// that it waits for input by then.
  func awaitHandler(of number: Int32) {
    for _ in 0..<1000 {
      let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
      let caught = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
      let mask = caught.flatMap { UInt64($0.dropFirst(7).drop { $0 == "\t" }, radix: 16) } ?? 0
      if mask >> UInt64(number - 1) & 1 == 1 { break }
      usleep(10_000)
    }
    usleep(300_000)
  }

  /// Its exit code once it has ended, or minus the signal that ended it: SIGKILL when time is up.
  func wait(seconds: Int = 120) -> Int32 {
    var status: Int32 = 0
    var waits = 0
    while unsafe waitpid(process, &status, WNOHANG) == 0 {
      waits += 1
      if waits == seconds * 1000 { signal(SIGKILL) }
      usleep(1000)
    }
    return status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
  }
}

/// Both ends of a pipe. The caller closes them.
func openPipe() throws -> (reading: Int32, writing: Int32) {
  var ends: [Int32] = [0, 0]
  let code = unsafe pipe(&ends)
  try #require(code == 0)
  // Tests run beside each other: a pipe of one must not stay open in the child of another.
  for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  return (ends[0], ends[1])
}

/// What arrives on a descriptor until `isEnough` says so, the writer ends, or the time is up.
func read(
  _ descriptor: Int32, seconds: Int = 20, until isEnough: (String) -> Bool = { _ in false }
) -> String {
  var bytes: [UInt8] = []
  var block = [UInt8](repeating: 0, count: 65536)
  for _ in 0..<(seconds * 20) {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&request, 1, 50) > 0 else { continue }
    let got = unsafe Glibc.read(descriptor, &block, block.count)
    if got <= 0 { break }
    bytes += block[..<got]
    if isEnough(String(decoding: bytes, as: UTF8.self)) { break }
  }
  return String(decoding: bytes, as: UTF8.self)
}

/// Lends `strings` as C wants them: null-terminated, with a null pointer at the end.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  let array = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(
    capacity: strings.count + 1)
  for (index, string) in strings.enumerated() {
    unsafe (array + index).initialize(to: strdup(string))
  }
  unsafe (array + strings.count).initialize(to: nil)
  defer {
    for index in strings.indices { unsafe free(array[index]) }
    unsafe array.deallocate()
  }
  return unsafe body(array)
}
