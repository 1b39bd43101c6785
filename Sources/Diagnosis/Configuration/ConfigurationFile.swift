internal import Glibc

/// Reads configuration files from disk, or standard input for "-".
package enum ConfigurationFile {
  package static let maximumSize = 4 << 20

  package enum Failure: Error, Equatable, Sendable {
    case missing(path: String)
    case directory(path: String)
    case permissionDenied(path: String)
    case cannotRead(path: String, code: Int32)
    case tooLarge(path: String)
  }

  package static func read(_ path: String) throws(Failure) -> [UInt8] {
    let name = path == "-" ? "standard input" : path
    let descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      switch errno {
      case ENOENT, ENOTDIR: throw .missing(path: name)
      case EACCES, EPERM: throw .permissionDenied(path: name)
      case let code: throw .cannotRead(path: name, code: code)
      }
    }
    defer { if descriptor > STDERR_FILENO { close(descriptor) } }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65536)
    while true {
      // read() writes at most the count of bytes that the block has.
      let count = unsafe Glibc.read(descriptor, &block, block.count)
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EISDIR { throw .directory(path: name) }
      if count < 0 { throw .cannotRead(path: name, code: errno) }
      if count == 0 { return bytes }
      bytes += block[..<count]
      if bytes.count > maximumSize { throw .tooLarge(path: name) }
    }
  }
}

extension ConfigurationFile.Failure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missing(let path): return "\(path) does not exist"
    case .directory(let path): return "\(path) is a directory, not a configuration file"
    case .permissionDenied(let path): return "no permission to open \(path)"
    case .cannotRead(let path, let code):
      guard let text = unsafe strerror(code) else { return "cannot read \(path): error \(code)" }
      return unsafe "cannot read \(path): \(String(cString: text))"
    case .tooLarge(let path):
      return "\(path) is larger than 4 MiB, too large for a configuration file"
    }
  }
}
