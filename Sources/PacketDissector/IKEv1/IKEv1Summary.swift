extension IKEv1Message {
  /// The payloads in their order as a line of text has room for them: "KE No NAT-D NAT-D".
  package func writeSummary(to text: inout TextBuffer) {
    if encrypted != nil, payloads.isEmpty {
      text.put("encrypted")
    } else {
      IKEv1Payload.writeSummary(of: payloads, to: &text)
    }
  }
}

extension IKEv1Payload {
  package static func writeSummary(of payloads: [IKEv1Payload], to text: inout TextBuffer) {
    for (number, payload) in payloads.enumerated() {
      if number > 0 { text.put(UInt8(ascii: " ")) }
      payload.writeSummary(to: &text)
    }
  }

  package func writeSummary(to text: inout TextBuffer) {
    if let notation = IKEv1PayloadType.notation(of: type.rawValue) {
      text.put(notation)
    } else {
      text.put("payload(")
      text.decimal(type.rawValue)
      text.put(")")
    }
    switch body {
    case .notification(let notification):
      text.put("(")
      text.put(notification.type)
      text.put(")")
    case .delete(let delete):
      text.put("(")
      text.put(delete.protocolID.shortName)
      text.put(" ")
      text.decimal(delete.spis.count)
      text.put(")")
    case .fragment(let fragment):
      text.put("(")
      text.decimal(fragment.number)
      text.put(fragment.isLast ? " last)" : ")")
    case .attributes(let configuration):
      text.put("(")
      text.put(configuration.type)
      text.put(")")
    default: break
    }
  }
}

extension TextBuffer {
  /// The registered name, or the number.
  fileprivate mutating func put(_ code: some RegistryValue) {
    if let name = code.name { put(name) } else { decimal(UInt64(code.rawValue)) }
  }
}

extension IKEv1ProtocolID {
  /// "ESP", where the registry has "PROTO_IPSEC_ESP"; the number where it has none.
  package var shortName: String { Self.notation(of: rawValue) ?? "\(rawValue)" }
}

extension IKEv1ExchangeType {
  /// "main mode", "quick mode": as a line names the exchange; "exchange 240" where it has no name.
  package var shortName: String { Self.notation(of: rawValue) ?? "exchange \(rawValue)" }
}
