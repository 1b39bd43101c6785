/// The N payload: an error, or something that one side tells the other.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |  Protocol ID  |   SPI Size    |      Notify Message Type      |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~                Security Parameter Index (SPI)                 ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~                       Notification Data                       ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7296, section 3.10.
package struct NotifyPayload: Equatable, Sendable {
  /// 0 where the notification concerns no SA but the one it is sent in.
  package var protocolID: ProtocolID
  /// At most 255 octets; empty where there is none.
  package var spi: [UInt8]
  package var type: NotifyType
  package var content: NotifyContent

  package init(
    _ type: NotifyType, _ content: NotifyContent = .data([]), protocolID: ProtocolID = 0,
    spi: [UInt8] = []
  ) {
    self.type = type
    self.content = content
    self.protocolID = protocolID
    self.spi = spi
  }

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader, stop: inout DissectionError?) throws(DissectionError) {
    protocolID = ProtocolID(rawValue: try reader.u8())
    let spiSize = try reader.u8()
    type = NotifyType(rawValue: try reader.u16())
    spi = try reader.bytes(Int(spiSize))
    var attempt = reader
    do throws(DissectionError) {
      content = try NotifyContent(of: type, from: &attempt, stop: &stop)
      reader = attempt
    } catch {
      stop = error
      content = .data(reader.rest())
    }
  }

  func write(to writer: inout ByteWriter) {
    writer.u8(protocolID.rawValue)
    writer.u8(UInt8(truncatingIfNeeded: spi.count))
    writer.u16(type.rawValue)
    writer.append(spi)
    content.write(to: &writer)
  }

  /// The notification data as it is on the wire.
  package var data: [UInt8] {
    var writer = ByteWriter()
    content.write(to: &writer)
    return writer.bytes
  }

  /// Types below 16384 report errors (RFC 7296, section 3.10.1).
  package var isError: Bool { type.rawValue < 16384 }

  func fields(in range: Range<Int>) -> [Field] {
    var fields = [
      Field("protocol", code: protocolID, at: range.part(4, 1)),
      Field("SPI size", .number(UInt64(spi.count)), at: range.part(5, 1)),
      Field("type", code: type, at: range.part(6, 2)),
    ]
    if !spi.isEmpty { fields.append(Field("SPI", spi: spi, at: range.part(8, spi.count))) }
    return fields + content.fields(in: range.from(8 + spi.count))
  }
}
