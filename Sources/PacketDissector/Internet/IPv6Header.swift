/// An IPv6 header (RFC 8200, section 3).
///
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |Version| Traffic Class |           Flow Label                  |
///     |         Payload Length        |  Next Header  |   Hop Limit   |
///     |                  Source Address (16 bytes)                    |
///     |                Destination Address (16 bytes)                 |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
package struct IPv6Header: Header {
  package static let byteCount = 40

  package var trafficClass: UInt8
  package var flowLabel: UInt32
  /// Bytes behind this header, extension headers included.
  package var payloadLength: UInt16
  package var nextHeader: UInt8
  package var hopLimit: UInt8
  package var source: IPAddress
  package var destination: IPAddress

  package init(
    trafficClass: UInt8 = 0, flowLabel: UInt32 = 0, payloadLength: UInt16, nextHeader: UInt8,
    hopLimit: UInt8 = 64, source: IPAddress, destination: IPAddress
  ) {
    self.trafficClass = trafficClass
    self.flowLabel = flowLabel
    self.payloadLength = payloadLength
    self.nextHeader = nextHeader
    self.hopLimit = hopLimit
    self.source = source
    self.destination = destination
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .ipv6
    let start = reader.offset
    let first = try reader.u32()
    guard first >> 28 == 6 else {
      throw reader.error(.badValue(field: "version", value: UInt64(first >> 28)), at: start)
    }
    trafficClass = UInt8(truncatingIfNeeded: first >> 20)
    flowLabel = first & 0xFFFFF
    payloadLength = try reader.u16()
    nextHeader = try reader.u8()
    hopLimit = try reader.u8()
    source = IPAddress(v6High: try reader.u64(), low: try reader.u64())
    destination = IPAddress(v6High: try reader.u64(), low: try reader.u64())
  }

  package func write(to writer: inout ByteWriter) {
    writer.u32(6 << 28 | UInt32(trafficClass) << 20 | flowLabel & 0xFFFFF)
    writer.u16(payloadLength)
    writer.u8(nextHeader)
    writer.u8(hopLimit)
    writer.append(source.octets)
    writer.append(destination.octets)
  }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "IPv6", at: range,
      [
        Field("DSCP", .number(UInt64(trafficClass >> 2)), at: range.part(0, 2)),
        Field("ECN", .number(UInt64(trafficClass & 3)), at: range.part(1, 1)),
        Field("flow label", .hex(UInt64(flowLabel), digits: 5), at: range.part(1, 3)),
        Field("payload length", .number(UInt64(payloadLength)), at: range.part(4, 2)),
        Field("next header", code: IPProtocol(rawValue: nextHeader), at: range.part(6, 1)),
        Field("hop limit", .number(UInt64(hopLimit)), at: range.part(7, 1)),
        Field("source", .address(source), at: range.part(8, 16)),
        Field("destination", .address(destination), at: range.part(24, 16)),
      ])
  }
}

/// Any IPv6 extension header but the fragment header: hop-by-hop and destination options, routing,
/// mobility, HIP, Shim6 (RFC 8200, section 4; RFC 6564, section 3).
///
///     +- next header 8 -+- length 8, in units of 8 bytes beyond the first 8 -+- data -+
package struct IPv6ExtensionHeader: Header {
  package var nextHeader: UInt8
  /// Bytes behind the two that every such header begins with.
  package var dataLength: Int

  /// The protocol numbers that are such headers.
  package static func isExtension(_ protocolNumber: UInt8) -> Bool {
    switch protocolNumber {
    case 0, 43, 60, 135, 139, 140: true
    default: false
    }
  }

  package init(nextHeader: UInt8, dataLength: Int) {
    self.nextHeader = nextHeader
    self.dataLength = dataLength
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .ipv6Extension
    nextHeader = try reader.u8()
    dataLength = Int(try reader.u8()) &* 8 &+ 6
    try reader.skip(dataLength)
  }

  package func write(to writer: inout ByteWriter) {
    writer.u8(nextHeader)
    writer.u8(UInt8(truncatingIfNeeded: (dataLength - 6) / 8))
    writer.zeros(dataLength)
  }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "IPv6 extension header", at: range,
      [
        Field("next header", code: IPProtocol(rawValue: nextHeader), at: range.part(0, 1)),
        Field("length", .number(UInt64(dataLength + 2)), at: range.part(1, 1)),
      ])
  }
}

/// The IPv6 fragment header (RFC 8200, section 4.5).
///
///     +- next header 8 -+- 0 8 -+- offset 13 -+- 0 2 -+- M 1 -+- identification 32 -+
package struct IPv6FragmentHeader: Header {
  package var nextHeader: UInt8
  /// The offset in units of eight bytes, two zero bits, and the M flag.
  package var offsetAndFlags: UInt16
  package var identification: UInt32

  package init(nextHeader: UInt8, offsetAndFlags: UInt16, identification: UInt32) {
    self.nextHeader = nextHeader
    self.offsetAndFlags = offsetAndFlags
    self.identification = identification
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .ipv6Extension
    nextHeader = try reader.u8()
    try reader.skip(1)
    offsetAndFlags = try reader.u16()
    identification = try reader.u32()
  }

  package func write(to writer: inout ByteWriter) {
    writer.u8(nextHeader)
    writer.u8(0)
    writer.u16(offsetAndFlags)
    writer.u32(identification)
  }

  package var moreFragments: Bool { offsetAndFlags & 1 != 0 }
  /// In bytes.
  package var fragmentOffset: Int { Int(offsetAndFlags & 0xFFF8) }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "IPv6 fragment header", at: range,
      [
        Field("next header", code: IPProtocol(rawValue: nextHeader), at: range.part(0, 1)),
        Field("fragment offset", .number(UInt64(fragmentOffset)), at: range.part(2, 2)),
        Field("more fragments", .flag(moreFragments), at: range.part(3, 1)),
        Field("identification", .hex(UInt64(identification), digits: 8), at: range.part(4, 4)),
      ])
  }
}
