/// Generic routing encapsulation (RFC 2784, section 2; RFC 2890, section 2).
///
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |C|R|K|S|        0        | Ver |         Protocol Type         |
///     |  Checksum, reserved (C)   |  Key (K)   |  Sequence number (S)  |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
package struct GREHeader: Header {
  package var flagsAndVersion: UInt16
  package var etherType: UInt16
  package var checksum: UInt32?
  package var key: UInt32?
  package var sequenceNumber: UInt32?

  package init(etherType: UInt16, key: UInt32? = nil, sequenceNumber: UInt32? = nil) {
    self.flagsAndVersion = (key == nil ? 0 : 0x2000) | (sequenceNumber == nil ? 0 : 0x1000)
    self.etherType = etherType
    self.checksum = nil
    self.key = key
    self.sequenceNumber = sequenceNumber
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .gre
    flagsAndVersion = try reader.u16()
    etherType = try reader.u16()
    guard flagsAndVersion & 0x7 == 0 else { return }
    if flagsAndVersion & 0xC000 != 0 { checksum = try reader.u32() }
    if flagsAndVersion & 0x2000 != 0 { key = try reader.u32() }
    if flagsAndVersion & 0x1000 != 0 { sequenceNumber = try reader.u32() }
  }

  package func write(to writer: inout ByteWriter) {
    writer.u16(flagsAndVersion)
    writer.u16(etherType)
    if let checksum { writer.u32(checksum) }
    if let key { writer.u32(key) }
    if let sequenceNumber { writer.u32(sequenceNumber) }
  }

  /// Version 0 without source routing: what follows is the payload.
  package var leadsToPayload: Bool { flagsAndVersion & 0x4007 == 0 }

  package func field(at range: Range<Int>) -> Field {
    var children = [
      Field("flags and version", .hex(UInt64(flagsAndVersion), digits: 4), at: range.part(0, 2)),
      Field("type", .hex(UInt64(etherType), digits: 4), at: range.part(2, 2)),
    ]
    if let key { children.append(Field("key", .hex(UInt64(key), digits: 8), at: range)) }
    if let sequenceNumber {
      children.append(Field("sequence number", .number(UInt64(sequenceNumber)), at: range))
    }
    return Field("GRE", at: range, children)
  }
}
