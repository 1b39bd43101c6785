extension NotifyContent {
  /// The fields of the data, which stands at `range`.
  func fields(in range: Range<Int>) -> [Field] {
    switch self {
    case .data(let bytes):
      bytes.isEmpty ? [] : [Field("data", .bytes(bytes), at: range)]
    case .payloadType(let type):
      [Field("payload type", code: type, at: range.part(0, 1))]
    case .messageID(let id):
      [Field("message ID", .number(UInt64(id)), at: range.part(0, 4))]
    case .spi(let spi):
      [Field("SPI", spi: spi, at: range)]
    case .keyExchangeMethod(let method):
      [Field("method", code: method, at: range.part(0, 2))]
    case .windowSize(let size):
      [Field("window size", .number(UInt64(size)), at: range.part(0, 4))]
    case .compression(let cpi, let transform):
      [
        Field("CPI", .hex(UInt64(cpi), digits: 4), at: range.part(0, 2)),
        Field("transform", code: transform, at: range.part(2, 1)),
      ]
    case .address(let address):
      [Field("address", .address(address), at: range)]
    case .endpoints(let source, let destination, let sourcePort, let destinationPort):
      Self.endpointFields(source, destination, sourcePort, destinationPort, in: range)
    case .lifetime(let seconds):
      [Field("lifetime in seconds", .number(UInt64(seconds)), at: range.part(0, 4))]
    case .redirect(let gateway, let nonce):
      Self.gatewayFields(gateway, in: range)
        + (nonce.isEmpty
          ? []
          : [Field("nonce", .bytes(nonce), at: range.part(2 + gateway.data.count, nonce.count))])
    case .redirectedFrom(let gateway):
      Self.gatewayFields(gateway, in: range)
    case .ticket(let lifetime, let ticket):
      [
        Field("lifetime in seconds", .number(UInt64(lifetime)), at: range.part(0, 4)),
        Field("ticket", .bytes(ticket), at: range.from(4)),
      ]
    case .headerCompression(let attributes):
      attributes.map { $0.field(named: ROHCAttributeType.name(of: $0.type)) }
    case .messageIDSync(let nonce, let send, let receive):
      [
        Field("nonce", .hex(UInt64(nonce), digits: 8), at: range.part(0, 4)),
        Field("expected send message ID", .number(UInt64(send)), at: range.part(4, 4)),
        Field("expected receive message ID", .number(UInt64(receive)), at: range.part(8, 4)),
      ]
    case .number(let number, let count):
      [Field("value", .number(number), at: range.part(0, count))]
    case .securePasswordMethods(let methods):
      Self.listFields("method", methods, in: range)
    case .hashAlgorithms(let hashes):
      Self.listFields("hash algorithm", hashes, in: range)
    case .puzzle(let function, let difficulty):
      [
        Field("PRF", code: function, at: range.part(0, 2)),
        Field("difficulty", .number(UInt64(difficulty)), at: range.part(2, 1)),
      ]
    case .ppkIdentity(let identity):
      identity.map { Self.ppkFields($0, in: range) } ?? []
    case .ppkIdentityKey(let identity, let confirmation):
      Self.ppkFields(identity, in: range)
        + [
          Field("confirmation", .bytes(confirmation), at: range.from(1 + identity.data.count))
        ]
    case .aggregation(let flags):
      [Field("flags", .flags(UInt64(flags.rawValue), names: flags.names), at: range.part(0, 1))]
    case .replayStatus(let data):
      Self.replayFields(data, in: range)
    case .authenticationMethods(let announcements):
      Self.announcementFields(announcements, in: range)
    }
  }

  private static func listFields<Code: RegistryValue>(
    _ name: String, _ codes: [Code], in range: Range<Int>
  ) -> [Field] {
    codes.enumerated().map { index, code in Field(name, code: code, at: range.part(index * 2, 2)) }
  }

  /// No octet at all says that protection is off; what stands behind the first has no meaning.
  private static func replayFields(_ data: [UInt8], in range: Range<Int>) -> [Field] {
    let status = AntiReplayStatus(data: data)
    let off = "off for what the sender receives"
    var fields = [
      Field(
        "replay protection",
        .text(status.isProtected ? "on for what the sender receives" : off),
        at: range.part(0, min(1, data.count)))
    ]
    if let flags = data.first {
      fields.append(
        Field("flags", .flags(UInt64(flags), names: status.names), at: range.part(0, 1)))
    }
    if data.count > 1 {
      fields.append(Field("without meaning", .bytes(Array(data.dropFirst())), at: range.from(1)))
    }
    return fields
  }

  private static func endpointFields(
    _ source: IPAddress, _ destination: IPAddress, _ sourcePort: UInt16, _ destinationPort: UInt16,
    in range: Range<Int>
  ) -> [Field] {
    let size = source.isIPv6 ? 16 : 4
    return [
      Field("source address", .address(source), at: range.part(0, size)),
      Field("destination address", .address(destination), at: range.part(size, size)),
      Field("source port", .number(UInt64(sourcePort)), at: range.part(2 * size, 2)),
      Field("destination port", .number(UInt64(destinationPort)), at: range.part(2 * size + 2, 2)),
    ]
  }

  private static func gatewayFields(_ gateway: GatewayIdentity, in range: Range<Int>) -> [Field] {
    [
      Field("gateway type", code: gateway.type, at: range.part(0, 1)),
      Field("gateway", gateway.value, at: range.part(2, gateway.data.count)),
    ]
  }

  private static func ppkFields(_ identity: PPKIdentity, in range: Range<Int>) -> [Field] {
    [
      Field("PPK ID type", code: identity.type, at: range.part(0, 1)),
      Field("PPK ID", .bytes(identity.data), at: range.part(1, identity.data.count)),
    ]
  }

  private static func announcementFields(
    _ announcements: [AuthenticationAnnouncement], in range: Range<Int>
  ) -> [Field] {
    var offset = 0
    return announcements.map { announcement in
      let at = range.part(offset, announcement.byteCount)
      offset += announcement.byteCount
      var children = [Field("method", code: announcement.method, at: at.part(1, 1))]
      if let link = announcement.certificateLink {
        children.append(Field("certificate link", .number(UInt64(link)), at: at.part(2, 1)))
      }
      let identifier = announcement.algorithmIdentifier
      if !identifier.isEmpty {
        children.append(
          Field(
            "algorithm", announcement.algorithmName.map(Field.Value.text) ?? .bytes(identifier),
            at: at.from(3)))
      }
      return Field("announcement", at: at, children)
    }
  }
}
