extension IKEMessage {
  /// The header and each payload, with all that they say and where it stands.
  package var fields: [Field] {
    [headerField] + PayloadChain(payloads: payloads, unread: unread, stop: stop).fields
  }

  private var headerField: Field {
    let range = range.part(0, IKEHeader.byteCount)
    let names = [
      (UInt8(0x08), "initiator"), (0x10, "version"), (0x20, "response"),
    ].filter { header.flags & $0.0 != 0 }.map(\.1)
    let version = "\(header.majorVersion).\(header.minorVersion)"
    return Field(
      "IKE header", at: range,
      [
        Field("initiator SPI", .hex(header.initiatorSPI, digits: 16), at: range.part(0, 8)),
        Field("responder SPI", .hex(header.responderSPI, digits: 16), at: range.part(8, 8)),
        Field(
          "next payload", code: PayloadType(rawValue: header.nextPayload), at: range.part(16, 1)),
        Field("version", .text(version), at: range.part(17, 1)),
        Field(
          "exchange type", code: ExchangeType(rawValue: header.exchangeType), at: range.part(18, 1)),
        Field("flags", .flags(UInt64(header.flags), names: names), at: range.part(19, 1)),
        Field("message ID", .number(UInt64(header.messageID)), at: range.part(20, 4)),
        Field("length", .number(UInt64(header.length)), at: range.part(24, 4)),
      ])
  }
}

extension PayloadChain {
  /// Each payload, with all that it says and where it stands.
  package var fields: [Field] {
    var fields: [Field] = []
    for (index, payload) in payloads.enumerated() {
      let following = index + 1 < payloads.count ? payloads[index + 1].type : unread
      fields.append(payload.field(next: payload.firstInside ?? following))
    }
    if let stop { fields.append(Field("stop", .error(stop), at: stop.offset..<stop.offset)) }
    return fields
  }
}

extension IKEPayload {
  /// The payload's fields below one that names its type; `next` is the type that it says comes next.
  func field(next: PayloadType) -> Field {
    var children = [
      Field("next payload", code: next, at: range.part(0, 1)),
      Field("critical", .flag(isCritical), at: range.part(1, 1)),
      Field("length", .number(UInt64(range.count)), at: range.part(2, 2)),
    ]
    children += body.fields(in: range)
    children.append(undecoded: undecoded, at: range)
    if let stop { children.append(Field("stop", .error(stop), at: stop.offset..<stop.offset)) }
    return Field("payload", .number(UInt64(type.rawValue), name: type.name), at: range, children)
  }
}

extension IKEPayload.Body {
  fileprivate func fields(in range: Range<Int>) -> [Field] {
    switch self {
    case .securityAssociation(let payload): payload.fields
    case .keyExchange(let payload): payload.fields(in: range)
    case .identification(let payload): payload.fields(in: range)
    case .certificate(let payload): payload.fields(in: range)
    case .certificateRequest(let payload): payload.fields(in: range)
    case .authentication(let payload): payload.fields(in: range)
    case .notify(let payload): payload.fields(in: range)
    case .delete(let payload): payload.fields(in: range)
    case .trafficSelectors(let payload): payload.fields(in: range)
    case .encrypted(let payload): payload.fields
    case .encryptedFragment(let payload): payload.fields(in: range)
    case .configuration(let payload): payload.fields(in: range)
    case .eap(let message): message.fields(in: range)
    case .groupSecurityAssociation(let payload): payload.fields
    case .keyDownload(let payload): payload.fields
    case .nonce(let bytes): [Field("nonce", .bytes(bytes), at: range.from(4))]
    case .vendorID(let bytes):
      [Field("vendor ID", .bytes(bytes), at: range.from(4))]
        + (VendorIDTable.name(of: bytes).map { [Field("vendor", .text($0), at: range.from(4))] }
          ?? [])
    case .opaque(let bytes): bytes.isEmpty ? [] : [Field("data", .bytes(bytes), at: range.from(4))]
    }
  }
}
