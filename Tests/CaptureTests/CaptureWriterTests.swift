import Capture
import Glibc
import PacketDissector
import Testing

@Suite("Writing a capture to a ring of files")
struct CaptureWriterTests {
  /// A folder of its own, gone with its files.
  private final class Folder {
    let path: String

    init() throws {
      var template = Array("/tmp/ipsecdiag-ring-XXXXXX".utf8CString)
      try #require(unsafe mkdtemp(&template) != nil)
      path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
      for name in names { unsafe _ = unlink("\(path)/\(name)") }
      unsafe _ = rmdir(path)
    }

    /// In order.
    var names: [String] {
      guard let directory = unsafe opendir(path) else { return [] }
      defer { unsafe _ = closedir(directory) }
      var names: [String] = []
      while let entry = unsafe readdir(directory) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
          unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) {
            unsafe String(cString: $0)
          }
        }
        if name != "." && name != ".." { names.append(name) }
      }
      return names.sorted()
    }

    func make(_ name: String) { close(unsafe creat("\(path)/\(name)", 0o600)) }
  }

  /// Writes packets of 1000 bytes, counted from 0 in their first byte.
  private func write(_ packets: Range<UInt8>, to writer: CaptureWriter) throws {
    for number in packets {
      var bytes = [UInt8](repeating: 0, count: 1000)
      bytes[0] = number
      let header = PacketHeader(
        timestamp: Timestamp(nanoseconds: Int64(number)), capturedLength: bytes.count,
        originalLength: bytes.count, linkType: .ethernet)
      try writer.write(
        header, bytes.rawBytes, interface: CaptureInterface(linkType: .ethernet, name: "eth0"))
    }
  }

  private func ring(_ folder: Folder, files: Int) throws -> CaptureWriter {
    let files = try RingFiles(
      path: "\(folder.path)/wan.pcapng", limits: .init(bytes: 4096, files: files))
    return try CaptureWriter(files, application: "a test")
  }

  @Test("Files are numbered, none is larger than asked, and the newest are left")
  func rotation() throws {
    let folder = try Folder()
    let writer = try ring(folder, files: 2)
    // Three fit into 4096 bytes.
    try write(0..<11, to: writer)
    try writer.flush()
    #expect(writer.packets == 11 && writer.files == 4)
    let names = folder.names
    #expect(names.map { $0.prefix(10) } == ["wan_00003_", "wan_00004_"])
    #expect(names.allSatisfy { $0.hasSuffix(".pcapng") && $0.count == 10 + 14 + 7 })
    let readings = names.map { Reading(path: "\(folder.path)/\($0)") }
    #expect(readings.map(\.error) == [nil, nil])
    #expect(readings.map { $0.packets.compactMap(\.bytes.first) } == [[6, 7, 8], [9, 10]])
    #expect(readings.map { $0.interfaces.first?.name } == ["eth0", "eth0"])
    #expect(writer.path == "\(folder.path)/\(names.last ?? "")")
  }

  @Test("A packet larger than a file has one of its own")
  func largePacket() throws {
    let folder = try Folder()
    let files = try RingFiles(
      path: "\(folder.path)/wan", limits: .init(bytes: 500, files: 9))
    let writer = try CaptureWriter(files, application: "a test")
    try write(0..<3, to: writer)
    try writer.flush()
    let readings = folder.names.map { Reading(path: "\(folder.path)/\($0)") }
    #expect(readings.map(\.packets.count) == [1, 1, 1])
  }

  @Test("Files of others stay: of an earlier run, and one that took the place of ours")
  func others() throws {
    let folder = try Folder()
    folder.make("wan_00001_20200101000000.pcapng")
    let writer = try ring(folder, files: 2)
    try write(0..<4, to: writer)
    let oldest = try #require(folder.names.dropFirst().first)
    folder.make("theirs")
    unsafe _ = rename("\(folder.path)/theirs", "\(folder.path)/\(oldest)")
    try write(4..<10, to: writer)
    #expect(folder.names.count == 4)
    #expect(folder.names.contains(oldest))
    #expect(folder.names.first == "wan_00001_20200101000000.pcapng")
  }

  @Test("A folder that is missing is told before anything is captured")
  func missing() {
    do throws(CaptureError) {
      _ = try RingFiles(path: "/nonexistent/wan.pcapng", limits: .init(bytes: 4096, files: 2))
      Issue.record("no error")
    } catch {
      #expect(
        error.description == "cannot write /nonexistent/wan.pcapng: No such file or directory")
    }
  }

  @Test("Once a file takes no more, every call says so")
  func full() throws {
    let writer = try CaptureWriter(path: "/dev/full", application: "a test")
    try write(0..<1, to: writer)
    for _ in 0..<2 {
      do throws(CaptureError) {
        try writer.flush()
        Issue.record("/dev/full took it")
      } catch {
        #expect(
          error.description == "cannot write /dev/full: No space left on device; it holds 0 packets"
        )
      }
    }
  }
}
