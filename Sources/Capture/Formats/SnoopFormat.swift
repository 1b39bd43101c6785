import PacketDissector

/// Solaris' capture file: big-endian, microseconds, one link type.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |              Identification Pattern "snoop\0\0\0"             |
///     |                                                               |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                      Version Number = 2                       |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                         Datalink Type                         |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// and before each packet
///
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                        Original Length                        |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                        Included Length                        |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                      Packet Record Length                     |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                        Cumulative Drops                       |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                       Timestamp Seconds                       |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                     Timestamp Microseconds                    |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 1761, sections 3 and 4.
struct SnoopFormat {
  static let fileHeader = 16
  private static let recordHeader = 24
  private static let largestRecord = 256 << 20

  let linkType: LinkType

  /// Reads the file header; nil if the file does not begin with the identification pattern.
  init?(from stream: inout ByteStream) throws(CaptureError) {
    guard try stream.fill(to: 8), UInt32(bigEndian: stream.u32(at: 0)) == 0x736E_6F6F,
      UInt32(bigEndian: stream.u32(at: 4)) == 0x7000_0000
    else { return nil }
    guard try stream.fill(to: Self.fileHeader) else {
      throw .truncatedHeader(
        path: stream.name, of: .file, promised: Self.fileHeader, present: stream.count)
    }
    let version = UInt32(bigEndian: stream.u32(at: 8))
    guard version == 2 else {
      throw .unsupportedVersion(path: stream.name, format: .snoop, major: version, minor: 0)
    }
    linkType = Self.linkType(ofDatalink: UInt32(bigEndian: stream.u32(at: 12)))
    stream.take(at: 0, count: 0, of: Self.fileHeader)
  }

  /// The next packet, whose number is `number`; nil at the end of the file.
  func next(
    from stream: inout ByteStream, number: Int
  ) throws(CaptureError) -> PacketHeader? {
    guard try stream.fill(to: Self.recordHeader) else {
      if stream.count == 0 { return nil }
      throw .truncatedHeader(
        path: stream.name, of: .packet(number: number), promised: Self.recordHeader,
        present: stream.count)
    }
    let original = Int(UInt32(bigEndian: stream.u32(at: 0)))
    let captured = Int(UInt32(bigEndian: stream.u32(at: 4)))
    let record = Int(UInt32(bigEndian: stream.u32(at: 8)))
    let seconds = Int64(UInt32(bigEndian: stream.u32(at: 16)))
    let microseconds = Int64(UInt32(bigEndian: stream.u32(at: 20)))
    guard record >= Self.recordHeader &+ captured, record <= Self.largestRecord else {
      throw .corrupt(
        path: stream.name,
        reason: "packet \(number) claims \(captured) bytes in a record of \(record)",
        offset: stream.offset)
    }
    guard try stream.fill(to: Self.recordHeader &+ captured) else {
      throw .truncatedPacket(
        path: stream.name, number: number, promised: captured,
        present: stream.count &- Self.recordHeader)
    }
    // The pad after the last packet may be missing: nothing is lost with it.
    _ = try stream.fill(to: record)
    stream.take(at: Self.recordHeader, count: captured, of: record)
    return PacketHeader(
      timestamp: Timestamp(nanoseconds: seconds &* 1_000_000_000 &+ microseconds &* 1000),
      capturedLength: captured, originalLength: original, linkType: linkType, interface: 0)
  }

  /// RFC 1761, section 4, and Sun's later numbers, as LINKTYPE_ numbers. One without a counterpart
  /// becomes a number above the 16 bits of that registry, so that nothing takes it for another.
  private static func linkType(ofDatalink datalink: UInt32) -> LinkType {
    switch datalink {
    case 0, 4: .ethernet
    case 2: LinkType(rawValue: 6)  // Token Ring
    case 8: LinkType(rawValue: 10)  // FDDI
    case 26: LinkType(rawValue: 242)  // IP over InfiniBand
    default: LinkType(rawValue: 0x8000_0000 | datalink)
    }
  }
}
