/// The address family before a packet of a BSD loopback capture (LINKTYPE_NULL, LINKTYPE_LOOP).
///
/// LINKTYPE_NULL keeps the byte order of the machine that captured, LINKTYPE_LOOP the network's; the
/// values are small, so that the order shows by itself.
package struct LoopbackHeader: Header {
  /// As read in network byte order.
  package var word: UInt32

  package init(word: UInt32) {
    self.word = word
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .null
    word = try reader.u32()
  }

  package func write(to writer: inout ByteWriter) {
    writer.u32(word)
  }

  package var addressFamily: UInt32 { word > 0xFFFF ? word.byteSwapped : word }

  /// AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 24, 28 or 30 on the BSDs and macOS.
  package var etherType: UInt16 {
    switch addressFamily {
    case 2: EtherType.ipv4
    case 10, 24, 28, 30: EtherType.ipv6
    default: 0
    }
  }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "NULL/loopback", at: range,
      [Field("address family", .number(UInt64(addressFamily)), at: range)])
  }
}
