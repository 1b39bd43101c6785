import Capture
import Glibc
import PacketDissector
import Testing

@Suite("Files that are broken, hostile or none")
struct HostileFileTests {
  @Test("What cannot be opened is told apart")
  func opening() throws {
    #expect(
      Reading(path: "/nonexistent/x.pcap").error?.description
        == "/nonexistent/x.pcap does not exist")
    #expect(Reading(path: "/tmp").error?.description == "/tmp is a directory, not a capture file")
    let empty = try TemporaryFile()
    #expect(Reading(path: empty.path).error?.description == "\(empty.path) is empty (0 bytes)")
    let text = try TemporaryFile([0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0, 9])
    #expect(
      Reading(path: text.path).error?.description
        == "\(text.path) is not a capture file: it begins with 7f 45 4c 46 02 01 01 00")
    let short = try TemporaryFile([0xA1])
    #expect(
      Reading(path: short.path).error?.description
        == "\(short.path) is not a capture file: it begins with a1")
    let old = try TemporaryFile(pcap([], version: (1, 2)))
    #expect(
      Reading(path: old.path).error?.description
        == "\(old.path) is a pcap file of version 1.2, which is not supported")
    let new = try TemporaryFile(snoop([], version: 4))
    #expect(
      Reading(path: new.path).error?.description
        == "\(new.path) is a snoop file of version 4.0, which is not supported")
    #expect(
      CaptureError.permissionDenied(path: "x").description == "no permission to open x")
    #expect(
      CaptureError.cannotRead(path: "x", code: EIO).description
        == "cannot read x: Input/output error")
  }

  @Test("A cut packet is numbered and measured")
  func truncation() throws {
    let two = [TestPacket(0, [1]), TestPacket(0, [UInt8](repeating: 2, count: 1514))]
    let whole = pcap(two)
    let cut = try TemporaryFile(Array(whole.dropLast(1214)))
    #expect(
      Reading(path: cut.path).error?.description
        == "\(cut.path) ends inside packet 2: its header promises 1514 bytes, 300 are there")
    let header = try TemporaryFile(Array(whole[..<(24 + 17 + 1)]))
    #expect(
      Reading(path: header.path).error?.description
        == "\(header.path) ends inside the header of packet 2: it has 16 bytes, 1 is there")
    let start = try TemporaryFile(Array(whole[..<20]))
    #expect(
      Reading(path: start.path).error?.description
        == "\(start.path) ends inside its file header: it has 24 bytes, 20 are there")
  }

  /// One small file of each kind, with the offsets at which a cut leaves it whole.
  static var small: [(file: [UInt8], whole: Set<Int>)] {
    let packets = TestPacket.samples.map { TestPacket($0.nanoseconds, Array($0.bytes.prefix(9))) }
    var files: [(file: [UInt8], whole: Set<Int>)] = []
    for isBig in [false, true] {
      for isModified in [false, true] {
        var ends: Set<Int> = [24]
        for count in 1...packets.count {
          ends.insert(pcap(Array(packets.prefix(count)), isModified: isModified).count)
        }
        files.append((pcap(packets, isBig: isBig, isModified: isModified), ends))
      }
      var file = PcapngEncoder(isBig: isBig, comments: ["c"])
      var ends: Set<Int> = [file.bytes.count]
      for step in 0..<5 {
        switch step {
        case 0: file.interface(linkType: 1, name: "eth0", [(9, [9])])
        case 1: file.packet(units: 5, packets[0], comments: ["d"])
        case 2: file.block(0x77, []) { $0.u64(1) }
        case 3: file.simplePacket(packets[2])
        default: file.obsoletePacket(units: 6, packets[3])
        }
        ends.insert(file.bytes.count)
      }
      files.append((file.bytes, ends))
    }
    var ends: Set<Int> = [16]
    for count in 1...packets.count {
      ends.insert(snoop(Array(packets.prefix(count))).count)
      // A pad that is missing at the end is not missed.
      let pad = (4 - packets[count - 1].bytes.count % 4) % 4
      for missing in 0...pad { ends.insert(snoop(Array(packets.prefix(count))).count - missing) }
    }
    files.append((snoop(packets), ends))
    return files
  }

  @Test(
    "Cut anywhere, a file gives what precedes the cut, and an error unless it was between packets")
  func everyPrefix() throws {
    for (file, wholeAt) in Self.small {
      let all = try Reading(file)
      #expect(all.error == nil && all.packets.count >= 3)
      for cut in 0..<file.count {
        let reading = try Reading(Array(file[..<cut]))
        #expect((reading.error == nil) == wholeAt.contains(cut), "cut at \(cut)")
        #expect(reading.packets[...] == all.packets[..<reading.packets.count], "cut at \(cut)")
      }
    }
  }

  @Test("Whatever a byte is changed to, reading ends")
  func everyByte() throws {
    var readings = 0
    for (file, _) in Self.small {
      for index in file.indices {
        for value in [0, 1, 0x7F, 0x80, 0xFF, file[index] ^ 0x10, file[index] &+ 1] as [UInt8] {
          var changed = file
          changed[index] = value
          let reading = try Reading(changed)
          // A record takes 12 bytes at least.
          #expect(reading.packets.count <= file.count / 12)
          readings += 1
        }
      }
    }
    #expect(readings > 5000)
  }

  @Test("Random damage to compressed files ends, too", arguments: [true, false])
  func damagedCompression(isGzip: Bool) throws {
    let plain = Self.small[0].file
    let file = isGzip ? gzip(plain) : zstd(plain)
    for cut in 0..<file.count {
      #expect(try Reading(Array(file[..<cut])).error != nil)
    }
    for index in file.indices {
      for flip in [1, 0x80, 0xFF] as [UInt8] {
        var changed = file
        changed[index] ^= flip
        #expect(try Reading(changed).packets.count <= 1000)
      }
    }
  }
}
