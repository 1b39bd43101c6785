/// Linux "cooked" capture, version 1 (LINKTYPE_LINUX_SLL): what `-i any` writes.
///
///     +- packet type 16 -+- ARPHRD 16 -+- address length 16 -+- address 64 -+- protocol 16 -+
package struct LinuxSLLHeader: Header {
  package var packetType: UInt16
  package var hardwareType: UInt16
  package var addressLength: UInt16
  package var address: UInt64
  /// An EtherType, for the hardware types that carry IP.
  package var etherType: UInt16

  package init(
    packetType: UInt16, hardwareType: UInt16, addressLength: UInt16, address: UInt64,
    etherType: UInt16
  ) {
    self.packetType = packetType
    self.hardwareType = hardwareType
    self.addressLength = addressLength
    self.address = address
    self.etherType = etherType
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .sll
    packetType = try reader.u16()
    hardwareType = try reader.u16()
    addressLength = try reader.u16()
    address = try reader.u64()
    etherType = try reader.u16()
  }

  package func write(to writer: inout ByteWriter) {
    writer.u16(packetType)
    writer.u16(hardwareType)
    writer.u16(addressLength)
    writer.u64(address)
    writer.u16(etherType)
  }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "Linux SLL", at: range,
      [
        Field("packet type", .number(UInt64(packetType)), at: range.part(0, 2)),
        Field("hardware type", .number(UInt64(hardwareType)), at: range.part(2, 2)),
        Field("address", .hex(address, digits: 16), at: range.part(6, 8)),
        Field("type", .hex(UInt64(etherType), digits: 4), at: range.part(14, 2)),
      ])
  }
}

/// Linux "cooked" capture, version 2 (LINKTYPE_LINUX_SLL2).
///
///     +- protocol 16 -+- 0 16 -+- interface 32 -+- ARPHRD 16 -+- packet type 8 -+
///     +- address length 8 -+- address 64 -+
package struct LinuxSLL2Header: Header {
  package var etherType: UInt16
  package var interfaceIndex: UInt32
  package var hardwareType: UInt16
  package var packetType: UInt8
  package var addressLength: UInt8
  package var address: UInt64

  package init(
    etherType: UInt16, interfaceIndex: UInt32, hardwareType: UInt16, packetType: UInt8,
    addressLength: UInt8, address: UInt64
  ) {
    self.etherType = etherType
    self.interfaceIndex = interfaceIndex
    self.hardwareType = hardwareType
    self.packetType = packetType
    self.addressLength = addressLength
    self.address = address
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .sll2
    etherType = try reader.u16()
    try reader.skip(2)
    interfaceIndex = try reader.u32()
    hardwareType = try reader.u16()
    packetType = try reader.u8()
    addressLength = try reader.u8()
    address = try reader.u64()
  }

  package func write(to writer: inout ByteWriter) {
    writer.u16(etherType)
    writer.u16(0)
    writer.u32(interfaceIndex)
    writer.u16(hardwareType)
    writer.u8(packetType)
    writer.u8(addressLength)
    writer.u64(address)
  }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "Linux SLL2", at: range,
      [
        Field("type", .hex(UInt64(etherType), digits: 4), at: range.part(0, 2)),
        Field("interface index", .number(UInt64(interfaceIndex)), at: range.part(4, 4)),
        Field("hardware type", .number(UInt64(hardwareType)), at: range.part(8, 2)),
        Field("packet type", .number(UInt64(packetType)), at: range.part(10, 1)),
        Field("address", .hex(address, digits: 16), at: range.part(12, 8)),
      ])
  }
}
