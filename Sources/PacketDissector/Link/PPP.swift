/// A PPPoE session header (RFC 2516, section 4).
///
///     +- version 4 -+- type 4 -+- code 8 -+- session 16 -+- length 16 -+
package struct PPPoEHeader: Header {
  package var versionAndType: UInt8
  package var code: UInt8
  package var session: UInt16
  /// Bytes that follow.
  package var length: UInt16

  package init(versionAndType: UInt8 = 0x11, code: UInt8 = 0, session: UInt16, length: UInt16) {
    self.versionAndType = versionAndType
    self.code = code
    self.session = session
    self.length = length
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .pppoe
    versionAndType = try reader.u8()
    code = try reader.u8()
    session = try reader.u16()
    length = try reader.u16()
  }

  package func write(to writer: inout ByteWriter) {
    writer.u8(versionAndType)
    writer.u8(code)
    writer.u16(session)
    writer.u16(length)
  }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "PPPoE", at: range,
      [
        Field("code", .number(UInt64(code)), at: range.part(1, 1)),
        Field("session", .number(UInt64(session)), at: range.part(2, 2)),
        Field("length", .number(UInt64(length)), at: range.part(4, 2)),
      ])
  }
}

/// What PPP puts before its payload (RFC 1661, section 2; RFC 1662, section 3.1): the HDLC address
/// and control bytes where they were not left out, and a protocol of one byte or two.
package struct PPPHeader: Header {
  package static let ipv4: UInt16 = 0x0021
  package static let ipv6: UInt16 = 0x0057

  package var hasAddressAndControl: Bool
  package var `protocol`: UInt16

  package init(hasAddressAndControl: Bool, protocol: UInt16) {
    self.hasAddressAndControl = hasAddressAndControl
    self.protocol = `protocol`
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .ppp
    hasAddressAndControl = reader.peek(0) == 0xFF && reader.peek(1) == 0x03
    if hasAddressAndControl { try reader.skip(2) }
    // An odd first byte is a whole, compressed protocol field (RFC 1661, section 6.5).
    if let first = reader.peek(0), first & 1 == 1 {
      `protocol` = UInt16(try reader.u8())
    } else {
      `protocol` = try reader.u16()
    }
  }

  package func write(to writer: inout ByteWriter) {
    if hasAddressAndControl { writer.u16(0xFF03) }
    writer.u16(`protocol`)
  }

  package func field(at range: Range<Int>) -> Field {
    Field("PPP", at: range, [Field("protocol", .hex(UInt64(`protocol`), digits: 4), at: range)])
  }
}

/// Cisco's HDLC framing, which shares its link type with PPP: address 0x0F or 0x8F, control 0,
/// EtherType.
package struct CiscoHDLCHeader: Header {
  package var address: UInt8
  package var etherType: UInt16

  package init(address: UInt8, etherType: UInt16) {
    self.address = address
    self.etherType = etherType
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .ppp
    address = try reader.u8()
    try reader.skip(1)
    etherType = try reader.u16()
  }

  package func write(to writer: inout ByteWriter) {
    writer.u8(address)
    writer.u8(0)
    writer.u16(etherType)
  }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "Cisco HDLC", at: range,
      [Field("type", .hex(UInt64(etherType), digits: 4), at: range.part(2, 2))])
  }
}
