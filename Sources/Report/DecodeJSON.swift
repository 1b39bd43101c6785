package import Capture
package import Decryption
package import PacketDissector

/// The objects of `ipsecdiag decode --format json` and `ndjson`: one a frame.
/// Schemas/decode-1.schema.json describes them.
package struct DecodeJSON: ~Copyable {
  private var time = TimeText(style: .utc)
  /// What every object begins with.
  private let opening: [UInt8]

  package init(toolVersion: String) {
    var text = TextBuffer(capacity: 128)
    text.put("{\"schema\":\"ipsecdiag.decode/1\",\"tool_version\":")
    text.json(toolVersion)
    text.put(",\"frame\":")
    opening = Array(text.string.utf8)
  }

  /// Appends the object of the frame that `reader` returned last, on one line without its feed;
  /// `withFields` adds the tree of `-v`.
  package mutating func write(
    _ reader: FrameReader, _ header: PacketHeader, _ decryptor: Decryptor?, withFields: Bool,
    to text: inout TextBuffer
  ) {
    text.put(opening)
    text.decimal(reader.number)
    text.put(",\"ts\":\"")
    time.write(header.timestamp, to: &text)
    text.put("\",\"captured_bytes\":")
    text.decimal(header.capturedLength)
    text.put(",\"original_bytes\":")
    text.decimal(header.originalLength)
    text.put(",\"link_type\":")
    text.decimal(header.linkType.rawValue)
    let comments = reader.comments
    if !comments.isEmpty {
      text.put(",\"comments\":")
      text.list(comments) { $0.json($1) }
    }
    if let internet = reader.dissector.frame.internet {
      self.internet(internet, reader.dissector, to: &text)
    }
    if let icmp = reader.dissector.frame.icmp { self.icmp(icmp, to: &text) }
    if let record = reader.dissector.frame.record {
      text.put(",\"ipsec\":[")
      self.record(record, reader, decryptor, 0, to: &text)
      if reader.dissector.frame.furtherRecords > 0 {
        for (index, record) in reader.dissector.further.enumerated() {
          text.put(",")
          self.record(record, reader, decryptor, index + 1, to: &text)
        }
      }
      text.put("]")
    }
    if let stop = reader.dissector.frame.stop {
      text.put(",\"error\":")
      text.json(stop)
    }
    if withFields {
      text.put(",\"fields\":")
      text.json(
        (reader.fields + (decryptor?.fields ?? [])).map(\.withCertificateNames))
    }
    text.put("}")
  }

  private func internet(
    _ internet: InternetHeader, _ dissector: Dissector, to text: inout TextBuffer
  ) {
    text.put(",\"source\":\"")
    text.put(internet.source)
    text.put("\",\"destination\":\"")
    text.put(internet.destination)
    text.put("\"")
    if dissector.frame.sourcePort != 0 || dissector.frame.destinationPort != 0 {
      text.put(",\"source_port\":")
      text.decimal(dissector.frame.sourcePort)
      text.put(",\"destination_port\":")
      text.decimal(dissector.frame.destinationPort)
    }
    text.put(",\"protocol\":")
    text.json(IPProtocol(rawValue: internet.protocol))
    text.put(",\"ip_bytes\":")
    text.decimal(internet.totalLength)
    text.put(",\"hop_limit\":")
    text.decimal(internet.hopLimit)
    text.put(",\"dscp\":")
    text.decimal(internet.trafficClass >> 2)
    text.put(internet.doNotFragment ? ",\"df\":true" : ",\"df\":false")
    if let fragment = internet.fragment {
      text.put(",\"fragment\":{\"identification\":")
      text.decimal(fragment.identification)
      text.put(",\"offset_bytes\":")
      text.decimal(fragment.offset)
      text.put(",\"more_follow\":")
      text.json(fragment.moreFollow)
      text.put("}")
    }
    if dissector.frame.reassembledFragments > 0 {
      text.put(",\"reassembled_fragments\":")
      text.decimal(dissector.frame.reassembledFragments)
    }
    if dissector.frame.outerHeaders > 0 {
      text.put(",\"outer_ip_headers\":")
      text.decimal(dissector.frame.outerHeaders)
    }
    if dissector.frame.vlan != 0 {
      text.put(",\"vlan\":")
      text.decimal(dissector.frame.vlan)
    }
  }

  private func icmp(_ icmp: ICMPSummary, to text: inout TextBuffer) {
    text.put(",\"icmp\":{\"type\":")
    text.decimal(icmp.header.type)
    text.put(",\"code\":")
    text.decimal(icmp.header.code)
    if let meaning = icmp.header.meaning {
      text.put(",\"meaning\":")
      text.json(meaning)
    }
    if let nextHopMTU = icmp.header.nextHopMTU {
      text.put(",\"mtu_bytes\":")
      text.decimal(nextHopMTU)
    }
    if let quoted = icmp.quoted {
      text.put(",\"quoted\":{\"source\":\"")
      text.put(quoted.internet.source)
      text.put("\",\"destination\":\"")
      text.put(quoted.internet.destination)
      text.put("\",\"source_port\":")
      text.decimal(quoted.sourcePort)
      text.put(",\"destination_port\":")
      text.decimal(quoted.destinationPort)
      text.put(",\"protocol\":")
      text.json(IPProtocol(rawValue: quoted.internet.protocol))
      text.put("}")
    }
    text.put("}")
  }

  private func record(
    _ record: IPsecRecord, _ reader: FrameReader, _ decryptor: Decryptor?, _ index: Int,
    to text: inout TextBuffer
  ) {
    text.put("{\"kind\":\"")
    switch record.kind {
    case .esp(let header):
      text.put("esp\",\"spi\":\"")
      text.hex(UInt64(header.spi), digits: 8)
      text.put("\",\"sequence\":")
      text.decimal(header.sequenceNumber)
    case .ah(let header):
      text.put("ah\",\"spi\":\"")
      text.hex(UInt64(header.spi), digits: 8)
      text.put("\",\"sequence\":")
      text.decimal(header.sequenceNumber)
      text.put(",\"next_header\":")
      text.json(IPProtocol(rawValue: header.nextHeader))
    case .ike(let header):
      ike(header, record, reader, to: &text)
    case .wesp(let header):
      text.put("wesp\",\"encrypted\":")
      text.json(header.isEncrypted)
    case .ipcomp(let header):
      text.put("ipcomp\",\"cpi\":")
      text.decimal(header.index)
    case .natKeepalive:
      text.put("nat-keepalive\"")
    case .tcpPrefix:
      text.put("iketcp-prefix\"")
    }
    text.put(",\"bytes\":")
    text.decimal(record.range.count)
    switch record.encapsulation {
    case .ip: text.put(",\"encapsulation\":\"ip\"")
    case .udp: text.put(",\"encapsulation\":\"udp\"")
    case .udpWithMarker: text.put(",\"encapsulation\":\"udp-marker\"")
    case .tcp: text.put(",\"encapsulation\":\"tcp\"")
    }
    if record.isQuoted { text.put(",\"quoted\":true") }
    if let echo = reader.dissector.unencryptedEcho(record, in: reader.bytes) { text.json(echo) }
    if record.looksUnencrypted { text.put(",\"looks_unencrypted\":true") }
    decryptor?.writeJSON(index, to: &text)
    text.put("}")
  }

  private func ike(
    _ header: IKEHeader, _ record: IPsecRecord, _ reader: FrameReader,
    to text: inout TextBuffer
  ) {
    text.put("ike\",\"initiator_spi\":\"")
    text.hex(header.initiatorSPI, digits: 16)
    text.put("\",\"responder_spi\":\"")
    text.hex(header.responderSPI, digits: 16)
    text.put("\",\"version\":{\"major\":")
    text.decimal(header.majorVersion)
    text.put(",\"minor\":")
    text.decimal(header.minorVersion)
    text.put("},\"exchange\":")
    if header.majorVersion == 1 {
      text.json(IKEv1ExchangeType(rawValue: header.exchangeType))
    } else {
      text.json(ExchangeType(rawValue: header.exchangeType))
    }
    text.put(",\"flags\":")
    text.decimal(header.flags)
    if header.majorVersion == 2 {
      text.put(",\"initiator\":")
      text.json(header.isFromInitiator)
      text.put(",\"response\":")
      text.json(header.isResponse)
    } else if header.majorVersion == 1 {
      text.put(",\"encrypted\":")
      text.json(header.isEncrypted)
    }
    text.put(",\"message_id\":")
    text.decimal(header.messageID)
    text.put(",\"length\":")
    text.decimal(header.length)
    guard !record.isQuoted else { return }
    reader.dissector.withBytes(of: record, in: reader.bytes) { bytes in
      if let content = IKEContent(bytes, record) { text.jsonPayloads(of: content) }
    }
  }
}

extension TextBuffer {
  mutating func json(_ value: Bool) {
    put(value ? "true" : "false")
  }

  /// A registered number: `{"id":34,"name":"IKE_SA_INIT"}`, with null for a name it lacks.
  mutating func json(_ code: some RegistryValue) {
    put("{\"id\":")
    decimal(UInt64(code.rawValue))
    put(",\"name\":")
    if let name = code.name { json(name) } else { put("null") }
    put("}")
  }

  mutating func json(_ error: DissectionError) {
    put("{\"layer\":")
    json(error.layer.description)
    put(",\"offset\":")
    decimal(error.offset)
    put(",\"reason\":")
    json(error.reason.description)
    put("}")
  }

  mutating func list<Element>(
    _ elements: [Element], _ write: (inout TextBuffer, Element) -> Void
  ) {
    put("[")
    for (index, element) in elements.enumerated() {
      if index > 0 { put(",") }
      write(&self, element)
    }
    put("]")
  }

  /// The payload chain of a message, and what is wrong with it.
  mutating func jsonPayloads(of content: IKEContent) {
    switch content {
    case .v1(let message):
      put(",\"payloads\":")
      json(message.payloads)
    case .v2(let message):
      put(",\"payloads\":")
      json(message.payloads)
    }
    if let stop = content.stop {
      put(",\"error\":")
      json(stop)
    }
  }

  mutating func json(_ payloads: [IKEv1Payload]) {
    list(payloads) { text, payload in
      text.put("{\"type\":")
      text.json(payload.type)
      text.put(",\"bytes\":")
      text.decimal(payload.range.count)
      if case .notification(let notification) = payload.body {
        text.put(",\"notify\":")
        text.json(notification.type)
      }
      text.put("}")
    }
  }

  mutating func json(_ payloads: [IKEPayload]) {
    list(payloads) { text, payload in
      text.put("{\"type\":")
      text.json(payload.type)
      text.put(",\"bytes\":")
      text.decimal(payload.range.count)
      if payload.isCritical { text.put(",\"critical\":true") }
      switch payload.body {
      case .notify(let notify):
        text.put(",\"notify\":")
        text.json(notify.type)
      case .keyExchange(let keyExchange):
        text.put(",\"method\":")
        text.json(keyExchange.method)
      case .encryptedFragment(let fragment):
        text.put(",\"fragment\":")
        text.decimal(fragment.number)
        text.put(",\"fragments\":")
        text.decimal(fragment.total)
      default: break
      }
      text.put("}")
    }
  }

  /// A tree of fields: `[{"name":…,"value":…,"label":…,"offset":…,"length":…,"children":[…]}]`.
  mutating func json(_ fields: [Field]) {
    list(fields) { $0.json($1) }
  }

  private mutating func json(_ field: Field) {
    put("{\"name\":")
    json(field.name)
    switch field.value {
    case .none: break
    case .number(let value, let name):
      put(",\"value\":")
      decimal(value)
      if let name {
        put(",\"label\":")
        json(name)
      }
    case .hex(let value, let digits):
      put(",\"value\":\"")
      hex(value, digits: digits)
      put("\"")
    case .flags(let value, let names):
      put(",\"value\":")
      decimal(value)
      put(",\"set\":")
      list(names) { $0.json($1) }
    case .text(let value):
      put(",\"value\":")
      json(value)
    case .bytes(let value):
      put(",\"value\":\"")
      hex(value)
      put("\"")
    case .address(let value):
      put(",\"value\":\"")
      put(value)
      put("\"")
    case .flag(let value):
      put(",\"value\":")
      json(value)
    case .error(let error):
      put(",\"error\":")
      json(error)
    }
    put(",\"offset\":")
    decimal(field.range.lowerBound)
    put(",\"length\":")
    decimal(field.range.count)
    if !field.children.isEmpty {
      put(",\"children\":")
      json(field.children)
    }
    put("}")
  }
}
