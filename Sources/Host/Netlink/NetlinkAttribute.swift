internal import PacketDissector

/// What begins each attribute of a message (`struct nlattr`, linux/netlink.h).
struct NetlinkAttribute {
  let type: UInt16
  /// Of the value behind it, without the filler.
  let byteCount: Int

  private static let headerBytes = 4

  /// Leaves `reader` at the value. Throws where the length is less than this header's.
  init(from reader: inout ByteReader) throws(DissectionError) {
    let start = reader.offset
    let length = Int(try reader.host16())
    // The two bits above the number are flags.
    type = try reader.host16() & 0x3FFF
    guard length >= Self.headerBytes else {
      throw reader.error(.badLength(claimed: length, minimum: Self.headerBytes), at: start)
    }
    byteCount = length - Self.headerBytes
  }
}

extension ByteReader {
  /// The value of the attribute whose header was just read; this reader moves past its filler.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  mutating func value(of attribute: NetlinkAttribute) throws(DissectionError) -> ByteReader {
    let value = try slice(attribute.byteCount, by: .attributeLength)
    try skipFiller(after: attribute.byteCount)
    return value
  }
}
