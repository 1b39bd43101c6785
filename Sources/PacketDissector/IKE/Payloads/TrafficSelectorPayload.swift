/// The TSi or TSr payload: which packets one end of a Child SA takes.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     | Number of TSs |                 RESERVED                      |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~                       <Traffic Selectors>                     ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7296, section 3.13.
package struct TrafficSelectorPayload: Equatable, Sendable {
  package var selectors: [TrafficSelector]

  /// At most 255 selectors: their number has an octet.
  package init(selectors: [TrafficSelector]) {
    self.selectors = selectors
  }

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader, stop: inout DissectionError?) throws(DissectionError) {
    let countOffset = reader.offset
    let count = Int(try reader.u8())
    try reader.skip(3)
    selectors = []
    while !reader.isAtEnd {
      var attempt = reader
      do throws(DissectionError) {
        selectors.append(try TrafficSelector(from: &attempt, stop: &stop))
      } catch {
        stop = stop ?? error
        return
      }
      reader = attempt
    }
    if count != selectors.count {
      stop =
        stop
        ?? reader.error(
          .badValue(field: "number of traffic selectors", value: UInt64(count)), at: countOffset)
    }
  }

  func write(to writer: inout ByteWriter) {
    writer.u8(UInt8(truncatingIfNeeded: selectors.count))
    writer.zeros(3)
    for selector in selectors { selector.write(to: &writer) }
  }

  func fields(in range: Range<Int>) -> [Field] {
    [Field("number of traffic selectors", .number(UInt64(selectors.count)), at: range.part(4, 1))]
      + selectors.map(\.field)
  }
}
