/// A value behind a transform, short (TV) or with a length (TLV).
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |A|       Attribute Type        |    AF=0  Attribute Length     |
///     |F|                             |    AF=1  Attribute Value      |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                   AF=0  Attribute Value                       |
///     |                   AF=1  Not Transmitted                       |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7296, section 3.3.5. ROHC_SUPPORTED (RFC 5857, section 3.1) and G-IKEv2 (RFC 9838) write
/// theirs the same way, each with a registry of types of its own.
package struct TransformAttribute: Equatable, Sendable {
  package enum Value: Equatable, Sendable {
    case short(UInt16)
    case bytes([UInt8])
  }

  /// 15 bits: a ``TransformAttributeType`` behind a transform.
  package var type: UInt16
  package var value: Value
  @SourceRange package var range: Range<Int>

  package init(type: UInt16, _ value: Value) {
    self.type = type
    self.value = value
    range = 0..<0
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    let start = reader.offset
    let word = try reader.u16()
    type = word & 0x7FFF
    let second = try reader.u16()
    value = word & 0x8000 != 0 ? .short(second) : .bytes(try reader.bytes(Int(second)))
    range = start..<reader.offset
  }

  /// Reads attributes up to the reader's end, or to one that is cut: `reader` then stands before it.
  @_lifetime(reader: copy reader)
  static func list(
    from reader: inout ByteReader, stop: inout DissectionError?
  ) -> [TransformAttribute] {
    var attributes: [TransformAttribute] = []
    while !reader.isAtEnd {
      var attempt = reader
      do throws(DissectionError) {
        attributes.append(try TransformAttribute(from: &attempt))
      } catch {
        stop = stop ?? error
        break
      }
      reader = attempt
    }
    return attributes
  }

  package func write(to writer: inout ByteWriter) {
    switch value {
    case .short(let short):
      writer.u16(type | 0x8000)
      writer.u16(short)
    case .bytes(let bytes):
      writer.u16(type & 0x7FFF)
      writer.u16(UInt16(truncatingIfNeeded: bytes.count))
      writer.append(bytes)
    }
  }

  /// The field of an attribute whose registry calls it `name`.
  func field(named name: String?) -> Field {
    let shown: Field.Value =
      switch value {
      case .short(let short): .number(UInt64(short))
      case .bytes(let bytes): .bytes(bytes)
      }
    return Field(
      "attribute", .number(UInt64(type), name: name), at: range,
      [Field("value", shown, at: value.isShort ? range.part(2, 2) : range.from(4))])
  }
}

extension TransformAttribute.Value {
  fileprivate var isShort: Bool {
    if case .short = self { true } else { false }
  }
}
