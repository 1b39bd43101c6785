import Capture
import Glibc
import PacketDissector
import Testing

@Suite("Writing pcapng")
struct PcapngWriterTests {
  @Test("What is written is read again: packets, times, interfaces, comments")
  func roundTrip() throws {
    let packets = [
      TestPacket(1_700_000_000_123_456_789, [1, 2, 3, 4, 5]),
      TestPacket(1_700_000_000_123_456_790, []),
      TestPacket(1, [UInt8](repeating: 3, count: 100_000), originalLength: 200_000),
      TestPacket(0, [7]),
    ]
    let interfaces = [
      CaptureInterface(
        linkType: .ethernet, name: "eth0", description: "uplink", snapshotLength: 96,
        comments: ["busy"]),
      CaptureInterface(linkType: .raw, name: "tun0"),
    ]
    let source = try TemporaryFile(pcap(packets, isNano: true, snapshotLength: 200_000))
    let target = try TemporaryFile()
    var writer = try PcapngWriter(path: target.path, comments: ["made by a test"])
    let capture = try CaptureFile(path: source.path)
    var number = 0
    while var header = try capture.next() {
      header.interface = number % 2
      header.linkType = interfaces[number % 2].linkType
      try writer.write(
        header, capture.bytes, interface: interfaces[number % 2],
        comments: number == 0 ? ["one", "two"] : [])
      number += 1
    }
    try writer.close()

    let reading = Reading(path: target.path)
    #expect(reading.error == nil)
    #expect(reading.packets == packets)
    #expect(reading.linkTypes == [1, 101, 1, 101])
    #expect(reading.interfaces == interfaces)
    #expect(reading.comments == [["one", "two"], [], [], []])
    #expect(reading.sectionComments.first == ["made by a test"])
  }

  @Test("Interfaces of several files are mirrored, each once, when first used")
  func mirror() throws {
    var one = PcapngEncoder()
    one.interface(linkType: 1, name: "unused")
    one.interface(linkType: 1, name: "eth0")
    one.packet(units: 10, TestPacket(0, [1]), interface: 1)
    one.packet(units: 30, TestPacket(0, [2]), interface: 1)
    let files = try [TemporaryFile(one.bytes), TemporaryFile(pcap([TestPacket(20_000, [3])]))]
    let target = try TemporaryFile()
    var writer = try PcapngWriter(path: target.path)
    let capture = MergedCapture(paths: files.map(\.path))
    while let header = try capture.next() {
      let interface = capture.interfaces[header.interface]
      try writer.write(header, capture.bytes, file: capture.fileIndex, interface: interface)
    }
    try writer.close()
    let reading = Reading(path: target.path)
    #expect(reading.packets.map(\.bytes) == [[1], [3], [2]])
    #expect(reading.headers.map(\.interface) == [0, 1, 0])
    #expect(reading.interfaces.map(\.name) == ["eth0", nil])
  }

  @Test("A file without packets is a capture, too")
  func empty() throws {
    let target = try TemporaryFile()
    try PcapngWriter(path: target.path).close()
    let reading = Reading(path: target.path)
    #expect(reading.error == nil && reading.packets.isEmpty)
  }

  @Test("A full disk and a missing directory are told")
  func errors() throws {
    let interface = CaptureInterface(linkType: .ethernet)
    let header = PacketHeader(
      timestamp: Timestamp(nanoseconds: 0), capturedLength: 0, originalLength: 0,
      linkType: .ethernet)
    do throws(CaptureError) {
      var writer = try PcapngWriter(path: "/dev/full")
      try writer.write(header, RawSpan(), interface: interface)
      try writer.close()
      Issue.record("/dev/full took it")
    } catch {
      #expect(
        error.description == "cannot write /dev/full: No space left on device; it holds 0 packets")
    }
    do throws(CaptureError) {
      _ = try PcapngWriter(path: "/nonexistent/x.pcapng")
      Issue.record("no error")
    } catch {
      #expect(
        error.description == "cannot write /nonexistent/x.pcapng: No such file or directory")
    }
  }

  @Test("A pipe can be written to, and flushed packet by packet")
  func pipe() throws {
    var ends: [Int32] = [0, 0]
    try #require(unsafe Glibc.pipe(&ends) == 0)
    var writer = PcapngWriter(descriptor: ends[1], name: "a pipe")
    let source = try TemporaryFile(pcap([TestPacket(1000, [1, 2])]))
    let capture = try CaptureFile(path: source.path)
    let header = try #require(try capture.next())
    try writer.write(header, capture.bytes, interface: CaptureInterface(linkType: .ethernet))
    try writer.flush()
    var copy = try CaptureFile(path: "/dev/fd/\(ends[0])")
    close(ends[0])
    let packet = try nextPacket(&copy)
    #expect(packet == TestPacket(1000, [1, 2]))
    try writer.close()
    let end = try nextPacket(&copy)
    #expect(end == nil)
  }
}
