import PacketDissector

/// The classic capture file, in either byte order, with micro- or nanoseconds.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                          Magic Number                         |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |         Major Version         |         Minor Version         |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                     Reserved1, Reserved2                      |
///     |                                                               |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                            SnapLen                            |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     | FCS |f|0 0 0 0 0 0 0 0 0 0 0 0|         LinkType              |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// and before each packet
///
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                      Timestamp (Seconds)                      |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |            Timestamp (Microseconds or nanoseconds)            |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                    Captured Packet Length                     |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                    Original Packet Length                     |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// draft-ietf-opsawg-pcap. The "modified" variant (magic a1b2cd34) has 8 more bytes there.
struct PcapFormat {
  static let fileHeader = 24
  /// What libpcap and Wireshark take for the largest packet, whatever the snapshot length says.
  private static let largestPacket = 262_144
  /// A snapshot length is believed up to here.
  private static let largestSnapshot = 256 << 20

  private enum LengthOrder {
    case capturedFirst, originalFirst, smallerIsCaptured
  }

  let linkType: LinkType
  let snapshotLength: Int
  private let isSwapped: Bool
  private let nanosecondsPerUnit: Int64
  private let recordHeader: Int
  private let lengthOrder: LengthOrder
  private let limit: Int

  /// Reads the file header; nil if `magic`, the first word in the machine's order, is not pcap's.
  init?(magic: UInt32, from stream: inout ByteStream) throws(CaptureError) {
    switch magic {
    case 0xA1B2_C3D4, 0xA1B2_3C4D, 0xA1B2_CD34: isSwapped = false
    case 0xD4C3_B2A1, 0x4D3C_B2A1, 0x34CD_B2A1: isSwapped = true
    default: return nil
    }
    let kind = isSwapped ? magic.byteSwapped : magic
    nanosecondsPerUnit = kind == 0xA1B2_3C4D ? 1 : 1000
    recordHeader = kind == 0xA1B2_CD34 ? 24 : 16

    guard try stream.fill(to: Self.fileHeader) else {
      throw .truncatedHeader(
        path: stream.name, of: .file, promised: Self.fileHeader, present: stream.count)
    }
    // Two 16-bit numbers: in a word of the file's order the first is the upper half if that order
    // is big-endian.
    let versions = stream.u32(at: 4, swapped: isSwapped)
    let isBigEndian = isSwapped == (1.littleEndian == 1)
    let major = isBigEndian ? versions >> 16 : versions & 0xFFFF
    let minor = isBigEndian ? versions & 0xFFFF : versions >> 16
    guard major == 2, minor <= 4 else {
      throw .unsupportedVersion(path: stream.name, format: .pcap, major: major, minor: minor)
    }
    // Before 2.3 the two lengths stood the other way round; writers of 2.3 did either.
    lengthOrder =
      minor < 3 ? .originalFirst : minor == 3 ? .smallerIsCaptured : .capturedFirst
    snapshotLength = Int(stream.u32(at: 16, swapped: isSwapped))
    limit = max(Self.largestPacket, min(snapshotLength, Self.largestSnapshot))
    linkType = LinkType(inFile: stream.u32(at: 20, swapped: isSwapped))
    stream.take(at: 0, count: 0, of: Self.fileHeader)
  }

  /// The next packet, whose number is `number`; nil at the end of the file.
  func next(
    from stream: inout ByteStream, number: Int
  ) throws(CaptureError) -> PacketHeader? {
    guard try stream.fill(to: recordHeader) else {
      if stream.count == 0 { return nil }
      throw .truncatedHeader(
        path: stream.name, of: .packet(number: number), promised: recordHeader,
        present: stream.count)
    }
    let seconds = Int64(stream.u32(at: 0, swapped: isSwapped))
    let fraction = Int64(stream.u32(at: 4, swapped: isSwapped))
    var captured = Int(stream.u32(at: 8, swapped: isSwapped))
    var original = Int(stream.u32(at: 12, swapped: isSwapped))
    switch lengthOrder {
    case .capturedFirst: break
    case .originalFirst: swap(&captured, &original)
    case .smallerIsCaptured: if captured > original { swap(&captured, &original) }
    }
    guard captured <= limit else {
      throw .corrupt(
        path: stream.name,
        reason: "packet \(number) claims \(captured) bytes, the most there can be are \(limit)",
        offset: stream.offset)
    }
    let total = recordHeader &+ captured
    guard try stream.fill(to: total) else {
      throw .truncatedPacket(
        path: stream.name, number: number, promised: captured,
        present: stream.count &- recordHeader)
    }
    stream.take(at: recordHeader, count: captured, of: total)
    // Both factors come from 32 bits: no overflow.
    let nanoseconds = seconds &* 1_000_000_000 &+ fraction &* nanosecondsPerUnit
    return PacketHeader(
      timestamp: Timestamp(nanoseconds: nanoseconds), capturedLength: captured,
      originalLength: original, linkType: linkType, interface: 0)
  }
}

extension LinkType {
  /// The link type of a file's 32-bit field: without the bits that tell of a frame check sequence,
  /// and with BSD's two numbers for raw IP, which some writers put there, made one.
  init(inFile field: UInt32) {
    let number = field & 0xFFFF
    self = number == 12 || number == 14 ? .raw : LinkType(rawValue: number)
  }
}
