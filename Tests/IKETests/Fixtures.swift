import Glibc
import IPsecCrypto
import Testing

/// A file below Tests/Fixtures.
enum Fixture {
  struct Missing: Error {
    let path: String
  }

  static func path(_ name: String) -> String {
    let root = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    return "/\(root)/Fixtures/\(name)"
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    guard let file = unsafe fopen(path(name), "r") else { throw Missing(path: path(name)) }
    defer { unsafe _ = fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      // fread writes at most the chunk's length.
      let count = unsafe fread(&chunk, 1, chunk.count, file)
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    return bytes
  }

  /// The lines of a table of comma-separated values. Fields in quotes may hold commas and doubled quotes.
  static func table(_ name: String) throws -> [[String]] {
    String(decoding: try bytes(name), as: UTF8.self).split(whereSeparator: \.isNewline)
      .map(fields)
  }

  private static func fields(of line: Substring) -> [String] {
    var fields = [""]
    var isQuoted = false
    var wasQuote = false
    for character in line {
      if character == "\"" {
        if wasQuote { fields[fields.count - 1].append("\"") }
        wasQuote = isQuoted && !wasQuote
        isQuoted.toggle()
        continue
      }
      wasQuote = false
      if character == ",", !isQuoted {
        fields.append("")
      } else {
        fields[fields.count - 1].append(character)
      }
    }
    return fields
  }
}

/// The octets that hexadecimal digits say.
func octets(_ digits: some StringProtocol) throws -> [UInt8] {
  let digits = Array(digits.utf8)
  try #require(digits.count % 2 == 0)
  return try stride(from: 0, to: digits.count, by: 2).map {
    try #require(UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16))
  }
}

extension Secret {
  init(hex digits: some StringProtocol) throws {
    self.init(copying: try octets(digits))
  }
}
