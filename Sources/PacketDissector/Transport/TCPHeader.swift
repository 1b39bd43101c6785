/// A TCP header (RFC 9293, section 3.1).
///
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |          Source Port          |       Destination Port        |
///     |                        Sequence Number                        |
///     |                    Acknowledgment Number                      |
///     | Offset| Rsrvd |     Flags     |            Window             |
///     |           Checksum            |         Urgent Pointer        |
///     |                    Options, padded to 4                       |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
package struct TCPHeader: Header {
  package static let byteCount = 20

  package var sourcePort: UInt16
  package var destinationPort: UInt16
  package var sequenceNumber: UInt32
  package var acknowledgmentNumber: UInt32
  package var flags: UInt8
  package var window: UInt16
  package var optionsLength: Int
  /// What the sender of a SYN is ready to receive (RFC 9293, section 3.7.1), from its options.
  package var maximumSegmentSize: UInt16?

  package init(
    sourcePort: UInt16, destinationPort: UInt16, sequenceNumber: UInt32,
    acknowledgmentNumber: UInt32 = 0, flags: UInt8, window: UInt16 = 0xFFFF, optionsLength: Int = 0,
    maximumSegmentSize: UInt16? = nil
  ) {
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
    self.sequenceNumber = sequenceNumber
    self.acknowledgmentNumber = acknowledgmentNumber
    self.flags = flags
    self.window = window
    self.optionsLength = max(optionsLength, maximumSegmentSize == nil ? 0 : 4)
    self.maximumSegmentSize = maximumSegmentSize
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .tcp
    let start = reader.offset
    sourcePort = try reader.u16()
    destinationPort = try reader.u16()
    sequenceNumber = try reader.u32()
    acknowledgmentNumber = try reader.u32()
    let headerLength = Int(try reader.u8() >> 4) &* 4
    flags = try reader.u8()
    window = try reader.u16()
    try reader.skip(4)
    guard headerLength >= Self.byteCount else {
      throw reader.error(.badLength(claimed: headerLength, minimum: Self.byteCount), at: start + 12)
    }
    optionsLength = headerLength &- Self.byteCount
    var options = try reader.slice(optionsLength, by: .headerLength)
    guard isSynchronize else { return }
    maximumSegmentSize = Self.maximumSegmentSize(in: &options)
  }

  /// Options end at kind 0; kind 1 is one byte, every other one states its length. A list that lies
  /// about a length ends there.
  @_lifetime(options: copy options)
  private static func maximumSegmentSize(in options: inout ByteReader) -> UInt16? {
    while let kind = options.peek(0), kind != 0 {
      if kind == 1 {
        guard (try? options.skip(1)) != nil else { return nil }
        continue
      }
      guard let length = options.peek(1), length >= 2 else { return nil }
      if kind == 2, length == 4 {
        guard (try? options.skip(2)) != nil else { return nil }
        return try? options.u16()
      }
      guard (try? options.skip(Int(length))) != nil else { return nil }
    }
    return nil
  }

  package func write(to writer: inout ByteWriter) {
    writer.u16(sourcePort)
    writer.u16(destinationPort)
    writer.u32(sequenceNumber)
    writer.u32(acknowledgmentNumber)
    writer.u8(UInt8(truncatingIfNeeded: (Self.byteCount + optionsLength) / 4) << 4)
    writer.u8(flags)
    writer.u16(window)
    writer.u32(0)
    if let maximumSegmentSize {
      writer.u16(0x0204)
      writer.u16(maximumSegmentSize)
      writer.zeros(optionsLength - 4)
    } else {
      writer.zeros(optionsLength)
    }
  }

  package var isSynchronize: Bool { flags & 0x02 != 0 }
  package var isReset: Bool { flags & 0x04 != 0 }

  private static let flagNames = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"]

  /// The names of the flags that are set, lowest bit first.
  package var names: [String] {
    Self.flagNames.enumerated().filter { flags & (1 << UInt8($0.offset)) != 0 }.map(\.element)
  }

  package func field(at range: Range<Int>) -> Field {
    var children = [
      Field("source port", .number(UInt64(sourcePort)), at: range.part(0, 2)),
      Field("destination port", .number(UInt64(destinationPort)), at: range.part(2, 2)),
      Field("sequence number", .number(UInt64(sequenceNumber)), at: range.part(4, 4)),
      Field("acknowledgment number", .number(UInt64(acknowledgmentNumber)), at: range.part(8, 4)),
      Field("flags", .flags(UInt64(flags), names: names), at: range.part(13, 1)),
      Field("window", .number(UInt64(window)), at: range.part(14, 2)),
    ]
    if let maximumSegmentSize {
      children.append(
        Field(
          "maximum segment size", .number(UInt64(maximumSegmentSize)),
          at: range.part(Self.byteCount, optionsLength)))
    }
    return Field("TCP", at: range, children)
  }
}
