/// What the kernel's IPsec dropped since the network namespace was made: /proc/net/xfrm_stat, in its order.
///
/// Newer kernels have more of them; names are kept as they are.
package struct DropCounters: Equatable, Sendable {
  package struct Entry: Equatable, Sendable {
    package var name: String
    package var value: UInt64

    package init(_ name: String, _ value: UInt64) {
      self.name = name
      self.value = value
    }
  }

  package var entries: [Entry]

  package init(_ entries: [Entry]) { self.entries = entries }

  /// The file's text: a name and a number a line. Lines that are neither are left out.
  package init(text: [UInt8]) {
    entries = text.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
      guard words.count == 2, let value = UInt64(String(decoding: words[1], as: UTF8.self)) else {
        return nil
      }
      return Entry(String(decoding: words[0], as: UTF8.self), value)
    }
  }

  /// Of this process's network namespace; nil where the kernel has no such file
  /// (CONFIG_XFRM_STATISTICS).
  package static func read() -> DropCounters? {
    SystemFile.read("/proc/net/xfrm_stat").map { DropCounters(text: $0) }
  }

  package subscript(name: String) -> UInt64? {
    entries.first { $0.name == name }?.value
  }
}
