/// Payloads that name one another's types: a message's after its header, or those that an SK payload
/// held, once decrypted and without padding.
///
/// RFC 7296, section 3.2.
package struct PayloadChain: Equatable, Sendable {
  package var payloads: [IKEPayload]
  /// What the last payload names as the next, which was not reached; `none` after a whole chain.
  package var unread: PayloadType
  package var stop: DissectionError?

  package init(
    payloads: [IKEPayload], unread: PayloadType = .none, stop: DissectionError? = nil
  ) {
    self.payloads = payloads
    self.unread = unread
    self.stop = stop
  }

  /// Reads payloads, the first of type `first`, until one names no next or the chain breaks.
  ///
  /// Every round consumes a payload's header, so that no chain runs longer than its bytes.
  @_lifetime(reader: copy reader)
  package init(first: PayloadType, from reader: inout ByteReader) {
    reader.layer = .ikev2Payload
    payloads = []
    unread = first
    while unread != .none {
      let payload: IKEPayload
      let next: PayloadType
      do throws(DissectionError) {
        let start = reader.offset
        let header = try GenericPayloadHeader(from: &reader)
        var content = try reader.slice(
          Int(header.length) - GenericPayloadHeader.byteCount, by: .payloadLength)
        payload = IKEPayload(
          type: unread, header: header, range: start..<reader.offset, from: &content)
        // RFC 7296, section 3.14, and RFC 7383, section 2.5: nothing follows SK and SKF, whose
        // next payload is the first of those inside.
        next = payload.isEncrypted ? .none : header.nextPayload
      } catch {
        stop = error
        return
      }
      payloads.append(payload)
      unread = next
    }
    if !reader.isAtEnd {
      stop = reader.error(.trailing(count: reader.remaining), at: reader.offset)
    }
  }

  /// The first thing wrong: a payload's body, or where the chain ended.
  package var firstStop: DissectionError? { payloads.lazy.compactMap(\.stop).first ?? stop }

  package func write(to writer: inout ByteWriter) {
    for (index, payload) in payloads.enumerated() {
      let isLast = index + 1 == payloads.count
      payload.write(to: &writer, next: isLast ? unread : payloads[index + 1].type)
    }
  }
}

/// What every payload begins with.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     | Next Payload  |C|  RESERVED   |         Payload Length        |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7296, section 3.2.
struct GenericPayloadHeader {
  static let byteCount = 4

  let nextPayload: PayloadType
  let isCritical: Bool
  /// Bytes of the payload, this header included: at least 4.
  let length: UInt16

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(DissectionError) {
    nextPayload = PayloadType(rawValue: try reader.u8())
    isCritical = try reader.u8() & 0x80 != 0
    let lengthOffset = reader.offset
    length = try reader.u16()
    guard length >= Self.byteCount else {
      throw reader.error(
        .badLength(claimed: Int(length), minimum: Self.byteCount), at: lengthOffset)
    }
  }
}
