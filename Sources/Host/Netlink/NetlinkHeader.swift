package import PacketDissector

/// What begins each netlink message (RFC 3549, section 2.3.2; linux/netlink.h).
package struct NetlinkHeader: Equatable, Sendable {
  package static let byteCount = 16

  package enum MessageType {
    package static let noop: UInt16 = 1
    package static let error: UInt16 = 2
    package static let done: UInt16 = 3
    package static let overrun: UInt16 = 4
  }

  package enum Flags {
    package static let request: UInt16 = 0x1
    /// Of an answer: what was told changed meanwhile.
    package static let dumpInterrupted: UInt16 = 0x10
    /// Of a request: everything there is.
    package static let dump: UInt16 = 0x300
  }

  /// All of the message, this header included.
  package var length: UInt32
  package var type: UInt16
  package var flags: UInt16
  package var sequence: UInt32
  package var port: UInt32

  package init(type: UInt16, flags: UInt16, sequence: UInt32, payloadBytes: UInt32 = 0) {
    length = UInt32(Self.byteCount) + payloadBytes
    self.type = type
    self.flags = flags
    self.sequence = sequence
    port = 0
  }

  package init(from reader: inout ByteReader) throws(DissectionError) {
    length = try reader.host32()
    type = try reader.host16()
    flags = try reader.host16()
    sequence = try reader.host32()
    port = try reader.host32()
  }

  package func write(to writer: inout ByteWriter) {
    writer.u32(length.bigEndian)
    writer.u16(type.bigEndian)
    writer.u16(flags.bigEndian)
    writer.u32(sequence.bigEndian)
    writer.u32(port.bigEndian)
  }
}

extension ByteReader {
  /// The next message of a datagram: its header, and where its payload stands; this reader moves past both.
  @_lifetime(self: copy self)
  mutating func netlinkMessage() throws(DissectionError) -> (NetlinkHeader, payload: Range<Int>) {
    let start = offset
    let header = try NetlinkHeader(from: &self)
    let length = Int(header.length)
    guard length >= NetlinkHeader.byteCount else {
      throw error(.badLength(claimed: length, minimum: NetlinkHeader.byteCount), at: start)
    }
    let first = offset
    try skip(length - NetlinkHeader.byteCount)
    let payload = first..<offset
    try skipFiller(after: length)
    return (header, payload)
  }

  /// Moves over the filler behind `count` bytes, up to a multiple of four or the end.
  @_lifetime(self: copy self)
  mutating func skipFiller(after count: Int) throws(DissectionError) {
    try skip(min(remaining, (4 - count % 4) % 4))
  }
}
