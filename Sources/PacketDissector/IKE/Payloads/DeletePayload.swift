/// The D payload: SAs that the sender no longer has.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     | Protocol ID   |   SPI Size    |          Num of SPIs          |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~               Security Parameter Index(es) (SPI)              ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7296, section 3.11.
package struct DeletePayload: Equatable, Sendable {
  package var protocolID: ProtocolID
  /// 0 for the IKE SA that the message runs in, 4 for AH and ESP.
  package var spiSize: UInt8
  /// The SPIs that the sender expects in the packets it receives, each ``spiSize`` octets.
  package var spis: [[UInt8]]

  package init(protocolID: ProtocolID, spiSize: UInt8, spis: [[UInt8]] = []) {
    self.protocolID = protocolID
    self.spiSize = spiSize
    self.spis = spis
  }

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader, stop: inout DissectionError?) throws(DissectionError) {
    protocolID = ProtocolID(rawValue: try reader.u8())
    spiSize = try reader.u8()
    let countOffset = reader.offset
    let count = Int(try reader.u16())
    spis = []
    // SPIs of no octets would fill the count from nothing.
    guard spiSize > 0 || count == 0 else {
      stop = reader.error(
        .badValue(field: "number of SPIs", value: UInt64(count)), at: countOffset)
      return
    }
    do throws(DissectionError) {
      for _ in 0..<count { spis.append(try reader.bytes(Int(spiSize))) }
    } catch {
      stop = error
    }
  }

  func write(to writer: inout ByteWriter) {
    writer.u8(protocolID.rawValue)
    writer.u8(spiSize)
    writer.u16(UInt16(truncatingIfNeeded: spis.count))
    for spi in spis { writer.append(spi) }
  }

  func fields(in range: Range<Int>) -> [Field] {
    var fields = [
      Field("protocol", code: protocolID, at: range.part(4, 1)),
      Field("SPI size", .number(UInt64(spiSize)), at: range.part(5, 1)),
      Field("number of SPIs", .number(UInt64(spis.count)), at: range.part(6, 2)),
    ]
    for (index, spi) in spis.enumerated() {
      fields.append(
        Field("SPI", spi: spi, at: range.part(8 + index * Int(spiSize), Int(spiSize))))
    }
    return fields
  }
}
