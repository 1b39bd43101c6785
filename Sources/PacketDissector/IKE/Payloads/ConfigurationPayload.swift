/// The CP payload: addresses and other settings that one side asks for or hands out.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |   CFG Type    |                    RESERVED                   |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~                   Configuration Attributes                    ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7296, section 3.15.
package struct ConfigurationPayload: Equatable, Sendable {
  package var type: ConfigurationType
  package var attributes: [ConfigurationAttribute]

  package init(type: ConfigurationType, attributes: [ConfigurationAttribute]) {
    self.type = type
    self.attributes = attributes
  }

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader, stop: inout DissectionError?) throws(DissectionError) {
    type = ConfigurationType(rawValue: try reader.u8())
    try reader.skip(3)
    attributes = []
    while !reader.isAtEnd {
      var attempt = reader
      do throws(DissectionError) {
        attributes.append(try ConfigurationAttribute(from: &attempt, stop: &stop))
      } catch {
        stop = stop ?? error
        return
      }
      reader = attempt
    }
  }

  func write(to writer: inout ByteWriter) {
    writer.u8(type.rawValue)
    writer.zeros(3)
    for attribute in attributes { attribute.write(to: &writer) }
  }

  func fields(in range: Range<Int>) -> [Field] {
    [Field("type", code: type, at: range.part(4, 1))] + attributes.map(\.field)
  }
}
