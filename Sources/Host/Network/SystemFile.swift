internal import CLinux
internal import Glibc

/// Files that the kernel writes as they are read.
enum SystemFile {
  /// More than a table of the largest gateway takes.
  private static let limit = 64 << 20

  /// All of it; nil where it cannot be read, or is larger than anything should be.
  static func read(_ path: String) -> [UInt8]? {
    let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { return nil }
    defer { close(number) }
    var text: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 << 10)
    while text.count <= limit {
      // The count given is the array's.
      let count = unsafe Glibc.read(number, &part, part.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      guard count > 0 else { return text }
      text += part.prefix(count)
    }
    return nil
  }
}

extension SystemFile {
  /// The names in a folder; none where it cannot be read.
  static func names(in folder: String) -> [String] {
    guard let stream = unsafe opendir(folder) else { return [] }
    defer { unsafe _ = closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      // The name is terminated, and stays until the next call.
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { name in
        unsafe String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// What a symbolic link says; nil where it cannot be read.
  static func link(_ path: String) -> String? {
    var text = [CChar](repeating: 0, count: 256)
    // The count given is the array's.
    let count = unsafe readlink(path, &text, text.count)
    guard count >= 0 else { return nil }
    return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
