/// A UDP header (RFC 768).
///
///     +- source port 16 -+- destination port 16 -+- length 16 -+- checksum 16 -+
package struct UDPHeader: Header {
  package static let byteCount = 8

  package var sourcePort: UInt16
  package var destinationPort: UInt16
  /// Header and payload, in bytes.
  package var length: UInt16
  /// Zero where the sender left it out.
  package var checksum: UInt16

  package init(
    sourcePort: UInt16, destinationPort: UInt16, length: UInt16, checksum: UInt16 = 0
  ) {
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
    self.length = length
    self.checksum = checksum
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .udp
    let word = try reader.u64()
    sourcePort = UInt16(truncatingIfNeeded: word >> 48)
    destinationPort = UInt16(truncatingIfNeeded: word >> 32)
    length = UInt16(truncatingIfNeeded: word >> 16)
    checksum = UInt16(truncatingIfNeeded: word)
  }

  package func write(to writer: inout ByteWriter) {
    writer.u16(sourcePort)
    writer.u16(destinationPort)
    writer.u16(length)
    writer.u16(checksum)
  }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "UDP", at: range,
      [
        Field("source port", .number(UInt64(sourcePort)), at: range.part(0, 2)),
        Field("destination port", .number(UInt64(destinationPort)), at: range.part(2, 2)),
        Field("length", .number(UInt64(length)), at: range.part(4, 2)),
        Field("checksum", .hex(UInt64(checksum), digits: 4), at: range.part(6, 2)),
      ])
  }
}
