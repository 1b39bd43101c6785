/// The header that IKEv1 (there "ISAKMP header") and IKEv2 share.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                       IKE SA Initiator's SPI                  |
///     |                                                               |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                       IKE SA Responder's SPI                  |
///     |                                                               |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |  Next Payload | MjVer | MnVer | Exchange Type |     Flags     |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                          Message ID                           |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                            Length                             |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7296, section 3.1; RFC 2408, section 3.1.
package struct IKEHeader: Equatable, Sendable {
  package static let byteCount = 28

  package var initiatorSPI: UInt64
  package var responderSPI: UInt64
  /// A ``PayloadType`` in IKEv2, an ``IKEv1PayloadType`` in IKEv1.
  package var nextPayload: UInt8
  /// Major version in the upper, minor in the lower four bits.
  package var version: UInt8
  /// An ``ExchangeType`` in IKEv2, an ``IKEv1ExchangeType`` in IKEv1.
  package var exchangeType: UInt8
  package var flags: UInt8
  package var messageID: UInt32
  /// Bytes of the whole message, this header included.
  package var length: UInt32

  package init(
    initiatorSPI: UInt64, responderSPI: UInt64, nextPayload: UInt8, version: UInt8 = 0x20,
    exchangeType: UInt8, flags: UInt8, messageID: UInt32, length: UInt32
  ) {
    self.initiatorSPI = initiatorSPI
    self.responderSPI = responderSPI
    self.nextPayload = nextPayload
    self.version = version
    self.exchangeType = exchangeType
    self.flags = flags
    self.messageID = messageID
    self.length = length
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    reader.layer = .ike
    initiatorSPI = try reader.u64()
    responderSPI = try reader.u64()
    nextPayload = try reader.u8()
    version = try reader.u8()
    exchangeType = try reader.u8()
    flags = try reader.u8()
    messageID = try reader.u32()
    length = try reader.u32()
  }

  package func write(to writer: inout ByteWriter) {
    writer.u64(initiatorSPI)
    writer.u64(responderSPI)
    writer.u8(nextPayload)
    writer.u8(version)
    writer.u8(exchangeType)
    writer.u8(flags)
    writer.u32(messageID)
    writer.u32(length)
  }

  package var majorVersion: UInt8 { version >> 4 }
  package var minorVersion: UInt8 { version & 0xF }

  /// IKEv2's I flag (RFC 7296, section 3.1): sent by the original initiator of the IKE SA.
  package var isFromInitiator: Bool { flags & 0x08 != 0 }
  /// IKEv2's R flag: a response to the request with the same message ID.
  package var isResponse: Bool { flags & 0x20 != 0 }
  /// IKEv1's E flag (RFC 2408, section 3.1): what follows the header is encrypted.
  package var isEncrypted: Bool { flags & 0x01 != 0 }
}
