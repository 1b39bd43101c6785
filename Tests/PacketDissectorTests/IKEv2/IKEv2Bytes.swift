import PacketDissector

/// Decodes `bytes` as one message that is all of its datagram.
func message(_ bytes: [UInt8]) throws(DissectionError) -> IKEMessage {
  // UInt8 has no padding that its bytes could expose.
  var reader = unsafe ByteReader(bytes.span.bytes)
  return try IKEMessage(from: &reader)
}

/// Decodes `bytes` as what an SK payload held.
func chain(_ first: PayloadType, _ bytes: [UInt8]) -> PayloadChain {
  var reader = unsafe ByteReader(bytes.span.bytes)
  return PayloadChain(first: first, from: &reader)
}

/// Decodes one payload of `type` with `body` behind a right generic header.
func payload(_ type: PayloadType, _ body: String) throws -> IKEPayload {
  let body = octets(body)
  let length = UInt8(body.count + 4)
  let chain = chain(type, [0, 0, 0, length] + body)
  return chain.payloads[0]
}

func encoded(_ message: IKEMessage) -> [UInt8] {
  var writer = ByteWriter()
  message.write(to: &writer)
  return writer.bytes
}

func encoded(_ chain: PayloadChain) -> [UInt8] {
  var writer = ByteWriter()
  chain.write(to: &writer)
  return writer.bytes
}

func summary(_ payloads: [IKEPayload]) -> String {
  var text = TextBuffer()
  text.put(payloads)
  return text.string
}

/// A field tree as lines: name, value, range.
func lines(_ fields: [Field], indent: Int = 0) -> [String] {
  fields.flatMap { field in
    let value: String =
      switch field.value {
      case .none: ""
      case .number(let number, let name): " \(number)" + (name.map { " \($0)" } ?? "")
      case .hex(let number, let digits):
        " 0x" + String(repeating: "0", count: max(0, digits - String(number, radix: 16).count))
          + String(number, radix: 16)
      case .flags(let number, let names): " \(number) \(names.joined(separator: ","))"
      case .text(let text): " \"\(text)\""
      case .bytes(let bytes): " \(bytes.count) bytes"
      case .address(let address): " \(address)"
      case .flag(let flag): " \(flag)"
      case .error(let error): " \(error)"
      }
    let own =
      String(repeating: "  ", count: indent) + field.name + value
      + " @\(field.range.lowerBound)..<\(field.range.upperBound)"
    return [own] + lines(field.children, indent: indent + 1)
  }
}
