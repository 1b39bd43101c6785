/// The GSA payload of G-IKEv2: the policies that a group's members follow.
///
/// RFC 9838. The layouts of GSA and KD here are from memory of its drafts, not proved against a peer:
/// a payload that does not fit them to the last octet is kept raw.
package struct GroupSecurityAssociationPayload: Equatable, Sendable {
  package var policies: [GroupPolicy]

  package init(policies: [GroupPolicy]) {
    self.policies = policies
  }

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(DissectionError) {
    policies = []
    while !reader.isAtEnd { policies.append(try GroupPolicy(from: &reader)) }
  }

  func write(to writer: inout ByteWriter) {
    for policy in policies { policy.write(to: &writer) }
  }

  var fields: [Field] { policies.map(\.field) }
}

/// One policy: a group SA's, or with protocol 0 one of the whole group's.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |   Protocol    |   SPI Size    |            Length             |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~ SPI | Source TS | Destination TS | Transforms | Attributes    ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
package struct GroupPolicy: Equatable, Sendable {
  /// What only an SA's policy has.
  package struct SA: Equatable, Sendable {
    package var source: TrafficSelector
    package var destination: TrafficSelector
    package var transforms: [Transform]

    package init(
      source: TrafficSelector, destination: TrafficSelector, transforms: [Transform]
    ) {
      self.source = source
      self.destination = destination
      self.transforms = transforms
    }
  }

  package var protocolID: ProtocolID
  package var spi: [UInt8]
  /// Nil in a group-wide policy, whose protocol is 0.
  package var sa: SA?
  /// Types are ``GroupSAAttributeType``, in a group-wide policy ``GroupWidePolicyAttributeType``.
  package var attributes: [TransformAttribute]
  @SourceRange package var range: Range<Int>

  package init(
    protocolID: ProtocolID = 0, spi: [UInt8] = [], sa: SA? = nil, attributes: [TransformAttribute]
  ) {
    self.protocolID = protocolID
    self.spi = spi
    self.sa = sa
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
    if protocolID != 0 {
      let source = try TrafficSelector(from: &body, stop: &stop)
      let destination = try TrafficSelector(from: &body, stop: &stop)
      let transforms = Transform.list(from: &body, stop: &stop)
      sa = SA(source: source, destination: destination, transforms: transforms)
    }
    attributes = TransformAttribute.list(from: &body, stop: &stop)
    if let stop { throw stop }
    range = start..<reader.offset
  }

  func write(to writer: inout ByteWriter) {
    writer.lengthPrefixed(at: 2) { writer in
      GroupSubstructure.writeHeader(protocolID: protocolID, spi: spi, to: &writer)
      if let sa {
        sa.source.write(to: &writer)
        sa.destination.write(to: &writer)
        Transform.write(sa.transforms, to: &writer)
      }
      for attribute in attributes { attribute.write(to: &writer) }
    }
  }

  var field: Field {
    var children = GroupSubstructure.headerFields(protocolID: protocolID, spi: spi, in: range)
    if let sa {
      children += [sa.source.field, sa.destination.field] + sa.transforms.map(\.field)
    }
    children += attributes.map {
      $0.field(
        named: sa == nil
          ? GroupWidePolicyAttributeType.name(of: $0.type) : GroupSAAttributeType.name(of: $0.type))
    }
    return Field(sa == nil ? "group-wide policy" : "group SA policy", at: range, children)
  }
}

/// What policies and key bags begin with: protocol(1), SPI size(1), length(2), SPI.
struct GroupSubstructure {
  static let headerByteCount = 4

  let protocolID: ProtocolID
  let spiSize: Int
  /// Octets from the SPI on: at least ``spiSize``.
  let bodyByteCount: Int

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(DissectionError) {
    let start = reader.offset
    protocolID = ProtocolID(rawValue: try reader.u8())
    spiSize = Int(try reader.u8())
    let length = Int(try reader.u16())
    let minimum = Self.headerByteCount + spiSize
    guard length >= minimum else {
      throw reader.error(.badLength(claimed: length, minimum: minimum), at: start + 2)
    }
    bodyByteCount = length - Self.headerByteCount
  }

  static func writeHeader(protocolID: ProtocolID, spi: [UInt8], to writer: inout ByteWriter) {
    writer.u8(protocolID.rawValue)
    writer.u8(UInt8(truncatingIfNeeded: spi.count))
    writer.u16(0)
    writer.append(spi)
  }

  static func headerFields(
    protocolID: ProtocolID, spi: [UInt8], in range: Range<Int>
  ) -> [Field] {
    var fields = [Field("protocol", code: protocolID, at: range.part(0, 1))]
    if !spi.isEmpty { fields.append(Field("SPI", spi: spi, at: range.part(4, spi.count))) }
    return fields
  }
}
