package import PacketDissector

extension TextBuffer {
  /// Text off the wire, made harmless for a terminal: control characters, the C1 set, Unicode's
  /// direction marks, what is invisible and the backslash are written as escapes.
  package mutating func escaped(_ string: String) {
    for scalar in string.unicodeScalars {
      if scalar == "\\" {
        put("\\\\")
      } else if Self.isHarmless(scalar) {
        put(String(scalar))
      } else {
        put("\\u{")
        hex(UInt64(scalar.value))
        put("}")
      }
    }
  }

  /// A JSON string, quoted, of printable ASCII as far as the escapes of RFC 8259 allow.
  package mutating func json(_ string: String) {
    put(UInt8(ascii: "\""))
    if string.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }) {
      // Nothing to escape, as in every name of a registry.
      put(string)
      return put(UInt8(ascii: "\""))
    }
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": put("\\\"")
      case "\\": put("\\\\")
      case "\n": put("\\n")
      case "\r": put("\\r")
      case "\t": put("\\t")
      default:
        if Self.isHarmless(scalar) {
          put(String(scalar))
        } else {
          for unit in String(scalar).utf16 {
            put("\\u")
            hex(UInt64(unit), digits: 4)
          }
        }
      }
    }
    put(UInt8(ascii: "\""))
  }

  static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20...0x7E: true
    case 0...0x1F, 0x7F...0x9F: false
    case 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB: false
    // Soft hyphen, Mongolian vowel separator, tags and variation selectors: nobody sees them.
    case 0xAD, 0x180E, 0xE0000...0xE0FFF: false
    default: true
    }
  }
}
