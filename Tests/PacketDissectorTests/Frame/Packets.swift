import PacketDissector

/// Packets made by our own encoders, for the tests of the walk.
enum Packets {
  static let a = IPAddress(v4: 0x0a01_0002)
  static let b = IPAddress(v4: 0x0a02_0002)
  static let a6 = IPAddress(v6High: 0x2001_0db8_0000_0001, low: 2)
  static let b6 = IPAddress(v6High: 0x2001_0db8_0000_0002, low: 2)

  static func bytes(_ headers: any Header..., payload: [UInt8] = []) -> [UInt8] {
    var writer = ByteWriter()
    for header in headers { header.write(to: &writer) }
    writer.append(payload)
    return writer.bytes
  }

  static func ipv4(
    _ number: UInt8, _ payload: [UInt8], identification: UInt16 = 0, flagsAndOffset: UInt16 = 0,
    optionsLength: Int = 0
  ) -> [UInt8] {
    bytes(
      IPv4Header(
        totalLength: UInt16(20 + optionsLength + payload.count), identification: identification,
        flagsAndOffset: flagsAndOffset, protocol: number, source: a, destination: b,
        optionsLength: optionsLength), payload: payload)
  }

  static func ipv6(_ number: UInt8, _ payload: [UInt8]) -> [UInt8] {
    bytes(
      IPv6Header(
        payloadLength: UInt16(payload.count), nextHeader: number, source: a6, destination: b6),
      payload: payload)
  }

  static func udp(_ source: UInt16, _ destination: UInt16, _ payload: [UInt8]) -> [UInt8] {
    bytes(
      UDPHeader(
        sourcePort: source, destinationPort: destination, length: UInt16(8 + payload.count)),
      payload: payload)
  }

  static func tcp(
    _ sequence: UInt32, _ payload: [UInt8], flags: UInt8 = 0x18, source: UInt16 = 51_000,
    destination: UInt16 = 4500
  ) -> [UInt8] {
    bytes(
      TCPHeader(
        sourcePort: source, destinationPort: destination, sequenceNumber: sequence, flags: flags),
      payload: payload)
  }

  static func esp(_ spi: UInt32, _ sequence: UInt32, count: Int = 40) -> [UInt8] {
    bytes(
      ESPHeader(spi: spi, sequenceNumber: sequence),
      payload: (0..<count).map { UInt8(truncatingIfNeeded: 0x90 + $0 * 7) })
  }

  /// An INFORMATIONAL request with an SK payload of twelve bytes.
  static func ike(messageID: UInt32 = 0, exchange: UInt8 = 37) -> [UInt8] {
    var writer = ByteWriter()
    IKEHeader(
      initiatorSPI: 0x1122_3344_5566_7788, responderSPI: 0x99AA_BBCC_DDEE_FF00, nextPayload: 46,
      exchangeType: exchange, flags: 0x08, messageID: messageID, length: 44
    ).write(to: &writer)
    writer.append([0, 0, 0, 16] + [UInt8](repeating: 0x5A, count: 12))
    return writer.bytes
  }

  static func ethernet(_ etherType: UInt16, _ payload: [UInt8]) -> [UInt8] {
    bytes(
      EthernetHeader(
        destination: MACAddress(0x0200_0000_0001), source: MACAddress(0x0200_0000_0002),
        etherType: etherType), payload: payload)
  }

  static func dissect(
    _ bytes: [UInt8], _ linkType: LinkType = .ethernet, isCut: Bool = false
  ) -> Frame {
    let dissector = Dissector()
    dissector.dissect(
      bytes.rawBytes, linkType: linkType, timestamp: Timestamp(nanoseconds: 0), isCut: isCut)
    return dissector.frame
  }
}

extension Frame {
  var esp: ESPHeader? {
    if case .esp(let header) = record?.kind { header } else { nil }
  }

  var ike: IKEHeader? {
    if case .ike(let header) = record?.kind { header } else { nil }
  }
}
