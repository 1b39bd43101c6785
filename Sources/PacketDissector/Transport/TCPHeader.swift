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

  package init(
    sourcePort: UInt16, destinationPort: UInt16, sequenceNumber: UInt32,
    acknowledgmentNumber: UInt32 = 0, flags: UInt8, window: UInt16 = 0xFFFF, optionsLength: Int = 0
  ) {
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
    self.sequenceNumber = sequenceNumber
    self.acknowledgmentNumber = acknowledgmentNumber
    self.flags = flags
    self.window = window
    self.optionsLength = optionsLength
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
    try reader.skip(optionsLength)
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
    writer.zeros(optionsLength)
  }

  package var isSynchronize: Bool { flags & 0x02 != 0 }
  package var isFinish: Bool { flags & 0x01 != 0 }
  package var isReset: Bool { flags & 0x04 != 0 }

  private static let flagNames = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"]

  /// The names of the flags that are set, lowest bit first.
  package var names: [String] {
    Self.flagNames.enumerated().filter { flags & (1 << UInt8($0.offset)) != 0 }.map(\.element)
  }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "TCP", at: range,
      [
        Field("source port", .number(UInt64(sourcePort)), at: range.part(0, 2)),
        Field("destination port", .number(UInt64(destinationPort)), at: range.part(2, 2)),
        Field("sequence number", .number(UInt64(sequenceNumber)), at: range.part(4, 4)),
        Field("acknowledgment number", .number(UInt64(acknowledgmentNumber)), at: range.part(8, 4)),
        Field("flags", .flags(UInt64(flags), names: names), at: range.part(13, 1)),
        Field("window", .number(UInt64(window)), at: range.part(14, 2)),
      ])
  }
}
