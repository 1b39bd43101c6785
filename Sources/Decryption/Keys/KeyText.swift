internal import IPsecCrypto

/// Text as bytes: a line that holds a key must not become a `String`, whose memory nobody zeroes.
typealias KeyText = ArraySlice<UInt8>

enum Hexadecimal {
  static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension KeyText {
  /// For names, addresses and numbers.
  var string: String { String(decoding: self, as: UTF8.self) }

  var trimmed: KeyText {
    var text = self
    while let first = text.first, Self.isBlank(first) { text = text.dropFirst() }
    while let last = text.last, Self.isBlank(last) { text = text.dropLast() }
    return text
  }

  var words: [KeyText] {
    split(whereSeparator: Self.isBlank)
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  func hasPrefix(_ prefix: String) -> Bool { starts(with: prefix.utf8) }

  /// Equal to `text`, which is in lower case, in any letter case.
  func isText(_ text: String) -> Bool {
    elementsEqual(text.utf8) { byte, other in
      byte == other
        || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) && byte | 0x20 == other
    }
  }

  var hasHexPrefix: Bool {
    prefix(2).isText("0x")
  }

  var isHexadecimal: Bool {
    allSatisfy { Hexadecimal.value(of: $0) != nil }
  }

  /// The bytes that pairs of hexadecimal digits stand for, with or without "0x" before them.
  func hexadecimal(_ name: String) throws(KeyFault) -> Secret {
    let digits = hasHexPrefix ? dropFirst(2) : self
    guard digits.isHexadecimal else { throw KeyFault("\(name) is not hexadecimal") }
    guard digits.count.isMultiple(of: 2) else {
      throw KeyFault("\(name) has an odd number of hexadecimal digits (\(digits.count))")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    var high: UInt8?
    for digit in digits {
      guard let value = Hexadecimal.value(of: digit) else { continue }
      if let upper = high {
        bytes.append(upper << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    return Secret(consuming: &bytes)
  }

  /// An SPI or a cookie of 8 bytes.
  func spi64(_ name: String) throws(KeyFault) -> UInt64 {
    let digits = hasHexPrefix ? dropFirst(2) : self
    guard digits.isHexadecimal else { throw KeyFault("\(name) is not hexadecimal") }
    guard digits.count == 16, let value = UInt64(digits.string, radix: 16) else {
      throw KeyFault("\(name) has \(digits.count) hexadecimal digits; it takes 16")
    }
    return value
  }

  /// An SPI: "0x" and hexadecimal digits, or a decimal number.
  var spi32: UInt32? {
    if hasHexPrefix { return UInt32(dropFirst(2).string, radix: 16) }
    return UInt32(string) ?? UInt32(string, radix: 16)
  }
}
