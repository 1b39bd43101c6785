package import PacketDissector

/// Numbers in the machine's own byte order, as netlink has them.
extension ByteReader {
  @_lifetime(self: copy self)
  package mutating func host16() throws(DissectionError) -> UInt16 {
    // Read as big-endian; taken back to its bytes, those are the number.
    try u16().bigEndian
  }

  @_lifetime(self: copy self)
  package mutating func host32() throws(DissectionError) -> UInt32 {
    try u32().bigEndian
  }

  @_lifetime(self: copy self)
  package mutating func host64() throws(DissectionError) -> UInt64 {
    try u64().bigEndian
  }
}
