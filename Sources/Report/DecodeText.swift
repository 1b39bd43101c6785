package import Capture
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

  /// Appends one frame's line, without its line feed.
  package mutating func write(
    _ frame: Frame, number: UInt64, header: PacketHeader, bytes: RawSpan,
    dissector: borrowing Dissector, to text: inout TextBuffer
  ) {
    text.decimal(number, rightIn: 5)
    text.put("  ")
    time.write(header.timestamp, to: &text)
    text.put("  ")
    addresses(frame, to: &text)
    what(frame, header: header, bytes: bytes, dissector: dissector, to: &text)
    if let stop = frame.stop {
      text.put("  malformed: ")
      text.put(stop.description)
    }
  }

  private func addresses(_ frame: Frame, to text: inout TextBuffer) {
    guard let internet = frame.internet else { return }
    let start = text.count
    text.put(internet.source, port: frame.sourcePort)
    text.put(arrow)
    text.put(internet.destination, port: frame.destinationPort)
    // The arrow takes three bytes of UTF-8 where the eye sees one column.
    text.pad(to: Self.addressWidth &+ arrow.utf8CodeUnitCount &- 2, from: start)
    text.put("  ")
  }

  private func what(
    _ frame: Frame, header: PacketHeader, bytes: RawSpan, dissector: borrowing Dissector,
    to text: inout TextBuffer
  ) {
    if frame.reassembledFragments > 0 {
      text.put("[")
      text.decimal(frame.reassembledFragments)
      text.put(" IP fragments] ")
    }
    if let icmp = frame.icmp { text.put(icmp, arrow: arrow) }
    if let record = frame.record {
      self.record(record, bytes: bytes, dissector: dissector, to: &text)
      guard frame.furtherRecords > 0 else { return }
      for index in 0..<dissector.further.count {
        text.put(" | ")
        self.record(dissector.further[index], bytes: bytes, dissector: dissector, to: &text)
      }
    } else if frame.icmp == nil {
      other(frame, header: header, to: &text)
    }
  }

  private func record(
    _ record: IPsecRecord, bytes: RawSpan, dissector: borrowing Dissector,
    to text: inout TextBuffer
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
      if record.looksUnencrypted { text.put(" (looks unencrypted)") }
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
      ike(header, record, bytes: bytes, dissector: dissector, to: &text)
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

  private func ike(
    _ header: IKEHeader, _ record: IPsecRecord, bytes: RawSpan, dissector: borrowing Dissector,
    to text: inout TextBuffer
  ) {
    var line = TextBuffer(capacity: 256)
    line.exchange(header)
    guard !record.isQuoted else { return text.put(line.string) }
    line.put("  ")
    let summary = dissector.withBytes(of: record, in: bytes) { bytes -> String in
      var payloads = TextBuffer(capacity: 256)
      payloads.payloads(of: IKEContent(bytes, record))
      return payloads.string
    }
    line.put(summary)
    text.put(line.string)
  }

  private func other(_ frame: Frame, header: PacketHeader, to text: inout TextBuffer) {
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
      text.put(" ")
      text.tcpFlags(frame.tcpFlags)
    }
    text.put("  ")
    text.decimal(frame.payloadLength)
    text.put(" B")
  }
}

/// An IKE message of either version, decoded in full.
package enum IKEContent {
  case v1(IKEv1Message)
  case v2(IKEMessage)
  /// A header of another major version, or one that cannot be read again.
  case unknown

  package init(_ bytes: RawSpan, _ record: IPsecRecord) {
    var reader = ByteReader(bytes, in: record.range, layer: .ike)
    guard case .ike(let header) = record.kind else {
      self = .unknown
      return
    }
    switch header.majorVersion {
    case 1: self = (try? IKEv1Message(from: &reader)).map(IKEContent.v1) ?? .unknown
    case 2: self = (try? IKEMessage(from: &reader)).map(IKEContent.v2) ?? .unknown
    default: self = .unknown
    }
  }

  /// The first thing wrong with the message: its chain's end, or a payload's body.
  package var stop: DissectionError? {
    switch self {
    case .v1(let message): message.payloads.lazy.compactMap(\.stop).first ?? message.stop
    case .v2(let message): message.payloads.lazy.compactMap(\.stop).first ?? message.stop
    case .unknown: nil
    }
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
    switch content {
    case .v1(let message): message.writeSummary(to: &self)
    case .v2(let message): message.writeSummary(to: &self)
    case .unknown: break
    }
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

  mutating func tcpFlags(_ flags: UInt8) {
    let header = TCPHeader(
      sourcePort: 0, destinationPort: 0, sequenceNumber: 0, flags: flags)
    put(header.names.joined(separator: ","))
  }
}
