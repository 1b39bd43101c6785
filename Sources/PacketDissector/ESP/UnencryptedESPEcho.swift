/// An ESP echo packet in clear, on one of the SPIs reserved for it: no SA, no key, no proof of who sent it.
///
///     merged       SPI 7 or 8, sequence number, echo of 12 octets, data, padding 1 2 3, pad length, 144
///     kernel       SPI 7 or 8, sequence number, echo of 8 or 12 octets, data; no trailer
///     colitti2023  SPI 7 or 8, sequence number, padding 1 2 3 …, pad length, 59
package struct UnencryptedESPEcho: Equatable, Sendable {
  /// The SPIs that the drafts ask for by number.
  package static let requestSPI: UInt32 = 7
  package static let replySPI: UInt32 = 8
  private static let noNextHeader: UInt8 = 59

  /// What the packet carries, by its format.
  package enum Content: Equatable, Sendable {
    case merged(ReceivedESPEcho)
    case kernel(ESPEcho)
    /// Octets of padding, at most 255.
    case colitti2023(paddingBytes: Int)

    package var format: ESPEchoFormat {
      switch self {
      case .merged: .merged
      case .kernel: .kernel
      case .colitti2023: .colitti2023
      }
    }

    package var echo: ESPEcho? {
      switch self {
      case .merged(let received): received.echo
      case .kernel(let echo): echo
      case .colitti2023: nil
      }
    }
  }

  package var isReply: Bool
  /// The ESP header's.
  package var sequenceNumber: UInt32
  package var content: Content

  package init(isReply: Bool, sequenceNumber: UInt32, content: Content) {
    self.isReply = isReply
    self.sequenceNumber = sequenceNumber
    self.content = content
  }

  /// Whether packets on `spi` are of this kind.
  package static func concerns(_ spi: UInt32) -> Bool { spi == requestSPI || spi == replySPI }

  /// The packet's octets from the SPI on.
  package var packet: [UInt8] {
    var writer = ByteWriter()
    ESPHeader(spi: isReply ? Self.replySPI : Self.requestSPI, sequenceNumber: sequenceNumber)
      .write(to: &writer)
    switch content {
    case .merged(let received):
      writer.append(received.echo.payload)
      writer.zeros(received.surplusBytes)
      Self.writeTrailer(
        padding: (4 - (writer.count + 2) % 4) % 4, ESPEcho.nextHeader, to: &writer)
    case .kernel(let echo):
      writer.append(echo.payload)
    case .colitti2023(let paddingBytes):
      Self.writeTrailer(padding: min(max(0, paddingBytes), 255), Self.noNextHeader, to: &writer)
    }
    return writer.bytes
  }

  private static func writeTrailer(
    padding: Int, _ nextHeader: UInt8, to writer: inout ByteWriter
  ) {
    for index in 0..<padding { writer.u8(UInt8(truncatingIfNeeded: index + 1)) }
    writer.u8(UInt8(truncatingIfNeeded: padding))
    writer.u8(nextHeader)
  }

  /// Reads a packet from its SPI on; nil for other SPIs, and for what none of the formats fits.
  ///
  /// An echo that fills the packet exactly is the kernel's; else the last octet tells.
  package init?(packet: RawSpan) {
    var reader = ByteReader(packet)
    guard let header = try? ESPHeader(from: &reader), Self.concerns(header.spi) else { return nil }
    isReply = header.spi == Self.replySPI
    sequenceNumber = header.sequenceNumber
    let body = reader.offset..<packet.byteCount
    if let received = ReceivedESPEcho(payload: packet.extracting(body)),
      received.surplusBytes == 0,
      received.echo.hasReplyFlag || received.echo.replySPI == nil
    {
      content = .kernel(received.echo)
      return
    }
    guard body.count >= 2, let last = reader.peek(body.count - 1),
      let padLength = reader.peek(body.count - 2), Int(padLength) <= body.count - 2
    else { return nil }
    let payload = body.lowerBound..<body.upperBound - 2 - Int(padLength)
    switch last {
    case ESPEcho.nextHeader where padLength <= 3:
      guard let received = ReceivedESPEcho(payload: packet.extracting(payload)) else { return nil }
      content = .merged(received)
    case Self.noNextHeader where payload.isEmpty:
      content = .colitti2023(paddingBytes: Int(padLength))
    default: return nil
    }
  }

  /// The echo as a tree node. `range` is where the packet stood, SPI and all.
  package func field(at range: Range<Int>) -> Field {
    let body = range.part(ESPHeader.byteCount, max(0, range.count - ESPHeader.byteCount))
    let format = Field("format", .text(content.format.title), at: body)
    switch content {
    case .merged(let received):
      let bytes = received.echo.payload.count + received.surplusBytes
      var field = received.field(at: body.part(0, bytes))
      field.children.insert(format, at: 0)
      return field
    case .kernel(let echo):
      var field = ReceivedESPEcho(echo).field(at: body)
      field.children.insert(format, at: 0)
      return field
    case .colitti2023(let paddingBytes):
      return Field(
        "ESP echo, experimental", at: body,
        [
          format,
          Field("padding", .number(UInt64(paddingBytes)), at: body.part(0, paddingBytes)),
          Field(
            "next header", code: IPProtocol(rawValue: Self.noNextHeader),
            at: body.part(paddingBytes + 1, 1)),
        ])
    }
  }
}

extension ReceivedESPEcho {
  /// An echo with nothing behind it.
  package init(_ echo: ESPEcho) {
    self.echo = echo
    surplusBytes = 0
  }
}
