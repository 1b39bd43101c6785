/// The radiotap header before an 802.11 frame (radiotap.org), as far as the frame's end depends on
/// it. All of it is little-endian.
package struct RadiotapHeader: Header {
  package static let hasFCS: UInt8 = 0x10

  package var length: UInt16
  /// The Flags field (bit 1 of the first presence word); zero where it is absent.
  package var flags: UInt8

  package init(length: UInt16, flags: UInt8) {
    self.length = length
    self.flags = flags
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .radiotap
    let start = reader.offset
    try reader.skip(2)
    length = try reader.u16().byteSwapped
    guard length >= 8 else {
      throw reader.error(.badLength(claimed: Int(length), minimum: 8), at: start + 2)
    }
    var rest = try reader.slice(Int(length) - 4, by: .headerLength)
    let presence = try rest.u32().byteSwapped
    var word = presence
    while word & 0x8000_0000 != 0 { word = try rest.u32().byteSwapped }
    flags = 0
    guard presence & 0x2 != 0 else { return }
    if presence & 0x1 != 0 {
      // TSFT: eight bytes, aligned to eight from the header's first byte.
      let misaligned = (rest.offset - start) % 8
      try rest.skip((misaligned == 0 ? 0 : 8 - misaligned) + 8)
    }
    flags = try rest.u8()
  }

  package func write(to writer: inout ByteWriter) {
    writer.u16(0)
    writer.u16(UInt16(9).byteSwapped)
    writer.u32(UInt32(0x2).byteSwapped)
    writer.u8(flags)
  }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "radiotap", at: range,
      [
        Field("length", .number(UInt64(length)), at: range.part(2, 2)),
        Field("flags", .hex(UInt64(flags), digits: 2), at: range),
      ])
  }
}

/// An IEEE 802.11 data frame's header; for any other frame, only its control field.
package struct IEEE80211Header: Header {
  /// First byte (version, type, subtype) in the upper, flags in the lower eight bits.
  package var frameControl: UInt16
  package var address1 = MACAddress(0)
  package var address2 = MACAddress(0)
  package var address3 = MACAddress(0)
  package var address4: MACAddress?
  package var qualityOfService: UInt16?

  package init(frameControl: UInt16, qualityOfService: UInt16? = nil) {
    self.frameControl = frameControl
    self.qualityOfService = qualityOfService
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .ieee80211
    frameControl = try reader.u16()
    guard carriesData else { return }
    try reader.skip(2)
    address1 = try MACAddress(from: &reader)
    address2 = try MACAddress(from: &reader)
    address3 = try MACAddress(from: &reader)
    try reader.skip(2)
    if frameControl & 0x3 == 0x3 { address4 = try MACAddress(from: &reader) }
    if frameControl & 0x8000 != 0 {
      qualityOfService = try reader.u16()
      // The order bit announces an HT Control field.
      if frameControl & 0x80 != 0 { try reader.skip(4) }
    }
  }

  package func write(to writer: inout ByteWriter) {
    writer.u16(frameControl)
    guard carriesData else { return }
    writer.u16(0)
    address1.write(to: &writer)
    address2.write(to: &writer)
    address3.write(to: &writer)
    writer.u16(0)
    if frameControl & 0x3 == 0x3 { (address4 ?? MACAddress(0)).write(to: &writer) }
    if frameControl & 0x8000 != 0 {
      writer.u16(qualityOfService ?? 0)
      if frameControl & 0x80 != 0 { writer.u32(0) }
    }
  }

  /// Type 2 (data) without the "no data" bit of its subtype.
  package var carriesData: Bool { frameControl & 0x0C00 == 0x0800 && frameControl & 0x4000 == 0 }
  /// Encrypted by the wireless link: nothing behind the header can be read.
  package var isProtected: Bool { frameControl & 0x40 != 0 }
  /// Several frames share this one; the first is read.
  package var isAggregate: Bool { (qualityOfService ?? 0) & 0x8000 != 0 }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "802.11", at: range,
      [
        Field("frame control", .hex(UInt64(frameControl), digits: 4), at: range.part(0, 2)),
        Field("address 1", .text(address1.description), at: range.part(4, 6)),
        Field("address 2", .text(address2.description), at: range.part(10, 6)),
        Field("address 3", .text(address3.description), at: range.part(16, 6)),
      ])
  }
}

/// IEEE 802.2 LLC with SNAP, which leads from 802.3 and 802.11 to an EtherType.
package struct LLCHeader: Header {
  /// Zero where no SNAP header follows, and with it no IP.
  package var etherType: UInt16

  package init(etherType: UInt16) {
    self.etherType = etherType
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .llc
    let access = try reader.u16()
    let control = try reader.u8()
    guard access == 0xAAAA, control == 3 else {
      etherType = 0
      return
    }
    try reader.skip(3)
    etherType = try reader.u16()
  }

  package func write(to writer: inout ByteWriter) {
    writer.u32(0xAAAA_0300)
    writer.u16(0)
    writer.u16(etherType)
  }

  package func field(at range: Range<Int>) -> Field {
    Field(
      "LLC", at: range, [Field("type", .hex(UInt64(etherType), digits: 4), at: range.part(6, 2))])
  }
}
