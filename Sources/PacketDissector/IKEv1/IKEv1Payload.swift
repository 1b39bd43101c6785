/// One payload of an IKEv1 message, or of the decrypted content of one.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     | Next Payload  |   RESERVED    |         Payload Length        |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 2408, section 3.2.
package struct IKEv1Payload: Equatable, Sendable {
  package static let headerByteCount = 4

  package var type: IKEv1PayloadType
  /// What the wire said follows; ``writeChain(_:to:)`` finds out for itself.
  package var nextPayload = IKEv1PayloadType.none
  /// What the wire claimed, which a payload that is cut off does not reach.
  package var length: UInt16 = 0
  /// The generic header and the body, as far as there are bytes of it.
  package var range: Range<Int>
  package var body: Body
  /// Where the body stopped making sense; what it holds was read before.
  package var stop: DissectionError?

  package enum Body: Equatable, Sendable {
    case securityAssociation(IKEv1SecurityAssociation)
    case keyExchange([UInt8])
    case identification(IKEv1Identification)
    case certificate(IKEv1Certificate)
    /// `data` is the DER name of an authority; empty for any.
    case certificateRequest(IKEv1Certificate)
    case hash([UInt8])
    case signature([UInt8])
    case nonce([UInt8])
    case notification(IKEv1Notification)
    case delete(IKEv1Delete)
    case vendorID([UInt8])
    case attributes(IKEv1Configuration)
    /// A hash of cookies, address and port. RFC 3947, section 3.2.
    case natDiscovery([UInt8])
    case natOriginalAddress(IKEv1OriginalAddress)
    case fragment(IKEv1Fragment)
    /// A payload without a decoder (GDOI's, unknown ones, proposals and transforms outside of an
    /// SA), or one too short for its fixed fields.
    case raw([UInt8])
  }

  /// A payload to be written: what only the wire knows is left at zero.
  package init(_ type: IKEv1PayloadType, _ body: Body) {
    self.type = type
    self.range = 0..<0
    self.body = body
  }

  /// Throws only where no generic header can be read. A length beyond the bytes that there are
  /// goes into `cut`, and what there is of the body is decoded.
  @_lifetime(reader: copy reader)
  init(
    _ type: IKEv1PayloadType, from reader: inout ByteReader, cut: inout DissectionError?
  ) throws(DissectionError) {
    reader.layer = .ikev1Payload
    let start = reader.offset
    nextPayload = IKEv1PayloadType(rawValue: try reader.u8())
    try reader.skip(1)
    length = try reader.u16()
    guard length >= Self.headerByteCount else {
      throw reader.error(
        .badLength(claimed: Int(length), minimum: Self.headerByteCount), at: start &+ 2)
    }
    var content = reader.slice(
      upTo: Int(length) &- Self.headerByteCount, by: .payloadLength, stop: &cut)
    var stop = cut
    self.type = type
    range = start..<content.end
    body = Body(type, from: &content, stop: &stop)
    self.stop = stop
  }
}

extension IKEv1Payload.Body {
  @_lifetime(reader: copy reader)
  init(
    _ type: IKEv1PayloadType, from reader: inout ByteReader, stop: inout DissectionError?
  ) {
    let start = reader.offset
    do throws(DissectionError) {
      self = try Self.decoded(type, from: &reader, stop: &stop)
    } catch {
      stop = stop ?? error
      self = .raw(reader.copy(start..<reader.end))
      return
    }
    do throws(DissectionError) {
      try reader.requireEnd(since: start)
    } catch {
      stop = stop ?? error
    }
  }

  @_lifetime(reader: copy reader)
  private static func decoded(
    _ type: IKEv1PayloadType, from reader: inout ByteReader, stop: inout DissectionError?
  ) throws(DissectionError) -> Self {
    switch type {
    case .securityAssociation:
      .securityAssociation(try IKEv1SecurityAssociation(from: &reader, stop: &stop))
    case .keyExchange: .keyExchange(reader.rest())
    case .identification: .identification(try IKEv1Identification(from: &reader, stop: &stop))
    case .certificate: .certificate(try IKEv1Certificate(from: &reader))
    case .certificateRequest: .certificateRequest(try IKEv1Certificate(from: &reader))
    case .hash: .hash(reader.rest())
    case .signature: .signature(reader.rest())
    case .nonce: .nonce(reader.rest())
    case .notification: .notification(try IKEv1Notification(from: &reader, stop: &stop))
    case .delete: .delete(try IKEv1Delete(from: &reader, stop: &stop))
    case .vendorID: .vendorID(reader.rest())
    case .attributes: .attributes(try IKEv1Configuration(from: &reader, stop: &stop))
    case .natDiscovery, .natDiscoveryDraft: .natDiscovery(reader.rest())
    case .natOriginalAddress, .natOriginalAddressDraft:
      .natOriginalAddress(try IKEv1OriginalAddress(from: &reader, stop: &stop))
    case .fragment: .fragment(try IKEv1Fragment(from: &reader))
    default: .raw(reader.rest())
    }
  }

  /// The body alone, as some of IKE's hashes take it (RFC 2409, section 5: `<P>_b`).
  package func write(to writer: inout ByteWriter) {
    switch self {
    case .securityAssociation(let association): association.write(to: &writer)
    case .identification(let identification): identification.write(to: &writer)
    case .certificate(let certificate), .certificateRequest(let certificate):
      certificate.write(to: &writer)
    case .notification(let notification): notification.write(to: &writer)
    case .delete(let delete): delete.write(to: &writer)
    case .attributes(let configuration): configuration.write(to: &writer)
    case .natOriginalAddress(let address): address.write(to: &writer)
    case .fragment(let fragment): fragment.write(to: &writer)
    case .keyExchange(let data), .hash(let data), .signature(let data), .nonce(let data),
      .vendorID(let data), .natDiscovery(let data), .raw(let data):
      writer.append(data)
    }
  }
}
