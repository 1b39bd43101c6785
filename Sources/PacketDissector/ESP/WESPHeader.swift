/// The wrapper that shows what an ESP packet holds (RFC 5840, section 2), protocol 141; in UDP it
/// stands behind a word of value 2.
///
///     +- next header 8 -+- header length 8 -+- trailer length 8 -+- V 2 E 1 P 1 0 4 -+
///     +- padding 32, with P -+
package struct WESPHeader: Header {
  /// The first word of a UDP payload that is WESP (RFC 5840, section 2.1).
  package static let udpMarker: UInt32 = 2

  /// Zero where the payload is encrypted.
  package var nextHeader: UInt8
  /// Bytes from this header's first to the payload data; zero where encrypted.
  package var headerLength: UInt8
  /// Bytes of the ICV; zero where encrypted.
  package var trailerLength: UInt8
  package var flags: UInt8

  package init(nextHeader: UInt8, headerLength: UInt8, trailerLength: UInt8, flags: UInt8) {
    self.nextHeader = nextHeader
    self.headerLength = headerLength
    self.trailerLength = trailerLength
    self.flags = flags
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .wesp
    nextHeader = try reader.u8()
    headerLength = try reader.u8()
    trailerLength = try reader.u8()
    flags = try reader.u8()
    if hasPadding { try reader.skip(4) }
  }

  package func write(to writer: inout ByteWriter) {
    writer.u8(nextHeader)
    writer.u8(headerLength)
    writer.u8(trailerLength)
    writer.u8(flags)
    if hasPadding { writer.u32(0) }
  }

  package var isEncrypted: Bool { flags & 0x20 != 0 }
  package var hasPadding: Bool { flags & 0x10 != 0 }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "WESP", at: range,
      [
        Field("next header", code: IPProtocol(rawValue: nextHeader), at: range.part(0, 1)),
        Field("header length", .number(UInt64(headerLength)), at: range.part(1, 1)),
        Field("trailer length", .number(UInt64(trailerLength)), at: range.part(2, 1)),
        Field("version", .number(UInt64(flags >> 6)), at: range.part(3, 1)),
        Field("encrypted", .flag(isEncrypted), at: range.part(3, 1)),
      ])
  }
}
