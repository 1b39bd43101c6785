/// The SK payload: payloads that are encrypted and authenticated. It ends its message.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~ Initialization Vector | Encrypted IKE Payloads | Padding |    ~
///     ~ Pad Length | Integrity Checksum Data                          ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7296, section 3.14. Only the SA's transforms tell where the IV ends and the ICV begins.
package struct EncryptedPayload: Equatable, Sendable {
  /// The type of the first payload inside: the generic header's next payload.
  package var firstPayload: PayloadType
  /// IV, ciphertext and ICV.
  package var content: [UInt8]
  /// Where ``content`` stands.
  @SourceRange package var contentRange: Range<Int>

  package init(firstPayload: PayloadType, content: [UInt8]) {
    self.firstPayload = firstPayload
    self.content = content
    contentRange = 0..<0
  }

  @_lifetime(reader: copy reader)
  init(firstPayload: PayloadType, from reader: inout ByteReader) {
    self.firstPayload = firstPayload
    contentRange = reader.offset..<reader.end
    content = reader.rest()
  }

  func write(to writer: inout ByteWriter) {
    writer.append(content)
  }

  var fields: [Field] { [Field("encrypted", .bytes(content), at: contentRange)] }
}

/// The SKF payload: one of several messages that together carry what one SK payload would.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |        Fragment Number        |        Total Fragments        |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~ Initialization Vector | Encrypted content | Padding |         ~
///     ~ Pad Length | Integrity Checksum Data                          ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7383, section 2.5.
package struct EncryptedFragmentPayload: Equatable, Sendable {
  /// The type of the first payload inside, in fragment 1; 0 in the others.
  package var firstPayload: PayloadType
  /// From 1.
  package var number: UInt16
  package var total: UInt16
  /// IV, ciphertext and ICV.
  package var content: [UInt8]
  /// Where ``content`` stands.
  @SourceRange package var contentRange: Range<Int>

  package init(firstPayload: PayloadType, number: UInt16, total: UInt16, content: [UInt8]) {
    self.firstPayload = firstPayload
    self.number = number
    self.total = total
    self.content = content
    contentRange = 0..<0
  }

  @_lifetime(reader: copy reader)
  init(firstPayload: PayloadType, from reader: inout ByteReader) throws(DissectionError) {
    self.firstPayload = firstPayload
    number = try reader.u16()
    total = try reader.u16()
    contentRange = reader.offset..<reader.end
    content = reader.rest()
  }

  func write(to writer: inout ByteWriter) {
    writer.u16(number)
    writer.u16(total)
    writer.append(content)
  }

  func fields(in range: Range<Int>) -> [Field] {
    [
      Field("fragment number", .number(UInt64(number)), at: range.part(4, 2)),
      Field("total fragments", .number(UInt64(total)), at: range.part(6, 2)),
      Field("encrypted", .bytes(content), at: contentRange),
    ]
  }
}
