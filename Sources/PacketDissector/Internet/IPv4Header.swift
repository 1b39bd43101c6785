/// An IPv4 header (RFC 791, section 3.1).
///
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |Version|  IHL  |    DSCP   |ECN|          Total Length         |
///     |         Identification        |Flags|      Fragment Offset    |
///     |  Time to Live |    Protocol   |         Header Checksum       |
///     |                       Source Address                          |
///     |                    Destination Address                        |
///     |                    Options, padded to 4                       |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
package struct IPv4Header: Header {
  package static let byteCount = 20

  package var trafficClass: UInt8
  /// Header and payload, in bytes.
  package var totalLength: UInt16
  package var identification: UInt16
  /// Three flag bits and the fragment offset in units of eight bytes.
  package var flagsAndOffset: UInt16
  package var timeToLive: UInt8
  package var `protocol`: UInt8
  package var checksum: UInt16
  package var source: IPAddress
  package var destination: IPAddress
  /// Bytes of options: 0 to 40.
  package var optionsLength: Int

  package init(
    trafficClass: UInt8 = 0, totalLength: UInt16, identification: UInt16 = 0,
    flagsAndOffset: UInt16 = 0, timeToLive: UInt8 = 64, protocol: UInt8, checksum: UInt16 = 0,
    source: IPAddress, destination: IPAddress, optionsLength: Int = 0
  ) {
    self.trafficClass = trafficClass
    self.totalLength = totalLength
    self.identification = identification
    self.flagsAndOffset = flagsAndOffset
    self.timeToLive = timeToLive
    self.protocol = `protocol`
    self.checksum = checksum
    self.source = source
    self.destination = destination
    self.optionsLength = optionsLength
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .ipv4
    let start = reader.offset
    // Three reads instead of eleven: this header is in nearly every packet.
    let first = try reader.u64()
    guard first >> 60 == 4 else {
      throw reader.error(.badValue(field: "version", value: first >> 60), at: start)
    }
    let headerLength = Int(first >> 56 & 0xF) &* 4
    guard headerLength >= Self.byteCount else {
      throw reader.error(.badLength(claimed: headerLength, minimum: Self.byteCount), at: start)
    }
    let second = try reader.u64()
    trafficClass = UInt8(truncatingIfNeeded: first >> 48)
    totalLength = UInt16(truncatingIfNeeded: first >> 32)
    identification = UInt16(truncatingIfNeeded: first >> 16)
    flagsAndOffset = UInt16(truncatingIfNeeded: first)
    timeToLive = UInt8(truncatingIfNeeded: second >> 56)
    `protocol` = UInt8(truncatingIfNeeded: second >> 48)
    checksum = UInt16(truncatingIfNeeded: second >> 32)
    source = IPAddress(v4: UInt32(truncatingIfNeeded: second))
    destination = IPAddress(v4: try reader.u32())
    optionsLength = headerLength &- Self.byteCount
    try reader.skip(optionsLength)
    // A zero total length is what segmentation offload leaves in a capture on the sender.
    guard totalLength == 0 || Int(totalLength) >= headerLength else {
      throw reader.error(
        .badLength(claimed: Int(totalLength), minimum: headerLength), at: start &+ 2)
    }
  }

  package func write(to writer: inout ByteWriter) {
    writer.u8(0x40 | UInt8(truncatingIfNeeded: (Self.byteCount + optionsLength) / 4))
    writer.u8(trafficClass)
    writer.u16(totalLength)
    writer.u16(identification)
    writer.u16(flagsAndOffset)
    writer.u8(timeToLive)
    writer.u8(`protocol`)
    writer.u16(checksum)
    writer.append(source.octets)
    writer.append(destination.octets)
    writer.zeros(optionsLength)
  }

  package var doNotFragment: Bool { flagsAndOffset & 0x4000 != 0 }
  package var moreFragments: Bool { flagsAndOffset & 0x2000 != 0 }
  /// In bytes.
  package var fragmentOffset: Int { Int(flagsAndOffset & 0x1FFF) &* 8 }

  package func field(at range: Range<Int>) -> Field {
    var names: [String] = []
    if doNotFragment { names.append("don't fragment") }
    if moreFragments { names.append("more fragments") }
    var children = [
      Field(
        "header length", .number(UInt64(Self.byteCount + optionsLength)), at: range.part(0, 1)),
      Field("DSCP", .number(UInt64(trafficClass >> 2)), at: range.part(1, 1)),
      Field("ECN", .number(UInt64(trafficClass & 3)), at: range.part(1, 1)),
      Field("total length", .number(UInt64(totalLength)), at: range.part(2, 2)),
      Field("identification", .hex(UInt64(identification), digits: 4), at: range.part(4, 2)),
      Field("flags", .flags(UInt64(flagsAndOffset >> 13), names: names), at: range.part(6, 2)),
      Field("fragment offset", .number(UInt64(fragmentOffset)), at: range.part(6, 2)),
      Field("time to live", .number(UInt64(timeToLive)), at: range.part(8, 1)),
      Field("protocol", code: IPProtocol(rawValue: `protocol`), at: range.part(9, 1)),
      Field("header checksum", .hex(UInt64(checksum), digits: 4), at: range.part(10, 2)),
      Field("source", .address(source), at: range.part(12, 4)),
      Field("destination", .address(destination), at: range.part(16, 4)),
    ]
    if optionsLength > 0 { children.append(Field("options", at: range.part(20, optionsLength))) }
    return Field("IPv4", at: range, children)
  }
}
