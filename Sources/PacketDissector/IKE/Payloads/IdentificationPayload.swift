/// The IDi, IDr or IDg payload: who one side, or which group, claims to be.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |   ID Type     |                 RESERVED                      |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~                      Identification Data                      ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7296, section 3.5; RFC 9838 for IDg.
package struct IdentificationPayload: Equatable, Sendable {
  package enum Value: Equatable, Sendable {
    case address(IPAddress)
    /// A domain name or a mail address, as it came.
    case text(String)
    case distinguishedName(DistinguishedName)
    case bytes([UInt8])
  }

  package var type: IdentificationType
  package var data: [UInt8]

  package init(type: IdentificationType, data: [UInt8]) {
    self.type = type
    self.data = data
  }

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader, stop: inout DissectionError?) throws(DissectionError) {
    type = IdentificationType(rawValue: try reader.u8())
    try reader.skip(3)
    let offset = reader.offset
    data = reader.rest()
    let due: Int? =
      switch type {
      case .idIPv4Addr: 4
      case .idIPv6Addr: 16
      default: nil
      }
    if let due { stop = reader.sizeError(of: data.count, at: offset, due: due...due) }
  }

  func write(to writer: inout ByteWriter) {
    writer.u8(type.rawValue)
    writer.zeros(3)
    writer.append(data)
  }

  /// What ``data`` says under ``type``; its bytes where it does not fit the type.
  package var value: Value {
    switch type {
    case .idIPv4Addr where data.count == 4, .idIPv6Addr where data.count == 16:
      IPAddress(octets: data).map(Value.address) ?? .bytes(data)
    case .idFQDN, .idRFC822Addr:
      .text(String(decoding: data, as: UTF8.self))
    case .idDERASN1DN:
      DistinguishedName(der: data).map(Value.distinguishedName) ?? .bytes(data)
    default:
      .bytes(data)
    }
  }

  func fields(in range: Range<Int>) -> [Field] {
    let shown: Field.Value =
      switch value {
      case .address(let address): .address(address)
      case .text(let text): .text(text)
      case .distinguishedName(let name): .text(name.description)
      case .bytes(let bytes): .bytes(bytes)
      }
    return [
      Field("ID type", code: type, at: range.part(4, 1)),
      Field("identification", shown, at: range.from(8)),
    ]
  }
}
