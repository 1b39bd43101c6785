extension IKEMessage {
  /// The payloads in order, in the notation of RFC 7296, section 1.2:
  /// "SA KE(Curve25519) No N(NAT_DETECTION_SOURCE_IP) V".
  package func writeSummary(to text: inout TextBuffer) {
    text.put(payloads)
  }
}

extension TextBuffer {
  /// Payloads by their notations, spaces between them.
  package mutating func put(_ payloads: [IKEPayload]) {
    for (index, payload) in payloads.enumerated() {
      if index > 0 { put(UInt8(ascii: " ")) }
      payload.writeSummary(to: &self)
    }
  }

  /// The registered name, or the number.
  fileprivate mutating func put(nameOf code: some RegistryValue) {
    if let name = code.name { put(name) } else { decimal(UInt64(code.rawValue)) }
  }
}

extension IKEPayload {
  /// The payload's notation, with what matters most of its content in parentheses.
  package func writeSummary(to text: inout TextBuffer) {
    guard let notation = PayloadType.notation(of: type.rawValue) else {
      text.put("payload(")
      text.decimal(type.rawValue)
      return text.put(")")
    }
    text.put(notation)
    let start = text.count
    text.put("(")
    let inside = text.count
    writeDetail(to: &text)
    if text.count == inside {
      text.truncate(to: start)
    } else {
      text.put(")")
    }
  }

  private func writeDetail(to text: inout TextBuffer) {
    switch body {
    case .keyExchange(let payload): text.put(nameOf: payload.method)
    case .notify(let payload): text.put(nameOf: payload.type)
    case .configuration(let payload): text.put(nameOf: payload.type)
    case .delete(let payload):
      text.put(nameOf: payload.protocolID)
      guard !payload.spis.isEmpty else { return }
      text.put(" ")
      text.decimal(payload.spis.count)
    case .encryptedFragment(let payload):
      text.decimal(payload.number)
      text.put("/")
      text.decimal(payload.total)
    case .eap(let message):
      text.put(nameOf: message.code)
      guard let type = message.type else { return }
      text.put(" ")
      text.put(nameOf: type)
    default: return
    }
  }
}
