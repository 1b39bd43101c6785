// From an IP header to whatever protocol it carries.

extension FrameWalk {
  mutating func internet(_ reader: inout ByteReader) throws(DissectionError) {
    try deeper(&reader)
    let start = reader.offset
    if reader.peek().map({ $0 >> 4 == 6 }) == true {
      let header: IPv6Header = try read(&reader)
      bound(&reader, to: Int(header.payloadLength), by: .ipv6PayloadLength)
      let summary = InternetHeader(
        source: header.source, destination: header.destination, protocol: header.nextHeader,
        hopLimit: header.hopLimit, trafficClass: header.trafficClass, doNotFragment: true,
        totalLength: Int(header.payloadLength) &+ IPv6Header.byteCount)
      try extensions(summary, &reader)
    } else {
      let header: IPv4Header = try read(&reader)
      let headerLength = reader.offset &- start
      bound(&reader, to: Int(header.totalLength) &- headerLength, by: .ipTotalLength)
      var summary = InternetHeader(
        source: header.source, destination: header.destination, protocol: header.protocol,
        hopLimit: header.timeToLive, trafficClass: header.trafficClass,
        doNotFragment: header.doNotFragment, totalLength: Int(header.totalLength))
      if header.moreFragments || header.fragmentOffset != 0 {
        summary.fragment = FragmentPosition(
          identification: UInt32(header.identification), offset: header.fragmentOffset,
          moreFollow: header.moreFragments)
      }
      try upper(summary, &reader)
    }
  }

  /// Ends the reader where the IP length says. A zero length is what segmentation offload leaves;
  /// one beyond the frame is remembered as an error, and the walk goes on with what there is.
  private mutating func bound(_ reader: inout ByteReader, to length: Int, by source: LengthSource) {
    guard length > 0 else { return }
    isShort = length > reader.remaining
    if isShort, !isCut, !isQuoted, frame.stop == nil {
      frame.stop = reader.error(
        .lengthTooLarge(claimed: length, maximum: reader.remaining), at: reader.offset)
    }
    reader.shorten(to: length, by: source)
  }

  private mutating func extensions(
    _ header: InternetHeader, _ reader: inout ByteReader
  ) throws(DissectionError) {
    var summary = header
    while true {
      if summary.protocol == ProtocolNumber.fragment {
        let fragment: IPv6FragmentHeader = try read(&reader)
        summary.protocol = fragment.nextHeader
        // An "atomic" fragment is a whole datagram (RFC 6946).
        if fragment.moreFragments || fragment.fragmentOffset != 0 {
          summary.fragment = FragmentPosition(
            identification: fragment.identification, offset: fragment.fragmentOffset,
            moreFollow: fragment.moreFragments)
          return try upper(summary, &reader)
        }
      } else if IPv6ExtensionHeader.isExtension(summary.protocol) {
        let header: IPv6ExtensionHeader = try read(&reader)
        summary.protocol = header.nextHeader
      } else {
        return try upper(summary, &reader)
      }
    }
  }

  private mutating func upper(
    _ header: InternetHeader, _ reader: inout ByteReader
  ) throws(DissectionError) {
    if isQuoted {
      if frame.icmp?.quoted == nil {
        frame.icmp?.quoted = QuotedPacket(internet: header, sourcePort: 0, destinationPort: 0)
      }
    } else if frame.record == nil {
      if frame.internet != nil { frame.outerHeaders &+= 1 }
      frame.internet = header
      frame.payloadLength = reader.remaining
    }
    if header.fragment != nil {
      // A quote, and what was not captured whole, is never completed; a first fragment still says
      // what it was.
      let isLost = isQuoted || isShort
      if !isLost { fragmentPayload = reader.offset..<reader.end }
      guard isLost, header.fragment?.offset == 0 else { return }
    }
    try transport(header.protocol, &reader)
  }

  /// The protocol behind IP, AH or an IPv6 extension header.
  mutating func transport(
    _ protocolNumber: UInt8, _ reader: inout ByteReader
  ) throws(DissectionError) {
    switch protocolNumber {
    case ProtocolNumber.udp: try udp(&reader)
    case ProtocolNumber.tcp: try tcp(&reader)
    case ProtocolNumber.esp: try esp(&reader, .ip)
    case ProtocolNumber.ah: try ah(&reader)
    case ProtocolNumber.icmp, ProtocolNumber.icmpv6:
      try icmp(&reader, isICMPv6: protocolNumber == ProtocolNumber.icmpv6)
    case ProtocolNumber.ipv4, ProtocolNumber.ipv6: try internet(&reader)
    case ProtocolNumber.gre: try gre(&reader)
    case ProtocolNumber.wesp: try wesp(&reader, .ip)
    case ProtocolNumber.ipcomp: try ipcomp(&reader)
    default:
      // Behind AH, IPv6 options may still follow (RFC 4302, section 3.1.1).
      guard IPv6ExtensionHeader.isExtension(protocolNumber), frame.internet?.source.isIPv6 == true
      else { return }
      try deeper(&reader)
      let header: IPv6ExtensionHeader = try read(&reader)
      try transport(header.nextHeader, &reader)
    }
  }

  private mutating func gre(_ reader: inout ByteReader) throws(DissectionError) {
    let header: GREHeader = try read(&reader)
    guard header.leadsToPayload else { return }
    if header.etherType == EtherType.transparentEthernet {
      try ethernet(&reader)
    } else {
      try etherType(header.etherType, &reader)
    }
  }

  private mutating func icmp(
    _ reader: inout ByteReader, isICMPv6: Bool
  ) throws(DissectionError) {
    reader.layer = isICMPv6 ? .icmpv6 : .icmp
    let header: ICMPHeader = try read(&reader)
    guard frame.record == nil, !isQuoted else { return }
    frame.icmp = ICMPSummary(header: header, quoted: nil)
    guard header.isError, let first = reader.peek(), first >> 4 == 4 || first >> 4 == 6 else {
      return
    }
    isQuoted = true
    do {
      try internet(&reader)
    } catch {
      // A quote ends where the router cut it; only its first bytes are owed.
      guard case .truncated = error.reason else { throw error }
    }
  }
}

/// The protocol numbers that lead on.
enum ProtocolNumber {
  static let icmp: UInt8 = 1
  static let ipv4: UInt8 = 4
  static let tcp: UInt8 = 6
  static let udp: UInt8 = 17
  static let ipv6: UInt8 = 41
  static let fragment: UInt8 = 44
  static let gre: UInt8 = 47
  static let esp: UInt8 = 50
  static let ah: UInt8 = 51
  static let icmpv6: UInt8 = 58
  static let ipcomp: UInt8 = 108
  static let wesp: UInt8 = 141
}
