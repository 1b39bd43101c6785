/// The part of an ESP packet that is always in clear (RFC 4303, section 2).
///
///     +- SPI 32 -+- sequence number 32 -+- IV, ciphertext, ICV ...
///
/// The formats that change what these eight bytes mean or what follows them belong in files of their own
/// beside this one: ESP echo is there, EESP and Diet-ESP are not yet.
package struct ESPHeader: Header {
  package static let byteCount = 8

  package var spi: UInt32
  package var sequenceNumber: UInt32

  package init(spi: UInt32, sequenceNumber: UInt32) {
    self.spi = spi
    self.sequenceNumber = sequenceNumber
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .esp
    let word = try reader.u64()
    spi = UInt32(truncatingIfNeeded: word >> 32)
    sequenceNumber = UInt32(truncatingIfNeeded: word)
  }

  package func write(to writer: inout ByteWriter) {
    writer.u32(spi)
    writer.u32(sequenceNumber)
  }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "ESP", at: range,
      [
        Field("SPI", .hex(UInt64(spi), digits: 8), at: range.part(0, 4)),
        Field("sequence number", .number(UInt64(sequenceNumber)), at: range.part(4, 4)),
      ])
  }
}
