/// The body of a fragment payload: a slice of a whole ISAKMP message, its header included.
///
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |          Fragment ID          |    Number     |     Flags   |L|
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                             Data                              |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// Cisco's and Microsoft's: [MS-IKEE], section 2.2.2.1.
package struct IKEv1Fragment: Equatable, Sendable {
  /// The same in all fragments of a message.
  package var id: UInt16
  /// From 1.
  package var number: UInt8
  package var flags: UInt8
  package var data: [UInt8]
  /// Where ``data`` stands in the frame.
  package var dataRange: Range<Int>

  package init(
    id: UInt16, number: UInt8, isLast: Bool, data: [UInt8], dataRange: Range<Int> = 0..<0
  ) {
    self.id = id
    self.number = number
    self.flags = isLast ? 1 : 0
    self.data = data
    self.dataRange = dataRange
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    id = try reader.u16()
    number = try reader.u8()
    flags = try reader.u8()
    dataRange = reader.offset..<reader.end
    data = reader.rest()
  }

  package func write(to writer: inout ByteWriter) {
    writer.u16(id)
    writer.u8(number)
    writer.u8(flags)
    writer.append(data)
  }

  package var isLast: Bool { flags & 1 != 0 }
}
