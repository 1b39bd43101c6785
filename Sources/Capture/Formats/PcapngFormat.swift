import PacketDissector

/// pcapng: blocks in sections, each section with its own byte order and interfaces.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                          Block Type                           |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                      Block Total Length                       |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     /                          Block Body                           /
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                      Block Total Length                       |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// draft-ietf-opsawg-pcapng, sections 3 and 4. Other blocks are skipped.
struct PcapngFormat {
  static let magic: UInt32 = 0x0A0D_0D0A
  private static let byteOrderMagic: UInt32 = 0x1A2B_3C4D

  private enum Block {
    static let interface: UInt32 = 1
    static let packet: UInt32 = 2
    static let simplePacket: UInt32 = 3
    static let enhancedPacket: UInt32 = 6
  }

  /// Bounds on what a block may claim and on what a file may make us keep.
  private static let largestBlock = 256 << 20
  private static let largestDescription = 16 << 20
  private static let mostInterfaces = 65_536

  /// What a packet needs of its interface; no references, as this is looked at once a packet.
  private struct InterfaceFacts {
    let linkType: LinkType
    let snapshotLength: Int
    let clock: PcapngClock
  }

  /// Of all sections so far, in the order of the file.
  private(set) var interfaces: [CaptureInterface] = []
  private(set) var sectionComments: [String] = []
  private var facts: [InterfaceFacts] = []
  /// The first interface of this section.
  private var sectionStart = 0
  private var isSwapped = false
  /// The last packet's options in the stream's storage.
  private var options = 0..<0

  /// The next packet, whose number is `number`; nil at the end of the file.
  mutating func next(
    from stream: inout ByteStream, number: Int
  ) throws(CaptureError) -> PacketHeader? {
    while true {
      guard try stream.fill(to: 8) else {
        if stream.count == 0 { return nil }
        throw cut(stream, at: stream.offset, promised: 8, present: stream.count)
      }
      let type = stream.u32(at: 0, swapped: isSwapped)
      // The section header's type reads the same in both orders; its order stands behind it.
      if type == Self.magic { try readByteOrder(from: &stream) }
      let length = Int(stream.u32(at: 4, swapped: isSwapped))
      guard length >= 12, length % 4 == 0, length <= Self.largestBlock else {
        throw corrupt(stream, "a block cannot have a length of \(length)")
      }
      switch type {
      case Block.enhancedPacket, Block.packet:
        return try packet(from: &stream, number: number, length: length, type: type)
      case Block.simplePacket:
        return try simplePacket(from: &stream, number: number, length: length)
      case Self.magic:
        try whole(&stream, length)
        try section(from: &stream, length: length)
      case Block.interface:
        try whole(&stream, length)
        try interface(from: &stream, length: length)
      default:
        let offset = stream.offset
        guard try stream.skip(length) else {
          throw cut(stream, at: offset, promised: length, present: stream.offset &- offset)
        }
      }
    }
  }

  /// The comments of the packet returned last.
  func comments(in stream: borrowing ByteStream) -> [String] {
    PcapngOptions(stream.copy(place: options), isSwapped: isSwapped).comments
  }

  /// No packet is the one returned last.
  mutating func forgetPacket() { options = 0..<0 }

  // MARK: Packets

  ///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
  ///   8 |  Interface ID (obsolete block: its number and drops, 16 bits) |
  ///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
  ///  12 |              Timestamp (upper 32 bits, lower 32 bits)         |
  ///     |                                                               |
  ///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
  ///  20 |                    Captured Packet Length                     |
  ///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
  ///  24 |                    Original Packet Length                     |
  ///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
  ///  28 /                     Packet Data, padded; Options              /
  private mutating func packet(
    from stream: inout ByteStream, number: Int, length: Int, type: UInt32
  ) throws(CaptureError) -> PacketHeader {
    let overhead = 32
    guard length >= overhead else {
      throw corrupt(stream, "the block of packet \(number) has a length of \(length)")
    }
    if try !stream.fill(to: length), stream.count < 28 {
      throw .truncatedHeader(
        path: stream.name, of: .packet(number: number), promised: 28, present: stream.count)
    }
    let captured = Int(stream.u32(at: 20, swapped: isSwapped))
    guard captured <= length &- overhead else {
      throw corrupt(
        stream, "packet \(number) claims \(captured) bytes in a block of \(length)")
    }
    try wholePacket(stream, number: number, length: length, data: 28, captured: captured)

    var local = Int(stream.u32(at: 8, swapped: isSwapped))
    if type == Block.packet {
      // A 16-bit number before another: the upper half of the word if the file is big-endian.
      local = isSwapped == (1.littleEndian == 1) ? local >> 16 : local & 0xFFFF
    }
    let interface = sectionStart &+ local
    guard interface < facts.count else {
      throw corrupt(
        stream,
        "packet \(number) is of interface \(local), described are \(facts.count - sectionStart)")
    }
    let high = UInt64(stream.u32(at: 12, swapped: isSwapped))
    let low = UInt64(stream.u32(at: 16, swapped: isSwapped))
    let original = Int(stream.u32(at: 24, swapped: isSwapped))
    stream.take(at: 28, count: captured, of: length)
    // Padded length: the block's is a multiple of 4 and holds it.
    let first = stream.taken.lowerBound &+ ((captured &+ 3) & ~3)
    options = first..<max(first, stream.taken.lowerBound &+ length &- overhead)
    return PacketHeader(
      timestamp: facts[interface].clock.timestamp(high << 32 | low), capturedLength: captured,
      originalLength: original, linkType: facts[interface].linkType, interface: interface)
  }

  /// Original length and data, of the section's first interface, without a time.
  private mutating func simplePacket(
    from stream: inout ByteStream, number: Int, length: Int
  ) throws(CaptureError) -> PacketHeader {
    guard length >= 16 else {
      throw corrupt(stream, "the block of packet \(number) has a length of \(length)")
    }
    guard sectionStart < facts.count else {
      throw corrupt(stream, "packet \(number) comes before any interface is described")
    }
    if try !stream.fill(to: length), stream.count < 12 {
      throw .truncatedHeader(
        path: stream.name, of: .packet(number: number), promised: 12, present: stream.count)
    }
    let original = Int(stream.u32(at: 8, swapped: isSwapped))
    let snapshotLength = facts[sectionStart].snapshotLength
    let captured = min(
      original, snapshotLength > 0 ? snapshotLength : Int.max, length &- 16)
    try wholePacket(stream, number: number, length: length, data: 12, captured: captured)
    stream.take(at: 12, count: captured, of: length)
    options = 0..<0
    return PacketHeader(
      timestamp: Timestamp(nanoseconds: 0), capturedLength: captured, originalLength: original,
      linkType: facts[sectionStart].linkType, interface: sectionStart)
  }

  // MARK: Descriptions

  private mutating func readByteOrder(from stream: inout ByteStream) throws(CaptureError) {
    guard try stream.fill(to: 12) else {
      throw cut(stream, at: stream.offset, promised: 12, present: stream.count)
    }
    let magic = stream.u32(at: 8)
    guard magic == Self.byteOrderMagic || magic.byteSwapped == Self.byteOrderMagic else {
      throw corrupt(stream, "a section header without the byte-order magic")
    }
    isSwapped = magic != Self.byteOrderMagic
  }

  /// Byte-order magic, version, section length (which nothing here needs), options.
  private mutating func section(
    from stream: inout ByteStream, length: Int
  ) throws(CaptureError) {
    guard length >= 28 else { throw corrupt(stream, "a section header of \(length) bytes") }
    let versions = stream.u32(at: 12, swapped: isSwapped)
    let isBigEndian = isSwapped == (1.littleEndian == 1)
    let major = isBigEndian ? versions >> 16 : versions & 0xFFFF
    let minor = isBigEndian ? versions & 0xFFFF : versions >> 16
    guard major == 1 else {
      throw .unsupportedVersion(path: stream.name, format: .pcapng, major: major, minor: minor)
    }
    sectionStart = facts.count
    sectionComments = readOptions(stream, from: 24, length: length).comments
    stream.take(at: 0, count: 0, of: length)
  }

  /// Link type (16 bits), reserved (16), snapshot length (32), options.
  private mutating func interface(
    from stream: inout ByteStream, length: Int
  ) throws(CaptureError) {
    guard length >= 20 else { throw corrupt(stream, "an interface description of \(length) bytes") }
    guard facts.count < Self.mostInterfaces else {
      throw corrupt(stream, "more than \(Self.mostInterfaces) interfaces")
    }
    let word = stream.u32(at: 8, swapped: isSwapped)
    let isBigEndian = isSwapped == (1.littleEndian == 1)
    let linkType = LinkType(inFile: isBigEndian ? word >> 16 : word & 0xFFFF)
    let snapshotLength = Int(stream.u32(at: 12, swapped: isSwapped))
    let options = readOptions(stream, from: 16, length: length)
    var described = CaptureInterface(linkType: linkType, snapshotLength: snapshotLength)
    options.describe(&described)
    interfaces.append(described)
    facts.append(
      InterfaceFacts(linkType: linkType, snapshotLength: snapshotLength, clock: options.clock))
    stream.take(at: 0, count: 0, of: length)
  }

  private func readOptions(
    _ stream: borrowing ByteStream, from offset: Int, length: Int
  ) -> PcapngOptions {
    PcapngOptions(
      stream.copy(at: offset, count: length &- offset &- 4), isSwapped: isSwapped)
  }

  // MARK: Errors

  /// Makes the window as wide as a block that describes something.
  private func whole(_ stream: inout ByteStream, _ length: Int) throws(CaptureError) {
    guard length <= Self.largestDescription else {
      throw corrupt(stream, "a description cannot have a length of \(length)")
    }
    guard try stream.fill(to: length) else {
      throw cut(stream, at: stream.offset, promised: length, present: stream.count)
    }
    try checkTrailer(stream, length)
  }

  /// The window is as wide as the packet's block, or the file was cut.
  private func wholePacket(
    _ stream: borrowing ByteStream, number: Int, length: Int, data: Int, captured: Int
  ) throws(CaptureError) {
    if stream.count >= length { return try checkTrailer(stream, length) }
    if stream.count < data &+ captured {
      throw .truncatedPacket(
        path: stream.name, number: number, promised: captured, present: stream.count &- data)
    }
    throw cut(stream, at: stream.offset, promised: length, present: stream.count)
  }

  private func checkTrailer(
    _ stream: borrowing ByteStream, _ length: Int
  ) throws(CaptureError) {
    let trailer = Int(stream.u32(at: length &- 4, swapped: isSwapped))
    guard trailer == length else {
      throw corrupt(stream, "a block's two lengths are \(length) and \(trailer)")
    }
  }

  private func corrupt(_ stream: borrowing ByteStream, _ reason: String) -> CaptureError {
    .corrupt(path: stream.name, reason: reason, offset: stream.offset)
  }

  private func cut(
    _ stream: borrowing ByteStream, at offset: Int, promised: Int, present: Int
  ) -> CaptureError {
    .truncatedHeader(
      path: stream.name, of: offset == 0 ? .file : .block(offset: offset), promised: promised,
      present: present)
  }
}
