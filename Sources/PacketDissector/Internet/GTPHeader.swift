/// The GTP-U header of mobile networks' user plane (3GPP TS 29.281, section 5.1), which carries
/// whole IP packets on UDP port 2152.
///
///     +- version 3, PT 1, 0 1, E 1, S 1, PN 1 -+- type 8 -+- length 16 -+- TEID 32 -+
///     +- sequence 16 -+- N-PDU 8 -+- next extension 8 -+   with any of E, S, PN
package struct GTPHeader: Header {
  package static let port: UInt16 = 2152
  package static let userPacket: UInt8 = 255

  package var flags: UInt8
  package var messageType: UInt8
  /// Bytes behind the first eight.
  package var length: UInt16
  package var tunnel: UInt32

  package init(messageType: UInt8 = GTPHeader.userPacket, length: UInt16, tunnel: UInt32) {
    self.flags = 0x30
    self.messageType = messageType
    self.length = length
    self.tunnel = tunnel
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .gtp
    flags = try reader.u8()
    messageType = try reader.u8()
    length = try reader.u16()
    tunnel = try reader.u32()
    guard flags & 0x07 != 0 else { return }
    try reader.skip(3)
    var next = try reader.u8()
    while flags & 0x04 != 0, next != 0 {
      let start = reader.offset
      let units = Int(try reader.u8())
      guard units > 0 else {
        throw reader.error(.badLength(claimed: 0, minimum: 1), at: start)
      }
      try reader.skip(units &* 4 &- 2)
      next = try reader.u8()
    }
  }

  package func write(to writer: inout ByteWriter) {
    writer.u8(flags & 0xF8)
    writer.u8(messageType)
    writer.u16(length)
    writer.u32(tunnel)
  }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "GTP-U", at: range,
      [
        Field("message type", .number(UInt64(messageType)), at: range.part(1, 1)),
        Field("length", .number(UInt64(length)), at: range.part(2, 2)),
        Field("tunnel endpoint", .hex(UInt64(tunnel), digits: 8), at: range.part(4, 4)),
      ])
  }
}
