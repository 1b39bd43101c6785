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
