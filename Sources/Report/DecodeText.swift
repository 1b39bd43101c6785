package import Capture
package import Decryption
package import PacketDissector

/// The lines of `ipsecdiag decode`: one a frame.
///
///     12  0.332463  10.1.0.2:4500 → 10.2.0.2:4500  ESP 6ba72ed2 seq 2  116 B
package struct DecodeText: ~Copyable {
  private var time: TimeText
  private let arrow: StaticString
  /// Where the addresses begin to be padded to, so that lines stand in columns.
  private static let addressWidth = 31

  package init(timeStyle: TimeStyle, ascii: Bool) {
    self.time = TimeText(style: timeStyle)
    self.arrow = ascii ? " -> " : " \u{2192} "
  }

  /// Appends the line of the frame that `reader` returned last, without its line feed.
  package mutating func write(
    _ reader: FrameReader, _ header: PacketHeader, _ decryptor: Decryptor?,
    to text: inout TextBuffer
  ) {
    text.decimal(reader.number, rightIn: 5)
    text.put("  ")
    time.write(header.timestamp, to: &text)
    text.put("  ")
    if let internet = reader.dissector.frame.internet {
      addresses(
        internet, reader.dissector.frame.sourcePort, reader.dissector.frame.destinationPort,
        to: &text)
    }
    what(reader, header, decryptor, to: &text)
    if let stop = reader.dissector.frame.stop {
      text.put("  malformed: ")
      text.put(stop.description)
    }
  }

  private func addresses(
    _ internet: InternetHeader, _ sourcePort: UInt16, _ destinationPort: UInt16,
    to text: inout TextBuffer
  ) {
    let start = text.count
    text.put(internet.source, port: sourcePort)
    text.put(arrow)
    text.put(internet.destination, port: destinationPort)
    // The arrow takes three bytes of UTF-8 where the eye sees one column.
    text.pad(to: Self.addressWidth &+ arrow.utf8CodeUnitCount &- 3, from: start)
    text.put("  ")
  }

  private func what(
    _ reader: FrameReader, _ header: PacketHeader, _ decryptor: Decryptor?,
    to text: inout TextBuffer
  ) {
    if reader.dissector.frame.reassembledFragments > 0 {
      text.put("[")
      text.decimal(reader.dissector.frame.reassembledFragments)
      text.put(" IP fragments] ")
    }
    let icmp = reader.dissector.frame.icmp
    if let icmp { text.put(icmp, arrow: arrow) }
    if let record = reader.dissector.frame.record {
      self.record(record, reader, to: &text)
      decryptor?.write(0, to: &text, arrow: arrow)
      guard reader.dissector.frame.furtherRecords > 0 else { return }
      for (index, record) in reader.dissector.further.enumerated() {
        text.put(" | ")
        self.record(record, reader, to: &text)
        decryptor?.write(index + 1, to: &text, arrow: arrow)
      }
    } else if icmp == nil {
      other(reader.dissector.frame, header, to: &text)
    }
  }

  private func record(
    _ record: IPsecRecord, _ reader: FrameReader, to text: inout TextBuffer
  ) {
    switch record.kind {
    case .esp(let header):
      text.put("ESP ")
      text.hex(UInt64(header.spi), digits: 8)
      text.put(" seq ")
      text.decimal(header.sequenceNumber)
      text.put("  ")
      text.decimal(record.range.count)
      text.put(" B")
      if let echo = reader.dissector.unencryptedEcho(record, in: reader.bytes) {
        text.put("  ")
        text.put(echo)
      } else if record.looksUnencrypted {
        text.put(" (looks unencrypted)")
      }
    case .ah(let header):
      text.put("AH ")
      text.hex(UInt64(header.spi), digits: 8)
      text.put(" seq ")
      text.decimal(header.sequenceNumber)
      text.put("  ")
      text.decimal(record.range.count)
      text.put(" B ")
      text.put(IPProtocol(rawValue: header.nextHeader).description)
    case .ike(let header):
      text.exchange(header)
      guard !record.isQuoted else { return }
      reader.dissector.withBytes(of: record, in: reader.bytes) { bytes in
        if let content = IKEContent(bytes, record) { text.payloads(of: content) }
      }
    case .wesp(let header):
      text.put(header.isEncrypted ? "WESP encrypted" : "WESP unencrypted")
    case .ipcomp(let header):
      text.put("IPComp ")
      text.hex(UInt64(header.index), digits: 4)
      text.put("  ")
      text.decimal(record.range.count)
      text.put(" B")
    case .natKeepalive:
      text.put("NAT keepalive")
    case .tcpPrefix:
      text.put("IKETCP prefix")
    }
  }

  private func other(_ frame: Frame, _ header: PacketHeader, to text: inout TextBuffer) {
    guard let internet = frame.internet else {
      text.put("not IP, ")
      text.decimal(header.originalLength)
      return text.put(" B")
    }
    text.put(IPProtocol(rawValue: internet.protocol).description)
    if let fragment = internet.fragment {
      text.put(" fragment ")
      text.hex(UInt64(fragment.identification), digits: 4)
      text.put(" at ")
      text.decimal(fragment.offset)
      text.put(fragment.moreFollow ? ", more follow" : ", last")
    }
    if internet.protocol == 6, internet.fragment == nil {
      text.tcp(frame)
    }
    text.put("  ")
    text.decimal(frame.payloadLength)
    text.put(" B")
  }
}

extension TextBuffer {
  /// "IKE_SA_INIT req 0", or for IKEv1 "main mode" with the message ID where it is not zero.
  mutating func exchange(_ header: IKEHeader) {
    switch header.majorVersion {
    case 2:
      put(ExchangeType(rawValue: header.exchangeType).name ?? "exchange \(header.exchangeType)")
      put(header.isResponse ? " res " : " req ")
      decimal(header.messageID)
    case 1:
      put("IKEv1 ")
      put(IKEv1ExchangeType(rawValue: header.exchangeType).shortName)
      if header.messageID != 0 {
        put(" ")
        hex(UInt64(header.messageID), digits: 8)
      }
    default:
      put("IKE version ")
      decimal(header.majorVersion)
      put(".")
      decimal(header.minorVersion)
    }
  }

  mutating func payloads(of content: IKEContent) {
    put("  ")
    let start = count
    content.writeSummary(to: &self)
    if count == start { truncate(to: start - 2) }
    if let stop = content.stop {
      put("  malformed: ")
      put(stop.description)
    }
  }

  mutating func put(_ address: IPAddress, port: UInt16) {
    guard port != 0 else { return put(address) }
    if address.isIPv6 { put(UInt8(ascii: "[")) }
    put(address)
    if address.isIPv6 { put(UInt8(ascii: "]")) }
    put(UInt8(ascii: ":"))
    decimal(port)
  }

  mutating func put(_ icmp: ICMPSummary, arrow: StaticString) {
    put(icmp.header.isICMPv6 ? "ICMPv6 " : "ICMP ")
    if let echo = icmp.header.echo {
      put(echo.name)
      put(" id ")
      decimal(echo.identifier)
      put(" seq ")
      return decimal(echo.sequenceNumber)
    }
    guard let meaning = icmp.header.meaning else {
      put("type ")
      decimal(icmp.header.type)
      put(" code ")
      return decimal(icmp.header.code)
    }
    put(meaning)
    if let nextHopMTU = icmp.header.nextHopMTU {
      put(", MTU ")
      decimal(nextHopMTU)
    }
    guard let quoted = icmp.quoted else { return }
    put(", about ")
    put(quoted.internet.source, port: quoted.sourcePort)
    put(arrow)
    put(quoted.internet.destination, port: quoted.destinationPort)
    put(" ")
  }

  /// " SYN,ACK MSS 1460"
  mutating func tcp(_ frame: Frame) {
    let header = TCPHeader(
      sourcePort: 0, destinationPort: 0, sequenceNumber: 0, flags: frame.tcpFlags)
    put(" ")
    put(header.names.joined(separator: ","))
    if frame.maximumSegmentSize != 0 {
      put(" MSS ")
      decimal(frame.maximumSegmentSize)
    }
  }
}
