import Capture
import Glibc
import PacketDissector
import Testing

@Suite("Capture files")
struct CaptureFileTests {
  @Test("pcap reads alike in both byte orders and all its kinds", arguments: [false, true])
  func pcapKinds(isBig: Bool) throws {
    for (isNano, isModified) in [(false, false), (true, false), (false, true)] {
      let file = pcap(TestPacket.samples, isBig: isBig, isNano: isNano, isModified: isModified)
      let reading = try Reading(file)
      #expect(reading.error == nil)
      #expect(reading.packets == TestPacket.samples)
      #expect(reading.linkTypes == [1, 1, 1, 1])
      #expect(
        reading.interfaces == [CaptureInterface(linkType: .ethernet, snapshotLength: 65535)])
    }
  }

  @Test("Nanoseconds are kept where the file has them")
  func nanoseconds() throws {
    let sample = [TestPacket(1_700_000_000_123_456_789, [1])]
    #expect(try Reading(pcap(sample, isNano: true)).packets == sample)
    #expect(
      try Reading(pcap(sample)).packets.first?.nanoseconds == 1_700_000_000_123_456_000)
  }

  @Test("The bits about a frame check sequence are no part of the link type")
  func linkType() throws {
    #expect(try Reading(pcap([TestPacket(0, [1])], linkType: 0x2400_0001)).linkTypes == [1])
    #expect(try Reading(pcap([TestPacket(0, [1])], linkType: 12)).linkTypes == [101])
    #expect(try Reading(pcap([TestPacket(0, [1])], linkType: 276)).linkTypes == [276])
  }

  @Test("Files of version 2.2 have their lengths the other way round")
  func swappedLengths() throws {
    var packet = TestPacket(0, [1, 2, 3], originalLength: 9)
    var file = pcap([packet], version: (2, 2))
    #expect(file[32] == 3 && file[36] == 9)
    file.swapAt(32, 36)
    #expect(try Reading(file).packets == [packet])
    file = pcap([packet], version: (2, 3))
    #expect(try Reading(file).packets == [packet])
    packet.originalLength = 3
    #expect(try Reading(pcap([packet], version: (2, 3))).packets == [packet])
  }

  @Test("A packet longer than the snapshot length is read, one beyond all limits is refused")
  func lengths() throws {
    let large = TestPacket(0, [UInt8](repeating: 7, count: 262_144))
    #expect(try Reading(pcap([large], snapshotLength: 96)).packets == [large])

    var file = pcap([TestPacket(0, [1])])
    file.replaceSubrange(32..<36, with: [1, 0, 4, 0])
    #expect(
      try Reading(file).error?.description.hasSuffix(
        "is corrupt at byte 24: packet 1 claims 262145 bytes, the most there can be are 262144")
        == true)
  }

  @Test("A packet larger than the buffer comes whole, between others")
  func hugePacket() throws {
    let huge = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let packets = [TestPacket(1000, [1]), TestPacket(2000, huge), TestPacket(3000, [2])]
    for file in [pcap(packets, snapshotLength: 4_000_000)] {
      #expect(try Reading(file).packets == packets)
      #expect(try Reading(gzip(file)).packets == packets)
      #expect(try Reading(zstd(file)).packets == packets)
    }
  }

  @Test("A file of many buffers gives every packet, compressed or not")
  func manyBlocks() throws {
    let packets = (0..<20_000).map { index in
      TestPacket(
        Int64(index) * 1000,
        [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: index % 199))
    }
    let file = pcap(packets)
    #expect(try Reading(file).packets == packets)
    #expect(try Reading(gzip(file)).packets == packets)
    #expect(try Reading(zstd(file)).packets == packets)
  }

  @Test("snoop is read, whatever its Ethernet is called")
  func snoopFile() throws {
    let reading = try Reading(snoop(TestPacket.samples))
    #expect(reading.error == nil)
    #expect(reading.packets == TestPacket.samples)
    #expect(reading.linkTypes == [1, 1, 1, 1])
    #expect(try Reading(snoop(TestPacket.samples, datalink: 0)).linkTypes == [1, 1, 1, 1])
    #expect(try Reading(snoop([TestPacket.samples[0]], datalink: 7)).linkTypes == [0x8000_0007])
  }

  @Test("gzip members and zstd frames follow one another, cut anywhere")
  func compression() throws {
    let file = pcap(TestPacket.samples)
    for cut in [0, 1, 3, 24, 50, file.count] {
      let (head, tail) = (Array(file[..<cut]), Array(file[cut...]))
      #expect(try Reading(gzip(head) + gzip(tail)).packets == TestPacket.samples)
      #expect(try Reading(zstd(head) + zstd(tail)).packets == TestPacket.samples)
    }
    // A skippable frame of four bytes first, and padding after the last gzip member.
    let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]
    #expect(try Reading(skippable + zstd(file)).packets == TestPacket.samples)
    let padded = try Reading(gzip(file) + [UInt8](repeating: 0, count: 100))
    #expect(padded.packets == TestPacket.samples && padded.error == nil)
  }

  @Test(
    "Of damaged compressed data the packets before the damage are kept", arguments: [true, false])
  func damagedCompression(isGzip: Bool) throws {
    var state: UInt64 = 1
    let packets = (0..<3000).map { index in
      TestPacket(
        Int64(index) * 1000,
        (0..<100).map { _ in
          state = state &* 6_364_136_223_846_793_005 &+ 1
          return UInt8(truncatingIfNeeded: state >> 56)
        })
    }
    var file = isGzip ? gzip(pcap(packets)) : zstd(pcap(packets))
    let cut = try Reading(Array(file.dropLast(1000)))
    #expect(cut.packets.count > 1000 && cut.packets.count < 3000)
    #expect(cut.packets[...] == packets[..<cut.packets.count])
    let text = cut.error?.description ?? ""
    #expect(text.hasPrefix("cannot decompress /tmp/"))
    #expect(text.hasSuffix("(\(isGzip ? "gzip" : "zstd")): the compressed data end early"))

    // gzip ends with a checksum; bytes that are no frame follow the one of Zstandard.
    if isGzip { file[file.count - 8] ^= 0xFF } else { file += [1, 2, 3, 4] }
    let damaged = try Reading(file)
    #expect(damaged.packets == packets)
    guard case .cannotDecompress = damaged.error else {
      Issue.record("no decompression error but \(String(describing: damaged.error))")
      return
    }
  }

  @Test("A pipe gives each packet as soon as it is whole, and says when it has to wait")
  func pipeInPieces() throws {
    let file = pcap(TestPacket.samples)
    var ends: [Int32] = [0, 0]
    try #require(unsafe pipe(&ends) == 0)
    let (readEnd, writeEnd) = (ends[0], ends[1])
    // The writer goes on only when the reader is about to wait: a packet held back would hang here.
    var written = 24
    var waits = 0
    try #require(writeAll(Array(file[..<24]), to: writeEnd))
    var capture = try CaptureFile(path: "/dev/fd/\(readEnd)") {
      waits += 1
      if written < file.count {
        let next = min(file.count, written + 5)
        _ = writeAll(Array(file[written..<next]), to: writeEnd)
        written = next
      } else {
        close(writeEnd)
      }
    }
    close(readEnd)
    var due = 24
    for sample in TestPacket.samples {
      let one = try nextPacket(&capture)
      #expect(one == sample)
      due += 16 + sample.bytes.count
      #expect(written >= due && written < due + 5)
    }
    let end = try nextPacket(&capture)
    #expect(end == nil)
    #expect(waits == (file.count - 24 + 4) / 5 + 1)
  }

  @Test("A compressed pipe gives what has been flushed before it waits")
  func compressedPipe() throws {
    var ends: [Int32] = [0, 0]
    try #require(unsafe pipe(&ends) == 0)
    let (readEnd, writeEnd) = (ends[0], ends[1])
    // Two members: the second is written when the reader of the first waits for more.
    let first = gzip(pcap([TestPacket.samples[0]]))
    let second = gzip(Array(pcap([TestPacket.samples[2]])[24...]))
    try #require(writeAll(first, to: writeEnd))
    var capture = try CaptureFile(path: "/dev/fd/\(readEnd)")
    close(readEnd)
    let one = try nextPacket(&capture)
    #expect(one == TestPacket.samples[0])
    try #require(writeAll(second, to: writeEnd))
    let two = try nextPacket(&capture)
    #expect(two == TestPacket.samples[2])
    close(writeEnd)
    let end = try nextPacket(&capture)
    #expect(end == nil)
  }

  @Test("A capture let go of before its end leaves nothing waiting")
  func abandoned() throws {
    var ends: [Int32] = [0, 0]
    try #require(unsafe pipe(&ends) == 0)
    try #require(writeAll(gzip(pcap(TestPacket.samples)), to: ends[1]))
    do {
      var capture = try CaptureFile(path: "/dev/fd/\(ends[0])")
      let first = try nextPacket(&capture)
      #expect(first == TestPacket.samples[0])
    }
    close(ends[0])
    close(ends[1])
  }
}
