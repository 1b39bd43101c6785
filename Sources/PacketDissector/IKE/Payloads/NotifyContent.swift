/// What the data of a notification says, by the notification's type.
package enum NotifyContent: Equatable, Sendable {
  /// Opaque data such as a COOKIE or NAT_DETECTION_SOURCE_IP's hash; none; data of a type that is
  /// not known; and data that does not fit its type.
  case data([UInt8])
  /// UNSUPPORTED_CRITICAL_PAYLOAD, RFC 7296 section 2.5.
  case payloadType(PayloadType)
  /// INVALID_MESSAGE_ID, RFC 7296 section 2.3.
  case messageID(UInt32)
  /// INVALID_SPI, RFC 7296 section 2.21.4; OPTIMIZED_REKEY.
  case spi([UInt8])
  /// INVALID_KE_PAYLOAD, RFC 7296 section 1.3: the method that the responder wants.
  case keyExchangeMethod(KeyExchangeMethod)
  /// SET_WINDOW_SIZE, RFC 7296 section 2.3.
  case windowSize(UInt32)
  /// IPCOMP_SUPPORTED, RFC 7296 section 2.22.
  case compression(cpi: UInt16, IPCompTransform)
  /// ADDITIONAL_IP4_ADDRESS and ADDITIONAL_IP6_ADDRESS, RFC 4555 section 4.2.2.
  case address(IPAddress)
  /// NO_NATS_ALLOWED, RFC 4555 section 4.2.5.
  case endpoints(
    source: IPAddress, destination: IPAddress, sourcePort: UInt16, destinationPort: UInt16)
  /// AUTH_LIFETIME, RFC 4478 section 3, in seconds.
  case lifetime(UInt32)
  /// REDIRECT, RFC 5685 section 9.2; no nonce outside of IKE_SA_INIT.
  case redirect(GatewayIdentity, nonce: [UInt8])
  /// REDIRECTED_FROM, RFC 5685 section 9.3.
  case redirectedFrom(GatewayIdentity)
  /// TICKET_LT_OPAQUE, RFC 5723 section 7.2, in seconds.
  case ticket(lifetime: UInt32, [UInt8])
  /// ROHC_SUPPORTED, RFC 5857 section 3.1: types are ``ROHCAttributeType``.
  case headerCompression([TransformAttribute])
  /// IKEV2_MESSAGE_ID_SYNC, RFC 6311 section 9.
  case messageIDSync(nonce: UInt32, expectedSend: UInt32, expectedReceive: UInt32)
  /// IPSEC_REPLAY_COUNTER_SYNC, RFC 6311 section 9 (4 octets, or 8 with ESN); GROUP_SENDER, RFC 9838;
  /// a Windows status.
  case number(UInt64, byteCount: Int)
  /// SECURE_PASSWORD_METHODS, RFC 6467 section 4.
  case securePasswordMethods([SecurePasswordMethod])
  /// SIGNATURE_HASH_ALGORITHMS, RFC 7427 section 4.
  case hashAlgorithms([HashAlgorithm])
  /// PUZZLE, RFC 8019 section 7.1: how many trailing zero bits the PRF's output must have.
  case puzzle(PseudorandomFunction, difficulty: UInt8)
  /// PPK_IDENTITY, RFC 8784 section 3; nil in a response.
  case ppkIdentity(PPKIdentity?)
  /// PPK_IDENTITY_KEY, RFC 9867: the confirmation has 8 octets.
  case ppkIdentityKey(PPKIdentity, confirmation: [UInt8])
  /// USE_AGGFRAG, RFC 9347 section 5.1: see ``AggregationFlags``.
  case aggregation(AggregationFlags)
  /// REPLAY_PROT_AND_ESN_STATUS and ANTI_REPLAY_STATUS: see ``AntiReplayStatus``, which is made of the first
  /// octet, if there is one.
  case replayStatus([UInt8])
  /// SUPPORTED_AUTH_METHODS, RFC 9593 section 3.2.
  case authenticationMethods([AuthenticationAnnouncement])

  /// Decodes the data of a notification of `type`, which is all that `reader` holds.
  @_lifetime(reader: copy reader)
  init(
    of type: NotifyType, from reader: inout ByteReader, stop: inout DissectionError?
  ) throws(DissectionError) {
    switch type {
    case .unsupportedCriticalPayload:
      self = .payloadType(PayloadType(rawValue: try reader.u8()))
    case .invalidMessageID:
      self = .messageID(try reader.u32())
    case .invalidSPI, .optimizedRekey:
      self = .spi(reader.rest())
    case .invalidKEPayload:
      self = .keyExchangeMethod(KeyExchangeMethod(rawValue: try reader.u16()))
    case .setWindowSize:
      self = .windowSize(try reader.u32())
    case .ipcompSupported:
      self = .compression(cpi: try reader.u16(), IPCompTransform(rawValue: try reader.u8()))
    case .additionalIP4Address, .additionalIP6Address:
      self = .address(try reader.address(isIPv6: type == .additionalIP6Address))
    case .noNatsAllowed:
      let isIPv6 = reader.remaining > 12
      self = .endpoints(
        source: try reader.address(isIPv6: isIPv6), destination: try reader.address(isIPv6: isIPv6),
        sourcePort: try reader.u16(), destinationPort: try reader.u16())
    case .authLifetime:
      self = .lifetime(try reader.u32())
    case .redirect:
      self = .redirect(try GatewayIdentity(from: &reader), nonce: reader.rest())
    case .redirectedFrom:
      self = .redirectedFrom(try GatewayIdentity(from: &reader))
    case .ticketLtOpaque:
      self = .ticket(lifetime: try reader.u32(), reader.rest())
    case .rohcSupported:
      self = .headerCompression(TransformAttribute.list(from: &reader, stop: &stop))
    case .ikev2MessageIDSync:
      self = .messageIDSync(
        nonce: try reader.u32(), expectedSend: try reader.u32(), expectedReceive: try reader.u32())
    case .ipsecReplayCounterSync where reader.remaining > 4:
      self = .number(try reader.u64(), byteCount: 8)
    case .ipsecReplayCounterSync, .msNotifyStatus:
      self = .number(UInt64(try reader.u32()), byteCount: 4)
    case .groupSender where (1...8).contains(reader.remaining):
      let bytes = reader.rest()
      self = .number(bytes.reduce(0) { $0 << 8 | UInt64($1) }, byteCount: bytes.count)
    case .securePasswordMethods:
      self = .securePasswordMethods(try reader.list().map(SecurePasswordMethod.init(rawValue:)))
    case .signatureHashAlgorithms:
      self = .hashAlgorithms(try reader.list().map(HashAlgorithm.init(rawValue:)))
    case .puzzle:
      self = .puzzle(
        PseudorandomFunction(rawValue: try reader.u16()), difficulty: try reader.u8())
    case .ppkIdentity:
      self = .ppkIdentity(
        reader.isAtEnd ? nil : try PPKIdentity(from: &reader, count: reader.remaining - 1))
    case .ppkIdentityKey:
      self = .ppkIdentityKey(
        try PPKIdentity(from: &reader, count: reader.remaining - 9),
        confirmation: reader.rest())
    case .useAGGFRAG:
      self = .aggregation(AggregationFlags(rawValue: try reader.u8()))
    case .replayProtectionStatus, .antiReplayStatus:
      self = .replayStatus(reader.rest())
    case .supportedAuthMethods:
      self = .authenticationMethods(AuthenticationAnnouncement.list(from: &reader, stop: &stop))
    default:
      let start = reader.offset
      let bytes = reader.rest()
      if let due = Self.byteCount(of: type) {
        stop = stop ?? reader.sizeError(of: bytes.count, at: start, due: due)
      }
      self = .data(bytes)
    }
  }

  /// How many octets opaque data must have, where a standard says.
  private static func byteCount(of type: NotifyType) -> ClosedRange<Int>? {
    switch type {
    case .natDetectionSourceIP, .natDetectionDestinationIP: 20...20
    case .cookie: 1...64
    case .cookie2: 8...64
    case .quickCrashDetection: 16...128
    default: nil
    }
  }

  func write(to writer: inout ByteWriter) {
    switch self {
    case .data(let bytes), .spi(let bytes), .replayStatus(let bytes): writer.append(bytes)
    case .payloadType(let type): writer.u8(type.rawValue)
    case .messageID(let value), .windowSize(let value), .lifetime(let value): writer.u32(value)
    case .keyExchangeMethod(let method): writer.u16(method.rawValue)
    case .compression(let cpi, let transform):
      writer.u16(cpi)
      writer.u8(transform.rawValue)
    case .address(let address): writer.append(address.octets)
    case .endpoints(let source, let destination, let sourcePort, let destinationPort):
      writer.append(source.octets)
      writer.append(destination.octets)
      writer.u16(sourcePort)
      writer.u16(destinationPort)
    case .redirect(let gateway, let nonce):
      gateway.write(to: &writer)
      writer.append(nonce)
    case .redirectedFrom(let gateway): gateway.write(to: &writer)
    case .ticket(let lifetime, let ticket):
      writer.u32(lifetime)
      writer.append(ticket)
    case .headerCompression(let attributes):
      for attribute in attributes { attribute.write(to: &writer) }
    case .messageIDSync(let nonce, let send, let receive):
      writer.u32(nonce)
      writer.u32(send)
      writer.u32(receive)
    case .number(let value, let count):
      for index in (0..<max(0, count)).reversed() {
        writer.u8(index < 8 ? UInt8(truncatingIfNeeded: value >> UInt64(index * 8)) : 0)
      }
    case .securePasswordMethods(let methods): for method in methods { writer.u16(method.rawValue) }
    case .hashAlgorithms(let hashes): for hash in hashes { writer.u16(hash.rawValue) }
    case .puzzle(let function, let difficulty):
      writer.u16(function.rawValue)
      writer.u8(difficulty)
    case .ppkIdentity(let identity): identity?.write(to: &writer)
    case .ppkIdentityKey(let identity, let confirmation):
      identity.write(to: &writer)
      writer.append(confirmation)
    case .aggregation(let flags): writer.u8(flags.rawValue)
    case .authenticationMethods(let list): for method in list { method.write(to: &writer) }
    }
  }
}

extension ByteReader {
  /// All that is left as 16-bit numbers.
  @_lifetime(self: copy self)
  fileprivate mutating func list() throws(DissectionError) -> [UInt16] {
    var numbers: [UInt16] = []
    while !isAtEnd { numbers.append(try u16()) }
    return numbers
  }
}
