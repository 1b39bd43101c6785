/// An Ethernet II or IEEE 802.3 header.
///
///     0       6       12    14
///     +-------+-------+-----+
///     | dst   | src   | type|   type below 1536: a length, and LLC follows
///     +-------+-------+-----+
package struct EthernetHeader: Header {
  package var destination: MACAddress
  package var source: MACAddress
  package var etherType: UInt16

  package init(destination: MACAddress, source: MACAddress, etherType: UInt16) {
    self.destination = destination
    self.source = source
    self.etherType = etherType
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .ethernet
    // Three reads instead of five: this header is in nearly every packet.
    let first = try reader.u64()
    let second = try reader.u32()
    destination = MACAddress(first >> 16)
    source = MACAddress((first & 0xFFFF) << 32 | UInt64(second))
    etherType = try reader.u16()
  }

  package func write(to writer: inout ByteWriter) {
    destination.write(to: &writer)
    source.write(to: &writer)
    writer.u16(etherType)
  }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "Ethernet", at: range,
      [
        Field("destination", .text(destination.description), at: range.part(0, 6)),
        Field("source", .text(source.description), at: range.part(6, 6)),
        Field("type", .hex(UInt64(etherType), digits: 4), at: range.part(12, 2)),
      ])
  }
}

/// A 48-bit hardware address.
package struct MACAddress: Hashable, Sendable, CustomStringConvertible {
  package var value: UInt64

  package init(_ value: UInt64) {
    self.value = value
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    let high = try reader.u16()
    value = UInt64(high) << 32 | UInt64(try reader.u32())
  }

  package func write(to writer: inout ByteWriter) {
    writer.u16(UInt16(truncatingIfNeeded: value >> 32))
    writer.u32(UInt32(truncatingIfNeeded: value))
  }

  package var description: String {
    var text = TextBuffer(capacity: 20)
    for index in 0..<6 {
      if index > 0 { text.put(UInt8(ascii: ":")) }
      text.hex(value >> UInt64(40 - 8 * index) & 0xFF, digits: 2)
    }
    return text.string
  }
}

/// An IEEE 802.1Q tag, or 802.1ad's outer one: what follows the tag's own type.
package struct VLANTag: Header {
  /// Priority (3 bits), drop eligible (1), VLAN identifier (12).
  package var control: UInt16
  package var etherType: UInt16

  package init(control: UInt16, etherType: UInt16) {
    self.control = control
    self.etherType = etherType
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .vlan
    control = try reader.u16()
    etherType = try reader.u16()
  }

  package func write(to writer: inout ByteWriter) {
    writer.u16(control)
    writer.u16(etherType)
  }

  package var identifier: UInt16 { control & 0xFFF }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "VLAN", at: range,
      [
        Field("priority", .number(UInt64(control >> 13)), at: range.part(0, 2)),
        Field("identifier", .number(UInt64(identifier)), at: range.part(0, 2)),
        Field("type", .hex(UInt64(etherType), digits: 4), at: range.part(2, 2)),
      ])
  }
}

/// The EtherTypes that lead to IP.
enum EtherType {
  static let ipv4: UInt16 = 0x0800
  static let ipv6: UInt16 = 0x86DD
  static let transparentEthernet: UInt16 = 0x6558
  static let mpls: UInt16 = 0x8847
  static let mplsMulticast: UInt16 = 0x8848
  static let pppoeSession: UInt16 = 0x8864
  /// 802.1Q's tag, 802.1ad's outer one, and the outer one that was used before it.
  static let vlan: UInt16 = 0x8100
  static let serviceVLAN: UInt16 = 0x88A8
  static let oldServiceVLAN: UInt16 = 0x9100
}
