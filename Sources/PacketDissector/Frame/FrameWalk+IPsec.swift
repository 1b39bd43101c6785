// From a transport header, or from IP itself, to IKE, ESP, AH and their wrappings.

extension FrameWalk {
  /// UDP ports of IKE (RFC 7296, section 2), its NAT traversal, and group key management (RFC 9838).
  private static var ikePort: UInt16 { 500 }
  private static var natTraversalPort: UInt16 { 4500 }
  private static var groupPort: UInt16 { 848 }

  mutating func udp(_ reader: inout ByteReader) throws(DissectionError) {
    let header: UDPHeader = try read(&reader)
    // Zero is a jumbogram's length (RFC 2675, section 4), any other below eight an error.
    guard header.length == 0 || Int(header.length) >= UDPHeader.byteCount else {
      throw reader.error(
        .badLength(claimed: Int(header.length), minimum: UDPHeader.byteCount),
        at: reader.offset &- 4)
    }
    if header.length != 0 {
      reader.shorten(to: Int(header.length) &- UDPHeader.byteCount, by: .udpLength)
    }
    ports(header.sourcePort, header.destinationPort, payload: reader.remaining)
    if header.sourcePort == Self.natTraversalPort || header.destinationPort == Self.natTraversalPort
    {
      return try natTraversal(&reader)
    }
    if header.sourcePort == Self.ikePort || header.destinationPort == Self.ikePort {
      return try ikeOnItsPort(&reader)
    }
    if header.sourcePort == GTPHeader.port || header.destinationPort == GTPHeader.port {
      return try gtp(&reader)
    }
    try ikeElsewhere(&reader)
  }

  private mutating func ports(_ source: UInt16, _ destination: UInt16, payload: Int) {
    if isQuoted {
      frame.icmp?.quoted?.sourcePort = source
      frame.icmp?.quoted?.destinationPort = destination
    } else if frame.record == nil {
      frame.sourcePort = source
      frame.destinationPort = destination
      frame.payloadLength = payload
    }
  }

  /// UDP 4500: keepalive, IKE behind the non-ESP marker, WESP, or ESP (RFC 3948, section 2).
  private mutating func natTraversal(_ reader: inout ByteReader) throws(DissectionError) {
    if reader.remaining == 1, reader.peek() == 0xFF {
      return add(.natKeepalive, reader.offset..<reader.end, .udp)
    }
    guard !reader.isAtEnd else { return }
    switch reader.peekWord() {
    case 0:
      try reader.skip(4)
      try ike(&reader, .udpWithMarker)
    case WESPHeader.udpMarker where reader.remaining >= 16:
      try reader.skip(4)
      try wesp(&reader, .udp)
    default:
      // IKE without its marker would be read as ESP; only a header that holds in full counts.
      if IKEHeader.holds(reader, behind: 0) { return try ike(&reader, .udp) }
      try esp(&reader, .udp)
    }
  }

  /// UDP 500: IKE, also where a peer wrongly sends the non-ESP marker there.
  private mutating func ikeOnItsPort(_ reader: inout ByteReader) throws(DissectionError) {
    guard !reader.isAtEnd else { return }
    if reader.peekWord() == 0, IKEHeader.holds(reader, behind: 4) {
      try reader.skip(4)
      return try ike(&reader, .udpWithMarker)
    }
    if reader.remaining == 1, reader.peek() == 0xFF {
      return add(.natKeepalive, reader.offset..<reader.end, .udp)
    }
    try ike(&reader, .udp)
  }

  /// Any other port: IKE where the whole header holds, with or without marker.
  private mutating func ikeElsewhere(_ reader: inout ByteReader) throws(DissectionError) {
    if IKEHeader.holds(reader, behind: 0) { return try ike(&reader, .udp) }
    if reader.peekWord() == 0, IKEHeader.holds(reader, behind: 4) {
      try reader.skip(4)
      try ike(&reader, .udpWithMarker)
    }
  }

  private mutating func gtp(_ reader: inout ByteReader) throws(DissectionError) {
    let header: GTPHeader = try read(&reader)
    guard header.messageType == GTPHeader.userPacket else { return }
    try nibble(&reader)
  }

  mutating func tcp(_ reader: inout ByteReader) throws(DissectionError) {
    let header: TCPHeader = try read(&reader)
    ports(header.sourcePort, header.destinationPort, payload: reader.remaining)
    guard !isQuoted, frame.record == nil else { return }
    frame.tcpFlags = header.flags
    segment = (header, reader.offset..<reader.end)
  }

  mutating func ike(
    _ reader: inout ByteReader, _ encapsulation: IPsecRecord.Encapsulation
  ) throws(DissectionError) {
    let start = reader.offset
    let header = try IKEHeader(from: &reader)
    add(.ike(header), start..<reader.end, encapsulation)
  }

  mutating func esp(
    _ reader: inout ByteReader, _ encapsulation: IPsecRecord.Encapsulation
  ) throws(DissectionError) {
    let range = reader.offset..<reader.end
    let header: ESPHeader = try read(&reader)
    add(.esp(header), range, encapsulation, looksUnencrypted: NullEncryption.isLikely(reader))
  }

  mutating func ah(_ reader: inout ByteReader) throws(DissectionError) {
    try deeper(&reader)
    let range = reader.offset..<reader.end
    let header = try AHHeader(beforeICV: &reader)
    add(.ah(header), range, .ip)
    let icv = reader.offset..<(reader.offset &+ min(header.icvLength, reader.remaining))
    observer.passed(header, at: range.lowerBound..<icv.upperBound)
    try reader.skip(header.icvLength)
    // What AH protects is in clear: go on, and keep the outer addresses.
    try transport(header.nextHeader, &reader)
  }

  mutating func wesp(
    _ reader: inout ByteReader, _ encapsulation: IPsecRecord.Encapsulation
  ) throws(DissectionError) {
    let range = reader.offset..<reader.end
    let header: WESPHeader = try read(&reader)
    add(.wesp(header), range, encapsulation)
    try esp(&reader, encapsulation)
  }

  mutating func ipcomp(_ reader: inout ByteReader) throws(DissectionError) {
    let range = reader.offset..<reader.end
    let header: IPCompHeader = try read(&reader)
    add(.ipcomp(header), range, .ip)
  }

  mutating func add(
    _ kind: IPsecRecord.Kind, _ range: Range<Int>, _ encapsulation: IPsecRecord.Encapsulation,
    looksUnencrypted: Bool = false
  ) {
    let record = IPsecRecord(
      kind: kind, range: range, encapsulation: encapsulation, store: store, isQuoted: isQuoted,
      looksUnencrypted: looksUnencrypted)
    if frame.record == nil {
      frame.record = record
    } else {
      further.append(record)
      frame.furtherRecords &+= 1
    }
  }
}

extension IKEHeader {
  /// Whether the bytes `distance` ahead can hardly be anything but an IKE message that fills the
  /// rest: known version, exchange and payload, no reserved flag, and a length that fits exactly.
  static func holds(_ reader: borrowing ByteReader, behind distance: Int) -> Bool {
    guard reader.remaining >= distance &+ byteCount,
      let length = reader.peekWord(distance &+ 24),
      Int(length) == reader.remaining &- distance,
      let first = reader.peekWord(distance), let second = reader.peekWord(distance &+ 4),
      first | second != 0,
      let next = reader.peek(distance &+ 16), let version = reader.peek(distance &+ 17),
      let exchange = reader.peek(distance &+ 18), let flags = reader.peek(distance &+ 19)
    else { return false }
    switch version {
    case 0x20:
      return (34...44).contains(exchange) && flags & 0xC7 == 0
        && (next == 0 || (33...54).contains(next))
    case 0x10: return [1, 2, 4, 5, 6, 32, 33].contains(exchange) && flags & 0xF8 == 0 && next <= 22
    default: return false
    }
  }
}
