/// An IP payload compression header (RFC 3173, section 3).
///
///     +- next header 8 -+- flags 8 -+- compression parameter index 16 -+
package struct IPCompHeader: Header {
  package var nextHeader: UInt8
  package var flags: UInt8
  package var index: UInt16

  package init(nextHeader: UInt8, index: UInt16) {
    self.nextHeader = nextHeader
    self.flags = 0
    self.index = index
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .ipcomp
    nextHeader = try reader.u8()
    flags = try reader.u8()
    index = try reader.u16()
  }

  package func write(to writer: inout ByteWriter) {
    writer.u8(nextHeader)
    writer.u8(flags)
    writer.u16(index)
  }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "IPComp", at: range,
      [
        Field("next header", code: IPProtocol(rawValue: nextHeader), at: range.part(0, 1)),
        Field("compression parameter index", .hex(UInt64(index), digits: 4), at: range.part(2, 2)),
      ])
  }
}
