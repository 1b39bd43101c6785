import CZlib
import CZstd

/// A packet of the tests: what goes in and what must come out.
struct TestPacket: Equatable {
  var nanoseconds: Int64
  var bytes: [UInt8]
  var originalLength: Int

  init(_ nanoseconds: Int64, _ bytes: [UInt8], originalLength: Int? = nil) {
    self.nanoseconds = nanoseconds
    self.bytes = bytes
    self.originalLength = originalLength ?? bytes.count
  }

  /// Times in whole microseconds, lengths that need every kind of padding, one packet cut short.
  static let samples = [
    TestPacket(1_700_000_000_123_456_000, [1, 2, 3, 4, 5]),
    TestPacket(1_700_000_001_000_001_000, []),
    TestPacket(
      1_700_000_001_999_999_000, [UInt8](repeating: 0xAB, count: 66), originalLength: 1514),
    TestPacket(4_000_000_000_000_000_000, [9, 8, 7]),
  ]
}

/// Bytes in a byte order of choice.
struct Bytes {
  var bytes: [UInt8] = []
  var isBig: Bool

  init(isBig: Bool) { self.isBig = isBig }

  mutating func u16(_ value: Int) { number(UInt64(truncatingIfNeeded: value), width: 2) }
  mutating func u32(_ value: Int) { number(UInt64(truncatingIfNeeded: value), width: 4) }
  mutating func u64(_ value: UInt64) { number(value, width: 8) }
  mutating func append(_ more: [UInt8]) { bytes += more }
  mutating func pad() { while bytes.count % 4 != 0 { bytes.append(0) } }

  private mutating func number(_ value: UInt64, width: Int) {
    let little = (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    bytes += isBig ? little.reversed() : little
  }
}

/// A classic capture file.
func pcap(
  _ packets: [TestPacket], isBig: Bool = false, isNano: Bool = false, isModified: Bool = false,
  linkType: Int = 1, version: (Int, Int) = (2, 4), snapshotLength: Int = 65535
) -> [UInt8] {
  var file = Bytes(isBig: isBig)
  file.u32(isModified ? 0xA1B2_CD34 : isNano ? 0xA1B2_3C4D : 0xA1B2_C3D4)
  file.u16(version.0)
  file.u16(version.1)
  file.u64(0)
  file.u32(snapshotLength)
  file.u32(linkType)
  for packet in packets {
    file.u32(Int(packet.nanoseconds / 1_000_000_000))
    file.u32(Int(packet.nanoseconds % 1_000_000_000) / (isNano ? 1 : 1000))
    file.u32(packet.bytes.count)
    file.u32(packet.originalLength)
    if isModified { file.u64(0x0102_0304_0506_0708) }
    file.append(packet.bytes)
  }
  return file.bytes
}

/// A Sun snoop file.
func snoop(_ packets: [TestPacket], datalink: Int = 4, version: Int = 2) -> [UInt8] {
  var file = Bytes(isBig: true)
  file.append(Array("snoop\0\0\0".utf8))
  file.u32(version)
  file.u32(datalink)
  for packet in packets {
    let pad = (4 - packet.bytes.count % 4) % 4
    file.u32(packet.originalLength)
    file.u32(packet.bytes.count)
    file.u32(24 + packet.bytes.count + pad)
    file.u32(0)
    file.u32(Int(packet.nanoseconds / 1_000_000_000))
    file.u32(Int(packet.nanoseconds % 1_000_000_000) / 1000)
    file.append(packet.bytes + [UInt8](repeating: 0, count: pad))
  }
  return file.bytes
}

/// A pcapng file, block by block.
struct PcapngEncoder {
  typealias Option = (code: Int, value: [UInt8])

  private(set) var bytes: [UInt8] = []
  private var isBig: Bool

  /// Begins with a section header.
  init(isBig: Bool = false, comments: [String] = []) {
    self.isBig = isBig
    section(isBig: isBig, comments: comments)
  }

  mutating func section(isBig: Bool, comments: [String] = [], major: Int = 1) {
    self.isBig = isBig
    block(0x0A0D_0D0A, comments.map { (1, Array($0.utf8)) }) { body in
      body.u32(0x1A2B_3C4D)
      body.u16(major)
      body.u16(0)
      body.u64(.max)
    }
  }

  mutating func interface(
    linkType: Int, snapshotLength: Int = 0, name: String? = nil, _ options: [Option] = []
  ) {
    block(1, (name.map { [(2, Array($0.utf8))] } ?? []) + options) { body in
      body.u16(linkType)
      body.u16(0)
      body.u32(snapshotLength)
    }
  }

  mutating func packet(
    units: UInt64, _ packet: TestPacket, interface: Int = 0, comments: [String] = []
  ) {
    block(6, comments.map { (1, Array($0.utf8)) }) { body in
      body.u32(interface)
      body.u32(Int(units >> 32))
      body.u32(Int(units & 0xFFFF_FFFF))
      body.u32(packet.bytes.count)
      body.u32(packet.originalLength)
      body.append(packet.bytes)
      body.pad()
    }
  }

  mutating func obsoletePacket(units: UInt64, _ packet: TestPacket, interface: Int = 0) {
    block(2, []) { body in
      body.u16(interface)
      body.u16(7)
      body.u32(Int(units >> 32))
      body.u32(Int(units & 0xFFFF_FFFF))
      body.u32(packet.bytes.count)
      body.u32(packet.originalLength)
      body.append(packet.bytes)
      body.pad()
    }
  }

  mutating func simplePacket(_ packet: TestPacket) {
    block(3, []) { body in
      body.u32(packet.originalLength)
      body.append(packet.bytes)
      body.pad()
    }
  }

  /// An eight-byte option of the current byte order.
  func number(_ code: Int, _ value: Int64) -> Option {
    var bytes = Bytes(isBig: isBig)
    bytes.u64(UInt64(bitPattern: value))
    return (code, bytes.bytes)
  }

  mutating func block(_ type: Int, _ options: [Option], _ fill: (inout Bytes) -> Void) {
    var body = Bytes(isBig: isBig)
    fill(&body)
    for option in options {
      body.u16(option.code)
      body.u16(option.value.count)
      body.append(option.value)
      body.pad()
    }
    if !options.isEmpty { body.u32(0) }
    var block = Bytes(isBig: isBig)
    block.u32(type)
    block.u32(body.bytes.count + 12)
    block.append(body.bytes)
    block.u32(body.bytes.count + 12)
    bytes += block.bytes
  }
}

/// One gzip member.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
  var stream = unsafe z_stream()
  unsafe deflateInit2_(
    &stream, 6, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
    Int32(MemoryLayout<z_stream>.size))
  var input = bytes
  var output = [UInt8](repeating: 0, count: bytes.count + bytes.count / 8 + 256)
  let count = unsafe input.withUnsafeMutableBufferPointer { source in
    unsafe output.withUnsafeMutableBufferPointer { target in
      unsafe stream.next_in = source.baseAddress
      unsafe stream.avail_in = UInt32(source.count)
      unsafe stream.next_out = target.baseAddress
      unsafe stream.avail_out = UInt32(target.count)
      unsafe deflate(&stream, Z_FINISH)
      return unsafe Int(stream.total_out)
    }
  }
  unsafe deflateEnd(&stream)
  return Array(output.prefix(count))
}

/// One Zstandard frame.
func zstd(_ bytes: [UInt8]) -> [UInt8] {
  var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
  let capacity = output.count
  let count = unsafe ZSTD_compress(&output, capacity, bytes, bytes.count, 3)
  return Array(output.prefix(count))
}
