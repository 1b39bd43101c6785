/// One transform: an algorithm or a whole suite, with its attributes.
///
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     | Next Payload  |   RESERVED    |         Payload Length        |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |  Transform #  |  Transform-Id |           RESERVED2           |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                         SA Attributes                         |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 2408, section 3.6.
package struct IKEv1Transform: Equatable, Sendable {
  package var number: UInt8
  package var id: IKEv1TransformID
  package var attributes: [IKEv1Attribute]
  /// What the wire claimed; ``write(to:isLast:)`` counts for itself.
  package var length: UInt16 = 0
  package var range: Range<Int>

  package init(
    number: UInt8, id: IKEv1TransformID, attributes: [IKEv1Attribute], range: Range<Int> = 0..<0
  ) {
    self.number = number
    self.id = id
    self.attributes = attributes
    self.range = range
  }

  /// `reader` holds the content behind `header`; `range` includes that.
  @_lifetime(reader: copy reader)
  private init(
    from reader: inout ByteReader, header: IKEv1NestedHeader, protocolID: IKEv1ProtocolID,
    range: Range<Int>, stop: inout DissectionError?
  ) throws(DissectionError) {
    number = try reader.u8()
    id = IKEv1TransformID(try reader.u8(), of: protocolID)
    try reader.skip(2)
    attributes = IKEv1Attribute.list(
      from: &reader, in: protocolID == .protoIsakmp ? .phase1 : .phase2, stop: &stop)
    length = header.length
    self.range = range
  }

  func write(to writer: inout ByteWriter, isLast: Bool) {
    writer.lengthPrefixed(at: 2) { writer in
      writer.u8(isLast ? 0 : IKEv1PayloadType.transform.rawValue)
      writer.zeros(3)
      writer.u8(number)
      writer.u8(id.rawValue)
      writer.zeros(2)
      for attribute in attributes { attribute.write(to: &writer) }
    }
  }

  @_lifetime(reader: copy reader)
  static func list(
    from reader: inout ByteReader, protocolID: IKEv1ProtocolID, stop: inout DissectionError?
  ) -> [IKEv1Transform] {
    let listStart = reader.offset
    var transforms: [IKEv1Transform] = []
    do throws(DissectionError) {
      var next = IKEv1PayloadType.transform
      while next != .none {
        let start = reader.offset
        let header = try IKEv1NestedHeader(
          from: &reader, expecting: .transform, stop: &stop)
        var content = reader.slice(
          upTo: header.contentByteCount, by: .transformLength, stop: &stop)
        transforms.append(
          try IKEv1Transform(
            from: &content, header: header, protocolID: protocolID,
            range: start..<content.end, stop: &stop))
        next = header.next
      }
      try reader.requireEnd(since: listStart)
    } catch {
      stop = stop ?? error
      reader.skipAll()
    }
    return transforms
  }
}

extension IKEv1Transform {
  /// The number of the first attribute of this kind.
  package func number(of kind: IKEv1Attribute.Kind) -> UInt64? {
    attributes.first { $0.kind == kind }?.number
  }

  /// The lifetimes in the order given: each duration belongs to the life type before it.
  package var lifetimes: [(type: IKEv1LifeType, duration: UInt64)] {
    attributes.lifetimes
  }
}

/// A transform's ID, whose registry is its protocol's. RFC 2407, section 4.4.
package enum IKEv1TransformID: Hashable, Sendable {
  case isakmp(IKEv1ISAKMPTransform)
  case ah(IKEv1AHTransform)
  case esp(IKEv1ESPTransform)
  case ipcomp(IKEv1IPCompTransform)
  case other(UInt8)

  package init(_ rawValue: UInt8, of protocolID: IKEv1ProtocolID) {
    switch protocolID {
    case .protoIsakmp: self = .isakmp(IKEv1ISAKMPTransform(rawValue: rawValue))
    case .protoIpsecAH: self = .ah(IKEv1AHTransform(rawValue: rawValue))
    case .protoIpsecESP: self = .esp(IKEv1ESPTransform(rawValue: rawValue))
    case .protoIpcomp: self = .ipcomp(IKEv1IPCompTransform(rawValue: rawValue))
    default: self = .other(rawValue)
    }
  }

  package var rawValue: UInt8 {
    switch self {
    case .isakmp(let id): id.rawValue
    case .ah(let id): id.rawValue
    case .esp(let id): id.rawValue
    case .ipcomp(let id): id.rawValue
    case .other(let id): id
    }
  }

  package var name: String? {
    switch self {
    case .isakmp(let id): id.name
    case .ah(let id): id.name
    case .esp(let id): id.name
    case .ipcomp(let id): id.name
    case .other: nil
    }
  }
}
