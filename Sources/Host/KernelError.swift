import Glibc

/// Why the kernel did not tell what it was asked: one line for a person.
package enum KernelError: Error, Equatable, Sendable {
  case notPermitted
  /// It is built without XFRM, or its module xfrm_user is not loaded.
  case withoutXFRM
  /// What was being done, and the `errno` that came of it.
  case failed(doing: String, code: Int32)
  /// A message of the kernel that is none, and at which byte.
  case malformed(offset: Int)
  /// More than anything should take.
  case tooMuch
}

extension KernelError {
  /// What an `errno` means here.
  init(_ code: Int32, doing action: String) {
    switch code {
    case EPERM, EACCES: self = .notPermitted
    case EPROTONOSUPPORT, ENOENT, EAFNOSUPPORT, EOPNOTSUPP: self = .withoutXFRM
    default: self = .failed(doing: action, code: code)
    }
  }
}

extension KernelError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notPermitted:
      return "no permission to read the kernel's SAs: it takes the capability CAP_NET_ADMIN"
    case .withoutXFRM:
      return "this kernel tells no SAs: it has no XFRM, or its module xfrm_user is not loaded"
    case .failed(let action, let code):
      guard let text = unsafe strerror(code) else { return "cannot \(action): error \(code)" }
      return unsafe "cannot \(action): \(String(cString: text))"
    case .malformed(let offset):
      return "the kernel's answer is malformed at byte \(offset)"
    case .tooMuch:
      return "the kernel's answer is larger than this program takes"
    }
  }
}
