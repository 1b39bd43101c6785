import Glibc

/// Why a key file could not be read: one line for a person.
package enum KeyFileError: Error, Equatable, Sendable {
  case missing(path: String)
  case directory(path: String)
  case permissionDenied(path: String)
  case cannotRead(path: String, code: Int32)
  case tooLarge(path: String)
}

extension KeyFileError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missing(let path): return "\(path) does not exist"
    case .directory(let path): return "\(path) is a directory, not a key file"
    case .permissionDenied(let path): return "no permission to open \(path)"
    case .cannotRead(let path, let code):
      guard let text = unsafe strerror(code) else { return "cannot read \(path): error \(code)" }
      return unsafe "cannot read \(path): \(String(cString: text))"
    case .tooLarge(let path): return "\(path) is larger than 16 MiB, too large for a key file"
    }
  }
}
