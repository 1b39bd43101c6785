/// One entry of an MPLS label stack (RFC 3032, section 2.1).
///
///     +-- label 20 --+- TC 3 -+- S 1 -+- TTL 8 -+
package struct MPLSLabel: Header {
  package var value: UInt32

  package init(value: UInt32) {
    self.value = value
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .mpls
    value = try reader.u32()
  }

  package func write(to writer: inout ByteWriter) {
    writer.u32(value)
  }

  package var label: UInt32 { value >> 12 }
  package var isBottomOfStack: Bool { value & 0x100 != 0 }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "MPLS", at: range,
      [
        Field("label", .number(UInt64(label)), at: range.part(0, 3)),
        Field("bottom of stack", .flag(isBottomOfStack), at: range.part(2, 1)),
        Field("time to live", .number(UInt64(value & 0xFF)), at: range.part(3, 1)),
      ])
  }
}
