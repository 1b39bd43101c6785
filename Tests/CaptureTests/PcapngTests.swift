import Capture
import PacketDissector
import Testing

@Suite("pcapng")
struct PcapngTests {
  static let packet = TestPacket(1_700_000_000_123_456_000, [1, 2, 3, 4, 5], originalLength: 60)
  static let micros: UInt64 = 1_700_000_000_123_456

  /// The block of one packet, which stands at byte 48 behind the shortest beginning.
  static var packetBlock: [UInt8] {
    var file = PcapngEncoder()
    let start = file.bytes.count
    file.packet(units: micros, packet)
    return Array(file.bytes[start...])
  }

  @Test(
    "Interfaces, comments and packets read alike in both byte orders", arguments: [false, true])
  func whole(isBig: Bool) throws {
    var file = PcapngEncoder(isBig: isBig, comments: ["of the section", "another"])
    file.interface(
      linkType: 1, snapshotLength: 96, name: "eth0",
      [(1, Array("of the interface".utf8)), (3, Array("uplink".utf8))])
    file.packet(units: Self.micros, Self.packet, comments: ["first", "zweiter Gruß"])
    file.block(5, []) { $0.u32(0) }
    file.block(0xBAD, []) { $0.append([UInt8](repeating: 1, count: 2_000_000)) }
    file.interface(linkType: 0x71, name: "any\0")
    file.packet(units: Self.micros, Self.packet, interface: 1)
    file.obsoletePacket(units: Self.micros, Self.packet, interface: 1)
    let reading = try Reading(file.bytes)

    #expect(reading.error == nil)
    #expect(reading.packets == [Self.packet, Self.packet, Self.packet])
    #expect(reading.linkTypes == [1, 113, 113])
    #expect(reading.headers.map(\.interface) == [0, 1, 1])
    #expect(reading.comments == [["first", "zweiter Gruß"], [], []])
    #expect(reading.sectionComments.first == ["of the section", "another"])
    #expect(
      reading.interfaces == [
        CaptureInterface(
          linkType: .ethernet, name: "eth0", description: "uplink", snapshotLength: 96,
          comments: ["of the interface"]),
        CaptureInterface(linkType: .linuxSLL, name: "any"),
      ])
  }

  @Test("Each section has its own byte order and interfaces")
  func sections() throws {
    var file = PcapngEncoder(isBig: true, comments: ["one"])
    file.interface(linkType: 1, name: "a")
    file.packet(units: Self.micros, Self.packet)
    file.section(isBig: false, comments: ["two"])
    file.interface(linkType: 101, name: "b")
    file.packet(units: Self.micros, Self.packet)
    let reading = try Reading(file.bytes)
    #expect(reading.error == nil)
    #expect(reading.packets == [Self.packet, Self.packet])
    #expect(reading.linkTypes == [1, 101])
    #expect(reading.headers.map(\.interface) == [0, 1])
    #expect(reading.interfaces.map(\.name) == ["a", "b"])
    #expect(reading.sectionComments == [["one"], ["two"]])
  }

  @Test("A simple packet is cut at the snapshot length and carries no time")
  func simplePacket() throws {
    var file = PcapngEncoder()
    file.interface(linkType: 1, snapshotLength: 3)
    file.simplePacket(TestPacket(0, [1, 2, 3], originalLength: 90))
    file.interface(linkType: 1)
    file.section(isBig: false)
    file.interface(linkType: 1)
    file.simplePacket(TestPacket(0, [1, 2, 3, 4, 5]))
    let reading = try Reading(file.bytes)
    #expect(
      reading.packets == [
        TestPacket(0, [1, 2, 3], originalLength: 90), TestPacket(0, [1, 2, 3, 4, 5]),
      ])
    #expect(reading.headers.map(\.interface) == [0, 2])
  }

  @Test(
    "Times are read in every resolution",
    arguments: [
      (9, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
      (6, 1_700_000_000_123_456, 1_700_000_000_123_456_000),
      (3, 1_700_000_000_123, 1_700_000_000_123_000_000),
      (0, 1_700_000_000, 1_700_000_000_000_000_000),
      (12, 5_123_999, 5_123),
      (29, .max, 0),
      (0x80, 7, 7_000_000_000),
      (0x81, 3, 1_500_000_000),
      (0x80 | 32, 5 << 32 | 1 << 31, 5_500_000_000),
      (0x80 | 64, 1 << 63, 500_000_000),
      (0x80 | 127, .max, 0),
      (6, .max, .max),
      (0, 1 << 62, .max),
    ] as [(UInt8, UInt64, Int64)])
  func resolution(code: UInt8, units: UInt64, nanoseconds: Int64) throws {
    for isBig in [false, true] {
      var file = PcapngEncoder(isBig: isBig)
      file.interface(linkType: 1, [(9, [code])])
      file.packet(units: units, Self.packet)
      #expect(try Reading(file.bytes).packets.first?.nanoseconds == nanoseconds)
    }
  }

  @Test("The time offset is in seconds, and none is too large", arguments: [false, true])
  func offset(isBig: Bool) throws {
    for (seconds, nanoseconds) in [
      (1000, 1_000_000_002_000), (-1, -999_998_000), (Int64.max, Int64.max), (.min, .min + 2000),
    ] {
      var file = PcapngEncoder(isBig: isBig)
      file.interface(linkType: 1, [file.number(14, seconds)])
      file.packet(units: 2, Self.packet)
      #expect(try Reading(file.bytes).packets.first?.nanoseconds == nanoseconds)
    }
  }

  @Test("What cannot be right is said, with its place")
  func corrupt() throws {
    var start = PcapngEncoder()
    start.interface(linkType: 1)
    #expect(start.bytes.count == 48)

    var unknown = start
    unknown.packet(units: 0, Self.packet, interface: 1)
    try expect(unknown.bytes, "is corrupt at byte 48: packet 1 is of interface 1, described are 1")

    var lengths = start
    lengths.packet(units: 0, Self.packet)
    var bytes = lengths.bytes
    bytes[bytes.count - 4] = 44
    try expect(bytes, "is corrupt at byte 48: a block's two lengths are 40 and 44")
    bytes = lengths.bytes
    bytes[48 + 20] = 9
    try expect(bytes, "is corrupt at byte 48: packet 1 claims 9 bytes in a block of 40")
    bytes = lengths.bytes
    bytes[48 + 4] = 41
    try expect(bytes, "is corrupt at byte 48: a block cannot have a length of 41")
    bytes = lengths.bytes
    bytes.replaceSubrange(52..<56, with: [4, 0, 0, 16])
    try expect(bytes, "is corrupt at byte 48: a block cannot have a length of 268435460")
    bytes[55] = 15
    try expect(bytes, "inside the block at byte 48: it has 251658244 bytes, 40 are there")

    var early = PcapngEncoder()
    early.simplePacket(Self.packet)
    try expect(early.bytes, "packet 1 comes before any interface is described")
    var version = start
    version.section(isBig: true, major: 3)
    try expect(version.bytes, "is a pcapng file of version 3.0, which is not supported")
  }

  private func expect(_ bytes: [UInt8], _ text: String) throws {
    let description = try Reading(bytes).error?.description ?? "no error"
    #expect(description.hasSuffix(text))
  }
}
