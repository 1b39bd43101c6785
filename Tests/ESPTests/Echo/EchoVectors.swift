import Glibc
import PacketDissector

/// Fixtures/vectors/esp-echo-packets.csv.
struct EchoVector: CustomStringConvertible {
  let name: String
  /// Key and salt; empty for packets in clear.
  let keyMaterial: [UInt8]
  /// Empty where the packet has no trailer.
  let plaintext: [UInt8]
  let packet: [UInt8]

  var description: String { name }

  static let all = rows().map { cells in
    EchoVector(
      name: cells[0], keyMaterial: bytes(cells[1]) + bytes(cells[2]), plaintext: bytes(cells[3]),
      packet: bytes(cells[4]))
  }

  private static func rows() -> [[String]] {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    guard let file = unsafe fopen("/\(root)/Fixtures/vectors/esp-echo-packets.csv", "r") else {
      return []
    }
    defer { unsafe _ = fclose(file) }
    var chunk = [UInt8](repeating: 0, count: 65536)
    // fread writes at most the chunk's length.
    let count = unsafe fread(&chunk, 1, chunk.count, file)
    let lines = String(decoding: chunk.prefix(count), as: UTF8.self)
      .split(separator: "\n").dropFirst()
    return lines.map { line in
      // Names with commas stand in quotes; the other cells are hexadecimal.
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      return [cells.dropLast(4).joined(separator: ",")] + cells.suffix(4)
    }
  }

  private static func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8).compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    return stride(from: 0, to: digits.count - 1, by: 2).map {
      UInt8(digits[$0] << 4 | digits[$0 + 1])
    }
  }
}

/// Reads a packet in clear, where a macro could not take a span.
func unencryptedEcho(_ packet: [UInt8]) -> UnencryptedESPEcho? {
  UnencryptedESPEcho(packet: packet.rawBytes)
}

func receivedEcho(_ payload: [UInt8]) -> ReceivedESPEcho? {
  ReceivedESPEcho(payload: payload.rawBytes)
}
