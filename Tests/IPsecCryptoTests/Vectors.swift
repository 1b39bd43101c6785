import Glibc
import IPsecCrypto
import PacketDissector
import Testing

/// The rows of a table in Tests/Fixtures/vectors, each by its column's name.
func vectors(_ name: String) throws -> [[String: String]] {
  try rows(of: "vectors/\(name).csv")
}

/// The rows of a table below Tests/Fixtures.
func rows(of path: String) throws -> [[String: String]] {
  let lines = try table(path)
  let header = try #require(lines.first)
  return lines.dropFirst().map {
    Dictionary(zip(header, $0), uniquingKeysWith: { first, _ in first })
  }
}

/// The lines of a file of comma-separated values below Tests/Fixtures.
func table(_ path: String) throws -> [[String]] {
  String(decoding: try fixture(path), as: UTF8.self).split(whereSeparator: \.isNewline).map {
    fields(of: $0)
  }
}

/// The bytes of a file below Tests/Fixtures.
func fixture(_ path: String) throws -> [UInt8] {
  let root = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
  let path = "/\(root)/Fixtures/\(path)"
  guard let file = unsafe fopen(path, "r") else { throw NoSuchFixture(path: path) }
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

struct NoSuchFixture: Error {
  let path: String
}

/// A line of CSV: fields in quotes may hold commas and doubled quotes.
private func fields(of line: Substring) -> [String] {
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

extension [String: String] {
  /// A field of hexadecimal digits.
  func bytes(_ name: String) throws -> [UInt8] {
    let digits = Array(try #require(self[name], "no column \(name)").utf8)
    try #require(digits.count % 2 == 0)
    return try stride(from: 0, to: digits.count, by: 2).map {
      try #require(UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16))
    }
  }

  func number(_ name: String) throws -> Int {
    try #require(Int(self[name] ?? ""), "no number in \(name)")
  }

  func secret(_ name: String) throws -> Secret {
    Secret(copying: try bytes(name))
  }
}

/// Bytes that differ from their neighbours, for messages whose content does not matter.
func pattern(_ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
}

extension PacketOpener {
  /// Opens into an array of `room` bytes, filled with 0xA5 before; by default as many as needed.
  mutating func open(
    _ ciphertext: [UInt8], iv: [UInt8], associated: [UInt8] = [], room: Int? = nil
  ) -> (result: Result<Int, PacketCipherFailure>, output: [UInt8]) {
    var output = [UInt8](repeating: 0xA5, count: room ?? ciphertext.count)
    var span = output.mutableSpan
    var bytes = unsafe span.mutableBytes
    let result: Result<Int, PacketCipherFailure>
    do throws(PacketCipherFailure) {
      result = .success(
        try open(
          ciphertext.rawBytes, iv: iv.rawBytes, associated: AssociatedData(associated.rawBytes),
          into: &bytes))
    } catch {
      result = .failure(error)
    }
    return (result, output)
  }

  /// The plaintext; fails the test if there is none.
  mutating func plaintext(
    _ ciphertext: [UInt8], iv: [UInt8], associated: [UInt8] = []
  ) throws -> [UInt8] {
    let (result, output) = open(ciphertext, iv: iv, associated: associated)
    return Array(output.prefix(try result.get()))
  }
}

extension PacketSealer {
  mutating func sealed(
    _ plaintext: [UInt8], iv: [UInt8], associated: [UInt8] = [], room: Int? = nil
  ) throws -> [UInt8] {
    var output = [UInt8](repeating: 0xA5, count: room ?? plaintext.count + transform.icvBytes)
    var span = output.mutableSpan
    var bytes = unsafe span.mutableBytes
    let count = try seal(
      plaintext.rawBytes, iv: iv.rawBytes, associated: AssociatedData(associated.rawBytes),
      into: &bytes)
    return Array(output.prefix(count))
  }
}

extension IntegrityChecker {
  /// The ICV of `message`, fed in runs of at most `run` bytes.
  mutating func icv(
    of message: [UInt8], iv: [UInt8] = [], run: Int = .max
  ) throws -> [UInt8] {
    feed(message, iv: iv, run: run)
    var output = [UInt8](repeating: 0, count: 64)
    var span = output.mutableSpan
    var bytes = unsafe span.mutableBytes
    let count = try finish(into: &bytes)
    return Array(output.prefix(count))
  }

  mutating func accepts(_ icv: [UInt8], of message: [UInt8], iv: [UInt8] = []) -> Bool {
    feed(message, iv: iv, run: .max)
    return verify(icv.rawBytes)
  }

  private mutating func feed(_ message: [UInt8], iv: [UInt8], run: Int) {
    start(iv: iv.rawBytes)
    var rest = message[...]
    while !rest.isEmpty {
      update(Array(rest.prefix(run)).rawBytes)
      rest = rest.dropFirst(run)
    }
  }
}
