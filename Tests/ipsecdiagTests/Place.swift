import Glibc
import Testing

/// Where this checkout keeps what the tests need.
enum Place {
  static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  static let recordings = "\(root)/Tests/Fixtures/recordings"
  static let golden = "\(root)/Tests/Fixtures/golden"

  /// The binary built with these tests: both lie in one folder.
  static let binary: String = {
    let arguments = CommandLine.arguments
    let bundle =
      arguments.firstIndex(of: "--test-bundle-path").map { arguments[$0 + 1] } ?? arguments[0]
    let folders = [bundle, arguments[0]].map { parent(of: $0) } + ["\(root)/.build/debug"]
    // A bundle is a file on Linux; elsewhere it would be a folder of folders.
    return folders.map { "\($0)/ipsecdiag" }.first { isReadable($0) } ?? "ipsecdiag"
  }()

  /// Captures of others, beside the repository where it is developed: ../shared/captures seen from
  /// it, or from the folder above for a worktree. None of them is part of it.
  static let captures: String? = [
    "\(root)/../shared/captures", "\(root)/../../shared/captures",
  ].first { isReadable("\($0)/INDEX.csv") }

  static let install = "/usr/bin/install"

  static let recordedCaptures = files(below: recordings).filter { $0.hasSuffix(".pcap") }

  /// Paths below ``captures`` of all files that begin as a capture does.
  static let sharedCaptures: [String] =
    captures.map { folder in
      files(below: folder).filter { path in
        guard let bytes = try? contents(of: "\(folder)/\(path)", limit: 4) else { return false }
        return magics.contains { bytes.starts(with: $0) }
      }
    } ?? []

  /// pcap in both byte orders and both resolutions, pcapng, gzip.
  private static let magics: [[UInt8]] = [
    [0xA1, 0xB2, 0xC3, 0xD4], [0xD4, 0xC3, 0xB2, 0xA1], [0xA1, 0xB2, 0x3C, 0x4D],
    [0x4D, 0x3C, 0xB2, 0xA1], [0x0A, 0x0D, 0x0D, 0x0A], [0x1F, 0x8B],
  ]

  static func isReadable(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

  static func parent(of path: String) -> String {
    "/" + path.split(separator: "/").dropLast().joined(separator: "/")
  }

  /// Where a program is that the tests can do without; nil if it is not installed.
  static func program(_ name: String) -> String? {
    ["/usr/bin/\(name)", "/usr/local/bin/\(name)"].first { unsafe access($0, X_OK) == 0 }
  }

  /// The paths of all regular files below `folder`, relative to it, sorted.
  static func files(below folder: String) -> [String] {
    var found: [String] = []
    var waiting = [""]
    while let inner = waiting.popLast() {
      guard let directory = unsafe opendir("\(folder)/\(inner)") else { continue }
      defer { unsafe _ = closedir(directory) }
      while let entry = unsafe readdir(directory) {
        let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
          unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name == "." || name == ".." { continue }
        let path = inner.isEmpty ? name : "\(inner)/\(name)"
        if unsafe entry.pointee.d_type == UInt8(DT_DIR) {
          waiting.append(path)
        } else {
          found.append(path)
        }
      }
    }
    return found.sorted()
  }
}

/// A file in the temporary directory, gone with its last reference.
final class TemporaryFile {
  let path: String

  init(_ bytes: [UInt8] = []) throws {
    var template = Array("/tmp/ipsecdiag-test-XXXXXX".utf8CString)
    let descriptor = unsafe mkstemp(&template)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    try #require(writeAll(bytes, to: descriptor))
  }

  deinit { unsafe _ = unlink(path) }
}

/// Writes all of `bytes`; false on an error.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  var done = 0
  while done < bytes.count {
    let written = unsafe bytes.withUnsafeBytes {
      unsafe write(descriptor, $0.baseAddress.map { unsafe $0 + done }, $0.count - done)
    }
    if written <= 0 { return false }
    done += written
  }
  return true
}

/// Writes a file anew, with the folders that lead to it.
func write(_ bytes: [UInt8], to path: String) throws {
  var folder = ""
  for part in path.split(separator: "/").dropLast() {
    folder += "/\(part)"
    unsafe _ = mkdir(folder, 0o777)
  }
  let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
  try #require(descriptor >= 0, "cannot write \(path)")
  defer { close(descriptor) }
  try #require(writeAll(bytes, to: descriptor))
}

func contents(of path: String, limit: Int = .max) throws -> [UInt8] {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  try #require(descriptor >= 0, "cannot open \(path)")
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var block = [UInt8](repeating: 0, count: min(limit, 1 << 20))
  while bytes.count < limit {
    let got = unsafe Glibc.read(descriptor, &block, block.count)
    if got <= 0 { break }
    bytes += block[..<got]
  }
  return bytes
}

/// What the environment says; nil if it says nothing.
func environment(_ name: String) -> String? {
  unsafe getenv(name).map { unsafe String(cString: $0) }
}
