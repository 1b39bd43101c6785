/// A whole IKEv2 message: the header and the payloads as far as they could be read.
///
/// RFC 7296, section 3.
package struct IKEMessage: Equatable, Sendable {
  package var header: IKEHeader
  package var payloads: [IKEPayload]
  /// What the last of ``payloads`` names as the next, which was not reached; `none` after a whole
  /// chain.
  package var unread: PayloadType
  /// Why and where decoding ended early, outside of any payload's own content.
  package var stop: DissectionError?
  @SourceRange package var range: Range<Int>

  /// A message to send: ``write(to:)`` fills in `header`'s next payload and length.
  package init(header: IKEHeader, payloads: [IKEPayload]) {
    self.header = header
    self.payloads = payloads
    unread = .none
    range = 0..<0
  }

  /// Reads all that `reader` holds as one message; throws only if there is no whole header.
  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    let start = reader.offset
    let available = reader.remaining
    header = try IKEHeader(from: &reader)
    payloads = []
    unread = PayloadType(rawValue: header.nextPayload)
    let lengthOffset = start + IKEHeader.byteCount - 4
    let claimed = Int(header.length)
    range = start..<reader.offset
    guard header.majorVersion == 2 else {
      stop = reader.error(
        .badValue(field: "major version", value: UInt64(header.majorVersion)), at: start + 17)
      return
    }
    guard claimed >= IKEHeader.byteCount else {
      stop = reader.error(
        .badLength(claimed: claimed, minimum: IKEHeader.byteCount), at: lengthOffset)
      return
    }
    var body = reader
    body.shorten(to: claimed - IKEHeader.byteCount, by: .ikeLength)
    range = start..<body.end
    let chain = PayloadChain(first: unread, from: &body)
    payloads = chain.payloads
    unread = chain.unread
    stop = chain.stop
    reader = body
    guard stop == nil, claimed != available else { return }
    reader.layer = .ike
    stop =
      claimed > available
      ? reader.error(.lengthTooLarge(claimed: claimed, maximum: available), at: lengthOffset)
      : reader.error(.trailing(count: available - claimed), at: start + claimed)
  }

  /// The first thing wrong: a payload's body, or where the chain ended.
  package var firstStop: DissectionError? { payloads.lazy.compactMap(\.stop).first ?? stop }

  /// Writes the message with the lengths and the chain of payload types that its payloads demand.
  package func write(to writer: inout ByteWriter) {
    let start = writer.count
    var header = header
    header.nextPayload = (payloads.first?.type ?? unread).rawValue
    header.write(to: &writer)
    PayloadChain(payloads: payloads, unread: unread).write(to: &writer)
    writer.patch(
      UInt32(truncatingIfNeeded: writer.count - start), at: start + IKEHeader.byteCount - 4)
  }
}
