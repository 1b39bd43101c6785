import Capture
import Glibc
import PacketDissector
import Testing

/// Captures of others that lie beside the repository where it is developed; none are part of it.
@Suite("Captures of others")
struct SharedCapturesTests {
  /// `../shared/captures` seen from the package, or one directory further up for a worktree.
  static let directory: String? = {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return ["/\(root)/../shared/captures", "/\(root)/../../shared/captures"].first {
      unsafe access("\($0)/INDEX.csv", R_OK) == 0
    }
  }()

  @Test(
    "Each has as many packets as its index says",
    .enabled(if: directory != nil, "there is no ../shared/captures"))
  func packetCounts() throws {
    let directory = try #require(Self.directory)
    let rows = Self.table(try #require(Self.text(of: "\(directory)/INDEX.csv")))
    let columns = try #require(rows.first)
    let file = try #require(columns.firstIndex(of: "file"))
    let packets = try #require(columns.firstIndex(of: "packets"))
    let kind = try #require(columns.firstIndex(of: "class"))
    var checked = 0
    for row in rows.dropFirst() where row.count > max(file, packets, kind) && row[kind] != "vector"
    {
      let reading = Reading(path: "\(directory)/\(row[file])")
      #expect(String(reading.packets.count) == row[packets], "\(row[file])")
      #expect(reading.error == nil || row[kind] == "malformed", "\(row[file])")
      checked += 1
    }
    #expect(checked > 100)
  }

  /// RFC 4180: fields between commas, quoted where they hold some.
  private static func table(_ text: String) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var field = ""
    var isQuoted = false
    for character in text {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted:
        row.append(field)
        field = ""
      case "\n" where !isQuoted, "\r\n" where !isQuoted:
        rows.append(row + [field])
        row = []
        field = ""
      default: field.append(character)
      }
    }
    return rows
  }

  private static func text(of path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65536)
    while true {
      let got = unsafe read(descriptor, &block, block.count)
      if got <= 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += block[..<got]
    }
  }
}
