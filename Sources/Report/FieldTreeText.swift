package import PacketDissector

/// The tree that `decode -v` shows under a frame's line, each node with its bytes' range; with
/// `-vv` the bytes too.
package struct FieldTreeText {
  private let showsBytes: Bool
  /// Long values are shortened to this many bytes unless the bytes are asked for.
  private static let shortBytes = 24

  package init(showsBytes: Bool) {
    self.showsBytes = showsBytes
  }

  package func write(_ fields: [Field], to text: inout TextBuffer) {
    for field in fields { write(field, depth: 1, to: &text) }
  }

  private func write(_ field: Field, depth: Int, to text: inout TextBuffer) {
    text.spaces(depth * 4 + 2)
    text.put(field.name)
    value(field.value, to: &text)
    if !field.range.isEmpty {
      text.put("  [")
      text.decimal(field.range.lowerBound)
      text.put("+")
      text.decimal(field.range.count)
      text.put("]")
    }
    text.put("\n")
    for child in field.children { write(child, depth: depth + 1, to: &text) }
  }

  private func value(_ value: Field.Value, to text: inout TextBuffer) {
    switch value {
    case .none: return
    case .number(let number, let name):
      text.put(": ")
      text.decimal(number)
      if let name {
        text.put(" (")
        text.escaped(name)
        text.put(")")
      }
    case .hex(let number, let digits):
      text.put(": ")
      text.hex(number, digits: digits)
    case .flags(let number, let names):
      text.put(": ")
      text.decimal(number)
      if !names.isEmpty {
        text.put(" (")
        text.put(names.joined(separator: ", "))
        text.put(")")
      }
    case .text(let string):
      text.put(": ")
      text.escaped(string)
    case .bytes(let bytes):
      text.put(": ")
      text.hex(showsBytes ? bytes[...] : bytes.prefix(Self.shortBytes))
      if !showsBytes, bytes.count > Self.shortBytes { text.put("...") }
    case .address(let address):
      text.put(": ")
      text.put(address)
    case .flag(let flag):
      text.put(flag ? ": yes" : ": no")
    case .error(let error):
      text.put(": malformed: ")
      text.put(error.description)
    }
  }

  /// The frame's bytes, sixteen a line, with their offsets and what of them is printable.
  package static func hexDump(_ bytes: RawSpan, to text: inout TextBuffer) {
    var reader = ByteReader(bytes)
    while let line = try? reader.bytes(min(16, reader.remaining)), !line.isEmpty {
      text.spaces(6)
      text.hex(UInt64(reader.offset - line.count), digits: 4)
      text.put("  ")
      for index in 0..<16 {
        if index < line.count { text.hex(UInt64(line[index]), digits: 2) } else { text.put("  ") }
        text.put(index == 7 ? "  " : " ")
      }
      text.put(" ")
      for byte in line { text.put((0x20...0x7E).contains(byte) ? byte : UInt8(ascii: ".")) }
      text.put("\n")
    }
  }
}
