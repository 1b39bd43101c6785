internal import PacketDissector

/// A protected message up to the end of its SK or SKF payload's header: what is authenticated besides
/// the encrypted payloads (RFC 5282, section 5.1), and A of RFC 9242, section 3.3.2.
struct MessageHead {
  private(set) var bytes: [UInt8]
  private let payloadStart: Int

  /// Bytes of a head with no payload in front of SK, or of SKF.
  static let encryptedBytes = IKEHeader.byteCount + 4
  static let fragmentBytes = encryptedBytes + 4

  /// A head that came off the wire and ends with SK's header.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    payloadStart = bytes.count - 4
  }

  private init(_ header: IKEHeader, _ type: PayloadType, first: PayloadType) {
    var writer = ByteWriter()
    var header = header
    header.nextPayload = type.rawValue
    header.write(to: &writer)
    payloadStart = writer.count
    writer.u8(first.rawValue)
    writer.zeros(3)
    bytes = writer.bytes
  }

  /// Of a message whose SK payload holds `bodyBytes` behind its header.
  static func encrypted(
    _ header: IKEHeader, _ first: PayloadType, bodyBytes: Int
  ) -> MessageHead {
    var head = MessageHead(header, .encrypted, first: first)
    head.setLengths(bodyBytes: bodyBytes)
    return head
  }

  /// Of a fragment whose SKF payload holds `bodyBytes` behind its numbers.
  static func fragment(
    _ header: IKEHeader, _ first: PayloadType, number: UInt16, total: UInt16, bodyBytes: Int
  ) -> MessageHead {
    var head = MessageHead(header, .encryptedFragment, first: first)
    var numbers = ByteWriter()
    numbers.u16(number)
    numbers.u16(total)
    head.bytes += numbers.bytes
    head.setLengths(bodyBytes: bodyBytes)
    return head
  }

  /// Makes the header and the payload say that `bodyBytes` follow. What two octets cannot say keeps its
  /// low sixteen bits: only A of a reassembled message comes to that.
  mutating func setLengths(bodyBytes: Int) {
    let total = bytes.count + bodyBytes
    let payload = total - payloadStart
    for index in 0..<4 {
      bytes[24 + index] = UInt8(truncatingIfNeeded: total >> (8 * (3 - index)))
    }
    bytes[payloadStart + 2] = UInt8(truncatingIfNeeded: payload >> 8)
    bytes[payloadStart + 3] = UInt8(truncatingIfNeeded: payload)
  }
}
