import Glibc

/// Files below Tests/Fixtures.
enum TestFixture {
  struct NoSuchFile: Error {
    let path: String
  }

  static func read(_ name: String) throws -> [UInt8] {
    let root = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let path = "/\(root)/Fixtures/\(name)"
    guard let file = unsafe fopen(path, "r") else { throw NoSuchFile(path: path) }
    defer { unsafe _ = fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      // fread writes at most the chunk's length.
      let count = unsafe fread(&chunk, 1, chunk.count, file)
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }
}
