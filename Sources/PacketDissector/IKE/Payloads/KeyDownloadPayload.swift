/// The KD payload of G-IKEv2: keys, wrapped.
///
/// RFC 9838; from memory as ``GroupSecurityAssociationPayload`` is.
package struct KeyDownloadPayload: Equatable, Sendable {
  package var bags: [KeyBag]

  package init(bags: [KeyBag]) {
    self.bags = bags
  }

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(DissectionError) {
    bags = []
    while !reader.isAtEnd { bags.append(try KeyBag(from: &reader)) }
  }

  func write(to writer: inout ByteWriter) {
    for bag in bags { bag.write(to: &writer) }
  }

  var fields: [Field] { bags.map(\.field) }
}

/// The keys of a group SA, or with protocol 0 those of the member that gets them.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |   Protocol    |   SPI Size    |            Length             |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~ SPI | Attributes                                              ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
package struct KeyBag: Equatable, Sendable {
  package var protocolID: ProtocolID
  package var spi: [UInt8]
  /// Types are ``GroupKeyBagAttributeType``, with protocol 0 ``MemberKeyBagAttributeType``.
  package var attributes: [TransformAttribute]
  @SourceRange package var range: Range<Int>

  package init(
    protocolID: ProtocolID = 0, spi: [UInt8] = [], attributes: [TransformAttribute]
  ) {
    self.protocolID = protocolID
    self.spi = spi
    self.attributes = attributes
    range = 0..<0
  }

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(DissectionError) {
    let start = reader.offset
    let header = try GroupSubstructure(from: &reader)
    var body = try reader.slice(header.bodyByteCount, by: .recordLength)
    protocolID = header.protocolID
    spi = try body.bytes(header.spiSize)
    var stop: DissectionError?
    attributes = TransformAttribute.list(from: &body, stop: &stop)
    if let stop { throw stop }
    range = start..<reader.offset
  }

  func write(to writer: inout ByteWriter) {
    writer.lengthPrefixed(at: 2) { writer in
      GroupSubstructure.writeHeader(protocolID: protocolID, spi: spi, to: &writer)
      for attribute in attributes { attribute.write(to: &writer) }
    }
  }

  var field: Field {
    let isMember = protocolID == 0
    var children = GroupSubstructure.headerFields(protocolID: protocolID, spi: spi, in: range)
    children += attributes.map {
      $0.field(
        named: isMember
          ? MemberKeyBagAttributeType.name(of: $0.type) : GroupKeyBagAttributeType.name(of: $0.type)
      )
    }
    return Field(isMember ? "member key bag" : "group key bag", at: range, children)
  }
}
