extension IKEv1Message {
  /// The header and every payload with all their values, for `decode -v` and JSON.
  package var fields: [Field] {
    var fields = [headerField]
    if let encrypted {
      fields.append(
        Field("encrypted", .number(UInt64(encrypted.count), name: "bytes"), at: encrypted))
    }
    fields += payloads.map(\.field)
    if let stop { fields.append(Field(stop)) }
    return fields
  }

  private var headerField: Field {
    var at = FieldCursor(range.lowerBound)
    return Field(
      "IKE header", at: range.lowerBound..<range.lowerBound + IKEHeader.byteCount,
      [
        Field("initiator cookie", .hex(header.initiatorSPI, digits: 16), at: at.next(8)),
        Field("responder cookie", .hex(header.responderSPI, digits: 16), at: at.next(8)),
        Field(
          "next payload", code: IKEv1PayloadType(rawValue: header.nextPayload), at: at.next(1)),
        Field(
          "version", .text("\(header.majorVersion).\(header.minorVersion)"), at: at.next(1)),
        Field("exchange type", code: exchangeType, at: at.next(1)),
        Field("flags", .flags(UInt64(header.flags), names: flagNames), at: at.next(1)),
        Field("message ID", .hex(UInt64(header.messageID), digits: 8), at: at.next(4)),
        Field("length", .number(UInt64(header.length)), at: at.next(4)),
      ])
  }

  /// RFC 2408, section 3.1.
  private var flagNames: [String] {
    [(1, "encryption"), (2, "commit"), (4, "authentication only")].compactMap {
      header.flags & $0.0 != 0 ? $0.1 : nil
    }
  }
}

extension IKEv1Payload {
  package var field: Field {
    var at = FieldCursor(range.lowerBound)
    var children = [Field("next payload", code: nextPayload, at: at.next(1))]
    at.skip(1)
    children.append(Field("length", .number(UInt64(length)), at: at.next(2)))
    children += body.fields(from: at.offset, to: range.upperBound)
    if let stop { children.append(Field(stop)) }
    return Field(
      "payload", .number(UInt64(type.rawValue), name: type.name), at: range, children)
  }
}

extension IKEv1Payload.Body {
  fileprivate func fields(from start: Int, to end: Int) -> [Field] {
    var at = FieldCursor(start)
    switch self {
    case .securityAssociation(let association): return association.fields(from: start, to: end)
    case .keyExchange(let data): return [Field("key exchange data", .bytes(data), at: start..<end)]
    case .identification(let identification):
      return [
        Field("id type", code: identification.type, at: at.next(1)),
        Field(
          "protocol",
          Self.orAny(identification.protocolID.name, identification.protocolID.rawValue),
          at: at.next(1)),
        Field("port", Self.orAny(nil, identification.port), at: at.next(2)),
      ] + identification.identity.fields(at: at.offset..<end)
    case .certificate(let certificate):
      return [
        Field("encoding", code: certificate.encoding, at: at.next(1)),
        Field("certificate", .bytes(certificate.data), at: at.offset..<end),
      ]
    case .certificateRequest(let certificate):
      return [
        Field("encoding", code: certificate.encoding, at: at.next(1)),
        Field(
          "authority",
          DistinguishedName(der: certificate.data).map { .text($0.description) }
            ?? .bytes(certificate.data), at: at.offset..<end),
      ]
    case .hash(let data): return [Field("hash data", .bytes(data), at: start..<end)]
    case .signature(let data): return [Field("signature data", .bytes(data), at: start..<end)]
    case .nonce(let data): return [Field("nonce data", .bytes(data), at: start..<end)]
    case .notification(let notification): return notification.fields(from: start, to: end)
    case .delete(let delete): return delete.fields(from: start)
    case .vendorID(let data):
      var fields = [Field("vendor id data", .bytes(data), at: start..<end)]
      if let name = VendorIDTable.name(of: data) {
        fields.append(Field("name", .text(name), at: start..<end))
      }
      return fields
    case .attributes(let configuration):
      let fields = [Field("type", code: configuration.type, at: at.next(1))]
      at.skip(1)
      return fields + [
        Field("identifier", .number(UInt64(configuration.identifier)), at: at.next(2))
      ] + configuration.attributes.map(\.field)
    case .natDiscovery(let data): return [Field("nat-d hash", .bytes(data), at: start..<end)]
    case .natOriginalAddress(let address):
      let fields = [Field("id type", code: address.type, at: at.next(1))]
      at.skip(3)
      return fields + address.identity.fields(at: at.offset..<end)
    case .fragment(let fragment):
      return [
        Field("fragment id", .number(UInt64(fragment.id)), at: at.next(2)),
        Field("number", .number(UInt64(fragment.number)), at: at.next(1)),
        Field(
          "flags", .flags(UInt64(fragment.flags), names: fragment.isLast ? ["last"] : []),
          at: at.next(1)),
        Field("data", .bytes(fragment.data), at: fragment.dataRange),
      ]
    case .raw(let data): return [Field("data", .bytes(data), at: start..<end)]
    }
  }
}

extension IKEv1Payload.Body {
  /// Zero stands for any protocol or port, RFC 2407 section 4.6.2.
  private static func orAny(
    _ name: String?, _ number: some FixedWidthInteger & UnsignedInteger
  ) -> Field.Value {
    .number(UInt64(number), name: number == 0 ? "any" : name)
  }
}

extension IKEv1Identity {
  fileprivate func fields(at range: Range<Int>) -> [Field] {
    let middle = range.lowerBound + range.count / 2
    let first = range.lowerBound..<middle
    let second = middle..<range.upperBound
    return switch self {
    case .address(let address): [Field("address", .address(address), at: range)]
    case .subnet(let address, let mask):
      [
        Field("address", .address(address), at: first),
        Field("mask", .address(mask), at: second),
      ]
    case .range(let low, let high):
      [
        Field("first address", .address(low), at: first),
        Field("last address", .address(high), at: second),
      ]
    case .name(let text): [Field("name", .text(String(decoding: text, as: UTF8.self)), at: range)]
    case .opaque(let data):
      if let name = DistinguishedName(der: data) {
        [Field("distinguished name", .text(name.description), at: range)]
      } else {
        [Field("data", .bytes(data), at: range)]
      }
    }
  }
}

extension IKEv1Notification {
  fileprivate func fields(from start: Int, to end: Int) -> [Field] {
    var at = FieldCursor(start)
    var fields = [
      Field("domain of interpretation", code: domain, at: at.next(4)),
      Field("protocol", code: protocolID, at: at.next(1)),
      Field("spi size", .number(UInt64(spi.count)), at: at.next(1)),
      Field("notify type", code: type, at: at.next(2)),
    ]
    if !spi.isEmpty { fields.append(Field("spi", .bytes(spi), at: at.next(spi.count))) }
    let data = at.offset..<end
    switch meaning {
    case .sequenceNumber(let number):
      fields.append(Field("sequence number", .number(UInt64(number)), at: data))
    case .replayDetection(let isOn):
      fields.append(Field("replay detection", .flag(isOn), at: data))
    case .gateway(let address): fields.append(Field("gateway", .address(address), at: data))
    case nil:
      if !attributes.isEmpty {
        fields += attributes.map(\.field)
      } else if !data.isEmpty {
        fields.append(Field("data", .bytes(self.data), at: data))
      }
    }
    return fields
  }
}

extension IKEv1Delete {
  fileprivate func fields(from start: Int) -> [Field] {
    var at = FieldCursor(start)
    var fields = [
      Field("domain of interpretation", code: domain, at: at.next(4)),
      Field("protocol", code: protocolID, at: at.next(1)),
      Field("spi size", .number(UInt64(spiByteCount)), at: at.next(1)),
      Field("number of spis", .number(UInt64(spiCount)), at: at.next(2)),
    ]
    for spi in spis { fields.append(Field("spi", .bytes(spi), at: at.next(spi.count))) }
    return fields
  }
}

extension Field {
  /// Where a structure ended early.
  fileprivate init(_ stop: DissectionError) {
    self.init("error", .error(stop), at: stop.offset..<stop.offset)
  }
}

/// Hands out the ranges of fields that follow each other.
struct FieldCursor {
  private(set) var offset: Int

  init(_ offset: Int) {
    self.offset = offset
  }

  mutating func next(_ byteCount: Int) -> Range<Int> {
    defer { offset += byteCount }
    return offset..<offset + byteCount
  }

  mutating func skip(_ byteCount: Int) {
    offset += byteCount
  }
}
