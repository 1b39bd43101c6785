/// A line of comma-separated fields, as Wireshark's tables have them.
struct TableLine {
  let fields: [KeyText]

  /// Nil for text that is no such line: its first field must be an address family or hexadecimal, or
  /// a quote must stand at its start.
  init?(_ line: KeyText) {
    let fields = Self.split(line)
    guard fields.count >= 2, let first = fields.first else { return nil }
    let isCookie = (first.hasHexPrefix ? first.dropFirst(2) : first).isHexadecimal
    guard
      Self.isFamily(first) || line.first == UInt8(ascii: "\"") || isCookie && first.count >= 8
        || fields.count == 8 && line.contains(UInt8(ascii: "["))
    else { return nil }
    self.fields = fields
  }

  /// "IPv4" and "IPv6".
  static func isFamily(_ field: KeyText) -> Bool {
    field.isText("ipv4") || field.isText("ipv6")
  }

  /// Cuts at the commas outside quotes, and takes the quotes off.
  private static func split(_ line: KeyText) -> [KeyText] {
    var fields: [KeyText] = []
    var start = line.startIndex
    var isQuoted = false
    for index in line.indices {
      switch line[index] {
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: ",") where !isQuoted:
        fields.append(unquoted(line[start..<index]))
        start = index + 1
      default: break
      }
    }
    return fields + [unquoted(line[start...])]
  }

  private static func unquoted(_ field: KeyText) -> KeyText {
    let field = field.trimmed
    guard field.count >= 2, field.first == UInt8(ascii: "\""), field.last == UInt8(ascii: "\"")
    else { return field }
    return field.dropFirst().dropLast()
  }
}
