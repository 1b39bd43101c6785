/// The SA payload: proposals, of which the responder takes one.
///
/// RFC 7296, section 3.3.
package struct SecurityAssociationPayload: Equatable, Sendable {
  package var proposals: [Proposal]

  package init(proposals: [Proposal]) {
    self.proposals = proposals
  }

  /// Reads proposals up to the one that says it is the last, or to one that is cut.
  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader, stop: inout DissectionError?) {
    proposals = []
    var isLast = reader.isAtEnd
    while !isLast {
      var attempt = reader
      do throws(DissectionError) {
        proposals.append(try Proposal(from: &attempt, isLast: &isLast, stop: &stop))
      } catch {
        stop = stop ?? error
        break
      }
      reader = attempt
    }
  }

  func write(to writer: inout ByteWriter) {
    for (index, proposal) in proposals.enumerated() {
      proposal.write(to: &writer, isLast: index + 1 == proposals.count)
    }
  }

  var fields: [Field] { proposals.map(\.field) }
}

/// One way to protect an SA: for each transform type, the algorithms to choose from.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     | Last Substruc |   RESERVED    |         Proposal Length       |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     | Proposal Num  |  Protocol ID  |    SPI Size   |Num  Transforms|
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~                        SPI (variable)                         ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~                        <Transforms>                           ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7296, section 3.3.1.
package struct Proposal: Equatable, Sendable {
  package var number: UInt8
  package var protocolID: ProtocolID
  /// Up to 255 octets: none in IKE_SA_INIT, 8 when an IKE SA is rekeyed, 4 for AH and ESP.
  package var spi: [UInt8]
  package var transforms: [Transform]
  /// The bytes of the proposal behind the last whole transform.
  package var undecoded: [UInt8]
  @SourceRange package var range: Range<Int>

  package init(
    number: UInt8, protocolID: ProtocolID, spi: [UInt8] = [], transforms: [Transform]
  ) {
    self.number = number
    self.protocolID = protocolID
    self.spi = spi
    self.transforms = transforms
    undecoded = []
    range = 0..<0
  }

  @_lifetime(reader: copy reader)
  fileprivate init(
    from reader: inout ByteReader, isLast: inout Bool, stop: inout DissectionError?
  ) throws(DissectionError) {
    let start = reader.offset
    isLast = try Substructure.isLast(from: &reader, more: 2, stop: &stop)
    var body = try Substructure.body(from: &reader, header: 4, by: .proposalLength)
    number = try body.u8()
    protocolID = ProtocolID(rawValue: try body.u8())
    let spiSize = try body.u8()
    let count = Int(try body.u8())
    spi = try body.bytes(Int(spiSize))
    let before = stop
    transforms = Transform.list(from: &body, stop: &stop)
    if stop == before, count != transforms.count {
      stop =
        stop
        ?? body.error(.badValue(field: "number of transforms", value: UInt64(count)), at: start + 7)
    }
    if !body.isAtEnd {
      stop = stop ?? body.error(.trailing(count: body.remaining), at: body.offset)
    }
    undecoded = body.rest()
    range = start..<reader.offset
  }

  fileprivate func write(to writer: inout ByteWriter, isLast: Bool) {
    writer.lengthPrefixed(at: 2) { writer in
      writer.u8(isLast ? 0 : 2)
      writer.zeros(3)
      writer.u8(number)
      writer.u8(protocolID.rawValue)
      writer.u8(UInt8(truncatingIfNeeded: spi.count))
      writer.u8(UInt8(truncatingIfNeeded: transforms.count))
      writer.append(spi)
      Transform.write(transforms, to: &writer)
      writer.append(undecoded)
    }
  }

  var field: Field {
    var children = [
      Field("number", .number(UInt64(number)), at: range.part(4, 1)),
      Field("protocol", code: protocolID, at: range.part(5, 1)),
    ]
    if !spi.isEmpty {
      children.append(Field("SPI", spi: spi, at: range.part(8, spi.count)))
    }
    children += transforms.map(\.field)
    // Old stacks leave it out (RFC 7296, section 3.3.3, wants it).
    if protocolID == .esp || protocolID == .ah, !transforms.isEmpty,
      !transforms.contains(where: { $0.type == .sequenceNumbers })
    {
      children.append(
        Field(
          "missing", .text("transform type 5 (SN), mandatory here"), at: range.from(range.count)))
    }
    children.append(undecoded: undecoded, at: range)
    return Field("proposal", at: range, children)
  }
}
