/// The EAP payload: one message of the Extensible Authentication Protocol.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |     Code      | Identifier    |           Length              |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |     Type      | Type_Data...
///     +-+-+-+-+-+-+-+-+-
///
/// RFC 7296, section 3.16; RFC 3748, section 4.
package struct EAPMessage: Equatable, Sendable {
  static let headerByteCount = 4

  /// A method of a vendor's own, RFC 3748, section 5.7.
  package struct ExpandedType: Equatable, Sendable {
    /// 24 bits: an IANA enterprise number.
    package var vendorID: UInt32
    package var vendorType: UInt32

    package init(vendorID: UInt32, vendorType: UInt32) {
      self.vendorID = vendorID
      self.vendorType = vendorType
    }
  }

  package var code: EAPCode
  package var identifier: UInt8
  /// Nil in Success and Failure, which end behind the length.
  package var type: EAPType?
  /// What follows type 254.
  package var expandedType: ExpandedType?
  package var data: [UInt8]

  package init(
    code: EAPCode, identifier: UInt8, type: EAPType? = nil, expandedType: ExpandedType? = nil,
    data: [UInt8] = []
  ) {
    self.code = code
    self.identifier = identifier
    self.type = type
    self.expandedType = expandedType
    self.data = data
  }

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader, stop: inout DissectionError?) throws(DissectionError) {
    let start = reader.offset
    code = EAPCode(rawValue: try reader.u8())
    identifier = try reader.u8()
    let length = Int(try reader.u16())
    data = []
    guard length >= Self.headerByteCount else {
      stop = reader.error(
        .badLength(claimed: length, minimum: Self.headerByteCount), at: start + 2)
      return
    }
    let available = reader.offset - start + reader.remaining
    if length > available {
      stop = reader.error(.lengthTooLarge(claimed: length, maximum: available), at: start + 2)
    }
    var body = try reader.slice(
      min(length - Self.headerByteCount, reader.remaining), by: .payloadLength)
    // Success and Failure have no type: what they might carry is data.
    if code != .success, code != .failure, !body.isAtEnd {
      type = EAPType(rawValue: try body.u8())
    }
    if type == .expanded {
      var attempt = body
      do throws(DissectionError) {
        let vendorID = UInt32(try attempt.u8()) << 16 | UInt32(try attempt.u16())
        expandedType = ExpandedType(vendorID: vendorID, vendorType: try attempt.u32())
        body = attempt
      } catch {
        stop = stop ?? error
      }
    }
    data = body.rest()
  }

  func write(to writer: inout ByteWriter) {
    writer.lengthPrefixed(at: 2) { writer in
      writer.u8(code.rawValue)
      writer.u8(identifier)
      writer.u16(0)
      if let type { writer.u8(type.rawValue) }
      if let expandedType {
        writer.u8(UInt8(truncatingIfNeeded: expandedType.vendorID >> 16))
        writer.u16(UInt16(truncatingIfNeeded: expandedType.vendorID))
        writer.u32(expandedType.vendorType)
      }
      writer.append(data)
    }
  }

  /// What a type 1 response says, or a request prompts with.
  package var identity: String? {
    type == .identity ? String(decoding: data, as: UTF8.self) : nil
  }

  func fields(in range: Range<Int>) -> [Field] {
    var fields = [
      Field("code", code: code, at: range.part(4, 1)),
      Field("identifier", .number(UInt64(identifier)), at: range.part(5, 1)),
    ]
    var dataOffset = 8
    if let type {
      fields.append(Field("type", code: type, at: range.part(8, 1)))
      dataOffset = 9
    }
    if let expandedType {
      fields.append(
        Field("vendor ID", .number(UInt64(expandedType.vendorID)), at: range.part(9, 3)))
      fields.append(
        Field("vendor type", .number(UInt64(expandedType.vendorType)), at: range.part(12, 4)))
      dataOffset = 16
    }
    if let identity {
      fields.append(Field("identity", .text(identity), at: range.part(dataOffset, data.count)))
    } else if !data.isEmpty {
      fields.append(Field("data", .bytes(data), at: range.part(dataOffset, data.count)))
    }
    return fields
  }
}
