internal import PacketDissector

/// What an EAP message of type 26 holds (draft-kamath-pppext-eap-mschapv2-02, section 2).
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |     OpCode    |  MS-CHAPv2-ID |           MS-Length           |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |  Value-Size   |  Value, Name; or Message
///     +-+-+-+-+-+-+-+-+-+-+-+-
enum MSCHAPv2Packet: Equatable, Sendable {
  case challenge(id: UInt8, [UInt8], name: [UInt8])
  case response(id: UInt8, peerChallenge: [UInt8], ntResponse: [UInt8], name: [UInt8])
  case success(id: UInt8, message: [UInt8])
  case failure(id: UInt8, message: [UInt8])
  /// The OpCode alone, from the peer.
  case successAcknowledged
  case failureAcknowledged

  static let challengeByteCount = 16
  static let ntResponseByteCount = 24
  /// Peer challenge, eight zeros, NT response, flags.
  private static let responseByteCount = 49

  private enum Code {
    static let challenge: UInt8 = 1
    static let response: UInt8 = 2
    static let success: UInt8 = 3
    static let failure: UInt8 = 4
  }

  /// Nil for anything that is not whole, or not what its OpCode demands.
  init?(_ data: [UInt8]) {
    if data.count == 1 {
      switch data[0] {
      case Code.success: self = .successAcknowledged
      case Code.failure: self = .failureAcknowledged
      default: return nil
      }
      return
    }
    var reader = ByteReader(data.rawBytes)
    guard let packet = try? Self(from: &reader) else { return nil }
    self = packet
  }

  @_lifetime(reader: copy reader)
  private init?(from reader: inout ByteReader) throws(DissectionError) {
    let total = reader.remaining
    let code = try reader.u8()
    let id = try reader.u8()
    guard Int(try reader.u16()) == total else { return nil }
    switch code {
    case Code.challenge:
      guard Int(try reader.u8()) == Self.challengeByteCount else { return nil }
      self = .challenge(
        id: id, try reader.bytes(Self.challengeByteCount), name: reader.rest())
    case Code.response:
      guard Int(try reader.u8()) == Self.responseByteCount else { return nil }
      let peerChallenge = try reader.bytes(Self.challengeByteCount)
      try reader.skip(8)
      let ntResponse = try reader.bytes(Self.ntResponseByteCount)
      try reader.skip(1)
      self = .response(
        id: id, peerChallenge: peerChallenge, ntResponse: ntResponse, name: reader.rest())
    case Code.success: self = .success(id: id, message: reader.rest())
    case Code.failure: self = .failure(id: id, message: reader.rest())
    default: return nil
    }
  }

  var bytes: [UInt8] {
    switch self {
    case .challenge(let id, let challenge, let name):
      Self.packet(
        Code.challenge, id, [UInt8(truncatingIfNeeded: challenge.count)] + challenge + name)
    case .response(let id, let peerChallenge, let ntResponse, let name):
      Self.packet(
        Code.response, id,
        [UInt8(Self.responseByteCount)] + peerChallenge + [UInt8](repeating: 0, count: 8)
          + ntResponse + [0] + name)
    case .success(let id, let message): Self.packet(Code.success, id, message)
    case .failure(let id, let message): Self.packet(Code.failure, id, message)
    case .successAcknowledged: [Code.success]
    case .failureAcknowledged: [Code.failure]
    }
  }

  private static func packet(_ code: UInt8, _ id: UInt8, _ body: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    writer.lengthPrefixed(at: 2) { writer in
      writer.u8(code)
      writer.u8(id)
      writer.u16(0)
      writer.append(body)
    }
    return writer.bytes
  }
}
