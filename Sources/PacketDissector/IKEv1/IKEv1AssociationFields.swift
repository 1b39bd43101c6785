extension IKEv1SecurityAssociation {
  func fields(from start: Int, to end: Int) -> [Field] {
    var at = FieldCursor(start)
    var fields = [Field("domain of interpretation", code: domain, at: at.next(4))]
    if let situation {
      fields.append(
        Field(
          "situation", .flags(UInt64(situation), names: Self.situationNames(situation)),
          at: at.next(4)))
    }
    fields += proposals.map(\.field)
    if !rest.isEmpty { fields.append(Field("data", .bytes(rest), at: at.offset..<end)) }
    return fields
  }

  /// RFC 2407, section 4.2.
  private static func situationNames(_ situation: UInt32) -> [String] {
    [(1, "identity only"), (2, "secrecy"), (4, "integrity")].compactMap {
      situation & $0.0 != 0 ? $0.1 : nil
    }
  }
}

extension IKEv1Proposal {
  var field: Field {
    var at = FieldCursor(range.lowerBound)
    at.skip(2)
    var children = [
      Field("length", .number(UInt64(length)), at: at.next(2)),
      Field("number", .number(UInt64(number)), at: at.next(1)),
      Field("protocol", code: protocolID, at: at.next(1)),
      Field("spi size", .number(UInt64(spi.count)), at: at.next(1)),
      Field("transform count", .number(UInt64(transformCount)), at: at.next(1)),
    ]
    if !spi.isEmpty { children.append(Field("spi", .bytes(spi), at: at.next(spi.count))) }
    return Field(
      "proposal", .number(UInt64(number)), at: range, children + transforms.map(\.field))
  }
}

extension IKEv1Transform {
  var field: Field {
    var at = FieldCursor(range.lowerBound)
    at.skip(2)
    let children = [
      Field("length", .number(UInt64(length)), at: at.next(2)),
      Field("number", .number(UInt64(number)), at: at.next(1)),
      Field("transform id", .number(UInt64(id.rawValue), name: id.name), at: at.next(1)),
    ]
    return Field(
      "transform", .number(UInt64(number)), at: range, children + attributes.map(\.field))
  }
}

extension IKEv1Attribute {
  /// Named for its type in lower case, "attribute 16500" where that has no name.
  var field: Field {
    let name = kind.name?.lowercased() ?? "attribute \(kind.rawValue)"
    guard case .configuration = kind else { return Field(name, plainValue, at: range) }
    let content = range.upperBound - min(range.count, valueByteCount)..<range.upperBound
    switch IKEv1ConfigurationValue(self) {
    case .empty: return Field(name, .none, at: range)
    case .number(let number, let valueName):
      return Field(name, .number(number, name: valueName), at: range)
    case .address(let address): return Field(name, .address(address), at: range)
    case .subnet(let address, let mask):
      return Field(
        name, at: range, Self.networkFields(address, mask, from: content.lowerBound))
    case .prefix(let address, let bits):
      var at = FieldCursor(content.lowerBound)
      return Field(
        name, at: range,
        [
          Field("address", .address(address), at: at.next(16)),
          Field("prefix length", .number(UInt64(bits)), at: at.next(1)),
        ])
    case .types(let types):
      var at = FieldCursor(content.lowerBound)
      return Field(name, at: range, types.map { Field("type", code: $0, at: at.next(2)) })
    case .networks(let networks):
      return Field(
        name, at: range,
        networks.enumerated().map { number, network in
          let start = content.lowerBound + number * 14
          return Field(
            "network", at: start..<start + 14,
            Self.networkFields(network.address, network.mask, from: start))
        })
    case .text(let text):
      return Field(name, .text(String(decoding: text, as: UTF8.self)), at: range)
    case .secret: return Field(name, .text("(secret)"), at: range)
    case .opaque(let data): return Field(name, .bytes(data), at: range)
    }
  }

  private var plainValue: Field.Value {
    if let number { return .number(number, name: valueName) }
    guard case .variable(let bytes) = value, !bytes.isEmpty else { return .none }
    return .bytes(bytes)
  }

  private var valueByteCount: Int {
    if case .variable(let bytes) = value { bytes.count } else { 2 }
  }

  private static func networkFields(
    _ address: IPAddress, _ mask: IPAddress, from start: Int
  ) -> [Field] {
    var at = FieldCursor(start)
    return [
      Field("address", .address(address), at: at.next(4)),
      Field("mask", .address(mask), at: at.next(4)),
    ]
  }
}
