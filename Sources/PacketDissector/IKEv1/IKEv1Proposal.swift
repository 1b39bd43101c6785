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
