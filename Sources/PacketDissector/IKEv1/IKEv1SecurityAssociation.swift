/// The body of a security association payload: what one side offers or chose.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                Domain of Interpretation (DOI)                 |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                           Situation                           |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                       Proposal payloads                       |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 2408, section 3.4; RFC 2407, section 4.6.1.
package struct IKEv1SecurityAssociation: Equatable, Sendable {
  /// SIT_IDENTITY_ONLY, RFC 2407 section 4.2.1: the one situation that adds no labels.
  package static let identityOnly: UInt32 = 1

  package var domain: IKEv1DomainOfInterpretation
  /// Nil outside of the IPsec DOI, which alone defines it so.
  package var situation: UInt32?
  package var proposals: [IKEv1Proposal]
  /// What follows, kept as it is: all of another DOI's body (GDOI), or what a situation with
  /// secrecy or integrity labels is followed by.
  package var rest: [UInt8]

  package init(
    domain: IKEv1DomainOfInterpretation = .ipsec, situation: UInt32? = Self.identityOnly,
    proposals: [IKEv1Proposal] = [], rest: [UInt8] = []
  ) {
    self.domain = domain
    self.situation = situation
    self.proposals = proposals
    self.rest = rest
  }

  @_lifetime(reader: copy reader)
  package init(
    from reader: inout ByteReader, stop: inout DissectionError?
  ) throws(DissectionError) {
    self.init(
      domain: IKEv1DomainOfInterpretation(rawValue: try reader.u32()), situation: nil)
    guard domain == .ipsec else {
      rest = reader.rest()
      return
    }
    situation = try reader.u32()
    if situation == Self.identityOnly {
      proposals = IKEv1Proposal.list(from: &reader, stop: &stop)
    } else {
      rest = reader.rest()
    }
  }

  package func write(to writer: inout ByteWriter) {
    writer.u32(domain.rawValue)
    if let situation { writer.u32(situation) }
    for (number, proposal) in proposals.enumerated() {
      proposal.write(to: &writer, isLast: number == proposals.count - 1)
    }
    writer.append(rest)
  }
}

/// One proposal: a protocol with the transforms that it may use.
///
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     | Next Payload  |   RESERVED    |         Payload Length        |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |  Proposal #   |  Protocol-Id  |    SPI Size   |# of Transforms|
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                        SPI (variable)                         |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 2408, section 3.5.
package struct IKEv1Proposal: Equatable, Sendable {
  package var number: UInt8
  package var protocolID: IKEv1ProtocolID
  package var spi: [UInt8]
  package var transforms: [IKEv1Transform]
  /// What the wire claimed; ``write(to:isLast:)`` counts for itself.
  package var transformCount: UInt8
  package var length: UInt16 = 0
  package var range: Range<Int>

  package init(
    number: UInt8, protocolID: IKEv1ProtocolID, spi: [UInt8] = [], transforms: [IKEv1Transform],
    range: Range<Int> = 0..<0
  ) {
    self.number = number
    self.protocolID = protocolID
    self.spi = spi
    self.transforms = transforms
    self.transformCount = UInt8(truncatingIfNeeded: transforms.count)
    self.range = range
  }

  /// `reader` holds the content behind `header`; `range` includes that.
  @_lifetime(reader: copy reader)
  private init(
    from reader: inout ByteReader, header: IKEv1NestedHeader, range: Range<Int>,
    stop: inout DissectionError?
  ) throws(DissectionError) {
    let number = try reader.u8()
    let protocolID = IKEv1ProtocolID(rawValue: try reader.u8())
    let spiByteCount = Int(try reader.u8())
    let countOffset = reader.offset
    let count = try reader.u8()
    let spi = try reader.bytes(spiByteCount)
    self.init(
      number: number, protocolID: protocolID, spi: spi,
      transforms: IKEv1Transform.list(from: &reader, protocolID: protocolID, stop: &stop),
      range: range)
    transformCount = count
    length = header.length
    if stop == nil, Int(count) != transforms.count {
      stop = reader.error(
        .badValue(field: "transform count", value: UInt64(count)), at: countOffset)
    }
  }

  func write(to writer: inout ByteWriter, isLast: Bool) {
    writer.lengthPrefixed(at: 2) { writer in
      writer.u8(isLast ? 0 : IKEv1PayloadType.proposal.rawValue)
      writer.zeros(3)
      writer.u8(number)
      writer.u8(protocolID.rawValue)
      writer.u8(UInt8(truncatingIfNeeded: spi.count))
      writer.u8(UInt8(truncatingIfNeeded: transforms.count))
      writer.append(spi)
      for (number, transform) in transforms.enumerated() {
        transform.write(to: &writer, isLast: number == transforms.count - 1)
      }
    }
  }

  @_lifetime(reader: copy reader)
  static func list(
    from reader: inout ByteReader, stop: inout DissectionError?
  ) -> [IKEv1Proposal] {
    let listStart = reader.offset
    var proposals: [IKEv1Proposal] = []
    do throws(DissectionError) {
      var next = IKEv1PayloadType.proposal
      while next != .none {
        let start = reader.offset
        let header = try IKEv1NestedHeader(
          from: &reader, expecting: .proposal, stop: &stop)
        var content = reader.slice(
          upTo: header.contentByteCount, by: .proposalLength, stop: &stop)
        proposals.append(
          try IKEv1Proposal(
            from: &content, header: header, range: start..<content.end, stop: &stop))
        next = header.next
      }
      try reader.requireEnd(since: listStart)
    } catch {
      stop = stop ?? error
      reader.skipAll()
    }
    return proposals
  }
}

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

extension [IKEv1Attribute] {
  /// The pairs of life type and duration, RFC 2407 section 4.5; a duration without a type before
  /// it, or wider than 64 bits, is left out.
  package var lifetimes: [(type: IKEv1LifeType, duration: UInt64)] {
    var pairs: [(type: IKEv1LifeType, duration: UInt64)] = []
    var type: IKEv1LifeType?
    for attribute in self {
      switch attribute.kind {
      case .phase1(.lifeType), .phase2(.saLifeType):
        type = attribute.number.flatMap { UInt16(exactly: $0) }.map(IKEv1LifeType.init(rawValue:))
      case .phase1(.lifeDuration), .phase2(.saLifeDuration):
        if let type, let duration = attribute.number { pairs.append((type, duration)) }
        type = nil
      default: break
      }
    }
    return pairs
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

/// The generic header in front of a proposal or a transform. RFC 2408, section 3.2.
struct IKEv1NestedHeader {
  /// None in the last of a list.
  let next: IKEv1PayloadType
  let length: UInt16

  var contentByteCount: Int { Int(length) &- 4 }

  /// A next payload that is neither `expected` nor none goes into `stop`, and the list goes on:
  /// nothing else can follow here.
  @_lifetime(reader: copy reader)
  init(
    from reader: inout ByteReader, expecting expected: IKEv1PayloadType,
    stop: inout DissectionError?
  ) throws(DissectionError) {
    let start = reader.offset
    next = IKEv1PayloadType(rawValue: try reader.u8())
    try reader.skip(1)
    length = try reader.u16()
    guard length >= 4 else {
      throw reader.error(.badLength(claimed: Int(length), minimum: 4), at: start &+ 2)
    }
    if next != expected, next != .none {
      stop =
        stop
        ?? reader.error(
          .badValue(field: "next payload", value: UInt64(next.rawValue)), at: start)
    }
  }
}
