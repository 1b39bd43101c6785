internal import CZlib
internal import Glibc

/// With which options the running kernel was built, where it or its package tells.
package struct KernelOptions: Sendable {
  package enum Setting: String, Sendable {
    case builtIn = "y"
    case module = "m"
    case absent = "n"
  }

  private let text: [UInt8]
  /// The file that tells.
  package let path: String

  /// Some hundred kilobytes on real kernels.
  private static let limit = 4 << 20

  package init(text: [UInt8], path: String) {
    self.text = text
    self.path = path
  }

  /// Of the running kernel: its own copy, or the file that its package brings. Nil where there is neither.
  package static func read() -> KernelOptions? {
    var paths = ["/proc/config.gz"]
    if let release = SystemFile.read("/proc/sys/kernel/osrelease") {
      paths.append("/boot/config-" + String(decoding: release.prefix { $0 > 32 }, as: UTF8.self))
    }
    for path in paths {
      if let text = unpacked(path), !text.isEmpty { return KernelOptions(text: text, path: path) }
    }
    return nil
  }

  /// How `option` ("CONFIG_INET_ESP") is set; nil where the file has nothing of it, as of options that this
  /// kernel does not have or that depend on an absent one.
  package subscript(option: String) -> Setting? {
    let set = Array("\(option)=".utf8)
    let absent = Array("# \(option) is not set".utf8)
    for line in text.split(separator: UInt8(ascii: "\n")) {
      if line.elementsEqual(absent) { return .absent }
      if line.starts(with: set) {
        return Setting(rawValue: String(decoding: line.dropFirst(set.count), as: UTF8.self))
      }
    }
    return nil
  }

  /// A file's content, compressed or not; nil where it cannot be read.
  private static func unpacked(_ path: String) -> [UInt8]? {
    // Both strings are terminated, as every String lent to C is; the file is closed below, once.
    guard let file = unsafe gzopen(path, "rb") else { return nil }
    defer { unsafe _ = gzclose(file) }
    var text: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 << 10)
    while text.count <= limit {
      // The count given is the array's.
      let count = unsafe gzread(file, &part, UInt32(part.count))
      guard count >= 0 else { return nil }
      guard count > 0 else { return text }
      text += part.prefix(Int(count))
    }
    return nil
  }
}
