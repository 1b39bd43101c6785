/// The KE payload: one side's part of a key exchange.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |      Key Exchange Method      |           RESERVED            |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~                       Key Exchange Data                       ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7296, section 3.4. What ``data`` should measure says ``KeyExchangeMethod/dataByteCount``.
package struct KeyExchangePayload: Equatable, Sendable {
  package var method: KeyExchangeMethod
  package var data: [UInt8]

  package init(method: KeyExchangeMethod, data: [UInt8]) {
    self.method = method
    self.data = data
  }

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(DissectionError) {
    method = KeyExchangeMethod(rawValue: try reader.u16())
    try reader.skip(2)
    data = reader.rest()
  }

  func write(to writer: inout ByteWriter) {
    writer.u16(method.rawValue)
    writer.u16(0)
    writer.append(data)
  }

  func fields(in range: Range<Int>) -> [Field] {
    [
      Field("method", code: method, at: range.part(4, 2)),
      Field("data", .bytes(data), at: range.from(8)),
    ]
  }
}
