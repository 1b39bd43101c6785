import Capture
import PacketDissector
import Testing

@Suite("Merged captures")
struct MergedCaptureTests {
  /// A packet of one byte, `mark`, at `microsecond`.
  static func packet(_ microsecond: Int64, _ mark: UInt8) -> TestPacket {
    TestPacket(microsecond * 1000, [mark])
  }

  struct Merged {
    var marks: [UInt8] = []
    var files: [Int] = []
    /// With how many packets before each.
    var errors: [(after: Int, CaptureError)] = []

    init(_ paths: [String]) {
      var capture = MergedCapture(paths: paths)
      while true {
        do throws(CaptureError) {
          guard let packet = try nextPacket(&capture) else { break }
          marks.append(packet.bytes.first ?? 0)
          files.append(capture.fileIndex)
        } catch {
          errors.append((marks.count, error))
        }
      }
    }
  }

  @Test("Packets come in time order; of equal times the file named first goes first")
  func order() throws {
    let first = try TemporaryFile(
      pcap([Self.packet(10, 1), Self.packet(30, 2), Self.packet(30, 3), Self.packet(90, 4)]))
    let second = try TemporaryFile(
      snoop([Self.packet(5, 5), Self.packet(30, 6), Self.packet(31, 7)]))
    let third = try TemporaryFile(gzip(pcap([Self.packet(30, 8), Self.packet(20, 9)])))
    let paths = [first.path, second.path, third.path]

    let merged = Merged(paths)
    #expect(merged.errors.isEmpty)
    #expect(merged.marks == [5, 1, 2, 3, 6, 8, 9, 7, 4])
    #expect(merged.files == [1, 0, 0, 0, 1, 2, 2, 1, 0])
    #expect(Merged(paths.reversed()).marks == [5, 1, 8, 9, 6, 2, 3, 7, 4])
  }

  @Test("Twenty files of random times merge like a stable sort")
  func many() throws {
    var state: UInt64 = 42
    var files: [TemporaryFile] = []
    var all: [(time: Int64, mark: UInt8)] = []
    for file in 0..<20 {
      var time: Int64 = 0
      let packets = (0..<50).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        time += Int64(state >> 62)
        return Self.packet(time, UInt8(file))
      }
      all += packets.map { ($0.nanoseconds, UInt8(file)) }
      files.append(try TemporaryFile(pcap(packets)))
    }
    let expected = all.sorted { ($0.time, $0.mark) < ($1.time, $1.mark) }.map(\.mark)
    #expect(Merged(files.map(\.path)).marks == expected)
  }

  @Test("A broken file is named after its packets, and the others go on")
  func errors() throws {
    let whole = try TemporaryFile(pcap((1...4).map { Self.packet($0 * 10, 1) }))
    let cut = try TemporaryFile(
      Array(pcap([Self.packet(15, 2), Self.packet(16, 3), Self.packet(17, 4)]).dropLast()))
    let merged = Merged([cut.path, "/nonexistent", whole.path])
    #expect(merged.marks == [1, 2, 3, 1, 1, 1])
    #expect(merged.errors.map(\.after) == [0, 3])
    #expect(
      merged.errors.map(\.1) == [
        .missing(path: "/nonexistent"),
        .truncatedPacket(path: cut.path, number: 3, promised: 1, present: 0),
      ])
  }

  @Test("A single file keeps its own order, and its error")
  func single() throws {
    let file = try TemporaryFile(
      Array(pcap([Self.packet(30, 1), Self.packet(10, 2), Self.packet(20, 3)]).dropLast()))
    let merged = Merged([file.path])
    #expect(merged.marks == [1, 2])
    #expect(merged.errors.map(\.after) == [2])
    #expect(Merged(["/nonexistent"]).errors.map(\.1) == [.missing(path: "/nonexistent")])
    #expect(Merged([]).marks.isEmpty)
  }

  @Test("The interfaces and the number are those of the packet's own file")
  func details() throws {
    var other = PcapngEncoder()
    other.interface(linkType: 101, name: "tun0")
    other.packet(units: 20, TestPacket(0, [2]), comments: ["hello"])
    let first = try TemporaryFile(pcap([Self.packet(10, 1)]))
    let second = try TemporaryFile(other.bytes)
    let capture = MergedCapture(paths: [first.path, second.path])
    _ = try capture.next()
    #expect(capture.interfaces.map(\.name) == [nil])
    _ = try capture.next()
    #expect(capture.interfaces.map(\.name) == ["tun0"])
    #expect(capture.comments == ["hello"])
    #expect(capture.packetNumber == 1)
    let end = try capture.next()
    #expect(end == nil)
    #expect(capture.comments.isEmpty)
  }
}
