/// X.501 names from text to DER (RFC 5280, section 4.1.2.4).
enum DistinguishedNameEncoding {
  /// Reads "C=CH, O=example, CN=gateway" or "/C=CH/O=example/CN=gateway", most general attribute first;
  /// nil for an attribute that has no short name here, and for one without a value. A backslash takes
  /// the next character as it is.
  static func der(of text: String) -> [UInt8]? {
    let isSlashed = text.hasPrefix("/")
    guard let parts = split(isSlashed ? text.dropFirst() : text[...], at: isSlashed ? "/" : ",")
    else { return nil }
    var sets: [UInt8] = []
    for part in parts {
      guard let (name, value) = attribute(part), let oid = oid(of: name) else { return nil }
      let pair = element(0x06, oid) + element(stringTag(of: name, value), Array(value.utf8))
      sets += element(0x31, element(0x30, pair))
    }
    return element(0x30, sets)
  }

  /// Cuts at each `separator` without a backslash in front; nil if a part is empty.
  private static func split(_ text: Substring, at separator: Character) -> [Substring]? {
    var parts: [Substring] = []
    var start = text.startIndex
    var index = text.startIndex
    while index < text.endIndex {
      if text[index] == "\\" {
        index = text.index(after: index)
        guard index < text.endIndex else { return nil }
      } else if text[index] == separator {
        parts.append(text[start..<index])
        start = text.index(after: index)
      }
      index = text.index(after: index)
    }
    parts.append(text[start...])
    return parts.allSatisfy { $0.contains { $0 != " " } } ? parts : nil
  }

  private static func attribute(_ part: Substring) -> (name: String, value: String)? {
    guard let sign = part.firstIndex(of: "=") else { return nil }
    var value = ""
    var isEscaped = false
    for character in part[part.index(after: sign)...].trimmed {
      if character == "\\", !isEscaped {
        isEscaped = true
      } else {
        value.append(character)
        isEscaped = false
      }
    }
    guard !value.isEmpty else { return nil }
    return (String(part[..<sign].trimmed).uppercased(), value)
  }

  private static func oid(of name: String) -> [UInt8]? {
    switch name {
    case "CN": [0x55, 4, 3]
    case "SN", "S", "SURNAME": [0x55, 4, 4]
    case "SERIALNUMBER": [0x55, 4, 5]
    case "C": [0x55, 4, 6]
    case "L": [0x55, 4, 7]
    case "ST": [0x55, 4, 8]
    case "STREET": [0x55, 4, 9]
    case "O": [0x55, 4, 10]
    case "OU": [0x55, 4, 11]
    case "T": [0x55, 4, 12]
    case "GN", "G": [0x55, 4, 42]
    case "E", "EMAIL", "EMAILADDRESS": [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 1]
    case "UID": [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 1, 1]
    case "DC": [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 1, 25]
    default: nil
    }
  }

  /// IA5String for mail addresses and domain components, PrintableString where it has the characters,
  /// else UTF8String.
  private static func stringTag(of name: String, _ value: String) -> UInt8 {
    if ["E", "EMAIL", "EMAILADDRESS", "DC"].contains(name) { return 0x16 }
    let isPrintable = value.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || " '()+,-./:=?".contains($0))
    }
    return isPrintable ? 0x13 : 0x0C
  }

  /// Tag, length and content; a length over 65,535 is none that an ID payload could carry.
  private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    let count = content.count
    let high = UInt8(truncatingIfNeeded: count >> 8)
    let low = UInt8(truncatingIfNeeded: count)
    let length: [UInt8] = count < 0x80 ? [low] : count < 0x100 ? [0x81, low] : [0x82, high, low]
    return [tag] + length + content
  }
}

extension Substring {
  /// Without spaces at its ends.
  fileprivate var trimmed: Substring {
    var text = drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return text
  }
}
