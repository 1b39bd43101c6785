/// An IKEv1 (ISAKMP) message: the header and what follows it, as far as it makes sense.
///
/// RFC 2408, section 3; RFC 2409.
package struct IKEv1Message: Equatable, Sendable {
  package var header: IKEHeader
  /// The whole message, as far as there are bytes of it.
  package var range: Range<Int>
  package var payloads: [IKEv1Payload] = []
  /// Where the encrypted content stands; nil in a message without the E flag.
  package var encrypted: Range<Int>?
  /// The bytes of ``encrypted``.
  package var ciphertext: [UInt8] = []
  /// Why the message ended early, or that its length does not fit what is in it.
  package var stop: DissectionError?

  /// A message to be sent in the clear: ``write(to:)`` fills in next payloads and lengths.
  package init(header: IKEHeader, payloads: [IKEv1Payload]) {
    self.header = header
    self.range = 0..<0
    self.payloads = payloads
  }

  /// An encrypted message to be sent; `header.nextPayload` is the type of the first payload in it.
  package init(header: IKEHeader, ciphertext: [UInt8]) {
    self.header = header
    self.range = 0..<0
    self.encrypted = 0..<0
    self.ciphertext = ciphertext
  }

  /// Throws only where the 28 bytes of the header are not there.
  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    let start = reader.offset
    header = try IKEHeader(from: &reader)
    range = start..<reader.offset
    let length = Int(header.length)
    guard length >= IKEHeader.byteCount else {
      stop = reader.error(
        .badLength(claimed: length, minimum: IKEHeader.byteCount), at: start &+ 24)
      return
    }
    let contentByteCount = length &- IKEHeader.byteCount
    var cut: DissectionError?
    if contentByteCount > reader.remaining {
      cut = reader.error(
        .truncated(
          needed: contentByteCount, available: reader.remaining, limit: reader.limit),
        at: reader.offset)
    }
    reader.shorten(to: contentByteCount, by: .ikeLength)
    range = start..<reader.end
    if header.isEncrypted {
      encrypted = reader.offset..<reader.end
      ciphertext = reader.rest()
    } else {
      let chain = IKEv1Payload.chain(
        first: IKEv1PayloadType(rawValue: header.nextPayload), from: &reader)
      payloads = chain.payloads
      stop = chain.stop
    }
    stop = stop ?? cut
  }

  package func write(to writer: inout ByteWriter) {
    var header = header
    let start = writer.count
    if encrypted == nil {
      header.nextPayload = (payloads.first?.type ?? .none).rawValue
    }
    header.write(to: &writer)
    if encrypted == nil {
      IKEv1Payload.writeChain(payloads, to: &writer)
    } else {
      writer.append(ciphertext)
    }
    writer.patch(UInt32(truncatingIfNeeded: writer.count - start), at: start + 24)
  }

  /// The first thing wrong: a payload's body, or where the chain ended.
  package var firstStop: DissectionError? { payloads.lazy.compactMap(\.stop).first ?? stop }

  package var exchangeType: IKEv1ExchangeType {
    IKEv1ExchangeType(rawValue: header.exchangeType)
  }
}
