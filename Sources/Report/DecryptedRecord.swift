internal import Capture
internal import Decryption
internal import PacketDissector

// How what a decryptor opened stands in lines, objects, trees and captures.

extension Decryptor {
  private func result(_ index: Int) -> Result? {
    results.indices.contains(index) ? results[index] : nil
  }

  private func inner(_ range: Range<Int>, _ nextHeader: UInt8) -> Frame {
    withContent(range) { Frame(inner: $0, nextHeader: nextHeader) }
  }

  /// What stands behind Next Header 144; nil for others.
  private func aggfrag(_ range: Range<Int>, _ nextHeader: UInt8) -> AGGFRAGPayload? {
    guard nextHeader == ESPEcho.nextHeader else { return nil }
    return withContent(range) { AGGFRAGPayload(payload: $0) }
  }

  /// Behind a record on its line: "{IDi AUTH SA TSi TSr}", " { 10.98.0.1 → 10.99.0.1 … }".
  func write(_ index: Int, to text: inout TextBuffer, arrow: StaticString) {
    switch result(index) {
    case .ikev2(let chain, _):
      text.put("{")
      text.put(chain.payloads)
      text.put("}")
    case .ikev1(let chain, _):
      text.put("{")
      IKEv1Payload.writeSummary(of: chain.payloads, to: &text)
      text.put("}")
    case .packet(let nextHeader, let range, _):
      text.put(" { ")
      if let payload = aggfrag(range, nextHeader) {
        text.put(payload)
        text.put(" }")
        return
      }
      text.put(inner: inner(range, nextHeader), nextHeader, bytes: range.count, arrow: arrow)
      text.put(" }")
    case .authentic: text.put(" verifies")
    case .unopened(let reason): text.put(reason)
    case .fragmentHeld, nil: break
    }
  }

  /// Members behind a record's own: `"opened"` with the key's file and line, or `"closed"`.
  func writeJSON(_ index: Int, to text: inout TextBuffer) {
    switch result(index) {
    case .ikev2(let chain, let key):
      text.opened(by: key)
      text.put(",\"payloads\":")
      text.json(chain.payloads)
      if let stop = chain.firstStop {
        text.put(",\"error\":")
        text.json(stop)
      }
      text.put("}")
    case .ikev1(let chain, let key):
      text.opened(by: key)
      text.put(",\"payloads\":")
      text.json(chain.payloads)
      text.put("}")
    case .packet(let nextHeader, let range, let key):
      text.opened(by: origin(ofESPKey: key))
      text.put(",\"bytes\":")
      text.decimal(range.count)
      text.put(",\"next_header\":")
      text.json(IPProtocol(rawValue: nextHeader))
      if let payload = aggfrag(range, nextHeader) { text.json(payload) }
      text.json(inner: inner(range, nextHeader))
      text.put("}")
    case .authentic(let key), .fragmentHeld(let key):
      text.opened(by: key)
      text.put("}")
    case .unopened(let reason):
      text.put(",\"closed\":")
      text.json(reason.text)
    case nil: break
    }
  }

  /// The trees of all that was opened. Ranges count in the decrypted bytes.
  var fields: [Field] {
    results.flatMap { result -> [Field] in
      switch result {
      case .ikev2(let chain, let key): [heading(key, chain.fields)]
      case .ikev1(let chain, let key): [heading(key, chain.payloads.map(\.field))]
      case .packet(let nextHeader, let range, let key):
        [heading(origin(ofESPKey: key), innerFields(range, nextHeader))]
      case .authentic(let key): [heading(key, [])]
      default: []
      }
    }
  }

  private func innerFields(_ range: Range<Int>, _ nextHeader: UInt8) -> [Field] {
    if let payload = aggfrag(range, nextHeader) { return [payload.field(at: 0..<range.count)] }
    return withContent(range) { Frame.fields(ofInner: $0, nextHeader: nextHeader) }
  }

  private func heading(_ key: KeyOrigin, _ children: [Field]) -> Field {
    Field("opened by", .text("line \(key.line) of \(key.file)"), at: 0..<0, children)
  }

  /// The packets inside the frame's ESP, as whole IP packets: in transport mode the outer header goes
  /// before what ESP carried, with protocol and length mended.
  func innerPackets(of reader: FrameReader) -> [[UInt8]] {
    results.compactMap { result in
      guard case .packet(let nextHeader, let range, _) = result else { return nil }
      let content = withContent(range) { content in
        var reader = ByteReader(content)
        return reader.rest()
      }
      switch nextHeader {
      case 4, 41: return InternetPacket.trimmed(content)
      case 59: return nil
      default:
        guard let header = reader.dissector.frame.internet else { return nil }
        return InternetPacket.assembled(header, nextHeader, content)
      }
    }
  }
}

extension Decryptor.Reason {
  var text: String {
    switch self {
    case .noKey: "no key"
    case .doesNotVerify: "does not verify"
    case .phase1Missing: "its phase 1 is not in the capture"
    case .cut: "not captured whole"
    case .unsupported(let what): what
    }
  }
}

extension TextBuffer {
  fileprivate mutating func put(_ reason: Decryptor.Reason) {
    // Most records of a capture may have no key: the report of keys says so, not every line.
    if reason == .noKey { return }
    put("  (")
    escaped(reason.text)
    put(")")
  }

  fileprivate mutating func opened(by key: KeyOrigin) {
    put(",\"opened\":{\"key_file\":")
    json(key.file)
    put(",\"key_line\":")
    decimal(key.line)
  }

  fileprivate mutating func put(
    inner frame: Frame, _ nextHeader: UInt8, bytes: Int, arrow: StaticString
  ) {
    if let internet = frame.internet {
      put(internet.source, port: frame.sourcePort)
      put(arrow)
      put(internet.destination, port: frame.destinationPort)
      put(" ")
    } else if frame.sourcePort != 0 {
      put("port ")
      decimal(frame.sourcePort)
      put(arrow)
      decimal(frame.destinationPort)
      put(" ")
    }
    if let icmp = frame.icmp {
      put(icmp, arrow: arrow)
    } else if nextHeader == 59 {
      put("dummy packet")
    } else {
      let number = frame.internet?.protocol ?? nextHeader
      put(IPProtocol(rawValue: number).description)
      if number == 6 { tcp(frame) }
      put("  ")
      decimal(frame.payloadLength)
      put(" B")
    }
    if let stop = frame.stop {
      put("  malformed: ")
      put(stop.description)
    }
  }

  fileprivate mutating func json(inner frame: Frame) {
    if let internet = frame.internet {
      put(",\"source\":\"")
      put(internet.source)
      put("\",\"destination\":\"")
      put(internet.destination)
      put("\",\"protocol\":")
      json(IPProtocol(rawValue: internet.protocol))
    }
    if frame.sourcePort != 0 || frame.destinationPort != 0 {
      put(",\"source_port\":")
      decimal(frame.sourcePort)
      put(",\"destination_port\":")
      decimal(frame.destinationPort)
    }
    if frame.maximumSegmentSize != 0 {
      put(",\"mss\":")
      decimal(frame.maximumSegmentSize)
    }
    if let icmp = frame.icmp {
      put(",\"icmp_type\":")
      decimal(icmp.header.type)
      put(",\"icmp_code\":")
      decimal(icmp.header.code)
    }
    if let stop = frame.stop {
      put(",\"error\":")
      json(stop)
    }
  }
}
