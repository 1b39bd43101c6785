internal import PacketDissector

// How ESP echo and AGGFRAG stand in lines and objects of `decode`.

extension TextBuffer {
  /// "ESP echo request id 1234 seq 1, 16 B of data, reply on c0000002 (merged or draft -03, experimental)"
  mutating func put(_ echo: ESPEcho, _ formats: [ESPEchoFormat]) {
    put(echo.kind == .request ? "ESP echo request id " : "ESP echo reply id ")
    hex(UInt64(echo.identifier), digits: 4)
    put(" seq ")
    decimal(UInt64(echo.sequence))
    put(", ")
    decimal(echo.data.count)
    put(" B of data")
    if echo.kind == .request {
      if !echo.asksReply {
        put(", one-way")
      } else if echo.hasReplyFlag, let spi = echo.replySPI {
        put(", reply on ")
        hex(UInt64(spi), digits: 8)
      }
    }
    put(" (\(formats.map(\.title).joined(separator: " or ")), experimental)")
  }

  mutating func put(_ packet: UnencryptedESPEcho) {
    if let echo = packet.content.echo { return put(echo, [packet.content.format]) }
    put(packet.isReply ? "ESP echo reply" : "ESP echo request")
    put(" (\(packet.content.format.title), experimental)")
  }

  mutating func put(_ payload: AGGFRAGPayload) {
    switch payload {
    case .echo(let received):
      put(received.echo, received.formats)
      if received.surplusBytes > 0 {
        put(", ")
        decimal(received.surplusBytes)
        put(" B behind the data")
      }
    case .header(let header):
      put(header.congestionControl == nil ? "AGGFRAG" : "AGGFRAG with congestion control")
      put(", block offset ")
      decimal(UInt64(header.blockOffset))
    }
  }

  /// A member `"esp_echo"` behind others.
  mutating func json(
    _ echo: ESPEcho?, isReply: Bool, surplusBytes: Int, _ formats: [ESPEchoFormat]
  ) {
    put(",\"esp_echo\":{\"kind\":\"\(isReply ? "reply" : "request")\",\"experimental\":true")
    put(",\"formats\":")
    list(formats) { $0.json($1.rawValue) }
    if let echo {
      put(",\"identifier\":\(echo.identifier),\"sequence\":\(echo.sequence)")
      put(",\"reply_flag\":\(echo.hasReplyFlag),\"data_bytes\":\(echo.data.count)")
      put(",\"surplus_bytes\":\(surplusBytes),\"reply_spi\":")
      if let spi = echo.replySPI {
        put("\"")
        hex(UInt64(spi), digits: 8)
        put("\"")
      } else {
        put("null")
      }
    }
    put("}")
  }

  mutating func json(_ packet: UnencryptedESPEcho) {
    json(
      packet.content.echo, isReply: packet.isReply, surplusBytes: packet.content.surplusBytes,
      [packet.content.format])
  }

  /// Nothing for AGGFRAG's own sub-types.
  mutating func json(_ payload: AGGFRAGPayload) {
    guard case .echo(let received) = payload else { return }
    json(
      received.echo, isReply: received.echo.kind == .reply, surplusBytes: received.surplusBytes,
      received.formats)
  }
}

extension UnencryptedESPEcho.Content {
  fileprivate var surplusBytes: Int {
    if case .merged(let received) = self { received.surplusBytes } else { 0 }
  }
}
