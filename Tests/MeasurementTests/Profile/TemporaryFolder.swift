import Glibc

/// A folder of files that goes with it.
final class TemporaryFolder {
  let path: String
  /// Files and folders, in the order in which they came to be.
  private var made: [String] = []

  /// Paths in it, and what stands in the files; all are readable by their owner alone.
  init(_ files: [String: String]) throws {
    var template = Array("/tmp/ipsecdiag-profile-XXXXXX".utf8CString)
    // The template ends with a zero, which mkdtemp keeps.
    guard unsafe mkdtemp(&template) != nil else { throw Failure() }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    for (name, text) in files { try write(name, text) }
  }

  func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws {
    let folders = name.split(separator: "/").dropLast()
    for count in folders.indices {
      let folder = folders[...count].joined(separator: "/")
      if unsafe mkdir(file(folder), 0o700) == 0 { made.append(folder) }
    }
    let descriptor = unsafe open(file(name), O_WRONLY | O_CREAT | O_TRUNC, mode)
    guard descriptor >= 0 else { throw Failure() }
    defer { close(descriptor) }
    made.append(name)
    fchmod(descriptor, mode)
    let bytes = Array(text.utf8)
    // The array has as many bytes as the count says.
    guard unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw Failure() }
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  deinit {
    for name in made.reversed() { unsafe remove(file(name)) }
    unsafe remove(path)
  }

  struct Failure: Error {}
}
