/// An authentication header (RFC 4302, section 2).
///
///     +- next header 8 -+- length 8, in words less 2 -+- 0 16 -+
///     +- SPI 32 -+- sequence number 32 -+- ICV, padded -+
package struct AHHeader: Header {
  package static let minimumByteCount = 12

  package var nextHeader: UInt8
  package var spi: UInt32
  package var sequenceNumber: UInt32
  /// Bytes of the ICV with its padding.
  package var icvLength: Int

  package init(nextHeader: UInt8, spi: UInt32, sequenceNumber: UInt32, icvLength: Int) {
    self.nextHeader = nextHeader
    self.spi = spi
    self.sequenceNumber = sequenceNumber
    self.icvLength = icvLength
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    try self.init(beforeICV: &reader)
    try reader.skip(icvLength)
  }

  /// Reads up to the ICV, which a capture may have cut.
  @_lifetime(reader: copy reader)
  init(beforeICV reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .ah
    let start = reader.offset
    nextHeader = try reader.u8()
    let length = (Int(try reader.u8()) &+ 2) &* 4
    try reader.skip(2)
    spi = try reader.u32()
    sequenceNumber = try reader.u32()
    icvLength = length &- Self.minimumByteCount
    guard icvLength >= 0 else {
      throw reader.error(.badLength(claimed: length, minimum: Self.minimumByteCount), at: start + 1)
    }
  }

  package func write(to writer: inout ByteWriter) {
    writer.u8(nextHeader)
    writer.u8(UInt8(truncatingIfNeeded: (Self.minimumByteCount + icvLength) / 4 - 2))
    writer.u16(0)
    writer.u32(spi)
    writer.u32(sequenceNumber)
    writer.zeros(icvLength)
  }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "AH", at: range,
      [
        Field("next header", code: IPProtocol(rawValue: nextHeader), at: range.part(0, 1)),
        Field("length", .number(UInt64(Self.minimumByteCount + icvLength)), at: range.part(1, 1)),
        Field("SPI", .hex(UInt64(spi), digits: 8), at: range.part(4, 4)),
        Field("sequence number", .number(UInt64(sequenceNumber)), at: range.part(8, 4)),
        Field("ICV", at: range.part(12, icvLength)),
      ])
  }
}
